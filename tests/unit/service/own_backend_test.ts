import { StartupError } from "../../../src/errors.ts";
import { refuseOwnBackend } from "../../../src/service/own_backend.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";

/** A machine that has 192.0.2.1 and 2001:db8::1 besides loopback. */
const network = (dual: boolean) => ({
  probe: ({ host }: { host: string }) =>
    Promise.resolve(["192.0.2.1", "2001:db8::1"].includes(host) ? 4711 : undefined),
  takesIpv4OnIpv6: () => Promise.resolve(dual),
});

async function isRefused(backend: string, frontend: string, dual = true): Promise<boolean> {
  const endpoint = { kind: "tcp", host: backend, port: 443 } as const;
  try {
    await refuseOwnBackend([endpoint], [{ host: frontend, port: 443 }], network(dual));
    return false;
  } catch (error) {
    if (error instanceof StartupError) return true;
    throw error;
  }
}

Deno.test("a backend that leads to a frontend is refused", async () => {
  for (
    const [backend, frontend] of [
      ["127.0.0.1", "127.0.0.1"],
      ["::1", "0:0:0:0:0:0:0:1"],
      ["::ffff:127.0.0.1", "127.0.0.1"],
      ["127.0.0.1", "0.0.0.0"],
      ["127.1.2.3", "0.0.0.0"],
      ["192.0.2.1", "0.0.0.0"],
      ["127.0.0.1", "::"],
      ["192.0.2.1", "::"],
      ["::1", "::"],
      ["2001:db8::1", "::"],
      ["0.0.0.0", "127.0.0.1"],
      ["0.0.0.0", "0.0.0.0"],
      ["::", "::1"],
      ["fe80::1%a", "fe80::1%a"],
    ] as const
  ) {
    assertEquals(await isRefused(backend, frontend), true, `${backend} ${frontend}`);
  }
});

Deno.test("a backend elsewhere is not", async () => {
  for (
    const [backend, frontend] of [
      ["127.0.0.2", "127.0.0.1"],
      ["192.0.2.2", "0.0.0.0"],
      ["192.0.2.1", "127.0.0.1"],
      ["2001:db8::1", "0.0.0.0"],
      ["::1", "0.0.0.0"],
      ["0.0.0.0", "192.0.2.1"],
      ["fe80::1%a", "fe80::1%b"],
    ] as const
  ) {
    assertEquals(await isRefused(backend, frontend), false, `${backend} ${frontend}`);
  }
  assertEquals(await isRefused("127.0.0.1", "::", false), false);
  const own = [{ host: "0.0.0.0", port: 443 }, { host: "0.0.0.0", port: 0 }];
  await refuseOwnBackend([{ kind: "tcp", host: "127.0.0.1", port: 80 }], own, network(true));
  await refuseOwnBackend([{ kind: "unix", path: "/run/a" }], own, network(true));
});

Deno.test("the refusal names both addresses, whichever of several it is", async () => {
  const backend = ["192.0.2.9", "127.0.0.1"].map((
    host,
  ) => ({ kind: "tcp", host, port: 1 } as const));
  await assertRejects(
    () => refuseOwnBackend(backend, [{ host: "::", port: 1 }], network(true)),
    StartupError,
    "--backend 127.0.0.1:1 is stud's own --frontend [::]:1, so each connection would come back",
  );
});
