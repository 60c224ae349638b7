/** Reads which clients must show certificates, and the files of the authorities they must be from. */

import type { ClientVerify } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { Files } from "../runtime/runtime.ts";
import { checkAuthorities } from "../tls/certificate.ts";
import type { ClientRules } from "../tls/tls_configuration.ts";

/** Reads rules; a file that many rules name is read once. */
export class ClientRulesReader {
  readonly #files: Pick<Files, "readText">;
  readonly #authorities = new Map<string, Promise<string>>();

  constructor(files: Pick<Files, "readText">) {
    this.#files = files;
  }

  /**
   * The rules for `client-verify` and the path of `client-verify-ca`. Rejects with {@linkcode StartupError}:
   * no path, or no certificates in the file. `source` is what the rules are for, if it is one certificate.
   */
  async read(
    verify: ClientVerify,
    path: string | undefined,
    source?: string,
  ): Promise<ClientRules> {
    if (verify === "none") return { verify, authorities: "" };
    if (path === undefined) {
      const start = source === undefined ? "" : `${source}: `;
      throw new StartupError(
        `${start}client-verify = ${verify} needs the authorities that clients' certificates are from: ` +
          "client-verify-ca = FILE",
      );
    }
    return { verify, authorities: await this.#read(path) };
  }

  #read(path: string): Promise<string> {
    let authorities = this.#authorities.get(path);
    if (authorities === undefined) {
      authorities = this.#files.readText(path).then((text) => checkAuthorities(text, path));
      this.#authorities.set(path, authorities);
    }
    return authorities;
  }
}
