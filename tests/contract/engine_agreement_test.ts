/** The contract of a TLS engine: what its streams say in short about the handshake, for counting. */

import { assert, assertEquals } from "../support/assert.ts";
import { contract } from "./engine_site.ts";

contract(
  "agreement names what a handshake agreed on, or is undefined where the library does not tell",
  async (site) => {
    const { server, secure } = await site.pair();
    const { negotiated } = secure;
    const { agreement } = server;
    if (negotiated === undefined) return assertEquals(agreement, undefined);
    assert(agreement !== undefined);
    const { version, cipher, group, resumed } = agreement;
    assertEquals([version, cipher], [negotiated.protocol, negotiated.cipher]);
    assertEquals(resumed, negotiated.resumed ? "yes" : "no");
    assertEquals(group, negotiated.group ?? "unknown");
  },
);

contract(
  "connections that agreed on the same have the same agreement, and none once they are closed",
  async (site) => {
    const [one, other] = [await site.pair(), await site.pair()];
    assert(one.server.agreement === other.server.agreement);
    one.server.close();
    assertEquals(one.server.agreement, undefined);
  },
);
