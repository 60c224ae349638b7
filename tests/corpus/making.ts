/** What rows of the corpus are made with: an authority of the corpus's own, the openssl program, and changes of text. */

import { Authority, type Issued, type Order } from "../support/authority.ts";
import { toolPath } from "../support/tools.ts";

/** The authorities behind all certificates of a corpus. */
export interface Authorities {
  readonly root: Authority;
  readonly intermediate: Authority;
  /** PEM text with its key, once a row has asked for it. */
  rsa?: Promise<string>;
}

/** Makes the authorities of a corpus. */
export async function makeAuthorities(): Promise<Authorities> {
  const root = await Authority.make("Corpus Root");
  return { root, intermediate: await root.authority("Corpus Intermediate") };
}

/** What a row is made with. */
export class Making {
  readonly root: Authority;
  readonly intermediate: Authority;
  /** The DNS name of the row's certificate. */
  readonly dnsName: string;
  /** For files that programs want to read; the row's own. */
  readonly folder: string;
  readonly #authorities: Authorities;

  constructor(authorities: Authorities, name: string, folder: string) {
    this.root = authorities.root;
    this.intermediate = authorities.intermediate;
    this.#authorities = authorities;
    this.dnsName = `${name}.test`;
    this.folder = folder;
  }

  /** Issues a certificate for the row's name, by the intermediate authority. */
  leaf(order: Order = {}): Promise<Issued> {
    return this.intermediate.issue({ names: [this.dnsName], ...order });
  }

  /** Runs the openssl program. What it cannot do is an error. */
  async openssl(args: string, input: string | Uint8Array = ""): Promise<Uint8Array> {
    const child = new Deno.Command(toolPath("openssl")!, {
      args: args.split(" "),
      cwd: this.folder,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    const written = writer.write(typeof input === "string" ? encoded(input) : input)
      .then(() => writer.close()).catch(() => {}); // It need not read it.
    const { success, stdout, stderr } = await child.output();
    await written;
    if (!success) throw new Error(`openssl ${args}\n${new TextDecoder().decode(stderr)}`);
    return stdout;
  }

  /** The same, where what comes out is text. */
  async opensslText(args: string, input: string | Uint8Array = ""): Promise<string> {
    return new TextDecoder().decode(await this.openssl(args, input));
  }

  /** A certificate that is its own authority, with its key, as `openssl req -x509` makes it. */
  selfSigned(key: string): Promise<string> {
    const names = `-subj /CN=${this.dnsName} -addext subjectAltName=DNS:${this.dnsName}`;
    return this.opensslText(`req -x509 -days 90 -nodes -keyout - ${key} ${names}`);
  }

  /** Writes an authority with an RSA key and that key into the row's folder, as `ca`. All rows have the same. */
  async rsaAuthority(): Promise<void> {
    this.#authorities.rsa ??= this.opensslText(
      "req -x509 -days 90 -nodes -newkey rsa:2048 -keyout - -subj /CN=Corpus-RSA",
    );
    this.write("ca", await this.#authorities.rsa);
  }

  /** The path of a file with a certificate and its key, where something else is looked at. */
  async site(): Promise<string> {
    return `${this.folder}/${this.write("site.pem", (await this.leaf()).pem)}`;
  }

  /** Writes a file into the row's folder, and returns its name. */
  write(name: string, content: string | Uint8Array): string {
    Deno.writeFileSync(
      `${this.folder}/${name}`,
      typeof content === "string" ? encoded(content) : content,
    );
    return name;
  }
}

/** UTF-8. */
export function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text of each PEM block. */
export function blocksOf(pem: string): string[] {
  return pem.match(/-----BEGIN [^-]+-----\n[^-]*-----END [^-]+-----\n/g) ?? [];
}

/** The same block under another label. */
export function relabelled(block: string, label: string): string {
  return block.replace(/(-----(?:BEGIN|END) )[^-]+/g, `$1${label}`);
}

/** Base64 in lines of another length. */
export function wrapped(pem: string, width: number): string {
  return blocksOf(pem).map((block) => {
    const lines = block.trimEnd().split("\n");
    const body = lines.slice(1, -1).join("").match(new RegExp(`.{1,${width}}`, "g"))!;
    return [lines[0], ...body, lines.at(-1), ""].join("\n");
  }).join("");
}

/** Text as UTF-16 with a byte order mark. */
export function utf16(text: string, { bigEndian = false } = {}): Uint8Array {
  const bytes = new Uint8Array(2 * text.length + 2);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xfeff, !bigEndian);
  for (let at = 0; at < text.length; at++) {
    view.setUint16(2 * at + 2, text.charCodeAt(at), !bigEndian);
  }
  return bytes;
}
