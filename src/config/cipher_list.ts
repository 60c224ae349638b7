/**
 * OpenSSL's lists of ciphers (openssl-ciphers(1)) in OpenSSL's own spelling, because OpenSSL distinguishes upper and
 * lower case and its spelling is hard to remember. Which ciphers exist is for the library to check.
 */

/**
 * The list with keywords and names spelled as in OpenSSL: `high:!anull` becomes `HIGH:!aNULL`. An item that is neither
 * a known keyword nor all lower case stays unchanged.
 */
export function parseCipherList(text: string): string {
  return text.replace(/[A-Za-z0-9][A-Za-z0-9_.-]*/g, (word) => {
    const keyword = MIXED.find((known) => known.toLowerCase() === word.toLowerCase());
    if (keyword !== undefined) return keyword;
    const isKnown = UPPER.includes(word.toUpperCase());
    return isKnown || !/[A-Z]/.test(word) ? word.toUpperCase() : word;
  });
}

/** Keywords with lower-case letters. */
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

/** Keywords that may also be written with only the first letter in upper case. */
const UPPER = ["ALL", "DEFAULT", "HIGH", "MEDIUM", "LOW", "STRENGTH", "SECLEVEL"];
