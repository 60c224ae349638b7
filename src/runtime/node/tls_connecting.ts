/** The client's side of `node:tls`, on a dialled socket: the server name and the certificate check. */

import { X509Certificate } from "node:crypto";
import { isIP, type Socket } from "node:net";
import { connect, type SecureContext, type TLSSocket } from "node:tls";
import { isForServer } from "../../x509/server_identity.ts";
import { owned, OWNER } from "./stream.ts";
import { NodeTlsStream } from "./tls_stream.ts";
import { OpenSslError } from "../openssl.ts";
import type { ConnectedStream, RecordFault } from "../stream_tls.ts";

/** How to connect to a server. */
export interface ConnectOptions {
  readonly secureContext: SecureContext;
  readonly alpnProtocols: readonly string[];
  readonly name: string | undefined;
  readonly verified: boolean;
}

/** Begins TLS on a socket from which nothing has been read. */
export function connectTls(
  raw: Socket,
  { secureContext, alpnProtocols, name, verified }: ConnectOptions,
  recordFault: RecordFault,
): ConnectedStream {
  let shown: Uint8Array | undefined;
  const tls = connect({
    socket: raw,
    secureContext,
    rejectUnauthorized: verified,
    ...alpnProtocols.length === 0 ? {} : { ALPNProtocols: [...alpnProtocols] },
    // RFC 6066 section 3: an address is not a server name.
    ...name === undefined || isIP(name) !== 0 ? {} : { servername: name },
    // Node's own check would accept the common name if there is no DNS name, and wildcards within a label.
    checkServerIdentity(_host, certificate) {
      const { raw } = certificate;
      if (isFor(raw, name)) return undefined;
      shown = raw;
      return new OpenSslError("hostname mismatch");
    },
  });
  const stream = new ServerStream({ raw, listener: undefined, tls, party: "backend" }, recordFault);
  stream.certificate = () => shown;
  tls.push = onPush;
  tls.on("secureConnect", () => stream.secured());
  // Tickets may arrive at any time, and would look like a record that was cut off.
  tls.on("session", () => stream.understood());
  return stream;
}

function isFor(certificate: Uint8Array, name: string | undefined): boolean {
  try {
    return isForServer(certificate, name ?? "");
  } catch {
    return false;
  }
}

class ServerStream extends NodeTlsStream implements ConnectedStream {
  certificate: () => Uint8Array | undefined = () => undefined;

  get shownCertificate(): string | undefined {
    const certificate = this.certificate();
    return certificate === undefined ? undefined : new X509Certificate(certificate).toString();
  }
}

/** Replaces the method with which Node puts decrypted data into the socket's queue. */
function onPush(this: TLSSocket, bytes: Uint8Array | null): boolean {
  return (owned(this)[OWNER] as NodeTlsStream | undefined)?.take(bytes) ?? true;
}
