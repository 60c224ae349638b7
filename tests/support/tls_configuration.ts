/** What an engine is told, for tests that care about little of it. */

import type { EngineSettings } from "../../src/config/settings.ts";
import type { TlsConfiguration } from "../../src/tls/tls_configuration.ts";

/** The defaults of the option table. */
export const ENGINE: EngineSettings = {
  sniNomatchAbort: false,
  protocols: ["TLSv1.2", "TLSv1.3"],
  ciphers: undefined,
  ciphersuites: undefined,
  groups: undefined,
  preferServerCiphers: false,
  sslEngine: undefined,
  alpnProtocols: [],
};

/** A part of a configuration: the defaults, but for what is particular. */
export function engineWith(
  particular: Partial<EngineSettings>,
): Pick<TlsConfiguration, "engine"> {
  return { engine: { ...ENGINE, ...particular } };
}

/** One certificate that is no PEM, and nothing particular. */
export const TLS_CONFIGURATION: TlsConfiguration = {
  library: "rustls",
  certificates: [{
    source: "a.pem",
    names: ["a.example"],
    keyType: "ec",
    certificateChain: "chain",
    privateKey: "key",
    keyId: "id of the key",
  }],
  defaultCertificate: 0,
  engine: ENGINE,
  clientRules: { verify: "none", authorities: "" },
  ticketSecret: btoa("a secret of more than 32 octets, for tests"),
};
