/** Contexts under test, on a library and a clock that the test sets. */

import { Contexts } from "../../../../src/tls/openssl/contexts.ts";
import { onStreams } from "../../../../src/tls/openssl/host_library.ts";
import { TICKET_PERIOD, TicketKeyring, type TicketKeys } from "../../../../src/tls/ticket_keys.ts";
import type { ServedCertificate, TlsConfiguration } from "../../../../src/tls/tls_configuration.ts";
import { type FakeContext, FakeOpenSsl } from "../../../support/fake_openssl.ts";
import { FRESH, helloOf } from "../../../support/hello_samples.ts";
import { ManualClock } from "../../../support/manual_clock.ts";
import { TLS_CONFIGURATION } from "../../../support/tls_configuration.ts";

const { body: BODY } = helloOf(FRESH);

/** Contexts for these certificates, on a library and a clock of their own. */
export function bench(
  certificates: readonly ServedCertificate[],
  options: Partial<TlsConfiguration> = {},
) {
  const library = new FakeOpenSsl();
  const clock = new ManualClock();
  const configuration = { ...TLS_CONFIGURATION, certificates, ...options };
  const contexts = new Contexts(onStreams(library, clock), configuration, clock);
  const first = Math.floor(clock.date().getTime() / TICKET_PERIOD);
  const dateOf = (period: number) => new Date((first + period) * TICKET_PERIOD);
  const choose = (serverName: string | undefined, ticketNames: readonly Uint8Array[] = []) =>
    contexts.choose({ serverName, ticketNames, alpnProtocols: [], body: BODY });
  return {
    library,
    contexts,
    clock,
    served: (serverName: string | undefined) =>
      choose(serverName)?.context as FakeContext | undefined,
    former: (ticketNames: readonly Uint8Array[]) => choose(undefined, ticketNames)!.former,
    /** Sets the clock to the beginning of a period, counted from where the test began. */
    pass: (period: number) => clock.setDate(dateOf(period)),
    /** The keys that anybody with the same secret has in a period. */
    keys(period: number): TicketKeys {
      const secret = Uint8Array.from(atob(configuration.ticketSecret), (char) => {
        return char.charCodeAt(0);
      });
      return new TicketKeyring(secret, { date: () => dateOf(period) }).current();
    },
  };
}

/** A certificate whose chain is its file's name. */
export function served(
  particular: Partial<ServedCertificate> & { source: string },
): ServedCertificate {
  const { source } = particular;
  return {
    ...{ certificateChain: source, privateKey: KEY, names: [], keyType: "ec" },
    ...particular,
  };
}

/** So many certificates: 0.pem for 0.example, and so on. */
export function numbered(count: number): ServedCertificate[] {
  return Array.from({ length: count }, (_, place) =>
    served({
      source: `${place}.pem`,
      names: [`${place}.example`],
    }));
}

/** The chains in a context: its files' names. */
export function chains({ options }: FakeContext): string[] {
  return options.certificates.map(({ certificateChain }) => certificateChain);
}

/** Of every context there ever was, in the order in which they were made. */
export function namesIn(library: FakeOpenSsl): string[] {
  return library.contexts.map((context) => chains(context).join());
}

/** Of every context that was freed. */
export function freedIn(library: FakeOpenSsl): string[] {
  return library.contexts.filter(({ freed }) => freed).map((context) => chains(context).join());
}

/** In hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const KEY = "-----BEGIN PRIVATE KEY-----";
