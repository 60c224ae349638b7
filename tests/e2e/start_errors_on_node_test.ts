/** What stud's executable can and Node cannot: a start error that names the option and the executable. */

import { assertStringIncludes } from "../support/assert.ts";
import { startError } from "../support/start_error.ts";
import { TLS_LIBRARY } from "../support/stud.ts";

const CASES: readonly (readonly [args: string[], option: string])[] = [
  [["-r", "/"], "-r/--chroot"],
  [["--steer-by-client"], "--steer-by-client"],
  [["--tcp-fastopen"], "--tcp-fastopen"],
  [["-s"], "-s/--syslog"],
  [["--tls-library=openssl"], '--tls-library: "openssl"'],
  [["--tls-library=rustls"], '--tls-library: "rustls"'],
];

if (TLS_LIBRARY === "node") {
  for (const [args, option] of CASES) {
    Deno.test(`${args.join(" ")} is a start error that names stud's executable`, async () => {
      for (const test of [[], ["-t"]]) {
        const line = await startError([...test, "--self-signed", "-f", "127.0.0.1,0", ...args]);
        assertStringIncludes(line, option);
        assertStringIncludes(line, "stud's executable");
      }
    });
  }
}
