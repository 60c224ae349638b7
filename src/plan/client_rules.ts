/**
 * Reads which clients must show certificates, with the files of the authorities that must have issued them and their
 * revocation lists.
 */

import type { ClientSettings } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { Files } from "../runtime/runtime.ts";
import { checkClientAuthorities } from "../x509/client_authorities.ts";
import { pemBlocks, unreadBlocks } from "../x509/pem_blocks.ts";
import {
  checkRevocationLists,
  missingListsWarning,
  type RevocationList,
  revocationListsIn,
  revocationListsInPem,
  revocationListWarning,
} from "../x509/revocation_lists.ts";
import type { ClientRules, TlsConfiguration } from "../tls/tls_configuration.ts";
import { HeldContent } from "./held_content.ts";

/** Reads rules; a file that many rules name is read once. */
export class ClientRulesReader {
  readonly #files: Pick<Files, "readText" | "readBytes">;
  readonly #held: HeldContent;
  readonly #authorities = new Map<string, Promise<Authorities>>();
  readonly #lists = new Map<string, Promise<readonly RevocationList[]>>();
  /** What the operator should know about the authority files that have been read. */
  readonly warnings: string[] = [];

  /** `held`: the former content, used where files are now bad. */
  constructor(files: Pick<Files, "readText" | "readBytes">, held = new HeldContent()) {
    this.#files = files;
    this.#held = held;
  }

  /**
   * The rules for these settings. Rejects with {@linkcode StartupError} if no path of authorities is set, the file has
   * no authorities, or a revocation list is from none of them. `source` names the certificate if the rules are for one.
   */
  async read(settings: ClientSettings, source?: string): Promise<ClientRules> {
    const { authorities: path, revocationLists: listsPath, allowed, ...rules } = settings;
    if (rules.verify === "none") return { ...rules, authorities: "" };
    if (path === undefined) {
      const start = source === undefined ? "" : `${source}: `;
      throw new StartupError(
        `${start}client-verify = ${rules.verify} needs the authorities of clients' certificates: ` +
          "client-verify-ca = FILE",
      );
    }
    // Lists belong to their authorities: if either file is bad, the former content of both is kept.
    const { authorities, lists: revocationLists } = await this.#held.read(
      `authorities ${path} ${listsPath}`,
      async () => {
        const { authorities, lists } = await this.#readAuthorities(path);
        if (listsPath === undefined) return { authorities, lists };
        return { authorities, lists: [...lists, ...await this.#readLists(listsPath, path)] };
      },
    );
    return {
      ...rules,
      authorities,
      ...revocationLists.length > 0 && { revocationLists },
      ...allowed && { allowed },
    };
  }

  #readAuthorities(path: string): Promise<Authorities> {
    return once(this.#authorities, path, async () => {
      const text = await this.#files.readText(path);
      const authorities = checkClientAuthorities(text, path);
      this.warnings.push(...unreadBlocks(text, pemBlocks(text, path), path));
      const from = { source: path, authorities, authoritiesSource: path };
      return { authorities, lists: checkRevocationLists(revocationListsInPem(text, path), from) };
    });
  }

  #readLists(source: string, authoritiesSource: string): Promise<readonly RevocationList[]> {
    return once(this.#lists, `${source}\0${authoritiesSource}`, async () => {
      const bytes = await this.#files.readBytes(source);
      const { authorities } = await this.#readAuthorities(authoritiesSource);
      const from = { source, authorities, authoritiesSource };
      return checkRevocationLists(revocationListsIn(bytes, source), from);
    });
  }
}

/** The content of an authority file. */
interface Authorities {
  readonly authorities: string;
  readonly lists: readonly RevocationList[];
}

/**
 * Every revocation list that some certificate is checked against, and what an operator should know about them today.
 */
export function revocationListsOf(
  configurations: readonly TlsConfiguration[],
  today: Date,
): { readonly lists: readonly RevocationList[]; readonly warnings: readonly string[] } {
  const rules = configurations.flatMap(({ clientRules, certificates, backend }) => [
    clientRules,
    ...backend === undefined ? [] : [backend],
    ...certificates.flatMap((certificate) => certificate.clientRules ?? []),
  ]);
  const lists = new Map<string, RevocationList>();
  const warnings = new Set<string>();
  for (const { authorities = "", revocationLists = [] } of new Set(rules)) {
    for (const list of revocationLists) lists.set(`${list.source}\0${list.pem}`, list);
    const source = revocationLists.at(-1)?.source ?? "";
    const missing = missingListsWarning(revocationLists, { source, authorities });
    if (missing !== undefined) warnings.add(missing);
  }
  for (const list of lists.values()) {
    const warning = revocationListWarning(list, today);
    if (warning !== undefined) warnings.add(warning);
  }
  return { lists: [...lists.values()], warnings: [...warnings] };
}

/** The value for this key, known or made now; callers that ask at the same time wait for the same one. */
function once<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  make: () => Promise<Value>,
): Promise<Value> {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
