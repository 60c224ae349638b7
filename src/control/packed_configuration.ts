/**
 * A worker's configuration on its way through the control pipe. Frontends may share certificates, ten thousand
 * of them, so each goes once, and what says the same object on one side is the same object on the other.
 */

import type { TlsConfiguration } from "../tls/tls_configuration.ts";
import type { PackedConfiguration, PackedTls, WorkerConfiguration } from "./messages.ts";

/** The same configuration with everything in its place. */
export function unpackConfiguration({ tls, ...rest }: PackedConfiguration): WorkerConfiguration {
  const configurations = tls.configurations.map((packed): TlsConfiguration => ({
    ...packed,
    certificates: packed.certificates.map((place) => tls.certificates[place]!),
  }));
  const frontends = rest.frontends.map((frontend, index) => {
    const place = tls.ofFrontends[index]!;
    return place === 0 ? frontend : { ...frontend, tls: configurations[place]! };
  });
  return { ...rest, frontends, tls: configurations[0]! };
}

/**
 * The octets of a message of this type with a configuration, newline included. What it says of TLS may be tens
 * of megabytes long and is the same for every worker, so it is encoded once for all that start together.
 */
export function configurationLine(
  type: "start" | "prepare",
  configuration: WorkerConfiguration,
): Uint8Array[] {
  const { tls: _tls, frontends, ...rest } = configuration;
  const addresses = frontends.map(({ tls: _, ...address }) => address);
  const start = JSON.stringify({ type, configuration: { ...rest, frontends: addresses } });
  const around = [`${start.slice(0, -2)},"tls":`, "}}\n"].map((text) => encoder.encode(text));
  return [around[0]!, encodedTls(configuration), around[1]!];
}

function encodedTls({ tls, frontends }: WorkerConfiguration): Uint8Array {
  const parts = [tls, ...frontends.map((frontend) => frontend.tls ?? tls)];
  const known = encoded.get(tls);
  const octets = known?.octets.deref();
  const isSame = known?.parts.length === parts.length &&
    known.parts.every((part, place) => part === parts[place]);
  if (octets !== undefined && isSame) return octets;
  const fresh = encoder.encode(JSON.stringify(packTls(parts)));
  encoded.set(tls, { parts, octets: new WeakRef(fresh) });
  return fresh;
}

/** Packs the general configuration and those of the frontends, in this order. */
function packTls([general, ...ofFrontends]: readonly TlsConfiguration[]): PackedTls {
  const configurations = [...new Set([general!, ...ofFrontends])];
  const certificates = [...new Set(configurations.flatMap((one) => one.certificates))];
  const places = new Map(certificates.map((certificate, place) => [certificate, place]));
  return {
    certificates,
    configurations: configurations.map((one) => ({
      ...one,
      certificates: one.certificates.map((certificate) => places.get(certificate)!),
    })),
    ofFrontends: ofFrontends.map((one) => configurations.indexOf(one)),
  };
}

interface Encoded {
  readonly parts: readonly TlsConfiguration[];
  /** Workers that start one by one later have it made again: most of the time nobody needs it. */
  readonly octets: WeakRef<Uint8Array>;
}

const encoded = new WeakMap<TlsConfiguration, Encoded>();
const encoder = new TextEncoder();
