/** The host's OpenSSL through Deno's foreign functions. */

import type { OpenSsl, SslContext, SslContextOptions } from "../openssl.ts";
import { OpenSslError } from "../openssl.ts";
import { Callbacks } from "./callbacks.ts";
import { type ContextServices, DenoSslContext } from "./context.ts";
import { Keys } from "./keys.ts";
import { cString, must, type Pointer, queuedError, textAt } from "./memory.ts";
import { LARGE_OUTPUT, OutputBios, SMALL_OUTPUT } from "./output_bio.ts";
import { PeerStores } from "./peer_stores.ts";
import { openLibraries } from "./symbols.ts";

let opened: OpenSsl | undefined;

/** Returns the library, one per process. Throws {@linkcode StartupError} that names what is missing. */
export function openOpenSsl(): OpenSsl {
  return opened ??= open();
}

function open(): OpenSsl {
  const libraries = openLibraries();
  const { crypto } = libraries;
  // Other threads of the runtime may still use what the library would free at exit(3): they end only then.
  crypto.OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, null);
  let engine: Pointer | undefined;
  const services: ContextServices = {
    libraries,
    input: must(libraries, crypto.BIO_new(crypto.BIO_s_mem())),
    outputs: new OutputBios(crypto, SMALL_OUTPUT, 256),
    largeOutputs: new OutputBios(crypto, LARGE_OUTPUT, 16),
    callbacks: new Callbacks(libraries),
    peerStores: new PeerStores(libraries),
    keys: new Keys(libraries, () => engine),
  };
  // Without this an empty memory BIO would report "end" instead of "try again later".
  crypto.BIO_ctrl(services.input, BIO_C_SET_BUF_MEM_EOF_RETURN, -1n, null);
  return {
    version: textAt(crypto.OpenSSL_version(0)) ?? "OpenSSL",
    useEngine: (id) => engine = useEngine(id, services),
    newContext: (options: SslContextOptions): SslContext => new DenoSslContext(services, options),
  };
}

/** ENGINE_set_default(3); the engine stays loaded for as long as the process lives. */
function useEngine(id: string, { libraries }: ContextServices): Pointer | undefined {
  const { engines, crypto } = libraries;
  if (engines === undefined) {
    throw new OpenSslError("this OpenSSL was built without engines", { subject: "engine" });
  }
  // Without this OpenSSL knows only engines in files of their own.
  engines.ENGINE_load_builtin_engines();
  crypto.ERR_clear_error();
  if (id === "auto") {
    must(libraries, engines.ENGINE_register_all_complete(), "engine");
    return undefined;
  }
  const engine = must(libraries, engines.ENGINE_by_id(cString(id)), "engine");
  // Otherwise the pkcs11 engine writes URIs to stderr, including the PIN. Other engines do not have this command.
  engines.ENGINE_ctrl_cmd_string(engine, cString("QUIET"), null, OPTIONAL_COMMAND);
  crypto.ERR_clear_error();
  if (engines.ENGINE_init(engine) <= 0) {
    const silent = crypto.ERR_peek_last_error() === 0n;
    const error = silent
      ? new OpenSslError("the engine was found, but not the device that it drives", {
        subject: "engine",
      })
      : queuedError(crypto, "engine");
    engines.ENGINE_free(engine);
    throw error;
  }
  must(libraries, engines.ENGINE_set_default(engine, ENGINE_METHOD_ALL), "engine");
  return engine;
}

/** openssl/crypto.h. */
const OPENSSL_INIT_NO_ATEXIT = 0x0008_0000n;
const BIO_C_SET_BUF_MEM_EOF_RETURN = 130;
const ENGINE_METHOD_ALL = 0xffff;
const OPTIONAL_COMMAND = 1;
