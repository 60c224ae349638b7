/**
 * Encodes a worker's configuration for the control pipe. Frontends may share certificates, ten thousand of them,
 * so each is sent once, and objects shared on one side are shared on the other. Certificates follow the line of
 * the request, each as a line with its PEM texts after it as bytes. So only a few of them are encoded at any time,
 * and private keys can be overwritten on both sides.
 */

import { KeyBytes } from "../x509/key_bytes.ts";
import type { ServedCertificate, TlsConfiguration } from "../tls/tls_configuration.ts";
import { isKeyUri } from "../wire/key_uri.ts";
import { certificateRuns } from "./certificate_runs.ts";
import { stapleList } from "./worker_state.ts";
import type {
  PackedCertificate,
  PackedConfiguration,
  PackedTls,
  SharedConfiguration,
  WorkerConfiguration,
  WorkerState,
} from "./messages.ts";

/** The private keys that a process has received. Each is kept once, for as long as it is used. */
export class ReceivedKeys {
  readonly #keys = new Map<string, WeakRef<KeyBytes>>();
  /** Keys that had been overwritten and were received again. */
  readonly #again: KeyBytes[] = [];

  /**
   * The key with this name; without a name it is always a new one. If the key is known, the new bytes are
   * overwritten. If the known key was overwritten before, the new bytes replace it until
   * {@linkcode ReceivedKeys.wipeAgain}.
   */
  take(name: string | undefined, bytes: Uint8Array<ArrayBuffer>): KeyBytes {
    const known = name === undefined ? undefined : this.#keys.get(name)?.deref();
    if (known?.bytes !== undefined) {
      bytes.fill(0);
      return known;
    }
    if (known !== undefined) {
      known.refill(bytes);
      this.#again.push(known);
      return known;
    }
    const key = new KeyBytes(bytes);
    if (name !== undefined) this.#keys.set(name, new WeakRef(key));
    return key;
  }

  /** Overwrites the keys that were received again. */
  wipeAgain(): void {
    for (const key of this.#again.splice(0)) key.wipe();
  }

  /** Forgets the names of keys that are no longer used. */
  tidy(): void {
    for (const [name, key] of this.#keys) if (key.deref() === undefined) this.#keys.delete(name);
  }
}

/** The same configuration with indexes replaced by their objects. */
export function unpackConfiguration(
  { tls, ...rest }: PackedConfiguration,
  certificates: readonly ServedCertificate[],
): WorkerConfiguration {
  const configurations = tls.configurations.map((packed): TlsConfiguration => ({
    ...packed,
    certificates: packed.certificates.map((place) => certificates[place]!),
  }));
  const frontends = rest.frontends.map((frontend, index) => {
    const place = tls.ofFrontends[index]!;
    return place === 0 ? frontend : { ...frontend, tls: configurations[place]! };
  });
  return { ...rest, frontends, tls: configurations[0]! };
}

/** The certificates as they were before they were packed, but for the keys, which are bytes. */
export function unpackCertificates(
  packed: readonly PackedCertificate[],
  told: ReceivedKeys,
): ServedCertificate[] {
  told.tidy();
  const keys: KeyBytes[] = [];
  return packed.map(({ chain, key, keyBytes, privateKey, ...rest }, place) => {
    if (keyBytes !== undefined) keys[place] = told.take(rest.keyId, keyBytes);
    return { ...rest, certificateChain: chain, privateKey: privateKey ?? keys[key!]! };
  });
}

/** A request with a state, and what follows its line. */
export interface StateFrame {
  /** The line, newline included. */
  readonly line: string;
  readonly certificates: readonly ServedCertificate[];
}

/**
 * A request of this kind with a state, for the worker with this index. `former`: the state that the worker has, if the
 * certificates that both share need not be sent again.
 */
export function stateFrame(
  type: "start" | "prepare",
  id: number,
  { version, configuration, staples, missing, listeners }: WorkerState,
  index: number,
  former?: WorkerState,
): StateFrame {
  const { tls: _tls, frontends, ...rest } = configuration;
  const addresses = frontends.map(({ tls: _, ...address }) => address);
  const { packed, certificates: all } = packedTls(configuration);
  const shared = former && certificateRuns(all, certificatesOf(former));
  const certificates = shared?.fresh ?? all;
  const line = JSON.stringify({
    ...{ type, id, version, missing, listeners, followers: certificates.length },
    ...shared && { shared: { version: former!.version, runs: shared.runs } },
    staples: stapleList(staples),
    configuration: { ...rest, index, frontends: addresses, tls: packed },
  });
  return { line: `${line}\n`, certificates };
}

/**
 * What follows the line, in pieces to be written one after the other. Each piece overwrites the one before, and
 * zeros overwrite the last.
 */
export function* certificateChunks(
  certificates: readonly ServedCertificate[],
): Generator<Uint8Array> {
  const places = new Map<string, number>();
  let chunk = new Uint8Array(CHUNK_BYTES);
  let used = 0;
  try {
    for (const [place, certificate] of certificates.entries()) {
      const texts = certificateTexts(certificate, place, places);
      const most = texts.reduce((sum, text) => sum + mostBytes(text), 0);
      if (used + most > chunk.length) {
        yield chunk.subarray(0, used);
        used = 0;
        if (most > chunk.length) {
          chunk.fill(0);
          chunk = new Uint8Array(most);
        }
      }
      for (const text of texts) used += encoder.encodeInto(text, chunk.subarray(used)).written;
    }
    if (used > 0) yield chunk.subarray(0, used);
  } finally {
    chunk.fill(0);
  }
}

/**
 * The line of a certificate, its chain, and its key unless an earlier certificate has the same key or the key is a
 * URI.
 */
function certificateTexts(
  { certificateChain, privateKey, ...rest }: ServedCertificate,
  place: number,
  places: Map<string, number>,
): string[] {
  // Keys that are bytes were received through the pipe, and a worker never passes them on.
  if (typeof privateKey !== "string") throw new TypeError("a key that cannot be passed on");
  const chain = byteLength(certificateChain);
  const line = (particular: object) => `${JSON.stringify({ ...rest, chain, ...particular })}\n`;
  if (isKeyUri(privateKey)) return [line({ privateKey }), certificateChain];
  const key = places.get(privateKey) ?? place;
  if (key < place) return [line({ key }), certificateChain];
  places.set(privateKey, place);
  return [line({ key, keyBytes: byteLength(privateKey) }), certificateChain, privateKey];
}

/**
 * Reads the certificate that this line belongs to. `bytes` returns what follows the line. Undefined if the stream
 * ends before.
 */
export async function readCertificate(
  line: string,
  bytes: (length: number) => Promise<Uint8Array<ArrayBuffer> | undefined>,
): Promise<PackedCertificate | undefined> {
  const { chain: length, keyBytes: keyLength, ...rest } = JSON.parse(line);
  const chain = await bytes(length);
  if (chain === undefined) return undefined;
  const packed = { ...rest, chain: decoder.decode(chain) };
  if (keyLength === undefined) return packed;
  const keyBytes = await bytes(keyLength);
  return keyBytes && { ...packed, keyBytes };
}

/** Those of a state, in the order in which a worker has them. */
function certificatesOf({ configuration }: WorkerState): readonly ServedCertificate[] {
  return packedTls(configuration).certificates;
}

/** Packs the TLS configurations of a configuration: once for all workers. */
function packedTls(configuration: SharedConfiguration): PackedTogether {
  let packed = packedBefore.get(configuration);
  if (packed === undefined) {
    const { frontends, tls } = configuration;
    packed = packTls(tls, frontends.map((frontend) => frontend.tls ?? tls));
    packedBefore.set(configuration, packed);
  }
  return packed;
}

const packedBefore = new WeakMap<SharedConfiguration, PackedTogether>();

interface PackedTogether {
  readonly packed: PackedTls;
  readonly certificates: readonly ServedCertificate[];
}

/** Packs the general configuration and those of the frontends, in this order. */
function packTls(
  general: TlsConfiguration,
  ofFrontends: readonly TlsConfiguration[],
): PackedTogether {
  const configurations = [...new Set([general, ...ofFrontends])];
  const certificates = [...new Set(configurations.flatMap((one) => one.certificates))];
  const places = new Map(certificates.map((certificate, place) => [certificate, place]));
  const packed = {
    configurations: configurations.map((one) => ({
      ...one,
      certificates: one.certificates.map((certificate) => places.get(certificate)!),
    })),
    ofFrontends: ofFrontends.map((one) => configurations.indexOf(one)),
  };
  return { packed, certificates };
}

/** PEM is ASCII. For anything else the length must still be right, so that the library can report the error. */
function byteLength(text: string): number {
  return ASCII.test(text) ? text.length : encoder.encode(text).length;
}

function mostBytes(text: string): number {
  return 3 * text.length;
}

/**
 * Size of a piece, unless a certificate is larger. It is more than a pipe holds, so that not every piece costs a
 * wake-up.
 */
const CHUNK_BYTES = 256 << 10;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const ASCII = /^[\0-\x7f]*$/;
