/** Which certificates are watched for their OCSP responses. */

import { staplingPlan } from "../../../src/ocsp/stapling_plan.ts";
import { assertEquals } from "../../support/assert.ts";
import { settingsOf } from "../config/settings_of.ts";

Deno.test("staplingPlan() leaves out what can have no response", () => {
  const settings = settingsOf(["--tls-library=openssl", "a.pem"]);
  const certificate = (source: string) => ({ source, fingerprint: source, certificateChain: "" });
  const plan = staplingPlan([
    certificate("a"),
    { ...certificate("b"), namesNoResponder: true },
    {
      ...certificate("c"),
      ...{ namesNoResponder: true, ocspResponse: "AA==" },
      ocspOrigin: { isNamed: true, nextUpdate: undefined },
    },
    { ...certificate("d"), fingerprint: undefined },
  ], settings);
  assertEquals(plan!.certificates.map(({ source }) => source), ["a", "c"]);
});
