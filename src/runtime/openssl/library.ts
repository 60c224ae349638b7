/** The host's OpenSSL through Deno's foreign functions. */

import type { OpenSsl, SslContext, SslContextOptions } from "../openssl.ts";
import { OpenSslError } from "../openssl.ts";
import { Callbacks } from "./callbacks.ts";
import { type ContextServices, DenoSslContext } from "./context.ts";
import { cString, must, type Pointer, textAt } from "./memory.ts";
import { LARGE_OUTPUT, OutputBios, SMALL_OUTPUT } from "./output_bio.ts";
import { openLibraries } from "./symbols.ts";

let opened: OpenSsl | undefined;

/** The library, which a process has once. Throws {@linkcode StartupError} that names what is missing. */
export function openOpenSsl(): OpenSsl {
  return opened ??= open();
}

function open(): OpenSsl {
  const libraries = openLibraries();
  const { crypto } = libraries;
  let engine: Pointer | undefined;
  const services: ContextServices = {
    libraries,
    input: must(libraries, crypto.BIO_new(crypto.BIO_s_mem())),
    outputs: new OutputBios(crypto, SMALL_OUTPUT, 256),
    largeOutputs: new OutputBios(crypto, LARGE_OUTPUT, 16),
    callbacks: new Callbacks(libraries),
    engine: () => engine,
  };
  // Without this an empty memory BIO would say "end" instead of "try again later".
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
  crypto.ERR_clear_error();
  if (id === "auto") {
    engines.ENGINE_register_all_complete();
    return undefined;
  }
  const engine = must(libraries, engines.ENGINE_by_id(cString(id)), "engine");
  must(libraries, engines.ENGINE_init(engine), "engine");
  must(libraries, engines.ENGINE_set_default(engine, ENGINE_METHOD_ALL), "engine");
  return engine;
}

const BIO_C_SET_BUF_MEM_EOF_RETURN = 130;
const ENGINE_METHOD_ALL = 0xffff;
