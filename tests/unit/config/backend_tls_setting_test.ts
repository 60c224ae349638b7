import { optionLabel, OPTIONS } from "../../../src/config/options.ts";
import { assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { refusalOf, settingsOf } from "./settings_of.ts";

const setting = (...argv: string[]) => settingsOf(["--client", ...argv]).backendTls;

Deno.test("with --client no PEM file is needed, and the backend is verified by its host", () => {
  assertEquals(setting(), { ca: undefined, name: "127.0.0.1", verify: true });
  assertEquals(setting("-b", "www.example.,443")?.name, "www.example");
  assertEquals(setting("-b", "[fe80::1%eth0]:443")?.name, "fe80::1");
  assertEquals(settingsOf(["a.pem"]).backendTls, undefined);
});

Deno.test("--backend-name, --backend-ca and --backend-verify say otherwise", () => {
  assertEquals(
    setting("--backend-name=www.example", "--backend-ca=ca.pem", "--backend-verify=off"),
    { ca: "ca.pem", name: "www.example", verify: false },
  );
  assertEquals(setting("--backend-name=::1")?.name, "::1");
  assertStringIncludes(refusalOf(["--client", "--backend-name=*.example"]), "is a wildcard");
});

Deno.test("a unix socket's backend has no name, and needs one to be verified", () => {
  assertEquals(
    refusalOf(["--client", "-b", "/run/web"]),
    '-b/--backend: "/run/web": a unix socket has no name to verify; add --backend-name with the name in ' +
      "its certificate",
  );
  assertEquals(setting("-b", "/run/web", "--backend-name=a.example")?.name, "a.example");
  assertEquals(setting("-b", "/run/web", "--backend-verify=off")?.name, undefined);
});

Deno.test("stud has one certificate at most for the backend", () => {
  assertEquals(setting("a.pem")?.verify, true);
  assertEquals(
    refusalOf(["--client", "a.pem", "b.pem"]),
    'PEM file: "b.pem": with --client stud can have only one certificate',
  );
});

/** For each option about TLS from clients: arguments that are no default. */
const INCOMING = [
  ["--pem-dir=/pem", "--pem-dir-glob=*", "--sni-nomatch-abort", "--ocsp-dir=/ocsp"],
  ["--self-signed", "--prefer-server-ciphers", "--client-verify=required", "--client-verify-ca=ca"],
  ["--client-verify-crl=crl", "--allow-cn=alice", "--allow-san=DNS:a.example"],
  ["--proxy-tlv=off", "--proxy-authority=off", "--proxy-client-cert", "--proxy-proxy"],
  [
    "--ocsp-verify-staple",
    "--ocsp-resp-tmo=1",
    "--ocsp-connect-tmo=1",
    "--ocsp-refresh-interval=1",
  ],
  ["--shared-cache=1", "--ticket-secret=s", "--ssl-handshake-timeout=5"],
  ["--max-handshakes=9"],
].flat();

Deno.test("what is about the other direction is refused, and both options are named", () => {
  const rows = OPTIONS.filter(({ onlyFor }) => onlyFor === "incoming");
  const nameOf = (argument: string) => argument.replace(/^--|=.*$/g, "");
  assertEquals(
    rows.map(({ name }) => name).sort(),
    INCOMING.map(nameOf).sort() as typeof rows[0]["name"][],
  );
  for (const argument of INCOMING) {
    const row = rows.find(({ name }) => name === nameOf(argument))!;
    assertEquals(
      refusalOf(["--client", argument]),
      `${
        optionLabel(row)
      } is for TLS from clients, but with --client TLS goes to the backend; give only one of them`,
    );
  }
  for (const argument of ["--backend-ca=ca", "--backend-name=a.example", "--backend-verify=off"]) {
    const label = argument.replace(/=.*/, "");
    assertEquals(
      refusalOf([argument, "a.pem"]),
      `${label} is for TLS to the backend and needs --client; give both or neither`,
    );
  }
});

Deno.test("defaults are about nothing, and blocks are looked into", () => {
  assertEquals(setting("--ssl-handshake-timeout=30", "--client-verify=none")?.verify, true);
  assertEquals(settingsOf(["--backend-verify=on", "a.pem"]).backendTls, undefined);
  assertEquals(
    refusalOf([], "client = on\npem-file = { cert = a.pem\n ocsp-resp-file = a.der }"),
    "stud.conf:3:19: ocsp-resp-file is for TLS from clients, but with stud.conf:1:10: client TLS goes to the " +
      "backend; give only one of them",
  );
});
