/** What certbot and kubelet do to the files of certificates, step by step, so that tests can look in between. */

/** A chain and its private key, PEM text. */
export interface Renewal {
  readonly certificate: string;
  readonly key: string;
}

/**
 * The files of one certificate, as certbot lays them: numbered ones under `archive`, and links to them under
 * `live`. Certbot's `storage.py` writes all files, and then removes and makes one link after the other, in the
 * order of {@linkcode CERTBOT_LINKS}.
 */
export class CertbotLineage {
  readonly #root: string;
  readonly #name: string;
  #version = 0;

  /** For /etc/letsencrypt under another name. */
  constructor(root: string, name: string) {
    this.#root = root;
    this.#name = name;
    for (const folder of ["live", "archive"]) {
      Deno.mkdirSync(`${root}/${folder}`, { recursive: true, mode: 0o700 });
      Deno.mkdirSync(`${root}/${folder}/${name}`);
    }
  }

  /** Writes the files of the next version, to which no link leads yet. */
  archive({ certificate, key }: Renewal): void {
    this.#version++;
    const end = certificate.indexOf(END) + END.length;
    const texts = { cert: certificate.slice(0, end), chain: certificate.slice(end) };
    for (const [kind, text] of Object.entries({ ...texts, fullchain: certificate, privkey: key })) {
      const mode = kind === "privkey" ? 0o600 : 0o644;
      Deno.writeTextFileSync(this.#path("archive", kind, this.#version), text, { mode });
    }
  }

  /** Has one link lead to the newest version. */
  link(kind: typeof CERTBOT_LINKS[number]): void {
    const link = this.#path("live", kind);
    if (this.#version > 1) Deno.removeSync(link);
    Deno.symlinkSync(`../../archive/${this.#name}/${kind}${this.#version}.pem`, link);
  }

  #path(folder: string, kind: string, version: number | "" = ""): string {
    return `${this.#root}/${folder}/${this.#name}/${kind}${version}.pem`;
  }
}

/** In the order in which certbot renews them. */
export const CERTBOT_LINKS = ["cert", "privkey", "chain", "fullchain"] as const;

/**
 * A mounted Secret, as kubelet's AtomicWriter lays it: the files are in a folder that is named for the time, `..data`
 * leads to it, and each visible name leads through `..data`.
 */
export class MountedSecret {
  readonly #mount: string;
  #current: string | undefined;

  constructor(mount: string) {
    this.#mount = mount;
    Deno.mkdirSync(mount, { recursive: true });
  }

  /** Replaces all files at once: a new folder, one rename of `..data`, and the end of the old folder. */
  update(files: Readonly<Record<string, string>>, mode: number): void {
    const folder = Deno.makeTempDirSync({ dir: this.#mount, prefix: "..2026_11_27_23_00_00." });
    Deno.chmodSync(folder, 0o755);
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${folder}/${name}`, text);
      Deno.chmodSync(`${folder}/${name}`, mode);
    }
    const data = `${this.#mount}/..data`;
    Deno.symlinkSync(folder.slice(folder.lastIndexOf("/") + 1), `${data}_tmp`);
    Deno.renameSync(`${data}_tmp`, data);
    if (this.#current === undefined) {
      for (const name of Object.keys(files)) {
        Deno.symlinkSync(`..data/${name}`, `${this.#mount}/${name}`);
      }
    } else {
      Deno.removeSync(this.#current, { recursive: true });
    }
    this.#current = folder;
  }
}

const END = "-----END CERTIFICATE-----\n";
