/** What a TLS library does not report is said for each option that would show it, and for no other. */

import type { TlsLibraryName } from "../../../src/config/settings.ts";
import { reportUntold } from "../../../src/fleet/untold_facts.ts";
import { configureLog } from "../../../src/log/log.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { assertEquals } from "../../support/assert.ts";
import { planOf } from "../../support/plan_of.ts";

function said(
  library: TlsLibraryName,
  { access = false, status = false, client = false, orElse = false, isMissing = false } = {},
): string[] {
  const plan = planOf({});
  const { configuration: { tls }, settings } = plan;
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "info");
  reportUntold(log, {
    ...plan,
    settings: {
      ...settings,
      log: { ...settings.log, access: access ? "-" : undefined },
      service: { ...settings.service, status: status ? { kind: "unix", path: "/s" } : undefined },
    },
    configuration: {
      ...plan.configuration,
      tls: { ...tls, library, ...orElse && { orElse: "rustls" }, ...client && { backend: {} } },
    },
  } as Plan, isMissing);
  return lines;
}

const BY_RUSTLS = [
  "info --access-log: rustls does not report sni, tls, cipher, group, resumed, alpn, ja4, " +
  "client_subject; --tls-library=openssl does",
];

Deno.test("rustls is named with what it lacks in the access log and the status", () => {
  assertEquals(said("rustls", { access: true }), BY_RUSTLS);
  assertEquals(said("rustls", { status: true }), [
    "info --status: rustls does not report sni, tls, cipher, group, resumed; " +
    "--tls-library=openssl does",
  ]);
  assertEquals(said("rustls", { access: true, status: true }).length, 2);
});

Deno.test("rustls in place of an OpenSSL that is missing is named, too", () => {
  const options = { access: true, orElse: true };
  assertEquals(said("openssl", { ...options, isMissing: true }), BY_RUSTLS);
  assertEquals(said("openssl", options), []);
});

Deno.test("nothing is said if nothing shows it, if nothing lacks, or if clients speak no TLS", () => {
  assertEquals(said("rustls"), []);
  assertEquals(said("openssl", { access: true, status: true }), []);
  assertEquals(said("rustls", { access: true, status: true, client: true }), []);
  assertEquals(said("node", { access: true }), [
    "info --access-log: node does not report group; stud's executable does",
  ]);
});
