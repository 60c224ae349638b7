/**
 * Checks revocation lists before any worker gets them: their issuer, signature and dates, so that every fault is one
 * line that names the file. A library refuses all certificates of an authority whose list is missing or has expired;
 * the warnings here come before that. It reads no files.
 */

import { StartupError } from "../errors.ts";
import { counted } from "../counted.ts";
import { type DerElement, readDer } from "./der.ts";
import { distinguishedName } from "./distinguished_name.ts";
import { formatPem, parsePem, pemBytes, pemDamage } from "./pem.ts";
import { parseRevocationList, type RevocationListFields } from "./revocation_list.ts";
import { insteadOf, pemBlocks, pemBlocksIfAny } from "./pem_blocks.ts";
import { Certificate } from "./certificate.ts";
import { isSignedBy } from "./signature.ts";

/** Where lists come from, and which authorities may issue them. */
export interface RevocationSource {
  /** The file, for messages. */
  readonly source: string;
  /** PEM text of the authorities, and its file. */
  readonly authorities: string;
  readonly authoritiesSource: string;
}

/** A certificate revocation list (RFC 5280 section 5). */
export interface RevocationList {
  /** The file it came from. */
  readonly source: string;
  readonly pem: string;
  /** The name of its issuer, in readable form. */
  readonly issuer: string;
  /** ISO 8601, as `Date` writes it. */
  readonly thisUpdate: string;
  readonly nextUpdate?: string;
}

/**
 * The lists in a file's bytes: one in DER, or those in PEM text. Rejects with {@linkcode StartupError} if it is
 * neither.
 */
export function revocationListsIn(bytes: Uint8Array, source: string): Uint8Array[] {
  if (bytes.length > MAX_BYTES) {
    throw new StartupError(
      `${source}: larger than ${MAX_BYTES >> 20} MiB, the max for a revocation list`,
    );
  }
  if (bytes[0] === SEQUENCE) {
    if (!isCertificate(bytes)) return [bytes];
    throw new StartupError(`${source}: is a certificate in DER, not a revocation list`);
  }
  const text = new TextDecoder().decode(bytes);
  const blocks = pemBlocks(text, source);
  const lists = revocationListsInPem(text, source);
  if (lists.length > 0) return lists;
  throw new StartupError(
    `${source}: no revocation list in it${
      insteadOf(text, blocks, source)
    }; it must be DER, or PEM with ` +
      "-----BEGIN X509 CRL-----",
  );
}

/** The lists in PEM text, if there are any. Throws {@linkcode StartupError} for damaged text. */
export function revocationListsInPem(pem: string, source: string): Uint8Array[] {
  return pemBlocksIfAny(pem, source).filter(({ label }) => LABELS.includes(label)).map(
    (block, index) => {
      try {
        return pemBytes(block);
      } catch (error) {
        throw new StartupError(
          `${source}: ${ordinal(index)} (line ${block.line}) is damaged${pemDamage(block)}`,
          { cause: error },
        );
      }
    },
  );
}

function isCertificate(bytes: Uint8Array): boolean {
  try {
    Certificate.parse(bytes);
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks lists (DER). Throws {@linkcode StartupError} if one is damaged, has no trusted issuer, or is not signed by its
 * issuer.
 */
export function checkRevocationLists(
  lists: readonly Uint8Array[],
  from: RevocationSource,
): RevocationList[] {
  if (lists.length === 0) return [];
  const authorities = authoritiesIn(from.authorities);
  return lists.map((bytes, index) => {
    const start = `${from.source}: ${ordinal(index)}`;
    const { list, issuer } = parsed(bytes, start);
    checkIssuer(list, authorities, `${start}, of ${issuer},`, from.authoritiesSource);
    const { thisUpdate, nextUpdate } = list;
    return {
      source: from.source,
      pem: formatPem(LABEL, bytes),
      issuer,
      thisUpdate: thisUpdate.toISOString(),
      ...nextUpdate && { nextUpdate: nextUpdate.toISOString() },
    };
  });
}

/** What is wrong with a list's dates on a day, or soon will be; undefined if nothing is. */
export function revocationListWarning(
  { source, issuer, thisUpdate, nextUpdate }: RevocationList,
  today: Date,
): string | undefined {
  const start = `${source}: the revocation list of ${issuer}`;
  if (today < new Date(thisUpdate)) {
    return `${start} is not valid before ${thisUpdate}; until then its certificates are refused`;
  }
  if (nextUpdate === undefined) return undefined;
  const left = new Date(nextUpdate).getTime() - today.getTime();
  if (left < 0) return `${start} expired on ${nextUpdate}; its certificates are refused`;
  const [first = 0] = warningDays({ thisUpdate, nextUpdate });
  if (left >= first * DAY) return undefined;
  return `${start} expires in ${
    counted(Math.floor(left / HOUR), "hour")
  }, on ${nextUpdate}; after that its ` +
    "certificates are refused";
}

/**
 * How many days before a list expires stud warns. A list that is renewed every day is valid for a week and must not
 * cause a permanent warning. So stud warns at a fifth and at a tenth of its lifetime, max a week and a day.
 */
export function warningDays(
  { thisUpdate, nextUpdate }: Pick<RevocationList, "thisUpdate" | "nextUpdate">,
): number[] {
  if (nextUpdate === undefined) return [];
  const life = (new Date(nextUpdate).getTime() - new Date(thisUpdate).getTime()) / DAY;
  return [Math.min(7, life / 5), Math.min(1, life / 10)];
}

/** Names the authorities without a list among these, unless there are no lists at all. */
export function missingListsWarning(
  lists: readonly RevocationList[],
  { source, authorities }: Pick<RevocationSource, "source" | "authorities">,
): string | undefined {
  if (lists.length === 0) return undefined;
  const having = new Set(lists.map(({ pem }) => canonicalName(parsed(derOf(pem), "").list.issuer)));
  const missing = authoritiesIn(authorities).map(({ subject }) => subject)
    .filter((name) => !having.has(canonicalName(name))).map(distinguishedName);
  if (missing.length === 0) return undefined;
  const shown = missing.slice(0, MAX_NAMES).join(" and ");
  const more = missing.length > MAX_NAMES
    ? ` and ${counted(missing.length - MAX_NAMES, "other")}`
    : "";
  return `${source}: no revocation list of ${shown}${more}; certificates of such an authority are refused`;
}

/** The certificates that can be parsed: unreadable ones cannot have signed a readable list. */
function authoritiesIn(pem: string): Certificate[] {
  return parsePem(pem).flatMap((block) => {
    try {
      return [Certificate.parse(pemBytes(block))];
    } catch {
      return [];
    }
  });
}

function parsed(
  bytes: Uint8Array,
  start: string,
): { readonly list: RevocationListFields; readonly issuer: string } {
  try {
    const list = parseRevocationList(bytes);
    return { list, issuer: distinguishedName(list.issuer) };
  } catch (error) {
    throw new StartupError(`${start} is damaged`, { cause: error });
  }
}

function checkIssuer(
  list: RevocationListFields,
  authorities: readonly Certificate[],
  start: string,
  authoritiesSource: string,
): void {
  if (list.isDelta) {
    throw new StartupError(`${start} has changes only (a delta CRL); give the whole list`);
  }
  const name = canonicalName(list.issuer);
  const named = authorities.filter(({ subject }) => canonicalName(subject) === name);
  if (named.length === 0) {
    throw new StartupError(`${start} is from none of the authorities in ${authoritiesSource}`);
  }
  const signers = named.filter(({ publicKey }) => isSignedBy(list, publicKey));
  if (signers.length === 0) {
    throw new StartupError(
      `${start} was not signed by the key that ${authoritiesSource} has for that authority`,
    );
  }
  if (!signers.some(maySign)) {
    throw new StartupError(`${start} was signed by an authority whose key usage forbids that`);
  }
}

/** Section 4.2.1.3: a BIT STRING, if it is present. */
function maySign(authority: Certificate): boolean {
  const usage = authority.extension(KEY_USAGE);
  if (usage === undefined) return true;
  const [, bits = 0] = readDer(usage).content;
  return (bits & CRL_SIGN) !== 0;
}

/** Names are equal regardless of encoding, case and spaces (section 7.1); signatures detect any other difference. */
function canonicalName(name: DerElement): string {
  return distinguishedName(name).toLowerCase().replace(/\s+/g, " ").trim();
}

function derOf(pem: string): Uint8Array {
  return pemBytes(parsePem(pem)[0]!);
}

function ordinal(index: number): string {
  return `revocation list ${index + 1} in it`;
}

const LABEL = "X509 CRL";
/** Some programs write the second label; a block that is meant as a list must not be ignored. */
const LABELS = [LABEL, "CRL"];
const SEQUENCE = 0x30;
const KEY_USAGE = "2.5.29.15";
const CRL_SIGN = 0x02;
/** The largest lists of public authorities have about 10 MiB, and every worker has a copy. */
const MAX_BYTES = 16 << 20;
const MAX_NAMES = 3;
/** Milliseconds. */
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
