/** Whose certificate a backend may show: the names that count and those that do not (RFC 9525 section 6). */

import { assertEquals } from "../support/assert.ts";
import { dialerContract } from "./dialer_site.ts";

/** A certificate and the name that the backend is asked for. */
interface Meeting {
  readonly names?: string[];
  readonly commonName?: string;
  readonly asked: string;
}

const TAKEN: Readonly<Record<string, Meeting>> = {
  "the name in it": { names: ["www.example.test"], asked: "www.example.test" },
  "one of several names": { names: ["a.test", "www.example.test"], asked: "www.example.test" },
  "the name in other letters": { names: ["WWW.Example.TEST"], asked: "www.example.test" },
  "a pattern for the name": { names: ["*.example.test"], asked: "www.example.test" },
  "a pattern for an A-label": { names: ["*.example.test"], asked: "xn--bcher-kva.example.test" },
  "an alternative name and another common name": {
    ...{ names: ["www.example.test"], commonName: "other.test", asked: "www.example.test" },
  },
  "the address in it": { names: ["a.test", "ip:127.0.0.1"], asked: "127.0.0.1" },
  "the IPv6 address in it": { names: ["ip:2001:db8::1"], asked: "2001:db8:0:0::1" },
};

const REFUSED: Readonly<Record<string, Meeting>> = {
  "a common name alone": { commonName: "www.example.test", asked: "www.example.test" },
  "a common name beside a mail address": {
    ...{ names: ["email:a@example.test"], commonName: "www.example.test" },
    asked: "www.example.test",
  },
  "a common name beside a URI": {
    ...{ names: ["uri:https://www.example.test/"], commonName: "www.example.test" },
    asked: "www.example.test",
  },
  "a common name beside an address": {
    ...{ names: ["ip:127.0.0.1"], commonName: "www.example.test", asked: "www.example.test" },
  },
  "a common name that is a pattern": { commonName: "*.example.test", asked: "www.example.test" },
  "an address as the common name": { commonName: "127.0.0.1", asked: "127.0.0.1" },
  "an address as a DNS name": { names: ["127.0.0.1"], asked: "127.0.0.1" },
  "an IPv6 address as a DNS name": { names: ["2001:db8::1"], asked: "2001:db8::1" },
  "another address": { names: ["ip:127.0.0.2"], asked: "127.0.0.1" },
  "an address behind a pattern": { names: ["*.0.0.1"], asked: "127.0.0.1" },
  "a pattern for the end of a label": { names: ["*w.example.test"], asked: "www.example.test" },
  "a pattern for the start of a label": { names: ["w*.example.test"], asked: "www.example.test" },
  "a pattern for the middle of a label": { names: ["w*w.example.test"], asked: "www.example.test" },
  "a pattern for a part of an A-label": {
    ...{ names: ["xn--*.example.test"], asked: "xn--bcher-kva.example.test" },
  },
  "a pattern for two labels": { names: ["*.example.test"], asked: "a.www.example.test" },
  "a pattern for no label": { names: ["*.example.test"], asked: "example.test" },
  "a pattern with two stars": { names: ["*.*.test"], asked: "www.example.test" },
  "a pattern for another label than the first": {
    ...{ names: ["www.*.test"], asked: "www.example.test" },
  },
  "a pattern for all names below a top-level domain": { names: ["*.test"], asked: "example.test" },
  "a pattern for everything": { names: ["*"], asked: "localhost" },
  "a longer name": { names: ["www.example.test.evil.test"], asked: "www.example.test" },
  "a name that ends alike": { names: ["evilwww.example.test"], asked: "www.example.test" },
  "a domain above": { names: ["example.test"], asked: "www.example.test" },
};

for (const [what, { asked, ...order }] of Object.entries(TAKEN)) {
  dialerContract(`a certificate with ${what} is taken`, async (site) => {
    const listener = await site.listen({ names: [], ...order });
    const ours = await site.dial(listener.address.port, { name: asked });
    await site.handshakes(ours, site.accept(listener));
  });
}

for (const [what, { asked, ...order }] of Object.entries(REFUSED)) {
  dialerContract(`a certificate with ${what} is refused`, async (site) => {
    const listener = await site.listen({ names: [], ...order });
    const ours = await site.dial(listener.address.port, { name: asked });
    const { party, kind, message } = await site.handshakeFault(listener, ours);
    assertEquals([party, kind], ["backend", "handshake"]);
    // What is no name to a library it may call none at all.
    const reason = /^TLS: its certificate is (?:not for (\S+) but for|for another name)/;
    assertEquals(reason.exec(message)?.[1] ?? asked, asked, message);
    assertEquals(reason.test(message), true, message);
  });
}
