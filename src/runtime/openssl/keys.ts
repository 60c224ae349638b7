/**
 * Private keys in OpenSSL's form (EVP_PKEY). A key given as bytes is read once, for any number of contexts, and its
 * bytes are then overwritten: the only copy left is OpenSSL's own.
 */

import { KeyBytes } from "../../x509/key_bytes.ts";
import { overwritingFreed } from "../deno/freed_memory.ts";
import { OpenSslError } from "../openssl.ts";
import { cString, must, type Pointer } from "./memory.ts";
import { fromPem, NO_PASSPHRASE } from "./pem_objects.ts";
import type { Libraries } from "./symbols.ts";

/** Reads keys and keeps those given as bytes. */
export class Keys {
  readonly #libraries: Libraries;
  readonly #engine: () => Pointer | undefined;
  readonly #read = new WeakMap<KeyBytes, Pointer>();
  readonly #unused: FinalizationRegistry<Pointer>;

  constructor(libraries: Libraries, engine: () => Pointer | undefined) {
    this.#libraries = libraries;
    this.#engine = engine;
    this.#unused = new FinalizationRegistry((key) => libraries.crypto.EVP_PKEY_free(key));
  }

  /**
   * Returns a reference to a key; the caller frees it. `key` is PEM text or an engine's id. Throws {@linkcode
   * OpenSslError}.
   */
  load(key: string | KeyBytes): Pointer {
    if (key instanceof KeyBytes) return this.#fromBytes(key);
    return key.startsWith("-----BEGIN") ? this.#fromPem(key) : this.#fromEngine(key);
  }

  #fromBytes(key: KeyBytes): Pointer {
    const { crypto } = this.#libraries;
    let pointer = this.#read.get(key);
    if (pointer === undefined) {
      const { bytes } = key;
      if (bytes === undefined) throw new OpenSslError("it has been overwritten", { subject });
      pointer = overwritingFreed(() => this.#fromPem(bytes));
      this.#read.set(key, pointer);
      this.#unused.register(key, pointer);
      key.wipe();
    }
    crypto.EVP_PKEY_up_ref(pointer);
    return pointer;
  }

  #fromPem(pem: string | Uint8Array<ArrayBuffer>): Pointer {
    const { crypto } = this.#libraries;
    const read = (bio: Pointer) => crypto.PEM_read_bio_PrivateKey(bio, null, null, NO_PASSPHRASE);
    return fromPem(this.#libraries, pem, subject, read);
  }

  #fromEngine(id: string): Pointer {
    const engine = this.#engine();
    const { engines } = this.#libraries;
    if (engine === undefined || engines === undefined) {
      throw new OpenSslError("only an engine can hold a key of this kind; name it with -e", {
        subject,
      });
    }
    // Without UI_null the engine would ask for a missing PIN on the terminal.
    const key = engines.ENGINE_load_private_key(engine, cString(id), engines.UI_null(), null);
    return must(this.#libraries, key, subject);
  }
}

const subject = "private key";
