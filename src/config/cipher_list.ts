/**
 * OpenSSL's lists of ciphers (openssl-ciphers(1)) in OpenSSL's own spelling: it knows names in one case only,
 * and that is hard to remember. Which ciphers there are is the library's to say.
 */

/**
 * The list with keywords and names spelled as OpenSSL does: `high:!anull` is `HIGH:!aNULL`. What is neither a
 * known keyword nor all in lower case stays as it is.
 */
export function parseCipherList(text: string): string {
  return text.replace(/[A-Za-z0-9][A-Za-z0-9_.-]*/g, (word) => {
    const keyword = MIXED.find((known) => known.toLowerCase() === word.toLowerCase());
    if (keyword !== undefined) return keyword;
    const isKnown = UPPER.includes(word.toUpperCase());
    return isKnown || !/[A-Z]/.test(word) ? word.toUpperCase() : word;
  });
}

/** Keywords with small letters. */
const MIXED = [
  ...["aNULL", "eNULL", "kRSA", "aRSA", "kDHE", "kEDH", "kECDHE", "kEECDH", "aDSS", "aECDSA"],
  ...[
    "kPSK",
    "kRSAPSK",
    "kDHEPSK",
    "kECDHEPSK",
    "aPSK",
    "kSRP",
    "aSRP",
    "kGOST",
    "aGOST",
    "aGOST01",
  ],
  ...["TLSv1", "TLSv1.0", "TLSv1.2", "SSLv3"],
];

/** Keywords that may be written as words are, with one capital. */
const UPPER = ["ALL", "DEFAULT", "HIGH", "MEDIUM", "LOW", "STRENGTH", "SECLEVEL"];
