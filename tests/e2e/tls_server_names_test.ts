/**
 * Which certificate a client gets for the name it asks for (SNI), and what it gets for other names. The frontends of one
 * stud have the certificates of each test.
 */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority, type Order } from "../support/authority.ts";
import { Shared } from "../support/shared.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };

/** Names of certificates by their common names, in the order listed; the last one is the default. */
const LISTED: Readonly<Record<string, readonly string[]>> = {
  first: ["a.example", "b.example"],
  second: ["b.example", "c.example"],
  wild: ["*.wild.example"],
  exact: ["exact.wild.example"],
  old: [],
  default: ["default.example"],
};

/** A name that a client asks for (undefined: none), and the common name of what it gets. */
const CHOICES: readonly (readonly [asked: string | undefined, got: string])[] = [
  ["a.example", "first"],
  ["b.example", "first"],
  ["c.example", "second"],
  ["C.EXAMPLE", "second"],
  ["c.example.", "second"],
  ["any.wild.example", "wild"],
  ["Any.WILD.example", "wild"],
  ["exact.wild.example", "exact"],
  ["two.labels.wild.example", "default"],
  ["wild.example", "default"],
  ["default.example", "default"],
  ["unknown.example", "default"],
  [undefined, "default"],
];

/** For clients of an older version too: the same index is asked, with a name that another hello had. */
const FEW = CHOICES.filter(([asked]) =>
  asked === undefined || ["a.example", "any.wild.example", "unknown.example"].includes(asked)
);

const VERSIONS = { "-tls1_2": FEW, "-tls1_3": CHOICES };

const shared = new Shared(() => Names.start());

for (const [version, choices] of Object.entries(VERSIONS)) {
  shared.test(
    NEEDS,
    `${version}: the name asked for decides on the certificate`,
    async ({ site }) => {
      for (const [asked, got] of choices) {
        const { served, certificate, report } = await site.at("listed").handshake(asked, [version]);
        assertEquals([asked, served, certificate], [asked, true, got], report);
      }
    },
  );
}

shared.test(
  NEEDS,
  "--sni-nomatch-abort refuses names that no certificate is for",
  async ({ site }) => {
    const frontend = site.at("abort");
    for (const [version, choices] of Object.entries(VERSIONS)) {
      const refused = await frontend.handshake("Unknown.example", [version]);
      assert(!refused.served, refused.report);
      assertStringIncludes(refused.stderr, "alert number 112");
      const two = await frontend.handshake("two.labels.wild.example", [version]);
      assertStringIncludes(two.stderr, "alert number 112");
      for (const [asked, got] of choices.filter(([asked, got]) => !asked || got !== "default")) {
        const { served, certificate, report } = await frontend.handshake(asked, [version]);
        assertEquals([asked, served, certificate], [asked, true, got], report);
      }
    }
    await site.stud.output(
      /handshake failed: no certificate for the requested name \(client 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+ for unknown\.example[;)]/,
    );
  },
);

shared.test(
  NEEDS,
  "a certificate without alternative names is for its common name",
  async ({ site }) => {
    const { served, certificate, report } = await site.at("common name").handshake("old.example");
    assertEquals([served, certificate], [true, "Old.example"], report);
  },
);

shared.test(NEEDS, "a certificate that no client can get is named in the log", async (names) => {
  await names.site.stud.everOutput(
    new RegExp(`warning: ${names.folder.path}/hidden: the certificate is never served`),
  );
});

shared.test(NEEDS, "the chain is sent with the certificate", async ({ site }) => {
  const { served, stdout, report } = await site.at("chain").handshake("chain.example", [
    "-showcerts",
  ]);
  assertEquals([served, stdout.split("BEGIN CERTIFICATE").length - 1], [true, 2], report);
  assert(/ 1 s:CN ?= ?Chain Authority/.test(stdout), report);
});

/** A stud with the certificates of `LISTED`, and frontends with others. */
class Names extends SharedTlsSite {
  static async start(): Promise<Names> {
    const folder = new Folder();
    const authority = await Authority.make("Chain Authority");
    const file = async (name: string, order: Order, more = "") =>
      `pem-file = "${folder.write(name, (await authority.issue(order)).pem + more)}"\n`;
    const lines = (files: readonly Promise<string>[]) =>
      Promise.all(files).then((all) => all.join(""));
    const last = file("last", { names: ["default.example"] });
    const site = await TlsSite.startFrontends(folder, {
      "listed": "",
      "abort": "sni-nomatch-abort = on",
      "common name": await lines([file("old", { commonName: "Old.example" }), last]),
      "hidden": await lines([
        ...[file("same", { names: ["same.example"] }), file("hidden", { names: ["same.example"] })],
        last,
      ]),
      "chain": await file("chain", { names: ["chain.example"] }, authority.certificate),
    }, {
      general: await lines(
        Object.entries(LISTED).map(([commonName, names]) =>
          file(`cn_${commonName}`, { commonName, names })
        ),
      ),
    });
    return new Names(site, folder);
  }
}
