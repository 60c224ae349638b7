/** Where the status is served, as far as host names decide it. */

import { StartupError } from "../../../src/errors.ts";
import { statusAddress } from "../../../src/plan/status_address.ts";
import { assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settingsOf } from "../config/settings_of.ts";

Deno.test("a host that cannot be looked up is named with what to check", async () => {
  const settings = settingsOf(["--status=stud.example,8404", "--status-public", "--self-signed"]);
  await assertRejects(
    () => statusAddress(settings, new FakeRuntime()),
    StartupError,
    "--status: the host name stud.example cannot be resolved; check it and the name server: " +
      "getent hosts stud.example",
  );
});
