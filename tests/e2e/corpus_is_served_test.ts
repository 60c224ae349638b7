/**
 * Files of the corpus (tests/corpus), by the real program: good ones are served, each by its name, and bad ones go into
 * quarantine on SIGHUP, each with its own line.
 */

import { mapBounded } from "../../src/plan/map_bounded.ts";
import { parsePem } from "../../src/x509/pem.ts";
import { CERTIFICATES } from "../corpus/certificates.ts";
import { LABELS } from "../corpus/labels.ts";
import { type MadeRow, madeRows } from "../corpus/made_rows.ts";
import { makeAuthorities } from "../corpus/making.ts";
import { isLine, outcomeFor, type Row } from "../corpus/row.ts";
import { PEM_FILES } from "../corpus/table.ts";
import { assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { handshake } from "../support/handshake.ts";
import { TLS_LIBRARY } from "../support/stud.ts";
import { Folder, TlsSite } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";

const ENGINE = TLS_LIBRARY === "rustls" ? "rustls" : "openssl";
const NEEDS = { tools: ["openssl", "mkfifo"], linux: true };

if (ENGINE === "rustls") {
  // It serves one certificate at a time.
  for (const name of ["not-wrapped", "trusted-certificate", "sec1-as-pkcs8", "ed25519"]) {
    testWith(NEEDS, `of the corpus ${name} is served`, async () => {
      using corpus = await Corpus.make(PEM_FILES.filter((row) => row.name === name));
      const [only] = corpus.made;
      await using site = await TlsSite.start(["--tls-library=rustls", only!.path]);
      const { served, stdout, report } = await handshake(site.port, only!.making.dnsName);
      assertEquals([served, leafOf(stdout)], [true, leafIn(only!)], report);
    });
  }
} else {
  testWith(NEEDS, "good files of the corpus are all served, each by its name", async () => {
    const rows = [...LABELS, ...CERTIFICATES, ...PEM_FILES.filter(({ name }) => TEXTS.has(name))];
    using corpus = await Corpus.make(rows.filter((row) => kindOf(row) === "served"));
    await using site = await TlsSite.start(corpus.made.map(({ path }) => path));
    const found = await mapBounded(corpus.made, 4, async (one) => {
      const { served, stdout } = await handshake(site.port, one.making.dnsName, EVERYTHING);
      return `${one.row.name}: ${served && leafOf(stdout) === leafIn(one)}`;
    });
    const expected = corpus.made.map(({ row }) => `${row.name}: ${isReached(row)}`);
    assertEquals(found, expected);
  });

  testWith(NEEDS, "bad files of the corpus go into quarantine, each with its line", async () => {
    using corpus = await Corpus.make(PEM_FILES.filter(isBad));
    using folder = new Folder();
    folder.write("good.pem", (await corpus.made[0]!.making.leaf()).pem);
    await using site = await TlsSite.start([`--pem-dir=${folder.path}`]);
    for (const { row, path } of corpus.made) Deno.symlinkSync(path, `${folder.path}/${row.name}`);
    site.stud.signal("SIGHUP");
    const { stud } = site;
    const lines = () => stud.stderr.split("\n").filter((line) => / in quarantine: /.test(line));
    const areThere = () => lines().length >= corpus.made.length;
    await eventually("a line for each file", areThere, 15_000, () => stud.report());
    for (const { row } of corpus.made) {
      const outcome = outcomeFor(row, ENGINE);
      const expected = `…in quarantine: ${
        outcome.kind === "refused" ? outcome.line : ""
      }; stud does not serve it`;
      const path = `${folder.path}/${row.name}`;
      const own = lines().filter((line) => line.includes(`${path}: `));
      assertEquals(
        [own.length, isLine(own[0] ?? "", expected, path)],
        [1, true],
        `${own}\n${expected}`,
      );
    }
  });
}

/** Rows as files. */
class Corpus implements Disposable {
  readonly made: readonly MadeRow[];
  readonly #folder: Folder;

  private constructor(folder: Folder, made: readonly MadeRow[]) {
    this.#folder = folder;
    this.made = made;
  }

  static async make(rows: readonly Row[]): Promise<Corpus> {
    const folder = new Folder();
    return new Corpus(folder, await madeRows(rows, await makeAuthorities(), folder.path));
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** The first certificate in PEM text. */
function leafOf(text: string): string | undefined {
  return parsePem(text).find(({ label }) => label === "CERTIFICATE")?.text;
}

function leafIn({ path }: MadeRow): string | undefined {
  return leafOf(Deno.readTextFileSync(path));
}

function kindOf(row: Row): "served" | "refused" {
  return outcomeFor(row, ENGINE).kind;
}

function isReached(row: Row): boolean {
  const outcome = outcomeFor(row, ENGINE);
  return outcome.kind === "served" && outcome.reached;
}

/** What stud itself refuses; the library sees nothing of that. */
function isBad(row: Row): boolean {
  const outcome = outcomeFor(row, ENGINE);
  return outcome.kind === "refused" && row.args === undefined && !PASSED_OVER.has(row.name) &&
    !outcome.line.includes("OpenSSL refuses it");
}

/** In a directory of PEM files these are no files. */
const PASSED_OVER: ReadonlySet<string> = new Set(["directory", "named-pipe"]);
/** Of the spellings of PEM text those that are furthest from the usual one. */
const TEXTS: ReadonlySet<string> = new Set([
  ...["ordinary", "not-wrapped", "blank-lines-everywhere", "indented-by-tabs", "cr-only"],
  ...["bom-before-each-part", "bag-attributes", "no-line-feed-between-files", "root-included"],
  ...["key-before-the-certificate", "certificate-twice", "symbolic-link"],
]);
/** Arguments for a client that can do all that OpenSSL can. */
const EVERYTHING = [
  ...["-cipher", "ALL:@SECLEVEL=0"],
  ...["-curves", "X25519:P-256:P-384:P-521:secp256k1:brainpoolP256r1:P-224"],
];
