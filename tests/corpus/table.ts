/** All rows of the corpus, and the engines that each group of them is for. */

import { CERTIFICATES } from "./certificates.ts";
import { CLIENT_FILES } from "./client_files.ts";
import { CONFIG_FILES } from "./config_files.ts";
import { FORMATS } from "./formats.ts";
import { LABELS } from "./labels.ts";
import { KEY_FILES, OCSP_FILES, SECRETS } from "./other_files.ts";
import { PEM_ORDER } from "./pem_order.ts";
import { PEM_TEXT } from "./pem_text.ts";
import type { ByEngine, Row } from "./row.ts";

/** Rows of one kind. */
export interface Group {
  readonly title: string;
  readonly rows: readonly Row[];
  readonly engines: readonly (keyof ByEngine)[];
}

const BOTH = ["openssl", "rustls"] as const;
const OPENSSL = ["openssl"] as const;

/** Files with a certificate and its key. */
export const PEM_FILES: readonly Row[] = [
  ...PEM_TEXT,
  ...PEM_ORDER,
  ...LABELS,
  ...FORMATS,
  ...CERTIFICATES,
];

/** The whole corpus. */
export const CORPUS: readonly Group[] = [
  { title: "PEM text of every spelling", rows: [...PEM_TEXT, ...PEM_ORDER], engines: BOTH },
  { title: "blocks of every label", rows: LABELS, engines: BOTH },
  { title: "what is no PEM, or no file", rows: FORMATS, engines: BOTH },
  { title: "certificates of every kind", rows: CERTIFICATES, engines: BOTH },
  { title: "keys in files of their own", rows: KEY_FILES, engines: BOTH },
  { title: "authorities and revocation lists", rows: CLIENT_FILES, engines: OPENSSL },
  { title: "OCSP responses", rows: OCSP_FILES, engines: OPENSSL },
  { title: "ticket secrets", rows: SECRETS, engines: OPENSSL },
  { title: "configuration files", rows: CONFIG_FILES, engines: OPENSSL },
];
