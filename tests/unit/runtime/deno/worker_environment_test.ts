/** What of the environment workers get. */

import {
  MANAGER_VARIABLES,
  neededVariables,
} from "../../../../src/runtime/deno/worker_environment.ts";
import { assertEquals } from "../../../support/assert.ts";

Deno.test("neededVariables() hands on what runtime and libraries need", () => {
  const needed = {
    ...{ HOME: "/root", DENO_DIR: "/cache", TZ: "UTC", LANG: "C", LC_ALL: "C" },
    ...{ OPENSSL_CONF: "a", OPENSSL_MODULES: "b", OPENSSL_ENGINES: "c", SSL_CERT_FILE: "d" },
    ...{ LD_LIBRARY_PATH: "/lib", MALLOC_ARENA_MAX: "1" },
  };
  assertEquals(neededVariables(needed), needed);
});

Deno.test("neededVariables() leaves out other programs' variables, including secrets of sessions and tokens", () => {
  const others = [
    ...["AWS_SECRET_ACCESS_KEY", "DATABASE_URL", "DENO_AUTH_TOKENS", "SSLKEYLOGFILE"],
    ...["SSH_AUTH_SOCK", "XOPENSSL_CONF", "path", ...MANAGER_VARIABLES],
  ];
  assertEquals(neededVariables(Object.fromEntries(others.map((name) => [name, "x"]))), {});
});
