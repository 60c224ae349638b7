/**
 * Names of key exchange groups, used to suggest the one that was probably meant. Only OpenSSL knows which groups
 * exist, and newer versions have more.
 */

import { nearest, suggestion } from "../config/nearest.ts";

/** A suggestion for the first name in `groups` that is not known here, to append to a message; may be empty. */
export function groupSuggestion(groups: string): string {
  const known = KNOWN.map((name) => name.toLowerCase());
  const unknown = groups.split(/[:/]/).map((name) => name.replace(/^[?*-]+/, ""))
    .find((name) => !known.includes(name.toLowerCase()));
  return suggestion(unknown === undefined ? undefined : nearest(unknown, KNOWN));
}

const KNOWN = [
  ...["X25519", "X448", "P-256", "P-384", "P-521", "prime256v1", "secp256r1", "secp384r1"],
  ...["secp521r1", "secp256k1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"],
  ...["ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"],
  ...["X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"],
];
