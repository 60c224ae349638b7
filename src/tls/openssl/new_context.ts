/** Creates a context, and reports what the library refuses in words for operators. */

import { OpenSslError, type SslContextOptions, type SslTicketKeys } from "../../runtime/openssl.ts";
import type { StreamContext, StreamTls } from "../../runtime/stream_tls.ts";
import type { ServedCertificate, TlsConfiguration } from "../tls_configuration.ts";
import { startupError } from "./startup_error.ts";

/** Throws {@linkcode StartupError} that names the option, or the file of these certificates. */
export function newContext(
  library: StreamTls,
  configuration: TlsConfiguration,
  certificates: readonly ServedCertificate[],
  options: SslContextOptions & { readonly ticketKeys?: SslTicketKeys },
): StreamContext {
  const whole = { ticketKeys: undefined, ...options };
  try {
    return library.newContext(whole);
  } catch (error) {
    if (!(error instanceof OpenSslError)) throw error;
    throw startupError(
      ...[error, configuration, certificates] as const,
      (ciphers) => library.newContext({ ...whole, ciphers }).free(),
    );
  }
}
