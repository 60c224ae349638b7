/** Options of a program as the command line would have given them. */

import { rawOptions } from "../../../src/library/raw_options.ts";
import type { TerminateOptions } from "../../../src/library/terminate_options.ts";
import { assertEquals } from "../../support/assert.ts";

function texts(options: TerminateOptions): Record<string, string[]> {
  const entries = [...rawOptions(options)].map(([name, raws]) =>
    [name, raws.map(({ text }) => text)] as const
  );
  return Object.fromEntries(entries);
}

Deno.test("rawOptions() makes a certificate for localhost unless another name is given", () => {
  assertEquals(texts({ selfSigned: true }), { "self-signed": ["localhost"] });
  assertEquals(texts({ selfSigned: "a.example" }), { "self-signed": ["a.example"] });
  assertEquals(texts({ selfSigned: false }), {});
});

Deno.test("rawOptions() turns values and lists into the command line's texts", () => {
  assertEquals(
    texts({
      ...{ frontend: ["*,1", { address: "*,2" }], pem: new Uint8Array(1), client: false },
      ...{ alpnProtocols: ["h2", "http/1.1"], tlsProtocols: ["TLSv1.2", "TLSv1.3"] },
      ...{ allowCn: ["a", "b"], keepalive: 5, preface: "proxy-v2" },
    }),
    {
      ...{ frontend: ["*,1", "*,2"], "pem-file": ["pem"], client: ["false"] },
      ...{ "alpn-protos": ["h2,http/1.1"], "tls-protos": ["TLSv1.2 TLSv1.3"] },
      ...{ "allow-cn": ["a", "b"], keepalive: ["5"], "write-proxy-v2": ["on"] },
    },
  );
});
