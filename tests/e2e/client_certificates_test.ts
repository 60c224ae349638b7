/** Certificates of clients: who must show one, whose are taken, and what the log says of the others. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority, type Issued } from "../support/authority.ts";
import type { Handshake } from "../support/handshake.ts";
import { byLibrary } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";
import { Folder, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const VERSIONS = ["-tls1_2", "-tls1_3"];

for (const version of VERSIONS) {
  testWith(NEEDS, `${version}: required: only clients of the authority are served`, async () => {
    await using doors = await Doors.start("required");
    const { site, own, foreign, expired } = doors;
    const good = await site.handshake("all.example", [version, ...own]);
    assert(good.served, good.report);
    assertStringIncludes(good.stdout, "Acceptable client certificate CA names");
    assert(/CN ?= ?Clients/.test(good.stdout), good.report);

    const none = await site.handshake("all.example", [version]);
    assert(!none.served, none.report);
    assertStringIncludes(none.stderr, `alert number ${version === "-tls1_3" ? 116 : 40}`);
    await site.stud.output(
      /handshake failed: the client sent no certificate, and one is required \(client 127\.0\.0\.1:\d+ .* for all\.example[;)]/,
    );

    const other = await site.handshake("all.example", [version, ...foreign]);
    assert(!other.served, other.report);
    refused(other, 48);
    const why = byLibrary({ rustls: "issuer", openssl: "issuer", node: "verify the first" });
    await site.stud.output(
      new RegExp(
        `handshake failed: the client's certificate could not be verified.*${why}.* \\(client `,
      ),
    );

    const old = await site.handshake("all.example", [version, ...expired]);
    assert(!old.served, old.report);
    refused(old, 45);
    await site.stud.output(/certificate could not be verified.*expired.* \(client /);
    assertEquals(site.accepted, 1, "the backend heard of others than the good one");
  });
}

testWith(NEEDS, "optional: who shows one must show a good one", async () => {
  await using doors = await Doors.start("optional");
  const { site, own, foreign } = doors;
  for (const version of VERSIONS) {
    for (const args of [[], own]) {
      const { served, report } = await site.handshake("all.example", [version, ...args]);
      assert(served, report);
    }
    const before = site.accepted;
    const visit = await site.handshake("all.example", [version, ...foreign]);
    assert(!visit.served, visit.report);
    refused(visit, 48);
    assertEquals(site.accepted, before, `${version}: the backend heard of it`);
  }
});

testWith(
  NEEDS,
  "none: nobody is asked, and a session does not get round a required certificate elsewhere",
  async () => {
    await using doors = await Doors.start("none", "required");
    const { site, folder, foreign } = doors;
    for (const version of VERSIONS) {
      const { served, stdout, report } = await site.handshake("all.example", [version, ...foreign]);
      assert(served, report);
      assertStringIncludes(stdout, "No client certificate CA names sent");

      const session = `${folder.path}/session${version}`;
      const first = await site.handshake("all.example", [version, "-sess_out", session]);
      assert(first.served, first.report);
      const again = await site.handshake("all.example", [version, "-sess_in", session]);
      assert(again.served && /^Reused, /m.test(again.stdout), again.report);
      const other = await site.handshake("own.example", [version, "-sess_in", session]);
      assert(!other.served, other.report);
    }
  },
);

testWith(NEEDS, "pem-file blocks have rules and authorities of their own", async () => {
  await using doors = await Doors.start("none", "required");
  const { site, own, foreign } = doors;
  for (const version of VERSIONS) {
    const open = await site.handshake("all.example", [version]);
    assert(open.served, open.report);
    const closed = await site.handshake("own.example", [version]);
    assert(!closed.served, closed.report);
    const wrong = await site.handshake("own.example", [version, ...own]);
    assert(!wrong.served, wrong.report);
    const right = await site.handshake("own.example", [version, ...foreign]);
    assert(right.served, right.report);
  }
});

testWith(NEEDS, "a block may be open where everything else is closed", async () => {
  await using doors = await Doors.start("required", "none");
  for (const version of VERSIONS) {
    const open = await doors.site.handshake("own.example", [version]);
    assert(open.served, open.report);
    const closed = await doors.site.handshake("all.example", [version]);
    assert(!closed.served, closed.report);
  }
});

testWith(
  NEEDS,
  "of two rules for one name the stricter one counts, whatever the order",
  async () => {
    const authority = await Authority.make("Clients");
    using folder = new Folder();
    const types = ["rsa", "ec"] as const;
    const files = await Promise.all(types.map(async (keyType) => {
      const { pem } = await authority.issue({
        names: ["both.example"],
        commonName: keyType,
        keyType,
      });
      return folder.write(keyType, pem);
    }));
    const last = folder.write("last", (await authority.issue({ names: ["last.example"] })).pem);
    const general = `client-verify-ca = "${folder.write("clients", authority.certificate)}"\n`;
    for (const rules of [["none", "required"], ["required", "none"]]) {
      const blocks = files.map((file, at) =>
        `pem-file = {\n cert = "${file}"\n client-verify = ${rules[at]}\n}\n`
      );
      const text = `${general}${blocks.join("")}pem-file = "${last}"\n`;
      await using site = await TlsSite.start(["--config", folder.write("stud.conf", text)]);
      for (const algorithm of ["RSA", "ECDSA"]) {
        const args = ["-tls1_2", "-cipher", `ECDHE+a${algorithm}`];
        const { served, report } = await site.handshake("both.example", args);
        assert(!served, report);
      }
    }
  },
);

testWith(NEEDS, "a chain with an intermediate authority is verified", async () => {
  await using doors = await Doors.start("required");
  const middle = await doors.clients.authority("Middle");
  const { certificate, key } = await middle.issue({ commonName: "deep" });
  const file = doors.folder.write("deep", certificate + key);
  const chain = doors.folder.write("chain", middle.certificate);
  const args = ["-cert", file, "-key", file];
  const whole = await doors.site.handshake("all.example", [...args, "-cert_chain", chain]);
  assert(whole.served, whole.report);
  const torn = await doors.site.handshake("all.example", args);
  assertEquals(torn.served, false, torn.report);
});

/** Whether the client was told what is wrong with its certificate; Node ends its connection without a word. */
function refused({ stderr, report }: Handshake, alert: number): void {
  const told = byLibrary({ rustls: true, openssl: true, node: false });
  assertEquals(stderr.includes(`alert number ${alert}`), told, report);
}

/**
 * A stud with a general rule, whose authority is `Clients`, and a certificate for own.example with a rule of its
 * own, whose authority is `Others`.
 */
class Doors implements AsyncDisposable {
  private constructor(
    readonly site: TlsSite,
    readonly folder: Folder,
    readonly clients: Authority,
    /** Arguments of s_client for a certificate of each kind. */
    readonly own: readonly string[],
    readonly foreign: readonly string[],
    readonly expired: readonly string[],
  ) {}

  static async start(rule: string, ofBlock = rule): Promise<Doors> {
    const folder = new Folder();
    const [clients, others] = [await Authority.make("Clients"), await Authority.make("Others")];
    const all = folder.write("all", (await others.issue({ names: ["all.example"] })).pem);
    const own = folder.write("own", (await others.issue({ names: ["own.example"] })).pem);
    const configuration = folder.write(
      "stud.conf",
      `client-verify = ${rule}
client-verify-ca = "${folder.write("clients", clients.certificate)}"
pem-file = {
  cert = "${own}"
  client-verify = ${ofBlock}
  client-verify-ca = "${folder.write("others", others.certificate)}"
}
pem-file = "${all}"
`,
    );
    const shown = (name: string, { pem }: Issued) => {
      const file = folder.write(name, pem);
      return ["-cert", file, "-key", file];
    };
    return new Doors(
      await TlsSite.start(["--config", configuration]),
      folder,
      clients,
      shown("good", await clients.issue({ commonName: "good" })),
      shown("foreign", await others.issue({ commonName: "foreign" })),
      shown("expired", await clients.issue({ commonName: "expired", days: -2 })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}
