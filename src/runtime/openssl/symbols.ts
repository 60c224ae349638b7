/**
 * The functions of libssl and libcrypto that stud calls, with their C signatures, and how the two libraries are opened.
 * `long` and `size_t` are 64 bits wide here: Linux on x86-64 and arm64.
 */

import { StartupError } from "../../errors.ts";

const SSL = {
  SSL_CIPHER_get_name: { parameters: ["pointer"], result: "pointer" },
  SSL_CTX_add_client_CA: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_check_private_key: { parameters: ["pointer"], result: "i32" },
  SSL_CTX_ctrl: { parameters: ["pointer", "i32", "i64", "buffer"], result: "i64" },
  /** The same function, for commands that take an address. */
  SSL_CTX_ctrl_address: {
    name: "SSL_CTX_ctrl",
    parameters: ["pointer", "i32", "i64", "pointer"],
    result: "i64",
  },
  SSL_CTX_free: { parameters: ["pointer"], result: "void" },
  SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
  SSL_CTX_set0_tmp_dh_pkey: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_set1_cert_store: { parameters: ["pointer", "pointer"], result: "void" },
  SSL_CTX_set_alpn_protos: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  SSL_CTX_set_alpn_select_cb: { parameters: ["pointer", "function", "pointer"], result: "void" },
  SSL_CTX_set_cipher_list: { parameters: ["pointer", "buffer"], result: "i32" },
  SSL_CTX_set_ciphersuites: { parameters: ["pointer", "buffer"], result: "i32" },
  SSL_CTX_set_options: { parameters: ["pointer", "u64"], result: "u64" },
  SSL_CTX_set_security_level: { parameters: ["pointer", "i32"], result: "void" },
  SSL_CTX_set_session_id_context: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  SSL_CTX_set_timeout: { parameters: ["pointer", "i64"], result: "i64" },
  SSL_CTX_set_tlsext_ticket_key_evp_cb: {
    parameters: ["pointer", "function"],
    result: "i32",
  },
  SSL_CTX_callback_ctrl: { parameters: ["pointer", "i32", "function"], result: "i64" },
  SSL_CTX_set_verify: { parameters: ["pointer", "i32", "pointer"], result: "void" },
  SSL_CTX_use_PrivateKey: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_use_certificate: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_ctrl: { parameters: ["pointer", "i32", "i64", "buffer"], result: "i64" },
  SSL_do_handshake: { parameters: ["pointer"], result: "i32" },
  SSL_free: { parameters: ["pointer"], result: "void" },
  SSL_get0_alpn_selected: { parameters: ["pointer", "buffer", "buffer"], result: "void" },
  SSL_get0_param: { parameters: ["pointer"], result: "pointer" },
  SSL_get1_peer_certificate: { parameters: ["pointer"], result: "pointer" },
  SSL_get_certificate: { parameters: ["pointer"], result: "pointer" },
  SSL_CIPHER_get_protocol_id: { parameters: ["pointer"], result: "u16" },
  SSL_get_current_cipher: { parameters: ["pointer"], result: "pointer" },
  SSL_get_peer_cert_chain: { parameters: ["pointer"], result: "pointer" },
  SSL_get_error: { parameters: ["pointer", "i32"], result: "i32" },
  SSL_get_verify_result: { parameters: ["pointer"], result: "i64" },
  SSL_get_version: { parameters: ["pointer"], result: "pointer" },
  SSL_group_to_name: { parameters: ["pointer", "i32"], result: "pointer" },
  SSL_has_pending: { parameters: ["pointer"], result: "i32" },
  SSL_new: { parameters: ["pointer"], result: "pointer" },
  SSL_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  SSL_session_reused: { parameters: ["pointer"], result: "i32" },
  SSL_set_num_tickets: { parameters: ["pointer", "usize"], result: "i32" },
  SSL_set0_rbio: { parameters: ["pointer", "pointer"], result: "void" },
  SSL_set0_wbio: { parameters: ["pointer", "pointer"], result: "void" },
  SSL_set_tlsext_status_ocsp_resp: {
    name: "SSL_ctrl",
    parameters: ["pointer", "i32", "i64", "pointer"],
    result: "i64",
  },
  SSL_set_accept_state: { parameters: ["pointer"], result: "void" },
  SSL_set_connect_state: { parameters: ["pointer"], result: "void" },
  SSL_set1_host: { parameters: ["pointer", "buffer"], result: "i32" },
  SSL_version: { parameters: ["pointer"], result: "i32" },
  SSL_shutdown: { parameters: ["pointer"], result: "i32" },
  SSL_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  TLS_client_method: { parameters: [], result: "pointer" },
  TLS_server_method: { parameters: [], result: "pointer" },
} as const;

const CRYPTO = {
  BIO_ctrl: { parameters: ["pointer", "i32", "i64", "buffer"], result: "i64" },
  /** The same function, for commands that take an address. */
  BIO_ctrl_address: {
    name: "BIO_ctrl",
    parameters: ["pointer", "i32", "i64", "pointer"],
    result: "i64",
  },
  // It is a size_t, but the values here are so small that a plain number is enough.
  BIO_ctrl_pending: { parameters: ["pointer"], result: "i32" },
  BIO_free: { parameters: ["pointer"], result: "i32" },
  BIO_new: { parameters: ["pointer"], result: "pointer" },
  BIO_new_mem_buf: { parameters: ["buffer", "i32"], result: "pointer" },
  BIO_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_s_mem: { parameters: [], result: "pointer" },
  BIO_up_ref: { parameters: ["pointer"], result: "i32" },
  BIO_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  BUF_MEM_new: { parameters: [], result: "pointer" },
  CRYPTO_malloc: { parameters: ["usize", "buffer", "i32"], result: "pointer" },
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_get_error: { parameters: [], result: "u64" },
  ERR_peek_last_error: { parameters: [], result: "u64" },
  ERR_reason_error_string: { parameters: ["u64"], result: "pointer" },
  EVP_DecryptInit_ex: {
    parameters: ["pointer", "pointer", "pointer", "buffer", "pointer"],
    result: "i32",
  },
  EVP_EncryptInit_ex: {
    parameters: ["pointer", "pointer", "pointer", "buffer", "pointer"],
    result: "i32",
  },
  EVP_MAC_init: { parameters: ["pointer", "buffer", "usize", "buffer"], result: "i32" },
  EVP_PKEY_up_ref: { parameters: ["pointer"], result: "i32" },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  EVP_aes_256_cbc: { parameters: [], result: "pointer" },
  OPENSSL_sk_value: { parameters: ["pointer", "i32"], result: "pointer" },
  OPENSSL_init_crypto: { parameters: ["u64", "pointer"], result: "i32" },
  OpenSSL_version: { parameters: ["i32"], result: "pointer" },
  OpenSSL_version_num: { parameters: [], result: "u64" },
  PEM_read_bio_Parameters: { parameters: ["pointer", "pointer"], result: "pointer" },
  PEM_read_bio_PrivateKey: {
    parameters: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },
  PEM_read_bio_X509: {
    parameters: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },
  PEM_read_bio_X509_CRL: {
    parameters: ["pointer", "pointer", "pointer", "buffer"],
    result: "pointer",
  },
  PEM_write_bio_X509: { parameters: ["pointer", "pointer"], result: "i32" },
  RAND_bytes: { parameters: ["pointer", "i32"], result: "i32" },
  X509_CRL_free: { parameters: ["pointer"], result: "void" },
  X509_STORE_add_crl: { parameters: ["pointer", "pointer"], result: "i32" },
  X509_STORE_add_cert: { parameters: ["pointer", "pointer"], result: "i32" },
  X509_STORE_free: { parameters: ["pointer"], result: "void" },
  X509_STORE_set_flags: { parameters: ["pointer", "u64"], result: "i32" },
  X509_STORE_new: { parameters: [], result: "pointer" },
  X509_VERIFY_PARAM_set_hostflags: { parameters: ["pointer", "u32"], result: "void" },
  X509_VERIFY_PARAM_set1_ip_asc: { parameters: ["pointer", "buffer"], result: "i32" },
  X509_free: { parameters: ["pointer"], result: "void" },
  X509_verify_cert_error_string: { parameters: ["i64"], result: "pointer" },
} as const;

/** Libraries built without engines lack these. */
const ENGINES = {
  ENGINE_by_id: { parameters: ["buffer"], result: "pointer" },
  ENGINE_ctrl_cmd_string: {
    parameters: ["pointer", "buffer", "pointer", "i32"],
    result: "i32",
  },
  ENGINE_free: { parameters: ["pointer"], result: "i32" },
  ENGINE_init: { parameters: ["pointer"], result: "i32" },
  ENGINE_load_builtin_engines: { parameters: [], result: "void" },
  ENGINE_load_private_key: {
    parameters: ["pointer", "buffer", "pointer", "pointer"],
    result: "pointer",
  },
  ENGINE_register_all_complete: { parameters: [], result: "i32" },
  ENGINE_set_default: { parameters: ["pointer", "u32"], result: "i32" },
  UI_null: { parameters: [], result: "pointer" },
} as const;

/** The functions, ready to be called. Pointers passed to them must be valid: a wrong one ends the process. */
export interface Libraries {
  readonly ssl: Deno.DynamicLibrary<typeof SSL>["symbols"];
  readonly crypto: Deno.DynamicLibrary<typeof CRYPTO>["symbols"];
  /** Undefined if the library was built without engines. */
  readonly engines: Deno.DynamicLibrary<typeof ENGINES>["symbols"] | undefined;
}

/**
 * Opens the host's OpenSSL. Throws {@linkcode StartupError} that names the library, or the function that is
 * missing in it.
 */
export function openLibraries(): Libraries {
  const ssl = open("libssl.so.3", SSL);
  const crypto = open("libcrypto.so.3", CRYPTO);
  const version = crypto.OpenSSL_version_num();
  if (version < OLDEST_VERSION) {
    throw new StartupError(`libcrypto.so.3 is too old: stud needs ${PACKAGE}`);
  }
  return { ssl, crypto, engines: openEngines() };
}

function openEngines(): Libraries["engines"] {
  try {
    return Deno.dlopen("libcrypto.so.3", ENGINES).symbols;
  } catch {
    return undefined;
  }
}

function open<Symbols extends Deno.ForeignLibraryInterface>(name: string, symbols: Symbols) {
  try {
    return Deno.dlopen(name, symbols).symbols;
  } catch (error) {
    throw new StartupError(`${name}: ${fault(name, error as Error)}`, { cause: error });
  }
}

function fault(name: string, error: Error): string {
  if (error instanceof Deno.errors.NotCapable) {
    return "Deno was not allowed to use it (--allow-ffi)";
  }
  const missing = /symbol:? (\w+)|undefined symbol: (\w+)/.exec(error.message);
  if (missing !== null && !/cannot open/.test(error.message)) {
    return `the function ${missing[1] ?? missing[2]} is missing in it; stud needs ${PACKAGE}`;
  }
  const old = name.replace(/3$/, "1.1");
  try {
    Deno.dlopen(old, {}).close();
    return `not found, and the installed ${old} is too old; stud needs ${PACKAGE}`;
  } catch {
    if (/cannot open shared object/.test(error.message)) return `not found; install ${PACKAGE}`;
    return `${error.message.replace(/^(Could not open library: )+/, "")}; stud needs ${PACKAGE}`;
  }
}

const PACKAGE = "OpenSSL 3.0 or later (Debian's package libssl3, Fedora's openssl-libs)";
const OLDEST_VERSION = 0x3000_0000n;
