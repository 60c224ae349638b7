/** Handshakes that fail with OpenSSL: reason, client and server name, in words that rustls shares. */

import { assert } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { failHandshake } from "../support/serving.ts";
import { Shared } from "../support/shared.ts";
import { startError } from "../support/start_error.ts";
import { testWith } from "../support/tools.ts";
import { runTool } from "../support/tool_process.ts";
import { Folder, TlsSite } from "../support/tls_site.ts";
import { BY_OPENSSL, byLibrary } from "../support/stud.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const NAME = "one.example";

/** Arguments of s_client, what the log says of it, and what would have worked. */
const CLIENTS: readonly (readonly [args: string[], reason: string, advice?: string])[] = [
  [
    ["-tls1_2", "-verify_return_error"],
    "the client does not trust the certificate (alert unknown_ca)",
  ],
  [
    ["-tls1_3", "-verify_return_error"],
    "the client does not trust the certificate (alert unknown_ca)",
  ],
  [
    ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"],
    "no cipher suite in common that fits the certificate",
    "it can verify certificates with keys of RSA; stud has only P-256: add one",
  ],
  [
    ["-tls1_3", "-groups", "P-521:brainpoolP512r1"],
    "no key exchange group in common",
    "stud serves the groups X25519 and P-256 (--ecdh-curve)",
  ],
  [
    ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
    "the client offers no TLS version that stud allows",
    "it offers TLSv1.1 at most; stud serves TLSv1.2 and TLSv1.3 (--tls-protos)",
  ],
  [
    ["-tls1_3", "-alpn", "spdy/1"],
    "no application protocol (ALPN) in common",
    "stud serves h2 (--alpn-protos)",
  ],
];

const sites = new Shared(() => start(5));

sites.test(NEEDS, "each reason is a line with client, frontend and server name", async (site) => {
  for (const [args, reason, advice] of CLIENTS) {
    const { served, report } = await site.handshake(NAME.toUpperCase(), args);
    assert(!served, report);
    await site.stud.output(lineWith(reason, site.port, ` for ${NAME}`, advice));
  }
});

sites.test(NEEDS, "without a server name the line ends earlier", async (site) => {
  const [args, reason] = CLIENTS[2]!;
  await site.handshake(undefined, args);
  await site.stud.output(lineWith(reason, site.port, ""));
});

sites.test(
  { ...NEEDS, tools: ["openssl", "curl"] },
  "curl that does not trust is named",
  async (site) => {
    const args = ["--silent", "--resolve", `${NAME}:${site.port}:127.0.0.1`];
    await runTool("curl", [...args, `https://${NAME}:${site.port}/`]);
    await site.stud.output(
      lineWith(
        "the client does not trust the certificate (alert unknown_ca)",
        site.port,
        ` for ${NAME}`,
      ),
    );
  },
);

sites.test(NEEDS, "what is no TLS is called by its name", async (site) => {
  const reason = "not TLS (plain HTTP, a PROXY line or another protocol)";
  const client = await failHandshake(site.port, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
  const line = `failed: ${reason} (client ${client} to 127.0.0.1:${site.port})`;
  await site.stud.output(new RegExp(`${escaped(line)}$`, "m"));
});

sites.test(NEEDS, "a client that leaves is said to have left", async (site) => {
  {
    using client = await Deno.connect({ hostname: "127.0.0.1", port: site.port });
    // The beginning of a record.
    await client.write(Uint8Array.of(22, 3, 1, 2, 0, 1));
  }
  await site.stud.output(
    lineWith("the client closed the connection during the handshake", site.port, ""),
  );
});

testWith(
  NEEDS,
  "a certificate that OpenSSL does not take is a start error with advice",
  async () => {
    using folder = new Folder();
    // Some of Node's have a lower security level than those of systems.
    const weakBits = byLibrary({ rustls: 1024, openssl: 1024, node: 512 });
    const key = `${folder.path}/key`;
    const certificate = `${folder.path}/certificate`;
    const made = await runTool("openssl", [
      ...["req", "-x509", "-newkey", `rsa:${weakBits}`, "-nodes", "-subj", "/CN=weak.example"],
      ...["-days", "30", "-keyout", key, "-out", certificate],
    ]);
    assert(made.status?.code === 0, made.report());
    const weak = folder.write(
      "weak.pem",
      Deno.readTextFileSync(certificate) + Deno.readTextFileSync(key),
    );
    const good = folder.write(
      "good.pem",
      (await (await Authority.make()).issue({ names: [NAME] })).pem,
    );
    for (const test of [[], ["-t"]]) {
      const args = [...test, BY_OPENSSL, "-f", "127.0.0.1,0", weak, good];
      const line = await startError(args);
      assert(line.startsWith(`${weak}: the certificate: OpenSSL refuses it: `), line);
      assert(/key too small.*allow it with -c '\S+:@SECLEVEL=\d' or --ssl/.test(line), line);
    }
  },
);

function start(frontends = 1): Promise<TlsSite> {
  return TlsSite.start([
    ...[`--self-signed=${NAME}`, "--alpn-protos", "h2", "--ecdh-curve", "X25519:P-256"],
  ], { frontends });
}

function lineWith(reason: string, port: number, name: string, advice?: string): RegExp {
  const end = advice === undefined ? "(; offers .*)?" : `; offers .*; ${escaped(advice)}`;
  const [before, after] = [
    escaped(`handshake failed: ${reason} (client 127.0.0.1:`),
    escaped(name),
  ];
  return new RegExp(`${before}\\d+ to 127\\.0\\.0\\.1:${port}${after}${end}\\)$`, "m");
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
