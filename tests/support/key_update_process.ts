/**
 * A TLS 1.3 client that asks for new keys (RFC 8446 section 4.6.3) as fast as it can and meanwhile reads
 * nothing: OpenSSL's, in a process of its own because its calls block.
 *
 * Prints `asked` when all its messages are sent, and `served` when after them its line has come back.
 */

/** Arguments of `deno` that have a client ask stud on this port so many times. */
export function keyUpdateArguments(port: number, times: number): string[] {
  return ["run", "--quiet", "-A", import.meta.url, `${port}`, `${times}`];
}

const POINTER = "pointer" as const;
// openssl/bio.h and openssl/ssl.h.
const BIO_C_DO_STATE_MACHINE = 101;
const SSL_KEY_UPDATE_REQUESTED = 1;

if (import.meta.main) {
  const [port, times] = Deno.args;
  const { symbols: crypto } = Deno.dlopen("libcrypto.so.3", {
    BIO_new_connect: { parameters: ["buffer"], result: POINTER },
    BIO_ctrl: { parameters: [POINTER, "i32", "i64", POINTER], result: "i64" },
  });
  const { symbols: ssl } = Deno.dlopen("libssl.so.3", {
    TLS_client_method: { parameters: [], result: POINTER },
    SSL_CTX_new: { parameters: [POINTER], result: POINTER },
    SSL_new: { parameters: [POINTER], result: POINTER },
    SSL_set_bio: { parameters: [POINTER, POINTER, POINTER], result: "void" },
    SSL_connect: { parameters: [POINTER], result: "i32" },
    SSL_key_update: { parameters: [POINTER, "i32"], result: "i32" },
    SSL_do_handshake: { parameters: [POINTER], result: "i32" },
    SSL_write: { parameters: [POINTER, "buffer", "i32"], result: "i32" },
    SSL_read: { parameters: [POINTER, "buffer", "i32"], result: "i32" },
  });
  const must = (what: string, succeeded: boolean) => {
    if (succeeded) return;
    console.log(`failed: ${what}`);
    Deno.exit(1);
  };
  const bio = crypto.BIO_new_connect(new TextEncoder().encode(`127.0.0.1:${port}\0`));
  must("connect", crypto.BIO_ctrl(bio, BIO_C_DO_STATE_MACHINE, 0n, null) === 1n);
  const session = ssl.SSL_new(ssl.SSL_CTX_new(ssl.TLS_client_method()));
  ssl.SSL_set_bio(session, bio, bio);
  must("handshake", ssl.SSL_connect(session) === 1);
  for (let asked = 0; asked < Number(times); asked++) {
    const update = ssl.SSL_key_update(session, SSL_KEY_UPDATE_REQUESTED);
    must(`request ${asked}`, update === 1 && ssl.SSL_do_handshake(session) === 1);
  }
  console.log("asked");
  const line = new TextEncoder().encode("x");
  must("write", ssl.SSL_write(session, line, 1) === 1);
  must("read", ssl.SSL_read(session, line, 1) === 1);
  console.log("served");
}
