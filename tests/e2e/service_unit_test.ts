/** contrib/stud.service: the rights that it leaves to stud are enough. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, freeLowPort } from "../support/ports.ts";
import { gone, mainThreadField } from "../support/proc.ts";
import { ReloadingSite } from "../support/reloading_site.ts";
import { connectTls } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const UNIT = text("contrib/stud.service");

Deno.test("the unit confines stud, and has every line that docs/service.md explains", () => {
  const explained = [...text("docs/service.md").matchAll(/^- `(\w+)=/gm)].map(([, name]) => name!);
  assert(explained.length >= 5, explained.join());
  const confining = ["NoNewPrivileges", "PrivateTmp", "LimitCORE", "CapabilityBoundingSet"];
  for (const name of [...confining, ...explained]) {
    assert(setting(UNIT, name) !== undefined, name);
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
