/**
 * Certificates of clients: who must show one, whose are taken, and what the log says of the others. Every rule that is
 * tested has a frontend of one stud.
 */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority, type Issued } from "../support/authority.ts";
import type { Handshake } from "../support/handshake.ts";
import { Shared } from "../support/shared.ts";
import { byLibrary } from "../support/stud.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const VERSIONS = ["-tls1_2", "-tls1_3"];
/** The rules of two certificates for one name. */
const PAIRS = [["none", "required"], ["required", "none"]] as const;

const shared = new Shared(() => Doors.start());

for (const version of VERSIONS) {
  shared.test(
    NEEDS,
    `${version}: required: only clients of the authority are served`,
    async (doors) => {
      const { site, own, foreign, expired } = doors;
      const frontend = site.at(`required ${version}`);
      const good = await frontend.handshake("all.example", [version, ...own]);
      assert(good.served, good.report);
      assertStringIncludes(good.stdout, "Acceptable client certificate CA names");
      assert(/CN ?= ?Clients/.test(good.stdout), good.report);

      const none = await frontend.handshake("all.example", [version]);
      assert(!none.served, none.report);
      assertStringIncludes(none.stderr, `alert number ${version === "-tls1_3" ? 116 : 40}`);
      await site.stud.output(
        /handshake failed: the client sent no certificate, and one is required \(client 127\.0\.0\.1:\d+ .* for all\.example[;)]/,
      );

      const other = await frontend.handshake("all.example", [version, ...foreign]);
      assert(!other.served, other.report);
      refused(other, 48);
      const why = byLibrary({ rustls: "issuer", openssl: "issuer", node: "verify the first" });
      await site.stud.output(
        new RegExp(
          `handshake failed: the client's certificate could not be verified.*${why}.* \\(client `,
        ),
      );

      const old = await frontend.handshake("all.example", [version, ...expired]);
      assert(!old.served, old.report);
      refused(old, 45);
      await site.stud.output(/certificate could not be verified.*expired.* \(client /);
      assertEquals(site.accepted, 1, "the backend heard of others than the good one");
    },
  );
}

shared.test(NEEDS, "optional: who shows one must show a good one", async (doors) => {
  const { site, own, foreign } = doors;
  const frontend = site.at("optional");
  for (const version of VERSIONS) {
    for (const args of [[], own]) {
      const { served, report } = await frontend.handshake("all.example", [version, ...args]);
      assert(served, report);
    }
    const before = site.accepted;
    const visit = await frontend.handshake("all.example", [version, ...foreign]);
    assert(!visit.served, visit.report);
    refused(visit, 48);
    assertEquals(site.accepted, before, `${version}: the backend heard of it`);
  }
});

shared.test(
  NEEDS,
  "none: nobody is asked, and a session does not get round a required certificate elsewhere",
  async ({ site, folder, foreign }) => {
    const frontend = site.at("none");
    for (const version of VERSIONS) {
      const { served, stdout, report } = await frontend.handshake("all.example", [
        ...[version, ...foreign],
      ]);
      assert(served, report);
      assertStringIncludes(stdout, "No client certificate CA names sent");

      const session = `${folder.path}/session${version}`;
      const first = await frontend.handshake("all.example", [version, "-sess_out", session]);
      assert(first.served, first.report);
      const again = await frontend.handshake("all.example", [version, "-sess_in", session]);
      assert(again.served && /^Reused, /m.test(again.stdout), again.report);
      const closed = site.at("required elsewhere");
      for (const [where, name] of [[frontend, "own.example"], [closed, "all.example"]] as const) {
        const other = await where.handshake(name, [version, "-sess_in", session]);
        assert(!other.served, other.report);
      }
    }
  },
);

shared.test(NEEDS, "pem-file blocks have rules and authorities of their own", async (doors) => {
  const { site, own, foreign } = doors;
  const frontend = site.at("none");
  for (const version of VERSIONS) {
    const open = await frontend.handshake("all.example", [version]);
    assert(open.served, open.report);
    const closed = await frontend.handshake("own.example", [version]);
    assert(!closed.served, closed.report);
    const wrong = await frontend.handshake("own.example", [version, ...own]);
    assert(!wrong.served, wrong.report);
    const right = await frontend.handshake("own.example", [version, ...foreign]);
    assert(right.served, right.report);
  }
});

shared.test(NEEDS, "a block may be open where everything else is closed", async ({ site }) => {
  const frontend = site.at("open block");
  for (const version of VERSIONS) {
    const open = await frontend.handshake("own.example", [version]);
    assert(open.served, open.report);
    const closed = await frontend.handshake("all.example", [version]);
    assert(!closed.served, closed.report);
  }
});

shared.test(
  NEEDS,
  "of two rules for one name the stricter one counts, whatever the order",
  async ({ site }) => {
    for (const rules of PAIRS) {
      for (const algorithm of ["RSA", "ECDSA"]) {
        const args = ["-tls1_2", "-cipher", `ECDHE+a${algorithm}`];
        const { served, report } = await site.at(rules.join()).handshake("both.example", args);
        assert(!served, report);
      }
    }
  },
);

shared.test(NEEDS, "a chain with an intermediate authority is verified", async (doors) => {
  const frontend = doors.site.at("required of a chain");
  const middle = await doors.clients.authority("Middle");
  const { certificate, key } = await middle.issue({ commonName: "deep" });
  const file = doors.folder.write("deep", certificate + key);
  const chain = doors.folder.write("chain", middle.certificate);
  const args = ["-cert", file, "-key", file];
  const whole = await frontend.handshake("all.example", [...args, "-cert_chain", chain]);
  assert(whole.served, whole.report);
  const torn = await frontend.handshake("all.example", args);
  assertEquals(torn.served, false, torn.report);
});

/** Whether the client was told what is wrong with its certificate; Node ends its connection without a word. */
function refused({ stderr, report }: Handshake, alert: number): void {
  const told = byLibrary({ rustls: true, openssl: true, node: false });
  assertEquals(stderr.includes(`alert number ${alert}`), told, report);
}

/**
 * A stud with a general rule, whose authority is `Clients`, and a certificate for own.example with a rule of its
 * own, whose authority is `Others`. Its frontends have the general rule or another.
 */
class Doors extends SharedTlsSite {
  private constructor(
    site: TlsSite,
    folder: Folder,
    readonly clients: Authority,
    /** Arguments of s_client for a certificate of each kind. */
    readonly own: readonly string[],
    readonly foreign: readonly string[],
    readonly expired: readonly string[],
  ) {
    super(site, folder);
  }

  static async start(): Promise<Doors> {
    const folder = new Folder();
    const [clients, others] = [await Authority.make("Clients"), await Authority.make("Others")];
    const served = async (name: string, keyType?: "rsa" | "ec") => {
      const { pem } = await others.issue({ names: [`${name}.example`], keyType });
      return folder.write(name + (keyType ?? ""), pem);
    };
    const all = await served("all");
    const [own, both] = [await served("own"), [
      await served("both", "rsa"),
      await served("both", "ec"),
    ]];
    const general = `client-verify = required
client-verify-ca = "${folder.write("clients", clients.certificate)}"
pem-file = {
  cert = "${own}"
  client-verify = required
  client-verify-ca = "${folder.write("others", others.certificate)}"
}
pem-file = "${all}"
`;
    const open = `pem-file = { cert = "${own}" client-verify = none }\npem-file = "${all}"`;
    const pairs = PAIRS.map((rules) => {
      const blocks = both.map((file, at) =>
        `pem-file = {\n cert = "${file}"\n client-verify = ${rules[at]}\n}\n`
      );
      return [rules.join(), `client-verify = none\n${blocks.join("")}pem-file = "${all}"`];
    });
    const shown = (name: string, { pem }: Issued) => {
      const file = folder.write(name, pem);
      return ["-cert", file, "-key", file];
    };
    return new Doors(
      await TlsSite.startFrontends(folder, {
        ...Object.fromEntries(VERSIONS.map((version) => [`required ${version}`, ""])),
        "required elsewhere": "",
        "required of a chain": "",
        "optional": "client-verify = optional",
        "none": "client-verify = none",
        "open block": open,
        ...Object.fromEntries(pairs),
      }, { general }),
      folder,
      clients,
      shown("good", await clients.issue({ commonName: "good" })),
      shown("foreign", await others.issue({ commonName: "foreign" })),
      shown("expired", await clients.issue({ commonName: "expired", days: -2 })),
    );
  }
}
