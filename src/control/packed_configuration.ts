/**
 * A worker's configuration on its way through the control pipe. Frontends may share certificates, ten thousand
 * of them, so each goes once, and what says the same object on one side is the same object on the other. Private keys
 * follow as bytes, which can be overwritten on both sides.
 */

import { KeyBytes } from "../key_bytes.ts";
import type { ServedCertificate, TlsConfiguration } from "../tls/tls_configuration.ts";
import { isKeyUri } from "../wire/key_uri.ts";
import { stapleList } from "./worker_state.ts";
import type {
  PackedCertificate,
  PackedConfiguration,
  PackedTls,
  SharedConfiguration,
  WorkerConfiguration,
  WorkerState,
} from "./messages.ts";

/** The private keys that a process has been told, each once, for as long as anybody uses it. */
export class ToldKeys {
  readonly #keys = new Map<string, WeakRef<KeyBytes>>();
  /** Those that had been overwritten, and have been told again. */
  readonly #again: KeyBytes[] = [];

  /**
   * The key with this name; without one it is a new one. Bytes of a key that is known already are overwritten, or take
   * the place of those that have been, until {@linkcode ToldKeys.wipeAgain}.
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

  /** Overwrites what has been told again. */
  wipeAgain(): void {
    for (const key of this.#again.splice(0)) key.wipe();
  }

  /** Forgets the names of keys that nobody uses any more. */
  tidy(): void {
    for (const [name, key] of this.#keys) if (key.deref() === undefined) this.#keys.delete(name);
  }
}

/** The same configuration with everything in its place. `parts` are the keys' bytes. */
export function unpackConfiguration(
  { tls, ...rest }: PackedConfiguration,
  parts: readonly Uint8Array<ArrayBuffer>[] = [],
  told = new ToldKeys(),
): WorkerConfiguration {
  const certificates = unpackCertificates(tls.certificates, parts, told);
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

function unpackCertificates(
  packed: readonly PackedCertificate[],
  parts: readonly Uint8Array<ArrayBuffer>[],
  told: ToldKeys,
): ServedCertificate[] {
  told.tidy();
  const keys: KeyBytes[] = [];
  return packed.map(({ key, privateKey, ...rest }) => ({
    ...rest,
    privateKey: privateKey ?? (keys[key!] ??= told.take(rest.keyId, parts[key!]!)),
  }));
}

/** A request with a state, to be written as it is. */
export interface StateFrame {
  /** The line, newline included. */
  readonly line: readonly Uint8Array[];
  /** What follows it, to be overwritten once it has been written. */
  readonly keys: Uint8Array;
}

/**
 * A request of this kind with the state of the worker with this number. What it says of TLS may be tens of megabytes long
 * and is the same for every worker, so it is encoded once for all that start together; keys are encoded each time.
 */
export function stateFrame(
  type: "start" | "prepare",
  id: number,
  { version, configuration, staples, missing }: WorkerState,
  index: number,
): StateFrame {
  const { tls: _tls, frontends, ...rest } = configuration;
  const addresses = frontends.map(({ tls: _, ...address }) => address);
  const { octets, keys: texts } = encodedTls(configuration);
  const keys = encodeKeys(texts);
  const start = JSON.stringify({
    ...{ type, id, version, missing, bytes: keys.lengths, staples: stapleList(staples) },
    configuration: { ...rest, index, frontends: addresses },
  });
  const around = [`${start.slice(0, -2)},"tls":`, "}}\n"].map((text) => encoder.encode(text));
  return { line: [around[0]!, octets, around[1]!], keys: keys.bytes };
}

/** All of them behind each other: no other copy is left that could not be overwritten. */
function encodeKeys(texts: readonly string[]) {
  // They are PEM and so ASCII, but whoever serves something else is to be told by his library.
  const most = (text: string) => ASCII.test(text) ? text.length : 3 * text.length;
  const space = new Uint8Array(texts.reduce((sum, text) => sum + most(text), 0));
  let used = 0;
  const lengths = texts.map((text) => {
    const { written } = encoder.encodeInto(text, space.subarray(used));
    used += written;
    return written;
  });
  return { bytes: space.subarray(0, used), lengths };
}

function encodedTls(
  { tls, frontends }: SharedConfiguration,
): { octets: Uint8Array; keys: readonly string[] } {
  const parts = [tls, ...frontends.map((frontend) => frontend.tls ?? tls)];
  const known = encoded.get(tls);
  const octets = known?.octets.deref();
  const isSame = known?.parts.length === parts.length &&
    known.parts.every((part, place) => part === parts[place]);
  if (known !== undefined && octets !== undefined && isSame) return { octets, keys: known.keys };
  const { packed, keys } = packTls(parts);
  const fresh = encoder.encode(JSON.stringify(packed));
  encoded.set(tls, { parts, keys, octets: new WeakRef(fresh) });
  return { octets: fresh, keys };
}

/** Packs the general configuration and those of the frontends, in this order. */
function packTls(
  [general, ...ofFrontends]: readonly TlsConfiguration[],
): { packed: PackedTls; keys: string[] } {
  const configurations = [...new Set([general!, ...ofFrontends])];
  const certificates = [...new Set(configurations.flatMap((one) => one.certificates))];
  const places = new Map(certificates.map((certificate, place) => [certificate, place]));
  const keys = new Map<string, number>();
  const packed = {
    certificates: certificates.map((one) => packCertificate(one, keys)),
    configurations: configurations.map((one) => ({
      ...one,
      certificates: one.certificates.map((certificate) => places.get(certificate)!),
    })),
    ofFrontends: ofFrontends.map((one) => configurations.indexOf(one)),
  };
  return { packed, keys: [...keys.keys()] };
}

/** Those whose keys came as bytes have been told by somebody else; nobody passes them on. */
function packCertificate(
  { privateKey, ...rest }: ServedCertificate,
  keys: Map<string, number>,
): PackedCertificate {
  if (typeof privateKey !== "string") throw new TypeError("a key that cannot be passed on");
  if (isKeyUri(privateKey)) return { ...rest, privateKey };
  const key = keys.get(privateKey) ?? keys.size;
  keys.set(privateKey, key);
  return { ...rest, key };
}

interface Encoded {
  readonly parts: readonly TlsConfiguration[];
  /** Texts of private keys, of which there are no other copies than those of the certificates. */
  readonly keys: readonly string[];
  /** Workers that start one by one later have it made again: most of the time nobody needs it. */
  readonly octets: WeakRef<Uint8Array>;
}

const encoded = new WeakMap<TlsConfiguration, Encoded>();
const encoder = new TextEncoder();
const ASCII = /^[\0-\x7f]*$/;
