/** Which contexts are made, when, and under which ticket keys, where each has its keys for good: those of Node. */

import { StartupError } from "../../../../src/errors.ts";
import { OpenSslError } from "../../../../src/runtime/openssl.ts";
import type {
  StreamContext,
  StreamContextOptions,
  StreamTls,
} from "../../../../src/runtime/stream_tls.ts";
import { Contexts } from "../../../../src/tls/openssl/contexts.ts";
import { TICKET_PERIOD } from "../../../../src/tls/ticket_keys.ts";
import type { TlsConfiguration } from "../../../../src/tls/tls_configuration.ts";
import { assert, assertEquals, assertThrows } from "../../../support/assert.ts";
import { FRESH, helloOf } from "../../../support/hello_samples.ts";
import { ManualClock } from "../../../support/manual_clock.ts";
import { engineWith, TLS_CONFIGURATION } from "../../../support/tls_configuration.ts";

class LastingContext implements StreamContext {
  readonly options: StreamContextOptions;

  constructor(options: StreamContextOptions) {
    this.options = options;
  }

  free(): void {}
}

class FakeStreamTls implements StreamTls {
  readonly contextsChange = false;
  readonly version = "OpenSSL 3.5.0 (Node 26.0.0)";
  readonly made: StreamContextOptions[] = [];
  refusal: OpenSslError | undefined;

  useEngine(): void {}

  newContext(options: StreamContextOptions): StreamContext {
    if (this.refusal !== undefined) throw this.refusal;
    this.made.push(options);
    return new LastingContext(options);
  }

  accept(): never {
    throw new Error("not in these tests");
  }

  connect(): never {
    throw new Error("not in these tests");
  }
}

function newContexts(configuration: Partial<TlsConfiguration> = {}) {
  const library = new FakeStreamTls();
  const clock = new ManualClock();
  const contexts = new Contexts(library, { ...TLS_CONFIGURATION, ...configuration }, clock);
  const choose = (serverName?: string, ...ticketNames: Uint8Array[]) =>
    contexts.choose({ serverName, ticketNames, alpnProtocols: [], body: BODY })?.context as
      | LastingContext
      | undefined;
  return { library, clock, contexts, choose };
}

const { body: BODY } = helloOf(FRESH);
const [FIRST] = TLS_CONFIGURATION.certificates;
const SECOND = { ...FIRST!, source: "b.pem", names: ["b.example"], certificateChain: "other" };

Deno.test("choose() makes a context when it is first needed, and keeps it", () => {
  const { library, choose } = newContexts({ certificates: [FIRST!, SECOND] });
  assertEquals(library.made.length, 0);
  const first = choose("a.example");
  const second = choose("b.example");
  assert(first !== second);
  assert(choose("a.example") === first && choose("b.example") === second);
  assertEquals(
    library.made.map(({ certificates }) => certificates.map((each) => each.certificateChain)),
    [["chain"], ["other"]],
  );
});

Deno.test("staple() has what serves the certificate made anew, with the newer response", () => {
  const certificates = [{ ...FIRST!, fingerprint: "f1" }, { ...SECOND, fingerprint: "f2" }];
  const { library, contexts, choose } = newContexts({ certificates });
  const [first, second] = [choose("a.example"), choose("b.example")];
  contexts.staple([{ fingerprint: "f1", response: btoa("newer") }]);
  assert(choose("a.example") !== first && choose("b.example") === second);
  assert(choose("a.example") === choose("a.example"));
  const response = () => library.made.at(-1)!.certificates[0]!.ocspResponse;
  assertEquals(response(), new TextEncoder().encode("newer"));
  contexts.staple([{ fingerprint: "f1", response: null }]);
  choose("a.example");
  assertEquals(response(), undefined);
});

Deno.test("choose() refuses unknown names only if asked to", () => {
  const lenient = newContexts();
  assert(lenient.choose("nobody.example") === lenient.choose(undefined));
  const strict = newContexts(engineWith({ sniNomatchAbort: true }));
  assertEquals(strict.choose("nobody.example"), undefined);
  assert(strict.choose(undefined) !== undefined);
});

Deno.test("choose() serves each period under its keys, and a former ticket under its own", () => {
  const { clock, choose } = newContexts();
  const former = choose("a.example")!;
  clock.setDate(new Date(clock.date().getTime() + TICKET_PERIOD));
  const current = choose("a.example")!;
  assert(current !== former);
  assert(choose("a.example", former.options.ticketKeys!.name) === former);
  assert(choose("a.example", current.options.ticketKeys!.name) === current);
  clock.setDate(new Date(clock.date().getTime() + TICKET_PERIOD));
  const newest = choose("a.example", former.options.ticketKeys!.name)!;
  assert(newest !== former && newest !== current);
});

Deno.test("what the library refuses is named by option or file", () => {
  const { library, contexts, choose } = newContexts(engineWith({ ciphers: "NONE" }));
  library.refusal = new OpenSslError("no cipher match", { subject: "ciphers" });
  assertThrows(() => contexts.prepare(), StartupError, "-c/--ciphers NONE: OpenSSL refuses it");
  library.refusal = new OpenSslError("ee key too small", { subject: "certificate" });
  assertThrows(() => choose("a.example"), StartupError, "a.pem: the certificate");
});

Deno.test("makeAll() looks at every certificate, prepare() at most at a hundred", () => {
  const certificates = Array.from({ length: 120 }, (_, at) => ({
    ...FIRST!,
    source: `${at}.pem`,
    names: [`${at}.example`],
    certificateChain: String(at),
  }));
  const few = newContexts({ certificates });
  few.contexts.prepare();
  assert(few.library.made.length < 5);
  const all = newContexts({ certificates });
  all.contexts.makeAll();
  const seen = new Set(all.library.made.map((made) => made.certificates[0]!.certificateChain));
  assertEquals(seen.size, certificates.length);
});
