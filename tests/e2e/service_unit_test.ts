/** contrib/stud.service and the unit in docs/service.md: the rights that they leave to stud are enough. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, freeLowPort } from "../support/ports.ts";
import { gone, mainThreadField } from "../support/proc.ts";
import { ReloadingSite } from "../support/reloading_site.ts";
import { connectTls } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const UNIT = text("contrib/stud.service");

Deno.test("both units confine stud in the same way", () => {
  for (const name of ["NoNewPrivileges", "PrivateTmp", "LimitCORE", "CapabilityBoundingSet"]) {
    const line = setting(UNIT, name);
    assert(line !== undefined, name);
    assertEquals(setting(text("docs/service.md"), name), line);
  }
});

testWith(
  { root: true, linux: true, notOnNode: true, tools: ["setpriv"] },
  "the capabilities of the unit are enough to serve, reload, replace workers and end",
  async () => {
    const root = Deno.makeTempDirSync({ prefix: "stud-test-" });
    Deno.chmodSync(root, 0o755);
    const lines = ['user = "nobody"', `chroot = "${root}"`, "workers = 2"];
    try {
      const first = freeLowPort();
      const frontends = [`127.0.0.1,${first}`];
      await using site = await ReloadingSite.start({
        lines,
        frontends,
        how: { prefix: confined() },
      });
      assertEquals(mainThreadField(site.stud.pid, "NoNewPrivs"), "1");
      await site.echoOnce();
      const [victim] = site.stud.workers();
      Deno.kill(victim!, "SIGKILL");
      await site.stud.output(/serves again/);
      site.configure(lines, { frontends: [...frontends, `127.0.0.1,${freeLowPort()}`] });
      const next = await site.renew();
      await site.reload();
      await site.echoOnce(next);
      assert(!site.stud.stderr.includes("reload failed"), site.stud.report());
      // Former workers may still be draining.
      await eventually("two workers", () => site.stud.workers().length === 2);
      using client = await connectTls(site.port, next);
      await exchange(client);
      const workers = site.stud.workers();
      // With a client, workers that cannot be killed would go on.
      site.stud.signal("SIGINT");
      assertEquals((await site.stud.ended()).code, 0, site.stud.report());
      await gone(workers, 5_000);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  },
);

/** The command that starts another one with the rights that the unit leaves. */
function confined(): string[] {
  const names = setting(UNIT, "CapabilityBoundingSet")!.split(" ")
    .map((name) => `+${name.replace(/^CAP_/, "").toLowerCase()}`);
  return ["setpriv", "--no-new-privs", `--bounding-set=-all,${names.join(",")}`];
}

function setting(unit: string, name: string): string | undefined {
  return new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1];
}

function text(path: string): string {
  return Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
}
