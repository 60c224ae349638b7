/**
 * What the operator set for TLS to the backend (`--client`), and which options apply only to the other direction. It
 * reads no file and looks up no name.
 */

import { UsageError } from "../errors.ts";
import { isIpAddress } from "../wire/ip_address.ts";
import type { Option, OptionName } from "./options.ts";
import { optionLabel, optionNamed } from "./options.ts";
import { quote } from "../wire/escape.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { isDefault, lastValue } from "./raw_values.ts";
import type { BackendTlsSetting, TcpAddress, UnixAddress } from "./settings.ts";

/**
 * The settings of TLS to the backend; undefined without `--client`.
 *
 * @throws UsageError for options of the wrong direction, several certificates, and a backend without a name
 */
export function backendTlsSetting(values: RawValues): BackendTlsSetting | undefined {
  const outgoing = lastValue("client", values) === true;
  checkDirection(values, outgoing);
  if (!outgoing) return undefined;
  checkCertificates(values);
  const verify = lastValue("backend-verify", values) as boolean;
  return {
    ca: lastValue("backend-ca", values) as string | undefined,
    name: backendName(values, verify),
    verify,
  };
}

function checkDirection(values: RawValues, outgoing: boolean): void {
  const wrong = outgoing ? "incoming" : "outgoing";
  for (const [name, raws] of values) {
    // Only the last value counts, except for blocks: each block of a repeated option counts.
    const last = raws.at(-1)!;
    refuse(wrong, optionNamed(name), last, values);
    for (const { block, frontend } of raws) {
      for (const [key, inner] of [...block ?? [], ...frontend ?? []]) {
        for (const one of inner) refuse(wrong, optionNamed(key), one, values);
      }
    }
  }
}

function refuse(
  wrong: "incoming" | "outgoing",
  option: Option<OptionName>,
  raw: RawValue,
  values: RawValues,
): void {
  if (option.onlyFor !== wrong || isDefault(option, raw)) return;
  const client = values.get("client")?.at(-1)?.origin ?? optionLabel(optionNamed("client"));
  throw new UsageError(
    wrong === "outgoing"
      ? `${raw.origin} is for TLS to the backend and needs ${client}; give both or neither`
      : `${raw.origin} is for TLS from clients, but with ${client} TLS goes to the backend; ` +
        "give only one of them",
  );
}

/** A backend asks for one certificate, and with several it is not defined which one stud would send. */
function checkCertificates(values: RawValues): void {
  const second = values.get("pem-file")?.[1];
  if (second === undefined) return;
  const { origin } = values.get("client")!.at(-1)!;
  throw new UsageError(
    `${second.origin}: ${quote(second.text)}: with ${origin} stud can have only one certificate`,
  );
}

function backendName(values: RawValues, verify: boolean): string | undefined {
  const given = values.get("backend-name")?.at(-1);
  if (given !== undefined) return plainName(given);
  const backend = lastValue("backend", values) as TcpAddress | UnixAddress;
  if (backend.kind === "tcp") return withoutEnding(backend.host);
  if (!verify) return undefined;
  const { origin, text } = values.get("backend")!.at(-1)!;
  throw new UsageError(
    `${origin}: ${quote(text)}: a unix socket has no name to verify; add ` +
      `${optionLabel(optionNamed("backend-name"))} with the name in its certificate`,
  );
}

function plainName({ text, origin }: RawValue): string {
  if (!text.startsWith("*")) return withoutEnding(text);
  throw new UsageError(
    `${origin}: ${quote(text)} is a wildcard; give one exact name`,
  );
}

/** Certificates and SNI contain neither the final dot of a name nor an IPv6 zone. */
function withoutEnding(name: string): string {
  return isIpAddress(name) ? name.replace(/%.*/, "") : name.replace(/\.$/, "");
}
