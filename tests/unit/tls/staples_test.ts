/** Newer OCSP responses, and the certificates they are for. */

import { StapledCertificates } from "../../../src/tls/staples.ts";
import { assertEquals } from "../../support/assert.ts";
import { served } from "./openssl/contexts_bed.ts";

Deno.test("take() changes every certificate with the fingerprint, and says which", () => {
  const certificates = new StapledCertificates([
    served({ source: "a", fingerprint: "1", ocspResponse: "old" }),
    served({ source: "b", fingerprint: "2", ocspResponse: "old" }),
    served({ source: "c", fingerprint: "1" }),
    served({ source: "d" }),
  ]);
  const responses = () => [0, 1, 2, 3].map((place) => certificates.at(place).ocspResponse);
  assertEquals(
    [...certificates.take([{ fingerprint: "1", response: "new" }, {
      fingerprint: "gone",
      response: "x",
    }])],
    [0, 2],
  );
  assertEquals(responses(), ["new", "old", "new", undefined]);
  certificates.take([{ fingerprint: "2", response: null }]);
  assertEquals(responses(), ["new", undefined, "new", undefined]);
});
