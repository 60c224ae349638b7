import { optionNamed, OPTIONS } from "../../../src/config/options.ts";
import { assertEquals } from "../../support/assert.ts";
import { ON_MACOS, ON_NODE, OPENSSL_OR_RUSTLS, refusalOf, settingsOf } from "./settings_of.ts";

const library = (argv: string[], config?: string) => settingsOf(argv, config).tlsLibrary;

const RUSTLS = { name: "rustls", because: undefined } as const;

/** For each option that needs OpenSSL: arguments that do, and the reason that is told. */
const NEEDS: [string[], string][] = [
  [["--pem-file=b.pem"], "2 PEM files"],
  [["b.pem", "c.pem"], "3 PEM files"],
  [["--private-key=pkcs11:token=a;object=b"], "--private-key"],
  [["--private-key=PKCS11:object=b"], "--private-key"],
  [["--pem-dir=/pem"], "--pem-dir"],
  [["--pem-dir-glob=*", "--pem-dir=/pem"], "--pem-dir"],
  [["--sni-nomatch-abort"], "--sni-nomatch-abort"],
  [["--ocsp-dir=/ocsp"], "-o/--ocsp-dir"],
  [["--ocsp-verify-staple"], "--ocsp-verify-staple"],
  [["--ocsp-resp-tmo=5"], "--ocsp-resp-tmo"],
  [["--ocsp-connect-tmo=5"], "--ocsp-connect-tmo"],
  [["--ocsp-refresh-interval=5"], "--ocsp-refresh-interval"],
  [["--ssl"], "--ssl"],
  [["--tls-protos=TLSv1.2"], "--tls-protos"],
  [["--tls-protos=TLSv1.1 TLSv1.2 TLSv1.3"], "--tls-protos"],
  [["--ciphers=HIGH"], "-c/--ciphers"],
  [["--ciphersuites=TLS_AES_256_GCM_SHA384"], "--ciphersuites"],
  [["--ecdh-curve=X25519"], "--ecdh-curve"],
  [["--prefer-server-ciphers"], "-O/--prefer-server-ciphers"],
  [["--ssl-engine=pkcs11"], "-e/--ssl-engine"],
  [["--alpn-protos=h2"], "--alpn-protos"],
  [["--client", "--backend-verify=off"], "--backend-verify"],
  [["--client-verify=optional", "--client-verify-ca=ca"], "--client-verify"],
  [["--client-verify-ca=ca", "--client-verify=none"], "--client-verify-ca"],
  [["--client-verify-crl=crl", "--client-verify=none"], "--client-verify-crl"],
  [["--client-verify=required", "--client-verify-ca=ca", "--allow-cn=a"], "--client-verify"],
  [["--client-verify=required", "--client-verify-ca=ca", "--allow-san=DNS:a"], "--client-verify"],
  [["--shared-cache=1"], "-C/--shared-cache"],
  [["--ticket-secret=s"], "--ticket-secret"],
  [["--write-proxy-v2"], "--write-proxy-v2"],
  [["--write-proxy-v2", "--proxy-tlv=off"], "--write-proxy-v2"],
  [["--write-proxy-v2", "--proxy-authority=off"], "--write-proxy-v2"],
  [["--proxy-proxy"], "--proxy-proxy"],
];

Deno.test("without wishes it is OpenSSL on Linux, or else rustls, and rustls elsewhere", () => {
  for (const argv of [[], ["--tls-library=auto"]]) {
    assertEquals(library([...argv, "a.pem"]), OPENSSL_OR_RUSTLS);
    assertEquals(settingsOf([...argv, "a.pem"], undefined, ON_MACOS).tlsLibrary, {
      ...RUSTLS,
      // If it can be opened, and a certificate needs it.
      orBetter: "openssl",
    });
  }
  assertEquals(library(["--tls-library=rustls", "a.pem"]), RUSTLS);
});

Deno.test("what rustls cannot do takes OpenSSL, and the option is named", () => {
  for (const [argv, because] of NEEDS) {
    for (const libraries of [undefined, ON_MACOS]) {
      const { tlsLibrary } = settingsOf([...argv, "a.pem"], undefined, libraries);
      assertEquals(tlsLibrary, { name: "openssl", because }, argv.join(" "));
    }
  }
  const tried = new Set(NEEDS.flatMap(([argv]) => argv.map((one) => one.replace(/^--|=.*$/g, ""))));
  for (const option of OPTIONS.filter(({ needs }) => needs)) {
    assertEquals(tried.has(option.name), true, option.name);
  }
});

Deno.test("rustls by name and something that it cannot do exclude each other", () => {
  for (const [argv, because] of NEEDS.filter(([, because]) => !because.endsWith("files"))) {
    assertEquals(
      refusalOf([...argv, "--tls-library=rustls", "a.pem"]),
      `${because}: needs OpenSSL; leave out --tls-library=rustls or use auto`,
    );
  }
  assertEquals(
    refusalOf(["--tls-library=rustls", "a.pem", "b.pem"]),
    'PEM file: "b.pem": more than one PEM file needs OpenSSL; leave out --tls-library=rustls or use auto',
  );
  assertEquals(
    refusalOf(["a.pem"], "ciphers = HIGH\ntls-library = rustls"),
    "stud.conf:1:11: ciphers: needs OpenSSL; leave out stud.conf:2:15: tls-library = rustls or use auto",
  );
});

Deno.test("to the backend rustls needs help with a certificate of its own and with unix sockets", () => {
  const needed: [string[], string | undefined][] = [
    [["--client"], undefined],
    [["--client", "--backend-ca=ca", "--backend-name=a.example", "--alpn-protos=h2"], undefined],
    [["--client", "a.pem"], "a client certificate"],
    [["--client", "-b", "/run/web", "--backend-name=a.example"], "a unix socket"],
    [["--client", "--tls-protos=TLSv1.3", "a.pem"], "--tls-protos"],
  ];
  for (const [argv, because] of needed) {
    const chosen = because === undefined
      ? OPENSSL_OR_RUSTLS
      : { name: "openssl", because } as const;
    assertEquals(library(argv), chosen, argv.join(" "));
  }
  assertEquals(
    refusalOf(["--client", "--tls-library=rustls", "a.pem"]),
    'PEM file: "a.pem": a client certificate needs OpenSSL; leave out --tls-library=rustls or ' +
      "use auto",
  );
});

Deno.test("a default needs nothing, however it is spelled", () => {
  const spelled = [
    ...["--ssl=off", "--ssl=No", "--prefer-server-ciphers=0", "--sni-nomatch-abort=false"],
    ...["--tls-protos=TLSv1.2 TLSv1.3", "--tls-protos=TLSv1.3,TLSv1.2,TLSv1.3"],
    ...["--client-verify=none", "-C0", "-C00", "--ecdh-curve=auto", "-o/var/lib/hitch/"],
    ...["--tls", "--steer-by-client", "--private-key=a.key", "--tls-library=auto"],
  ];
  for (const argument of spelled) {
    assertEquals(library([argument, "a.pem"]), OPENSSL_OR_RUSTLS, argument);
    assertEquals(library([argument, "--tls-library=rustls", "a.pem"]), RUSTLS, argument);
  }
  for (const { name, default: text } of OPTIONS.filter(({ needs }) => needs)) {
    if (text !== undefined) {
      assertEquals(library([`--${name}=${text}`, "a.pem"]), OPENSSL_OR_RUSTLS);
    }
  }
});

Deno.test("a PROXY header without facts of TLS needs no OpenSSL", () => {
  const plain = ["--write-proxy-v2", "--proxy-tlv=off", "--proxy-authority=off"];
  assertEquals(library([...plain, "a.pem"]), OPENSSL_OR_RUSTLS);
  assertEquals(library([...plain, "--proxy-client-cert", "a.pem"]), OPENSSL_OR_RUSTLS);
  assertEquals(library([...plain, "--tls-library=rustls", "a.pem"]), RUSTLS);
});

Deno.test("only the value that counts needs an engine", () => {
  assertEquals(library(["--ssl", "--ssl=off", "-C9", "-C0", "a.pem"]), OPENSSL_OR_RUSTLS);
  assertEquals(library(["--ssl=off", "a.pem"], "ssl = on"), OPENSSL_OR_RUSTLS);
  assertEquals(library(["a.pem"], "pem-file = b\npem-file = c"), OPENSSL_OR_RUSTLS);
  assertEquals(library(["a.pem"], "ciphers = ''"), OPENSSL_OR_RUSTLS);
});

Deno.test("of several reasons the first of the table is reported, and an engine named by an option before all", () => {
  assertEquals(library(["--ticket-secret=s", "-cHIGH", "a.pem", "b.pem"]).because, "2 PEM files");
  assertEquals(library(["--ticket-secret=s", "-cHIGH", "a.pem"]).because, "-c/--ciphers");
  assertEquals(
    library(["--tls-library=openssl", "-cHIGH", "a.pem"]).because,
    "--tls-library",
  );
});

Deno.test("an option of the file is reported with its line", () => {
  assertEquals(library(["a.pem"], "\nciphers = HIGH").because, "stud.conf:2:11: ciphers");
  assertEquals(library(["a.pem"], "tls-library = openssl").because, "stud.conf:1:15: tls-library");
  assertEquals(library([], "pem-file = a\npem-file = b").because, "2 PEM files");
});

Deno.test("a pem-file block needs OpenSSL for what rustls cannot do, and only for that", () => {
  const block = (text: string) => library([], `pem-file = {\n cert = a\n ${text}\n}`);
  const needing: [string, string][] = [
    ["private-key = pkcs11:object=b", "16: private-key"],
    ["ocsp-resp-file = a.ocsp", "19: ocsp-resp-file"],
    ["client-verify = required\n client-verify-ca = ca", "18: client-verify"],
    ["client-verify-ca = ca client-verify = none", "21: client-verify-ca"],
  ];
  for (const [text, key] of needing) {
    assertEquals(block(text), { name: "openssl", because: `stud.conf:3:${key}` }, text);
  }
  for (const text of ["", "private-key = a.key", "client-verify = none", "ocsp-resp-file ="]) {
    assertEquals(block(text), OPENSSL_OR_RUSTLS, text);
  }
  assertEquals(
    refusalOf(["--tls-library=rustls"], "pem-file = { cert = a ocsp-resp-file = b }"),
    "stud.conf:1:40: ocsp-resp-file: needs OpenSSL; leave out --tls-library=rustls or use auto",
  );
});

Deno.test("--steer-by-client goes with either engine", () => {
  for (const name of ["rustls", "openssl"]) {
    const settings = settingsOf(["--steer-by-client", `--tls-library=${name}`, "-n4", "a.pem"]);
    assertEquals([settings.workers.steerByClient, settings.tlsLibrary.name], [true, name]);
  }
  assertEquals(optionNamed("steer-by-client").default, "off");
});

Deno.test("under Node the engine is node's, whatever the options, and no reason is reported", () => {
  const node = { name: "node", because: undefined } as const;
  const onNode = (argv: string[]) => settingsOf([...argv, "a.pem"], undefined, ON_NODE).tlsLibrary;
  for (const argv of [[], ["--tls-library=auto"], ["--tls-library=node"]]) {
    assertEquals(onNode(argv), node);
    for (const [needing] of NEEDS) assertEquals(onNode([...argv, ...needing]), node);
  }
});

Deno.test("an engine of another platform is refused, and what to do instead is said", () => {
  for (const name of ["rustls", "openssl"]) {
    assertEquals(
      refusalOf([`--tls-library=${name}`, "a.pem"], undefined, ON_NODE),
      `--tls-library: "${name}": the npm package under Node has only node:tls; use auto, or ` +
        "stud's executable for this engine",
    );
  }
  assertEquals(
    refusalOf(["a.pem"], "tls-library = rustls", ON_NODE).split(";")[0],
    'stud.conf:1:15: tls-library: "rustls": the npm package under Node has only node:tls',
  );
  assertEquals(
    refusalOf(["--tls-library=node", "a.pem"]),
    '--tls-library: "node": only the npm package under Node has this TLS engine; use auto',
  );
});

Deno.test("what Node cannot do is refused there, and there alone", () => {
  const refused: [string[], string][] = [
    [
      ["-r", "/var/empty"],
      `-r/--chroot: "/var/empty": Node cannot change its root directory; use stud's executable`,
    ],
    [
      ["--steer-by-client"],
      "--steer-by-client: Node cannot let the kernel choose the worker, and",
    ],
    [
      ["--enable-tcp-fastopen"],
      "--tcp-fastopen: Node cannot set TCP_FASTOPEN; use stud's executable",
    ],
    [
      ["--recv-bufsize=4096"],
      '--recv-bufsize: "4096": Node cannot set SO_RCVBUF; use stud\'s executable',
    ],
    [
      ["--send-bufsize=4096"],
      '--send-bufsize: "4096": Node cannot set SO_SNDBUF; use stud\'s executable',
    ],
    [["--takeover=1"], '--takeover: "1": Node cannot keep new connections off sockets that'],
    [
      ["--max-handshakes=9"],
      '--max-handshakes: "9": Node accepts clients before stud asks for them',
    ],
    [["-s"], "-s/--syslog: Node has no unix datagram sockets; send standard output"],
  ];
  for (const [argv, words] of refused) {
    assertEquals(refusalOf([...argv, "a.pem"], undefined, ON_NODE).slice(0, words.length), words);
    settingsOf([...argv, "a.pem"]);
  }
  assertEquals(
    OPTIONS.filter(({ notOn }) => notOn).map(({ name }) => `--${name}`).sort(),
    ["--chroot", "--max-handshakes", "--recv-bufsize", "--send-bufsize", "--steer-by-client"]
      .concat(["--syslog", "--takeover", "--tcp-fastopen"]),
  );
  // Defaults say nothing, and what replaces another value counts.
  settingsOf(["--steer-by-client=off", "a.pem"], "steer-by-client = on", ON_NODE);
});
