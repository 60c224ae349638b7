/**
 * Configuration files as stud and hitch documented them from release to release: each is taken, with and
 * without `--compat=hitch`, and says what it said.
 */

import type { Settings } from "../../../src/config/settings.ts";
import { TLS_PROTOCOLS } from "../../../src/config/settings.ts";
import { assertEquals } from "../../support/assert.ts";
import { type SettingsChange, settingsOf, settingsWith } from "./settings_of.ts";

interface OldFile {
  readonly name: string;
  readonly text: string;
  /** What it means with either. */
  readonly says?: SettingsChange;
  /** What it means with `--compat=hitch` alone. */
  readonly withHitch?: SettingsChange;
}

const ADDRESS_443 = [{
  address: { kind: "tcp" as const, host: "*", port: "443" },
  tls: undefined,
}];
const VARNISH = { kind: "tcp" as const, host: "127.0.0.1", port: "6086" };

const FILES: readonly OldFile[] = [
  {
    name: "stud's last commit, every key at its default",
    text: `
# stud(8), The Scalable TLS Unwrapping Daemon's configuration
frontend = "[*]:8443"
backend = "[127.0.0.1]:8000"
pem-file = ""
tls = on
ssl = off
ciphers = ""
prefer-server-ciphers = off
ssl-engine = ""
workers = 1
backlog = 100
keepalive = 3600
shared-cache = 0
shared-cache-listen = ""
shared-cache-peer = ""
shared-cache-if = ""
chroot = ""
user = ""
group = ""
quiet = off
syslog = off
syslog-facility = "daemon"
daemon = off
write-ip = off
write-proxy = off
proxy-proxy = off
`,
    withHitch: { engine: { protocols: TLS_PROTOCOLS } },
  },
  {
    name: "stud's last commit, in the bare style and with values in single quotes",
    text: `
frontend=*,443
backend = '127.0.0.1,6086'
pem-file = /etc/stud/site.pem
workers = 4     # cores
ring-slots = 3
ring-data-len = 32768
quiet = yes
`,
    says: {
      frontends: ADDRESS_443,
      backend: { address: VARNISH },
      workers: { count: 4 },
      log: { level: "error" },
    },
  },
  {
    name: "hitch 1.0, the example",
    text: `
# Listening address. REQUIRED.
# syntax: [HOST]:PORT
frontend = "[*]:443"
backend = "[127.0.0.1]:6086"
pem-file = "/etc/hitch/site.pem"
tls = on
ssl = off
ciphers = "EECDH+AESGCM:EDH+AESGCM:AES256+EECDH:AES256+EDH"
prefer-server-ciphers = on
ssl-engine = ""
workers = 2
backlog = 100
keepalive = 3600
chroot = ""
user = "nobody"
group = "nogroup"
quiet = off
syslog = on
syslog-facility = "daemon"
daemon = on
write-ip = off
write-proxy = on
proxy-proxy = off
sni-nomatch-abort = off
`,
    says: {
      frontends: ADDRESS_443,
      backend: { address: VARNISH },
      engine: { preferServerCiphers: true },
      workers: { count: 2, user: "nobody", group: "nogroup" },
      log: { syslog: true },
      service: { daemon: true },
    },
    withHitch: {
      preface: { kind: "proxy-v2" },
      engine: { protocols: TLS_PROTOCOLS },
      service: { resetsOnSigterm: true },
    },
  },
  {
    name: "hitch 1.2, settings in frontend blocks",
    text: `
frontend = {
  host = "*"
  port = "443"
  ssl = off
  ciphers = "HIGH"
  prefer-server-ciphers = on
  sni-nomatch-abort = on
  pem-file = "one.pem"
  pem-file = "two.pem"
  match-global-certs = on
}
backend = "[127.0.0.1]:6086"
pem-file = "global.pem"
`,
    says: {
      pemFiles: [{ certificate: "global.pem" }],
      frontends: [{
        address: ADDRESS_443[0]!.address,
        tls: {
          pemFiles: [{ certificate: "one.pem" }, { certificate: "two.pem" }],
          engine: {
            protocols: ["TLSv1.2", "TLSv1.3"],
            ciphers: "HIGH",
            ciphersuites: undefined,
            preferServerCiphers: true,
            sniNomatchAbort: true,
            ...{ groups: undefined, sslEngine: undefined, alpnProtocols: [] },
          },
          clients: {
            verify: "none",
            authorities: undefined,
            revocationLists: undefined,
            allowed: undefined,
          },
          matchGlobalCerts: true,
        },
      }],
    },
  },
  {
    name: "hitch 1.3, stapling",
    text: `
frontend = "[*]:443"
pem-file = {
    cert = "site.pem"
    ocsp-resp-file = "site-ocsp.der"
}
ocsp-dir = "/var/lib/hitch-ocsp/"
ocsp-verify-staple = on
ocsp-resp-tmo = 10
ocsp-connect-tmo = 4
alpn-protos = "http/2, http/1.1"
`,
    says: {
      pemFiles: [{ certificate: "site.pem", ocspResponse: "site-ocsp.der" }],
      ocsp: { directory: "/var/lib/hitch-ocsp/" },
      engine: { alpnProtocols: ["http/2", "http/1.1"] },
    },
  },
  {
    name: "hitch 1.4, the example, and the keys of 1.4.7",
    text: `
# Run 'man hitch.conf' for a description of all options.
frontend = "[*]:443"
backend = "[127.0.0.1]:6086"    # 6086 is the default Varnish PROXY port.
workers = 4                     # number of CPU cores
daemon = on
user = "hitch"
group = "hitch"
# Enable to let clients negotiate HTTP/2 with ALPN. (default off)
# alpn-protos = "http/2, http/1.1"
write-proxy-v2 = on             # Write PROXY header
pem-file = {
    cert = "site.crt"
    private-key = "site.key"
}
tls-protos = TLSv1.1 TLSv1.2
session-cache = 1000
ocsp-refresh-interval = 1800
log-filename = "/var/log/hitch.log"
recv-bufsize = 65536
send-bufsize = 65536
backend-refresh = 30
`,
    says: {
      frontends: ADDRESS_443,
      pemFiles: [{ certificate: "site.crt", privateKey: "site.key" }],
      engine: { protocols: ["TLSv1.1", "TLSv1.2"] },
      preface: { kind: "proxy-v2" },
      log: { file: "/var/log/hitch.log" },
      sockets: { receiveBuffer: 65536 },
      backend: { refresh: 30 },
    },
  },
  {
    name: "hitch 1.5, a directory, a unix socket, TLS 1.3",
    text: `
frontend = { host = "*" port = "443" }
backend = "/run/varnish.sock"
pem-dir = "/etc/hitch/cert.d"
pem-dir-glob = "*.pem"
tls-protos = TLSv1.2 TLSv1.3
write-proxy-v2 = on
proxy-tlv = on
log-level = 1
tcp-fastopen = on
`,
    says: {
      frontends: ADDRESS_443,
      backend: { address: { kind: "unix", path: "/run/varnish.sock" } },
      certificates: { pemDir: "/etc/hitch/cert.d", pemDirGlob: "*.pem" },
      preface: { kind: "proxy-v2" },
      sockets: { tcpFastOpen: true },
    },
  },
  {
    name: "hitch 1.6, client certificates",
    text: `
frontend = { host = "*" port = "443" }
pem-file = "site.pem"
ciphersuites = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
ecdh-curve = "X25519:prime256v1:secp384r1"
client-verify = required
client-verify-ca = "clients.pem"
write-proxy-v2 = on
proxy-client-cert = on
`,
    says: {
      engine: {
        ciphersuites: "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
        groups: "X25519:prime256v1:secp384r1",
      },
      clients: { verify: "required", authorities: "clients.pem" },
    },
  },
  {
    name: "hitch 1.7 and 1.8, the example, with all that is optional",
    text: `
frontend = {
    host = "*"
    port = "443"
}
backend = "[127.0.0.1]:6086"    # 6086 is the default Varnish PROXY port.
workers = 4                     # number of CPU cores

daemon = on

# We strongly recommend you create a separate non-privileged hitch
# user and group
user = "hitch"
group = "hitch"

# Enable to let clients negotiate HTTP/2 with ALPN. (default off)
alpn-protos = "h2, http/1.1"

# run Varnish as backend over PROXY; varnishd -a :80 -a localhost:6086,PROXY ..
write-proxy-v2 = on             # Write PROXY header
proxy-authority = off
pem-file = { cert = "a.pem" client-verify = optional client-verify-ca = "ca.pem" }
ocsp-dir = ""
syslog = on
syslog-facility = local0
`,
    says: {
      frontends: ADDRESS_443,
      engine: { alpnProtocols: ["h2", "http/1.1"] },
      ocsp: { directory: "" },
      pemFiles: [{ certificate: "a.pem", clients: { verify: "optional", authorities: "ca.pem" } }],
      log: { syslogFacility: "local0" },
    },
  },
  {
    name: "Debian's README",
    text: `
# Edit /etc/hitch/hitch.conf
frontend = "[*]:443"
backend = "[127.0.0.1]:8080"
pem-file = "/etc/hitch/example.org.pem"
`,
    says: {
      frontends: ADDRESS_443,
      backend: { address: { kind: "tcp", host: "127.0.0.1", port: "8080" } },
      pemFiles: [{ certificate: "/etc/hitch/example.org.pem" }],
    },
    withHitch: { service: { resetsOnSigterm: true } },
  },
];

for (const { name, text, says = {}, withHitch = {} } of FILES) {
  // A certificate of the command line where the file has none.
  const pem = /pem-(file|dir) = ["/{](?!")/.test(text) ? [] : ["site.pem"];
  Deno.test(`${name}: is taken as it is`, () => {
    assertSays(settingsOf(pem, text), says);
  });
  Deno.test(`${name}: is taken with --compat=hitch`, () => {
    assertSays(settingsOf(["--compat=hitch", ...pem], text), { ...says, ...withHitch });
  });
}

/** What Debian's unit and its init script add to the file. */
Deno.test("the command lines of Debian's hitch are taken", () => {
  const file = FILES.at(-1)!.text;
  const unit = ["--user", "_hitch", "--group", "_hitch", "--quiet"];
  const init = ["--daemon", "--pidfile=/run/hitch.pid", "--user", "_hitch", "--group", "_hitch"];
  assertSays(settingsOf(["--compat=hitch", ...unit], file), {
    workers: { user: "_hitch", group: "_hitch" },
    log: { level: "error" },
  });
  assertSays(settingsOf(["--compat=hitch", ...init], file), {
    service: { daemon: true, pidFile: "/run/hitch.pid" },
  });
});

function assertSays(settings: Settings, says: SettingsChange): void {
  assertEquals(settings, settingsWith(settings, says));
}
