/**
 * TLS by `node:tls` on accepted connections. Contexts are Node's own. A client's socket is taken over together with the
 * bytes of its ClientHello, which have been read to choose the context.
 */

import { Buffer } from "node:buffer";
import { constants, setEngine, X509Certificate } from "node:crypto";
import process from "node:process";
import { createSecureContext, createServer, type SecureContext } from "node:tls";
import { StartupError } from "../../errors.ts";
import { DerTag, readDer } from "../../x509/der.ts";
import { isKeyUri } from "../../wire/key_uri.ts";
import { parsePem, pemBytes } from "../../x509/pem.ts";
import { AcceptedStream } from "./accepted_stream.ts";
import { DialledStream } from "./dialled_stream.ts";
import { watchForFloods } from "./flood_watch.ts";
import { connectTls } from "./tls_connecting.ts";
import { acceptTls, type NodeTlsError, reasonOf, type SocketOptions } from "./tls_stream.ts";
import type { KeyBytes } from "../../x509/key_bytes.ts";
import { OpenSslError, type SslCertificate, type SslTicketKeys } from "../openssl.ts";
import type { Stream, TcpStream } from "../runtime.ts";
import type {
  AcceptedStream as TlsClient,
  ConnectedStream,
  SessionTerms,
  StreamContext,
  StreamContextOptions,
  StreamTls,
  TlsPeer,
} from "../stream_tls.ts";

/** Makes the interface to `node:tls`. */
export function openNodeTls(): StreamTls {
  return {
    version: `OpenSSL ${process.versions.openssl} (Node ${process.versions.node})`,
    contextsChange: false,
    useEngine,
    newContext: (options) => new NodeContext(options),
    accept,
    connect,
  };
}

function accept(
  stream: TcpStream,
  { context }: SessionTerms,
  read: Uint8Array,
  { recordFault }: TlsPeer,
): TlsClient {
  if (!(stream instanceof AcceptedStream) || !(context instanceof NodeContext)) {
    throw new TypeError("not from this library");
  }
  const { socketOptions, findCertificate } = context;
  const client = acceptTls(stream.release(read), socketOptions, recordFault, findCertificate);
  watchForFloods(client);
  return client;
}

function connect(
  stream: Stream,
  context: StreamContext,
  { recordFault }: TlsPeer,
): ConnectedStream {
  if (!(stream instanceof DialledStream) || !(context instanceof NodeContext)) {
    throw new TypeError("not from this library");
  }
  const { server, alpnProtocols, verify } = context.options;
  const { secureContext } = context.socketOptions;
  const options = { secureContext, alpnProtocols, name: server?.name, verified: verify !== "none" };
  return connectTls(stream.release(), options, recordFault);
}

function useEngine(id: string): void {
  if (typeof setEngine !== "function") throw noEngines(id);
  try {
    setEngine(id);
  } catch (error) {
    const { message } = error as Error;
    throw new StartupError(
      `Node ${process.versions.node} cannot use it (${message}); stud's executable uses the engines of this ` +
        "machine's OpenSSL",
      { cause: error },
    );
  }
}

function noEngines(id: string): StartupError {
  return new StartupError(
    `Node ${process.versions.node} does not support engines, so not ${id}; stud's executable does`,
  );
}

class NodeContext implements StreamContext {
  readonly options: StreamContextOptions;
  readonly socketOptions: SocketOptions;

  constructor(options: StreamContextOptions) {
    this.options = options;
    // Node would treat other names as TLS 1.2 ciphers, and it ignores unknown ones of those.
    if (options.ciphersuites?.split(":").some((name) => !name.startsWith("TLS_"))) {
      throw new OpenSslError("no cipher match", { subject: "ciphersuites" });
    }
    const { alpnProtocols, verify } = options;
    const whole = secureContextOptions(options);
    this.socketOptions = {
      isServer: true,
      secureContext: create(whole, options),
      ...alpnProtocols.length === 0 ? {} : { ALPNProtocols: [...alpnProtocols] },
      requestCert: verify !== "none",
      rejectUnauthorized: verify === "required",
      ...stapler(whole, options),
    };
  }

  /** Node frees a context that is no longer referenced. */
  free(): void {}

  /** The search is only needed if there are several. */
  readonly findCertificate = (shown: () => Uint8Array | undefined): SslCertificate | undefined => {
    const { certificates } = this.options;
    if (certificates.length === 1) return certificates[0];
    const der = shown();
    if (der === undefined) return undefined;
    return certificates.find(({ certificateChain }) => {
      const [leaf] = parsePem(certificateChain);
      return leaf !== undefined && Buffer.compare(pemBytes(leaf), der) === 0;
    });
  };
}

type NodeOptions = NonNullable<Parameters<typeof createSecureContext>[0]>;

function secureContextOptions(options: StreamContextOptions): NodeOptions {
  const { certificates, protocols, verify, authorities, revocationLists, server } = options;
  const dhParameters = certificates.find((each) => each.dhParameters !== undefined)?.dhParameters;
  return {
    ...keyOptions(options),
    ...cipherOptions(options),
    ...options.groups === undefined ? {} : { ecdhCurve: options.groups },
    ...dhParameters === undefined ? {} : { dhparam: dhParameters },
    // Without any, Node trusts its built-in authorities.
    ...verify === "none" || authorities === "" ? {} : { ca: authorities },
    // Node checks whole chains with them, and would read only one list from a text with several.
    ...revocationLists.length === 0 ? {} : { crl: [...revocationLists] },
    ...server === undefined ? {} : { allowPartialTrustChain: true },
    minVersion: nodeVersion(protocols[0]),
    maxVersion: nodeVersion(newestProtocol(options)),
    secureOptions: secureOptions(options),
    honorCipherOrder: options.preferServerCiphers,
    sessionIdContext: Buffer.from(options.sessionIdContext).toString("base64").slice(0, 32),
    sessionTimeout: options.sessionTimeout,
    ...options.ticketKeys === undefined ? {} : { ticketKeys: ticketKeys(options.ticketKeys) },
  };
}

function keyOptions({ certificates, sslEngine }: StreamContextOptions): NodeOptions {
  const keys = certificates.map(({ privateKey }) => keyOf(privateKey));
  const uri = keys.find((key) => typeof key === "string" && isKeyUri(key)) as string | undefined;
  const cert = certificates.map((each) => each.certificateChain);
  if (uri !== undefined) {
    return { cert, privateKeyIdentifier: uri, privateKeyEngine: sslEngine ?? "" };
  }
  return { cert, key: keys };
}

/** The bytes themselves, not overwritten: Node makes contexts repeatedly, and needs them each time. */
function keyOf(privateKey: string | KeyBytes): string | Buffer {
  if (typeof privateKey === "string") return privateKey;
  const { buffer, byteOffset, byteLength } = privateKey.bytes!;
  return Buffer.from(buffer, byteOffset, byteLength);
}

function cipherOptions(
  { ciphers, ciphersuites, securityLevel }: StreamContextOptions,
): NodeOptions {
  const level = securityLevel === undefined ? undefined : `@SECLEVEL=${securityLevel}`;
  const list = [ciphersuites, ciphers, level].filter((part) => part !== undefined);
  return list.length === 0 ? {} : { ciphers: list.join(":") };
}

/** Disables versions between the oldest and the newest that are not enabled, and features that are never wanted. */
function secureOptions({ protocols, verify, server }: StreamContextOptions): number {
  let bits = constants.SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION;
  if (!protocols.includes("TLSv1.1")) bits |= constants.SSL_OP_NO_TLSv1_1;
  if (!protocols.includes("TLSv1.2")) bits |= constants.SSL_OP_NO_TLSv1_2;
  // A resumed session would bypass the certificate check for as long as the client renews it.
  if (verify !== "none" && server === undefined) bits |= constants.SSL_OP_NO_TICKET;
  return bits;
}

/**
 * TLS 1.3 has no signatures for some curves (RFC 8446 section 4.2.3). OpenSSL then falls back to TLS 1.2 by itself,
 * except on a server that may change the certificate after it gets the server name. Each of Node's servers may.
 */
function newestProtocol({ protocols, certificates, server }: StreamContextOptions) {
  const newest = protocols.at(-1);
  if (newest !== "TLSv1.3" || !protocols.includes("TLSv1.2") || server !== undefined) return newest;
  const curves = certificates.map(({ certificateChain }) => curveOf(certificateChain));
  const isOld = (curve: string | undefined) => curve !== undefined && !CURVES.includes(curve);
  return curves.length > 0 && curves.every(isOld) ? "TLSv1.2" : newest;
}

/** Undefined for another kind of key, or one that Node cannot read. */
function curveOf(certificateChain: string): string | undefined {
  try {
    return new X509Certificate(certificateChain).publicKey.asymmetricKeyDetails?.namedCurve;
  } catch {
    return undefined;
  }
}

/** The curves with signatures in TLS 1.3, by OpenSSL's names. */
const CURVES = ["prime256v1", "secp384r1", "secp521r1"];

function nodeVersion(protocol: string | undefined): "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3" {
  if (protocol === "TLSv1.1" || protocol === "TLSv1.2" || protocol === "TLSv1.3") return protocol;
  return "TLSv1";
}

/** Node seals tickets with AES-128 and an HMAC key of 16 bytes. */
function ticketKeys({ name, hmacKey, aesKey }: SslTicketKeys): Buffer {
  return Buffer.concat([name, hmacKey.subarray(0, 16), aesKey.subarray(0, 16)]);
}

/**
 * Node requests the response from a server before it is known which of several certificates the client gets; with
 * several, none is stapled.
 */
function stapler(
  whole: NodeOptions,
  { certificates }: StreamContextOptions,
): Pick<SocketOptions, "server"> {
  const [only, ...others] = certificates;
  const response = only?.ocspResponse;
  if (response === undefined || others.length > 0) return {};
  const server = createServer(whole);
  server.on("OCSPRequest", (_certificate, _issuer, answer) => answer(null, Buffer.from(response)));
  return { server };
}

/** Node silently ignores authorities and DH parameters that it cannot read. */
function refuseUnreadable({ authorities, certificates }: StreamContextOptions): void {
  attempt("authorities", () => {
    for (const { text } of parsePem(authorities)) new X509Certificate(text);
  });
  for (const { dhParameters = "" } of certificates) {
    attempt(
      "DH parameters",
      () => parsePem(dhParameters).map(pemBytes).forEach(checkDhParameters),
    );
  }
}

/** PKCS #3: two numbers, and perhaps a third. */
function checkDhParameters(der: Uint8Array): void {
  const sequence = readDer(der);
  const numbers = sequence.tag === DerTag.sequence ? sequence.children() : [];
  if (numbers.length < 2 || numbers.some(({ tag }) => tag !== DerTag.integer)) {
    throw new Error("not a prime and a generator");
  }
}

function attempt(subject: string, look: () => void): void {
  try {
    look();
  } catch (error) {
    throw new OpenSslError(reasonOf(error as NodeTlsError), { subject });
  }
}

function create(whole: NodeOptions, options: StreamContextOptions): SecureContext {
  refuseUnreadable(options);
  try {
    return createSecureContext(whole);
  } catch (error) {
    const { dhparam, ...others } = whole;
    // The code that read the file has warned about it; other clients are still served.
    if (dhparam !== undefined && TOO_SMALL.test(reasonOf(error as NodeTlsError))) {
      return create(others, options);
    }
    throw refusal(error as NodeTlsError, options);
  }
}

/** Node does not say what it refuses, so each part is tried separately. */
function refusal(error: NodeTlsError, options: StreamContextOptions): OpenSslError {
  const { certificates, authorities, revocationLists } = options;
  const parts: [string, NodeOptions][] = [
    ["ciphersuites", { ciphers: options.ciphersuites }],
    ["ciphers", { ciphers: options.ciphers }],
    ["groups", { ecdhCurve: options.groups }],
    ["authorities", { ca: authorities === "" ? undefined : authorities }],
    ["revocation lists", { crl: [...revocationLists] }],
    ...certificates.flatMap((each): [string, NodeOptions][] => [
      ["certificate", { ...cipherOptions(options), cert: each.certificateChain }],
      ["DH parameters", { dhparam: each.dhParameters }],
    ]),
    ["private key", { ...cipherOptions(options), ...keyOptions(options) }],
  ];
  for (const [subject, part] of parts) {
    try {
      createSecureContext(part);
    } catch (fault) {
      return new OpenSslError(reasonOf(fault as NodeTlsError), { subject });
    }
  }
  return new OpenSslError(reasonOf(error));
}

/** SSL_CTX_set_options(3); Node has no name for it. */
const SSL_OP_NO_RENEGOTIATION = 1 << 30;
/** OpenSSL's message for its security level, and Node's own. */
const TOO_SMALL = /dh key too small|DH parameter is less than/i;
