/** PROXY headers of version 2: what they tell of real clients, and that real servers take them. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { within } from "../support/eventually.ts";
import { type DecodedProxyV2, decodeProxyV2, tlvText } from "../support/proxy_v2_decoder.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { BY_ITS_OPTIONS, BY_OPENSSL, byLibrary } from "../support/stud.ts";
import { Folder } from "../support/tls_site.ts";
import { runTool, ToolProcess } from "../support/tool_process.ts";
import { hasIpv6, testWith } from "../support/tools.ts";
import { startHaproxy, startNginx } from "../support/web_servers.ts";

const NEEDS = { tools: ["openssl"], linux: true };
/** Sub-TLVs of PP2_TYPE_SSL. */
const [VERSION, COMMON_NAME, CIPHER, SIGNATURE, KEY] = [0x21, 0x22, 0x23, 0x24, 0x25];

/** The frontends of the shared stud, by their index. */
const [IPV4, VERIFYING, TWO_CERTIFICATES, IPV6] = [0, 1, 2, 3];

const shared = new Shared(async () => {
  const folder = new Folder();
  const authority = await Authority.make();
  const ann = await authority.issue({ commonName: "Änn Example" });
  const ca = folder.write("ca", authority.certificate);
  const keyTypes = ["rsa", "ec"] as const;
  const files = await Promise.all(
    keyTypes.map(async (keyType) =>
      folder.write(keyType, (await authority.issue({ names: ["localhost"], keyType })).pem)
    ),
  );
  const site = await Site.start({
    args: [BY_OPENSSL, "--write-proxy-v2", "--alpn-protos=h2,http/1.1", "--proxy-client-cert"],
    blocks: [
      "",
      `client-verify = optional\nclient-verify-ca = "${ca}"`,
      files.map((file) => `pem-file = "${file}"`).join("\n"),
      ...hasIpv6() ? ['host = "::1"'] : [],
    ],
    owns: [folder],
  });
  return Object.assign(site, { folder, ann });
});

for (const to of ["127.0.0.1", "::1"]) {
  const ipv6 = to === "::1";
  const name = `a client of ${to} is described with all that was negotiated`;
  shared.test({ ...NEEDS, ipv6 }, name, async (site) => {
    const port = site.stud.ports[ipv6 ? IPV6 : IPV4]!;
    const client = ["-servername", "LocalHost", "-alpn", "spdy/1,http/1.1", "-tls1_3"];
    const suite = ["-ciphersuites", "TLS_AES_256_GCM_SHA384"];
    const header = await headerOf(site, [...client, ...suite], to, port);
    const host = ipv6 ? "0:0:0:0:0:0:0:1" : to;
    assertEquals([header.command, header.family], ["PROXY", ipv6 ? 0x21 : 0x11]);
    assertEquals(header.destination, `${host} ${port}`);
    assertEquals(header.source!.split(" ")[0], host);
    assertEquals(header.tlvs.map(({ type }) => type), [0x01, 0x02, 0x20]);
    assertEquals([tlvText(header, 0x01), tlvText(header, 0x02)], ["http/1.1", "localhost"]);
    const expected = [[VERSION, "TLSv1.3"], [CIPHER, "TLS_AES_256_GCM_SHA384"]];
    const { flags, verify, subTlvs } = header.ssl!;
    assertEquals([flags, verify], [1, 1]);
    assertEquals<unknown>(subTlvs, [...expected, [SIGNATURE, "SHA256"], [KEY, "EC256"]]);

    const nameless = await headerOf(site, ["-noservername", "-tls1_2"], to, port);
    assertEquals(nameless.tlvs.map(({ type }) => type), [0x20], "no name, no protocol");
    assertEquals(nameless.ssl!.subTlvs[0], [VERSION, "TLSv1.2"]);
  });
}

testWith(NEEDS, "what is turned off is not sent", async () => {
  await using site = await Site.start({
    args: [...BY_ITS_OPTIONS, "--write-proxy-v2", "--proxy-tlv=off", "--proxy-authority=off"],
  });
  assertEquals((await headerOf(site, ["-servername", "localhost"])).tlvs, []);
});

const verified = "a client's certificate is sent, and how it was verified";
shared.test(NEEDS, verified, async (site) => {
  const { folder, ann } = site;
  const port = site.stud.ports[VERIFYING]!;
  const [file, session] = [folder.write("ann", ann.pem), `${folder.path}/session`];
  const header = (...args: string[]) => headerOf(site, args, "127.0.0.1", port);
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const none = await header(version);
    assertEquals([tlvText(none, 0xe0), none.ssl!.flags, none.ssl!.verify], [undefined, 1, 1]);
    const first = await header(version, "-cert", file, "-sess_out", session);
    const again = await header(version, "-cert", file, "-sess_in", session);
    for (const { tlvs, ssl } of [first, again]) {
      assertEquals(tlvs.map(({ type }) => type), [0xe0, 0x20]);
      assertEquals(ssl!.verify, 0);
      const name = ssl!.subTlvs.find(([type]) => type === COMMON_NAME);
      assertEquals(name?.[1], "Änn Example");
    }
    const lines = (text: string) => text.trim().split(/\s*\n/).slice(1, -1).join("");
    assertEquals(lines(tlvText(first, 0xe0)!), lines(ann.certificate));
    assertStringIncludes(tlvText(first, 0xe0)!, "-----BEGIN CERTIFICATE-----\n");
    // Node does not resume where certificates are asked for.
    const resumed = byLibrary({ rustls: 5, openssl: 5, node: 7 });
    assertEquals([first.ssl!.flags, again.ssl!.flags], [7, resumed]);
  }
});

const twoCertificates = "of two certificates for a name, the one that was used is described";
shared.test(NEEDS, twoCertificates, async (site) => {
  const client = ["-servername", "localhost", "-tls1_2", "-cipher"];
  for (const [cipher, key] of [["ECDHE-RSA-AES128-GCM-SHA256", "RSA2048"], [EC_CIPHER, "EC256"]]) {
    const port = site.stud.ports[TWO_CERTIFICATES]!;
    const { ssl } = await headerOf(site, [...client, cipher!], "127.0.0.1", port);
    const found = new Map(ssl!.subTlvs);
    const described = [CIPHER, SIGNATURE, KEY].map((type) => found.get(type));
    assertEquals(described, [cipher, "SHA256", key]);
  }
});

const SERVERS = {
  nginx: { start: () => startNginx({ proxyProtocol: true }), authority: "" },
  haproxy: {
    start: () => startHaproxy("%[src] %[src_port] %[fc_pp_authority]"),
    authority: " localhost",
  },
};
for (const [name, { start, authority }] of Object.entries(SERVERS)) {
  testWith(
    { tools: ["curl", name], linux: true, ipv6: true },
    `${name} takes the header`,
    async () => {
      await using server = await start();
      await using site = await Site.start({
        args: [BY_OPENSSL, "--write-proxy-v2", "--alpn-protos=http/1.1"],
        backendAddress: server.address,
        frontend: "*,0",
      });
      for (const [to, from] of [["127.0.0.1", "127.0.0.5"], ["[::1]", "::1"]]) {
        const curl = await runTool("curl", [
          ...["--silent", "--show-error", "--cacert", site.pem.path, "--interface", from!],
          ...["--resolve", `localhost:${site.port}:${to}`, "--write-out", "%{local_port}"],
          `https://localhost:${site.port}/`,
        ]);
        const [answer, port] = curl.stdout.trim().split("\n");
        assertEquals(answer, `${name} saw ${from} ${port}${authority}`, curl.report());
      }
    },
  );
}

/** The header that the backend reads of an `openssl s_client`, with the plaintext right behind it. */
async function headerOf(
  site: Site,
  args: readonly string[],
  to = "127.0.0.1",
  port = site.port,
): Promise<DecodedProxyV2> {
  const host = to.includes(":") ? `[${to}]` : to;
  const accepted = site.backend.accept();
  accepted.catch(() => {});
  // It verifies nothing; to read the authorities of the machine would take it longer than all the rest.
  const connect = ["s_client", "-no-CAfile", "-connect", `${host}:${port}`, "-ign_eof"];
  await using client = new ToolProcess("openssl", [...connect, ...args]);
  await client.write(PLAINTEXT);
  const conn = await accepted.catch((error) => {
    throw new Error(`${error}\n${client.report()}\n${site.stud.report()}`);
  });
  let bytes = new Uint8Array();
  const part = new Uint8Array(4096);
  while (!new TextDecoder().decode(bytes).endsWith(PLAINTEXT)) {
    const count = await within(10_000, "the header", conn.read(part));
    if (count === null) throw new Error(client.report());
    bytes = Uint8Array.of(...bytes, ...part.subarray(0, count));
  }
  const header = decodeProxyV2(bytes);
  assertEquals(bytes.length - header.length, PLAINTEXT.length);
  // A client that is killed may not have kept its session yet.
  conn.close();
  await client.closeInput();
  await client.ended();
  return header;
}

const PLAINTEXT = "plaintext\n";
const EC_CIPHER = "ECDHE-ECDSA-AES128-GCM-SHA256";
