/** Which certificate a client gets for the name it asks for (SNI), and what it gets for other names. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { pemFile } from "../support/certificates.ts";
import { testWith } from "../support/tools.ts";
import { TlsSite } from "../support/tls_site.ts";

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

for (const version of ["-tls1_2", "-tls1_3"]) {
  testWith(NEEDS, `${version}: the name asked for decides on the certificate`, async () => {
    await using names = await Names.start();
    for (const [asked, got] of CHOICES) {
      const { served, certificate, report } = await names.site.handshake(asked, [version]);
      assertEquals([asked, served, certificate], [asked, true, got], report);
    }
  });
}

testWith(NEEDS, "--sni-nomatch-abort refuses names that no certificate is for", async () => {
  await using names = await Names.start(["--sni-nomatch-abort"]);
  const { site } = names;
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const refused = await site.handshake("Unknown.example", [version]);
    assert(!refused.served, refused.report);
    assertStringIncludes(refused.stderr, "alert number 112");
    const two = await site.handshake("two.labels.wild.example", [version]);
    assertStringIncludes(two.stderr, "alert number 112");
    for (const [asked, got] of CHOICES.filter(([asked, got]) => !asked || got !== "default")) {
      const { served, certificate, report } = await site.handshake(asked, [version]);
      assertEquals([asked, served, certificate], [asked, true, got], report);
    }
  }
  await site.stud.output(
    /handshake failed: no certificate for the requested name \(client 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+ for unknown\.example[;)]/,
  );
});

testWith(NEEDS, "a certificate without alternative names is for its common name", async () => {
  const authority = await Authority.make();
  using old = await authority.file({ commonName: "Old.example" });
  using last = await authority.file({ names: ["default.example"] });
  await using site = await TlsSite.start([old.path, last.path]);
  const { served, certificate, report } = await site.handshake("old.example");
  assertEquals([served, certificate], [true, "Old.example"], report);
});

testWith(NEEDS, "a certificate that no client can get is named in the log", async () => {
  const authority = await Authority.make();
  using first = await authority.file({ names: ["same.example"] });
  using hidden = await authority.file({ names: ["same.example"] });
  using last = await authority.file({ names: ["default.example"] });
  await using site = await TlsSite.start([first.path, hidden.path, last.path]);
  await site.stud.output(new RegExp(`warning: ${hidden.path}: the certificate is never served`));
});

testWith(NEEDS, "the chain is sent with the certificate", async () => {
  const authority = await Authority.make("Chain Authority");
  const { certificate, key } = await authority.issue({ names: ["chain.example"] });
  using file = pemFile(key + certificate + authority.certificate);
  await using site = await TlsSite.start([file.path]);
  const { served, stdout, report } = await site.handshake("chain.example", ["-showcerts"]);
  assertEquals([served, stdout.split("BEGIN CERTIFICATE").length - 1], [true, 2], report);
  assert(/ 1 s:CN ?= ?Chain Authority/.test(stdout), report);
});

/** A stud with the certificates of `LISTED`. */
class Names implements AsyncDisposable {
  private constructor(readonly site: TlsSite, readonly files: readonly Disposable[]) {}

  static async start(args: readonly string[] = []): Promise<Names> {
    const authority = await Authority.make();
    const files = await Promise.all(
      Object.entries(LISTED).map(([commonName, names]) => authority.file({ commonName, names })),
    );
    return new Names(await TlsSite.start([...args, ...files.map(({ path }) => path)]), files);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    for (const file of this.files) file[Symbol.dispose]();
  }
}
