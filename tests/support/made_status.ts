/** A status that was not measured: of a stud with much traffic and one of everything, or one that has just started. */

import type { CertificateStatus, Status, Totals } from "../../src/status/status.ts";

const NOW = "2026-11-28T09:30:00.000Z";

/** Text as a stranger chooses it: in markup, attributes, scripts, and for the eye. */
export const HOSTILE =
  `"><img src=x onerror=alert(1)></script><script>alert('2')</script>&lt;\u202egpj.exe\n\u0007`;

/** Of a stud that has all kinds of traffic and trouble. */
export function busyStatus({ certificates = 6 }: { readonly certificates?: number } = {}): Status {
  const wave = (mean: number, index: number) =>
    Math.max(0, mean * (1 + 0.35 * Math.sin(index / 23) + 0.2 * Math.sin(index / 5 + mean)));
  const series = (mean: number) => Array.from({ length: 300 }, (_, index) => wave(mean, index));
  return {
    ...freshStatus(),
    uptime: 1_987_321,
    startedAt: ago(1_987_321),
    totals: totals(1),
    frontends: [
      {
        ...totals(0.8),
        name: "*,443",
        addresses: ["0.0.0.0:443", "[::]:443"],
        served: true,
        ended: { "closed": 901_233, "timeout": 2_311, "reset by client": 1_207 },
      },
      {
        ...totals(0.2),
        name: "mail",
        addresses: ["192.0.2.7:993"],
        served: true,
        ended: { closed: 201_233 },
      },
    ],
    workers: [1, 2, 3, 4].map((index) => ({
      pid: 4100 + index,
      cpuSeconds: 12_345.6 * index,
      cpuShare: 0.11 * index,
      memory: 61_234_567 + index * 1_234_567,
      index,
      state: "serving",
      startedAt: ago(index === 3 ? 212 : 1_987_320),
      active: 812 * index,
      accepted: 301_234 * index,
      restarts: index === 3 ? 1 : 0,
      lastEnd: index === 3 ? { time: ago(212), reason: "killed by SIGKILL" } : null,
    })),
    certificates: Array.from({ length: certificates }, (_, index) => certificate(index)),
    quarantine: [
      {
        source: `/etc/stud/${HOSTILE}.pem`,
        reason: `the private key does not belong to the certificate ${HOSTILE}`,
        keepsFormer: false,
      },
      { source: "/etc/stud/shop.pem", reason: "no certificate in it", keepsFormer: true },
    ],
    backends: [
      {
        address: "10.1.2.3:8080",
        connects: 1_103_400,
        failures: 0,
        connectTime: 0.00042,
        lastFailure: null,
      },
      {
        address: "10.1.2.4:8080",
        connects: 120_400,
        failures: 17,
        connectTime: 0.0031,
        lastFailure: { time: ago(45), reason: "connection refused" },
      },
    ],
    handshakes: {
      versions: { "TLSv1.3": 1_190_220, "TLSv1.2": 14_230 },
      ciphers: {
        TLS_AES_128_GCM_SHA256: 812_220,
        TLS_AES_256_GCM_SHA384: 301_000,
        TLS_CHACHA20_POLY1305_SHA256: 77_000,
        "ECDHE-RSA-AES128-GCM-SHA256": 14_230,
      },
      groups: { X25519MLKEM768: 711_220, X25519: 401_000, "secp256r1": 92_230 },
      resumed: 611_230,
      full: 593_220,
      time: 0.0123,
      failures: [
        failure("not-tls", 3_120, "192.0.2.66:51234", null),
        failure("unknown-server-name", 811, "[2001:db8::77]:40112", HOSTILE),
        failure("no-shared-version", 42, "198.51.100.9:3301", "old.example.com"),
      ],
    },
    postQuantum: { offered: true, groups: ["X25519MLKEM768"], why: null, share: 0.61 },
    history: {
      time: NOW,
      step: 2,
      connectionsPerSecond: series(212),
      bytesToBackendPerSecond: series(2_100_000),
      bytesToClientPerSecond: series(31_000_000),
      failedHandshakesPerSecond: series(1.4),
      active: series(8_120),
    },
    reloads: [
      { time: ago(1_900), outcome: "changed", what: "2 certificates; 1 in quarantine" },
      { time: ago(90_000), outcome: "unchanged", what: "nothing has changed" },
      { time: ago(190_000), outcome: "failed", what: `/etc/stud/stud.conf:12: ${HOSTILE}` },
    ],
    warnings: [
      { time: ago(45), level: "warning", text: "backend 10.1.2.4,8080: connection refused" },
      {
        time: ago(212),
        level: "error",
        text: "worker 3 (process 4093) died: killed by SIGKILL; its connections are lost",
      },
    ],
  };
}

/** Of a stud that has just started, on an engine that tells little. */
export function freshStatus(): Status {
  return {
    schema: 1,
    time: NOW,
    version: "1.0.0",
    runtime: "Deno 2.9.6",
    tlsLibrary: "OpenSSL 3.5.1",
    pid: 4100,
    startedAt: ago(3),
    uptime: 3,
    state: "serving",
    ready: true,
    supervisor: { pid: 4100, cpuSeconds: 0.31, cpuShare: 0.002, memory: 71_000_000 },
    totals: totals(0),
    frontends: [],
    workers: [],
    certificates: [],
    quarantine: [],
    backends: [],
    handshakes: {
      versions: {},
      ciphers: {},
      groups: {},
      resumed: 0,
      full: 0,
      time: null,
      failures: [],
    },
    postQuantum: {
      offered: false,
      groups: [],
      why: "OpenSSL 3.0.17 has no post-quantum groups; they need OpenSSL 3.5",
      share: null,
    },
    history: {
      time: NOW,
      step: 2,
      connectionsPerSecond: [],
      bytesToBackendPerSecond: [],
      bytesToClientPerSecond: [],
      failedHandshakesPerSecond: [],
      active: [],
    },
    reloads: [],
    warnings: [],
  };
}

function totals(share: number): Totals {
  const of = (value: number) => Math.round(value * share);
  return {
    accepted: of(1_223_800),
    active: of(8_120),
    refused: of(1_210),
    silent: of(51_002),
    handshakes: of(1_204_450),
    handshakesFailed: of(3_973),
    clientsDenied: of(12),
    backendsFailed: of(17),
    bytesToBackend: of(2_112_345_678_901),
    bytesToClient: of(31_112_345_678_901),
  };
}

function certificate(index: number): CertificateStatus {
  const daysLeft = [61.3, 12.4, 250.1, 3.2, 88, -1.5][index] ?? 30 + (index * 37) % 300;
  const name = index === 2 ? HOSTILE : index === 0 ? "example.com" : `site-${index}.example.com`;
  return {
    fingerprint: index.toString(16).padStart(64, "0"),
    names: index % 2 === 0 ? [name, `www.${name}`, `api.${name}`] : [name],
    keyType: index % 3 === 0 ? "RSA 2048" : "ECDSA P-256",
    issuer: "Let's Encrypt E7",
    notBefore: ago((90 - daysLeft) * 86_400),
    notAfter: ago(-daysLeft * 86_400),
    daysLeft,
    source: `/etc/stud/certs/${index === 2 ? HOSTILE : name}.pem`,
    frontends: index === 1 ? ["mail"] : [],
    servedDiffers: index === 4 ? true : index === 5 ? null : false,
    ocsp: index % 2 === 0
      ? { thisUpdate: ago(7_200), nextUpdate: ago(-400_000), age: 7_200 }
      : null,
  };
}

function failure(reason: string, count: number, lastClient: string, lastServerName: string | null) {
  return { reason, count, lastTime: ago(count / 30), lastClient, lastServerName };
}

function ago(seconds: number): string {
  return new Date(Date.parse(NOW) - seconds * 1000).toISOString();
}
