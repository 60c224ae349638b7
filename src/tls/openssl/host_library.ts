/**
 * The host's OpenSSL on stud's own streams. It converts bytes to bytes and never sees a socket; a
 * {@linkcode SessionStream} moves them.
 */

import { StartupError } from "../../errors.ts";
import type { OpenSsl, SslContext } from "../../runtime/openssl.ts";
import type { Clock, Runtime } from "../../runtime/runtime.ts";
import type { StreamContext, StreamTls } from "../../runtime/stream_tls.ts";
import type { TlsConfiguration } from "../tls_configuration.ts";
import { ScratchBuffers } from "./scratch_buffers.ts";
import { SessionStream } from "./session_stream.ts";

/**
 * Opens it. A failure says why it is needed, because most operators have not asked for it. Throws
 * {@linkcode StartupError}.
 */
export function openHostLibrary(
  runtime: Pick<Runtime, "openOpenSsl" | "clock">,
  { because }: Pick<TlsConfiguration, "because">,
): StreamTls {
  try {
    return onStreams(runtime.openOpenSsl(), runtime.clock);
  } catch (error) {
    if (because === undefined || !(error instanceof StartupError)) throw error;
    throw new StartupError(`OpenSSL is needed because of ${because}: ${error.message}`, {
      cause: error,
    });
  }
}

/** The library as one that takes over connections. */
export function onStreams(
  library: OpenSsl,
  clock: Pick<Clock, "turn">,
  buffers: ScratchBuffers = new ScratchBuffers(),
): StreamTls {
  const services = { clock, buffers };
  const sessionOf = (context: StreamContext) => (context as SslContext).newSession();
  return {
    version: library.version,
    handshakeBuffers: buffers.small,
    contextsChange: true,
    useEngine: (id) => library.useEngine(id),
    newContext(options) {
      const context = library.newContext(options);
      if (options.ticketKeys !== undefined) context.setTicketKeys(options.ticketKeys);
      return context;
    },
    accept: (socket, { context, former }, read, peer) =>
      new SessionStream(socket, services, peer, sessionOf(context), read, former),
    connect: (socket, context, peer) =>
      new SessionStream(socket, services, peer, sessionOf(context)),
  };
}
