import { toCommand } from "../../../src/config/command.ts";
import { parseCommandLine } from "../../../src/config/command_line.ts";
import type { OptionName } from "../../../src/config/options.ts";
import { optionLabel, OPTIONS } from "../../../src/config/options.ts";
import type { Settings } from "../../../src/config/settings.ts";
import { UsageError } from "../../../src/errors.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../../support/assert.ts";
import { ENGINE } from "../../support/tls_configuration.ts";
import {
  ON_DENO,
  OPENSSL_OR_RUSTLS,
  refusalOf,
  type SettingsChange,
  settingsOf,
  settingsWith,
} from "./settings_of.ts";

const DEFAULTS: Settings = {
  compat: "none",
  warnings: [],
  frontends: [{ address: { kind: "tcp", host: "*", port: "8443" }, tls: undefined }],
  frontendsGiven: false,
  backend: {
    address: { kind: "tcp", host: "127.0.0.1", port: "8000" },
    tls: undefined,
    refresh: 0,
  },
  pemFiles: [{ certificate: "a.pem" }],
  certificates: {
    pemDir: undefined,
    pemDirGlob: undefined,
    privateKeys: [],
    selfSigned: undefined,
  },
  service: {
    watch: false,
    takeover: undefined,
    daemon: false,
    pidFile: undefined,
    listenReport: undefined,
    status: undefined,
    statusPublic: false,
    drainDelay: 0,
    resetsOnSigterm: false,
  },
  tlsLibrary: OPENSSL_OR_RUSTLS,
  engine: ENGINE,
  clients: {
    verify: "none",
    authorities: undefined,
    revocationLists: undefined,
    allowed: undefined,
  },
  ocsp: {
    directory: "/var/lib/hitch/",
    verifyStaple: false,
    responseTimeout: 10,
    connectTimeout: 4,
    refreshInterval: 1800,
  },
  sessions: { ticketSecret: undefined, sharedCache: 0 },
  workers: {
    steerByClient: false,
    count: 1,
    chroot: undefined,
    user: undefined,
    group: undefined,
    sandbox: true,
  },
  sockets: { backlog: 100, keepalive: 3600, tcpFastOpen: false, receiveBuffer: 0, sendBuffer: 0 },
  limits: { maxHandshakes: 256, maxConnections: 0, maxConnectionsPerClient: 0 },
  preface: { kind: "none", tlv: true, authority: true, clientCertificate: false },
  log: {
    level: "info",
    format: "text",
    file: undefined,
    syslog: false,
    syslogFacility: "daemon",
    access: undefined,
    accessFormat: "text",
    accessSample: 1,
    traceClient: undefined,
    traceFor: 600,
  },
  timeouts: { handshake: 30, backendConnect: 30, drain: 30, linger: 30, stall: 300, worker: 5 },
};

function openssl(because: string): Pick<Settings, "tlsLibrary"> {
  return { tlsLibrary: { name: "openssl", because } };
}

Deno.test("a PEM file alone gives stud's defaults", () => {
  assertEquals(settingsOf(["a.pem"]), DEFAULTS);
});

Deno.test("each option changes its setting and no other", () => {
  const changes: [string[], SettingsChange][] = [
    [["-f", "*,443"], {
      frontends: [{ address: { kind: "tcp", host: "*", port: "443" }, tls: undefined }],
      frontendsGiven: true,
    }],
    [["-b", "/run/web"], { backend: { address: { kind: "unix", path: "/run/web" } } }],
    [["--client", "--backend-ca=ca"], {
      backend: { tls: { ca: "ca", name: "127.0.0.1", verify: true } },
      ...openssl("a client certificate"),
    }],
    [["--private-key=a.key"], { certificates: { privateKeys: ["a.key"] } }],
    [["--private-key", "a", "--private-key=b"], { certificates: { privateKeys: ["a", "b"] } }],
    [["--trace-client=192.0.2.0/24", "--for=1h"], {
      log: { traceClient: "192.0.2.0/24", traceFor: 3600 },
    }],
    [["--pem-dir=/pem"], { certificates: { pemDir: "/pem" }, ...openssl("--pem-dir") }],
    [["--pem-dir=/pem", "--pem-dir-glob=*.pem"], {
      ...{ certificates: { pemDir: "/pem", pemDirGlob: "*.pem" } },
      ...openssl("--pem-dir"),
    }],
    [["--tls-library=rustls"], { tlsLibrary: { name: "rustls", because: undefined } }],
    [["--tls-library=openssl"], openssl("--tls-library")],
    [["--ssl"], {
      engine: { protocols: ["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"] },
      ...openssl("--ssl"),
    }],
    [["--tls-protos=TLSv1.3"], { engine: { protocols: ["TLSv1.3"] }, ...openssl("--tls-protos") }],
    [["-cHIGH:!aNULL"], { engine: { ciphers: "HIGH:!aNULL" }, ...openssl("-c/--ciphers") }],
    [["--ciphersuites=TLS_AES_128_GCM_SHA256"], {
      engine: { ciphersuites: "TLS_AES_128_GCM_SHA256" },
      ...openssl("--ciphersuites"),
    }],
    [["--ecdh-curve=X25519:P-256"], {
      engine: { groups: "X25519:P-256" },
      ...openssl("--ecdh-curve"),
    }],
    [["--ecdh-curve=x25519:p-384"], {
      engine: { groups: "x25519:P-384" },
      ...openssl("--ecdh-curve"),
    }],
    [["-O"], { engine: { preferServerCiphers: true }, ...openssl("-O/--prefer-server-ciphers") }],
    [["-e", "pkcs11"], { engine: { sslEngine: "pkcs11" }, ...openssl("-e/--ssl-engine") }],
    [["--alpn-protos=h2, http/1.1"], {
      engine: { alpnProtocols: ["h2", "http/1.1"] },
      ...openssl("--alpn-protos"),
    }],
    [["--client-verify=required", "--client-verify-ca=ca.pem"], {
      ...{ clients: { verify: "required", authorities: "ca.pem" } },
      ...openssl("--client-verify"),
    }],
    [["--client-verify=required", "--client-verify-ca=ca.pem", "--client-verify-crl=ca.crl"], {
      ...{ clients: { verify: "required", authorities: "ca.pem", revocationLists: "ca.crl" } },
      ...openssl("--client-verify"),
    }],
    [
      ["--client-verify=required", "--client-verify-ca=ca", "--allow-cn=A", "--allow-san=dns:B.C"],
      {
        clients: {
          ...{ verify: "required", authorities: "ca" },
          allowed: [{ kind: "CN", value: "A" }, { kind: "DNS", value: "b.c" }],
        },
        ...openssl("--client-verify"),
      },
    ],
    [["--sni-nomatch-abort"], {
      engine: { sniNomatchAbort: true },
      ...openssl("--sni-nomatch-abort"),
    }],
    [["-o", "/ocsp"], { ocsp: { directory: "/ocsp" }, ...openssl("-o/--ocsp-dir") }],
    [["--ocsp-dir="], { ocsp: { directory: "" } }],
    [["-o", ""], { ocsp: { directory: "" } }],
    [["--ocsp-verify-staple"], {
      ocsp: { verifyStaple: true },
      ...openssl("--ocsp-verify-staple"),
    }],
    [["--ocsp-resp-tmo=2"], { ocsp: { responseTimeout: 2 }, ...openssl("--ocsp-resp-tmo") }],
    [["--ocsp-connect-tmo=1"], { ocsp: { connectTimeout: 1 }, ...openssl("--ocsp-connect-tmo") }],
    [["--ocsp-refresh-interval=60"], {
      ocsp: { refreshInterval: 60 },
      ...openssl("--ocsp-refresh-interval"),
    }],
    [["--ticket-secret=/secret"], {
      sessions: { ticketSecret: "/secret" },
      ...openssl("--ticket-secret"),
    }],
    [["-C1000"], { sessions: { sharedCache: 1000 }, ...openssl("-C/--shared-cache") }],
    [["--steer-by-client"], { workers: { steerByClient: true } }],
    [["-n4"], { workers: { count: 4 } }],
    [["-R", "60"], { backend: { refresh: 60 } }],
    [["--backend-refresh=0.5"], { backend: { refresh: 0.5 } }],
    [["--enable-tcp-fastopen"], { sockets: { tcpFastOpen: true } }],
    [["--tcp-fastopen=on"], { sockets: { tcpFastOpen: true } }],
    [["--recv-bufsize=65536"], { sockets: { receiveBuffer: 65536 } }],
    [["--send-bufsize", "65536"], { sockets: { sendBuffer: 65536 } }],
    [["-n", "auto"], { workers: { count: "auto" } }],
    [["-B", "1000"], { sockets: { backlog: 1000 } }],
    [["--max-handshakes=1000"], { limits: { maxHandshakes: 1000 } }],
    [["--max-connections=1000"], { limits: { maxConnections: 1000 } }],
    [["--max-connections-per-client=10"], { limits: { maxConnectionsPerClient: 10 } }],
    [["-k", "60"], { sockets: { keepalive: 60 } }],
    [["--write-ip"], { preface: { kind: "ip" } }],
    [["--write-proxy"], { preface: { kind: "proxy-v1" } }],
    [["--write-proxy-v1"], { preface: { kind: "proxy-v1" } }],
    [["--write-ip=off", "--write-proxy"], { preface: { kind: "proxy-v1" } }],
    [["--write-proxy-v2"], { preface: { kind: "proxy-v2" }, ...openssl("--write-proxy-v2") }],
    [["--write-proxy-v2", "--proxy-tlv=off", "--proxy-authority=off", "--proxy-client-cert"], {
      ...{
        preface: { kind: "proxy-v2", tlv: false, authority: false, clientCertificate: true },
      },
    }],
    [["--proxy-proxy"], { preface: { kind: "proxy-proxy" }, ...openssl("--proxy-proxy") }],
    [["-r", "/var/empty"], { workers: { chroot: "/var/empty" } }],
    [["-u", "nobody"], { workers: { user: "nobody" } }],
    [["-g", "nogroup"], { workers: { group: "nogroup" } }],
    [["--sandbox=off"], { workers: { sandbox: false } }],
    [["-q"], { log: { level: "error" } }],
    [["-L2"], { log: { level: "debug" } }],
    [["-l", "stud.log"], { log: { file: "stud.log" } }],
    [["--daemon"], { service: { daemon: true }, log: { syslog: true } }],
    [["-p", "stud.pid"], { service: { pidFile: "stud.pid" } }],
    [["--dbg-listen", "ports"], { service: { listenReport: "ports" } }],
    [["-s"], { log: { syslog: true } }],
    [["--syslog-facility", "local3"], { log: { syslogFacility: "local3" } }],
    [["--log-format=logfmt"], { log: { format: "logfmt" } }],
    [["--access-log-sample=1/100"], { log: { accessSample: 100 } }],
    [["--access-log=/log"], { log: { access: "/log" } }],
    [["--access-log", "-", "--access-log-format=json"], {
      ...{ log: { access: "-", accessFormat: "json" } },
    }],
    [["--ssl-handshake-timeout=0.5"], { timeouts: { handshake: 0.5 } }],
    [["--backend-connect-timeout=1"], { timeouts: { backendConnect: 1 } }],
    [["--status=/run/stud.sock"], {
      service: { status: { kind: "unix", path: "/run/stud.sock" } },
    }],
    [["--status=,9090", "--status-public"], {
      service: { status: { kind: "tcp", host: "127.0.0.1", port: "9090" }, statusPublic: true },
    }],
    [["--drain-delay=5"], { service: { drainDelay: 5 } }],
    [["--drain-timeout=0"], { timeouts: { drain: 0 } }],
    [["--linger-timeout=86400"], { timeouts: { linger: 86400 } }],
    [["--stall-timeout=0"], { timeouts: { stall: 0 } }],
    [["--worker-timeout=0"], { timeouts: { worker: 0 } }],
    [["--watch"], { service: { watch: true } }],
    [["--takeover", "4711"], { service: { takeover: "4711" } }],
    [["--tls"], {}],
  ];
  for (const [argv, change] of changes) {
    assertEquals(settingsOf([...argv, "a.pem"]), settingsWith(DEFAULTS, change), argv.join(" "));
  }
  const changed = new Set(changes.flatMap(([, change]) => fieldsOf(change)));
  const missing = fieldsOf(DEFAULTS).filter((setting) => !changed.has(setting));
  assertEquals(missing, [
    "compat",
    "warnings",
    "pemFiles",
    "certificates selfSigned",
    "service resetsOnSigterm",
  ]);
});

/** With their groups. */
function fieldsOf(settings: SettingsChange): string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    typeof value !== "object" || Array.isArray(value) || name === "tlsLibrary"
      ? [name]
      : Object.keys(value).map((field) => `${name} ${field}`)
  );
}

Deno.test("the last of several values for one option wins, frontends add up", () => {
  const settings = settingsOf(["-n2", "-n3", "-q", "--quiet=off", "a.pem"]);
  assertEquals(settings, settingsWith(DEFAULTS, { workers: { count: 3 } }));
  assertEquals(settingsOf(["-f*,1", "-f*,2", "-f*,0", "-f*,0", "a.pem"]).frontends.length, 4);
});

Deno.test("only one preface may be asked for, and both options are named", () => {
  const options = ["write-ip", "write-proxy", "write-proxy-v1", "write-proxy-v2", "proxy-proxy"];
  const pairs = options.flatMap((one, at) => options.slice(at + 1).map((other) => [one, other]));
  for (const [one, other] of pairs) {
    const expected = `--${one} and --${other} exclude each other; give one`;
    assertEquals(refusalOf([`--${one}`, `--${other}`, "a.pem"]), expected);
    assertEquals(refusalOf([`--${other}`, `--${one}`, "a.pem"]), expected);
  }
  assertEquals(
    refusalOf(["--write-proxy", "a.pem"], "write-ip = on"),
    "stud.conf:1:12: write-ip and --write-proxy exclude each other; give one",
  );
});

Deno.test("a client's certificate goes with version 2 of the PROXY protocol only", () => {
  const reason = "--proxy-client-cert has no effect without --write-proxy-v2";
  for (const argv of [[], ["--write-proxy"], ["--proxy-proxy"], ["--write-proxy-v2=off"]]) {
    assertEquals(refusalOf([...argv, "--proxy-client-cert", "a.pem"]), reason);
  }
  settingsOf(["--proxy-client-cert=off", "--proxy-tlv=off", "--proxy-authority=off", "a.pem"]);
});

Deno.test("the same frontend twice is refused, however it is spelled", () => {
  assertEquals(
    refusalOf(["-f", "*,8443", "-f", "[*]:8443", "a.pem"]),
    '-f/--frontend: "[*]:8443": the same frontend is given twice',
  );
  assertEquals(
    refusalOf(["a.pem"], "frontend = ::1,1\nfrontend = [0::1]:1"),
    'stud.conf:2:12: frontend: "[0::1]:1": the same frontend is given twice',
  );
});

Deno.test("numbers outside their range and other text are refused with option and text", () => {
  const cases: [string, string[], string][] = [
    ["-n", ["0", "1025", "-1", "4x", "1.5", "Autos", ""], "-n/--workers"],
    ["-B", ["0", "-1", "2147483648", "1e3", "0x10"], "-B/--backlog"],
    ["--max-connections", ["-1", "10000001", "all", "1.5"], "--max-connections"],
    ["--max-connections-per-client", ["-1", "x"], "--max-connections-per-client"],
    ["--max-handshakes", ["0", "-1", "1000001", "all", "1.5"], "--max-handshakes"],
    ["-k", ["0", "32768", "1.5", "500ms", "10h", "1w", "+5"], "-k/--keepalive"],
    ["-C", ["-1", "many"], "-C/--shared-cache"],
    [
      "--ssl-handshake-timeout",
      ["0", "86401", ".5", "1.", "30 s", "99ms", "25h", "s"],
      "--ssl-handshake-timeout",
    ],
    ["--backend-connect-timeout", ["0", "86401", "-1"], "--backend-connect-timeout"],
    ["--linger-timeout", ["0", "Infinity", "NaN"], "--linger-timeout"],
    ["--drain-timeout", ["-1", "604801", " 1"], "--drain-timeout"],
    ["--syslog-facility", ["kernel", "LOCAL8"], "--syslog-facility"],
    ["--client-verify", ["on", "require"], "--client-verify"],
    ["--tls-protos", ["TLSv1.4", "TLSv1.2;TLSv1.3", "all"], "--tls-protos"],
    ["--alpn-protos", ["h2,é", "ü"], "--alpn-protos"],
    ["--tls-library", ["gnutls", "Open-SSL"], "--tls-library"],
  ];
  for (const [name, texts, label] of cases) {
    for (const text of texts.filter((text) => text !== "")) {
      const message = refusalOf([name, text, "a.pem"]);
      assertStringIncludes(message, `${label}: "${text}" is not `);
    }
  }
});

Deno.test("words mean the same in capitals and in small letters", () => {
  const same: [string[], string[]][] = [
    [["-n", "AUTO"], ["-n", "auto"]],
    [["--quiet=ON"], ["--quiet"]],
    [["--quiet=T", "--watch=F"], ["--quiet"]],
    [["--quiet=Y", "--watch=N"], ["--quiet"]],
    [["--tls-protos=tlsv1.3"], ["--tls-protos=TLSv1.3"]],
    [["--tls-library=OpenSSL"], ["--tls-library=openssl"]],
    [["--client-verify=Required", "--client-verify-ca=CA"], [
      "--client-verify=required",
      "--client-verify-ca=CA",
    ]],
    [["--client-verify=NONE"], []],
    [["--syslog-facility=LOCAL3"], ["--syslog-facility=local3"]],
    [["--ecdh-curve=AUTO"], []],
    [["--compat=NONE"], []],
    [["--compat=Hitch"], ["--compat=hitch"]],
    [["-c", "high:!anull:ecdhe-rsa-aes128-gcm-sha256"], [
      "-c",
      "HIGH:!aNULL:ECDHE-RSA-AES128-GCM-SHA256",
    ]],
    [["--ciphersuites=tls_aes_128_gcm_sha256"], ["--ciphersuites=TLS_AES_128_GCM_SHA256"]],
  ];
  for (const [one, other] of same) {
    assertEquals(settingsOf([...one, "a.pem"]), settingsOf([...other, "a.pem"]), one.join(" "));
  }
  const block = "pem-file = { cert = a client-verify = REQUIRED client-verify-ca = ca }";
  assertEquals(settingsOf([], block).pemFiles[0]!.clients?.verify, "required");
});

Deno.test("a word that is wrong is answered with the nearest one", () => {
  const near: [string, string][] = [
    ["--client-verify=require", "is not one of none, optional, required; did you mean required?"],
    ["--tls-library=opensl", "is not one of auto, rustls, openssl, node; did you mean openssl?"],
    ["--quiet=onn", "is neither on nor off; did you mean on?"],
    ["--workers=atuo", "is not a whole number from 1 to 1024 or auto; did you mean auto?"],
    ["--access-log-sample=0.01", "is not 1/N with N from 1 to 1000000"],
    ["--access-log-sample=1/0", "is not 1/N with N from 1 to 1000000"],
    ["--access-log-sample=2/3", "is not 1/N with N from 1 to 1000000"],
    ["--log-format=xml", "is not one of text, json, logfmt"],
    ["--access-log-format=jsno", "is not one of text, json; did you mean json?"],
  ];
  for (const [argument, message] of near) {
    assertStringIncludes(refusalOf([argument, "a.pem"]), message);
  }
});

Deno.test("a trace is of a network, and lasts only if there is one", () => {
  assertEquals(settingsOf(["--trace-client=2001:db8::1", "a.pem"]).log.traceFor, 600);
  assertStringIncludes(refusalOf(["--for=1m", "a.pem"]), "--for needs --trace-client CIDR");
  for (const text of ["192.0.2.0/33", "web.example", "192.0.2.0/", "::/129"]) {
    assertStringIncludes(
      refusalOf([`--trace-client=${text}`, "a.pem"]),
      `--trace-client ${text}: not a network of IP addresses, such as 192.0.2.0/24`,
    );
  }
});

Deno.test("times may have a unit, wherever seconds may stand", () => {
  const drain = (text: string) => settingsOf([`--drain-timeout=${text}`, "a.pem"]).timeouts.drain;
  assertEquals(["500ms", "30s", "5m", "1.5h", "2D", "100ms"].map(drain), [
    0.5,
    30,
    300,
    5400,
    172_800,
    0.1,
  ]);
  assertEquals(settingsOf(["-k", "1h", "a.pem"]).sockets.keepalive, 3600);
  for (const { name, type, key } of OPTIONS) {
    if (type.kind !== "seconds" || key === undefined) continue;
    assertEquals(
      settingsOf([`--${name}=60s`, "a.pem"]),
      settingsOf([`--${name}=60`, "a.pem"]),
      name,
    );
    assertEquals(
      settingsOf(["a.pem"], `${name} = 1m`),
      settingsOf(["a.pem"], `${name} = 60`),
      name,
    );
  }
});

Deno.test("options that look as if they added up are refused if they are given twice", () => {
  const once = OPTIONS.filter((option) => option.once);
  for (const option of once) {
    const value = option.type.kind === "backend" ? "[::1]:1" : "a";
    const twice = [`--${option.name}=${value}`, `--${option.name}=${value}`];
    if (option.name === "config") continue; // It is read first.
    assertEquals(
      refusalOf([...twice, "a.pem"]),
      `${optionLabel(option)}: given 2 times ("${value}", "${value}"); keep one`,
    );
    assertEquals(option.repeatable ?? false, false);
  }
  assertEquals(once.some(({ name }) => name === "backend"), true);
  const { backend, warnings } = settingsOf([
    ...["--compat=hitch", "-b", "[::1]:1", "-b", "[::1]:2"],
    "a.pem",
  ]);
  assertEquals(backend.address, { kind: "tcp", host: "::1", port: "2" });
  assertEquals(warnings, ["-b/--backend: given twice; the last one is used"]);
  const parsed = parseCommandLine(["--config=a", "--config=b", "a.pem"]);
  assertThrows(
    () => toCommand(parsed, ON_DENO, { file: "b", text: "" }),
    Error,
    '--config: given 2 times ("a", "b"); keep one',
  );
});

Deno.test("a mistake is found even where a later value overrides it", () => {
  assertStringIncludes(refusalOf(["-n", "x", "-n", "4", "a.pem"]), '-n/--workers: "x"');
});

Deno.test("every option of earlier releases that is not there yet is refused with a reason", () => {
  const given: Partial<Record<OptionName, [string, string]>> = {
    "shared-cache-listen": ["-U*,1", "the same --ticket-secret FILE"],
    "shared-cache-peer": ["-Pa,1", "the same --ticket-secret FILE"],
    "shared-cache-if": ["-Meth0", "the same --ticket-secret FILE"],
  };
  const refused = OPTIONS.filter((option) => option.refusal);
  assertEquals(
    refused.map((option) => option.name).sort(),
    Object.keys(given).sort() as OptionName[],
  );
  for (const option of refused) {
    const [argument, reason] = given[option.name]!;
    const message = refusalOf([argument, "a.pem"]);
    assertStringIncludes(message, `${optionLabel(option)}: `);
    assertStringIncludes(message, reason);
    const key = option.type.kind === "flag" ? `${option.key} = on` : `${option.key} = 7`;
    assertStringIncludes(
      refusalOf(["a.pem"], key),
      `stud.conf:1:${option.key!.length + 4}: ${option.key}: `,
    );
  }
});

Deno.test("a refused option may be set to its default", () => {
  for (const option of OPTIONS.filter((option) => option.refusal && option.default !== undefined)) {
    assertEquals(settingsOf([`--${option.name}=${option.default}`, "a.pem"]), DEFAULTS);
  }
  assertEquals(settingsOf(["--client", "--client=0", "a.pem"]), DEFAULTS);
  assertEquals(settingsOf(["a.pem"], "shared-cache-peer = ''\nclient = off"), DEFAULTS);
});

Deno.test("TLS cannot be turned off", () => {
  assertStringIncludes(refusalOf(["--tls=off", "a.pem"]), "--tls: cannot be turned off");
  assertStringIncludes(
    refusalOf(["a.pem"], "tls = no"),
    "stud.conf:1:7: tls: cannot be turned off",
  );
});

Deno.test("help, version and default-config ask for nothing else", () => {
  const anything = ["-n", "x", "--config", "missing", "--ssl"];
  const command = (...argv: string[]) =>
    toCommand(parseCommandLine([...argv, ...anything]), ON_DENO);
  for (const action of ["version", "default-config"] as const) {
    assertEquals(command(`--${action}`), { action, compat: "none" });
  }
  const help = { action: "help", compat: "none" } as const;
  assertEquals(command("--help"), { ...help, topic: undefined });
  assertEquals(command("--help=on"), { ...help, topic: undefined });
  for (const argv of [["-h", "ssl"], ["--help", "ssl"], ["--help=ssl"], ["-qh", "ssl"]]) {
    assertEquals(command(...argv), { ...help, topic: "ssl" });
  }
});

Deno.test("help explains an option that is written as one, if nothing comes behind it", () => {
  const topic = (...argv: string[]) => parseCommandLine(argv).helpTopic;
  for (const asked of ["-b", "--backend", "-U", "--watch"]) {
    assertEquals(topic("-h", asked), asked);
    assertEquals(topic("-t", "--help", asked), asked);
  }
  assertEquals(topic("--help", "-b", "127.0.0.1,80"), undefined);
  assertThrows(() => parseCommandLine(["--help", "--nope"]), UsageError, "unknown option --nope");
});

Deno.test("-t checks the same settings that would run", () => {
  assertEquals(toCommand(parseCommandLine(["-t", "a.pem"]), ON_DENO), {
    action: "test",
    settings: DEFAULTS,
  });
});

Deno.test("toCommand() insists on the file that the command line names", () => {
  const parsed = parseCommandLine(["--config", "a.conf", "a.pem"]);
  assertThrows(() => toCommand(parsed, ON_DENO), TypeError, "a.conf");
});

Deno.test("messages show control characters escaped", () => {
  assertEquals(
    refusalOf(["-b\x1b]0;x\x07", "a.pem"]),
    '-b/--backend: "\\x1b]0;x\\x07": it has no port; write HOST,PORT',
  );
  assertStringIncludes(
    refusalOf(["--tls-library=rustls", "a.pem", "b\r.pem"]),
    '"b\\r.pem"',
  );
});
