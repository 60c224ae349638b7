/**
 * Stores (X509_STORE) of authorities and their revocation lists, with which peers' certificates are verified. Contexts
 * with the same contents share one store, because a list may have millions of bytes and a worker thousands of contexts.
 */

import type { SslContextOptions } from "../openssl.ts";
import { must, type Pointer } from "./memory.ts";
import { certificatesFromPem, fromPem, NO_PASSPHRASE } from "./pem_objects.ts";
import type { Libraries } from "./symbols.ts";

/** What a store is made of. */
type Contents = Pick<SslContextOptions, "authorities" | "revocationLists" | "server">;

interface Store extends Contents {
  readonly pointer: Pointer;
  /** Of the authorities (X509). */
  readonly certificates: readonly Pointer[];
  users: number;
}

/** A store while a context uses it. */
export interface UsedStore {
  readonly pointer: Pointer;
  /** Those of the authorities (X509), which are the store's own. */
  readonly certificates: readonly Pointer[];
  /** Call it once. OpenSSL itself keeps alive what it has made from the store by then. */
  release(): void;
}

/** Makes stores and keeps each for as long as a context uses it. */
export class PeerStores {
  readonly #libraries: Libraries;
  readonly #stores = new Set<Store>();

  constructor(libraries: Libraries) {
    this.#libraries = libraries;
  }

  /** The store with these contents. Throws {@linkcode OpenSslError}. */
  use(contents: Contents): UsedStore {
    const store = this.#known(contents) ?? this.#make(contents);
    store.users++;
    this.#stores.add(store);
    return {
      pointer: store.pointer,
      certificates: store.certificates,
      release: () => {
        if (--store.users > 0) return;
        this.#stores.delete(store);
        this.#free(store.pointer, store.certificates);
      },
    };
  }

  #known({ authorities, revocationLists, server }: Contents): Store | undefined {
    return [...this.#stores].find((store) =>
      store.authorities === authorities &&
      (store.server === undefined) === (server === undefined) &&
      store.revocationLists.length === revocationLists.length &&
      store.revocationLists.every((list, index) => list === revocationLists[index])
    );
  }

  #make({ authorities, revocationLists, server }: Contents): Store {
    const { crypto } = this.#libraries;
    const certificates = certificatesFromPem(this.#libraries, authorities, "authorities");
    const pointer = must(this.#libraries, crypto.X509_STORE_new());
    try {
      for (const authority of certificates) crypto.X509_STORE_add_cert(pointer, authority);
      for (const list of revocationLists) this.#addList(pointer, list);
      crypto.ERR_clear_error(); // A duplicate authority or list is harmless.
      // The operator trusts what is in the file for backends, no matter which authority has signed it.
      if (server !== undefined) crypto.X509_STORE_set_flags(pointer, X509_V_FLAG_PARTIAL_CHAIN);
      if (revocationLists.length > 0) {
        const flags = X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
        crypto.X509_STORE_set_flags(pointer, flags);
      }
      return { authorities, revocationLists, server, pointer, certificates, users: 0 };
    } catch (error) {
      this.#free(pointer, certificates);
      throw error;
    }
  }

  #free(pointer: Pointer, certificates: readonly Pointer[]): void {
    const { crypto } = this.#libraries;
    for (const certificate of certificates) crypto.X509_free(certificate);
    crypto.X509_STORE_free(pointer);
  }

  #addList(store: Pointer, pem: string): void {
    const { crypto } = this.#libraries;
    const read = (bio: Pointer) => crypto.PEM_read_bio_X509_CRL(bio, null, null, NO_PASSPHRASE);
    const list = fromPem(this.#libraries, pem, "revocation lists", read);
    crypto.X509_STORE_add_crl(store, list);
    crypto.X509_CRL_free(list);
  }
}

// openssl/x509_vfy.h.
const X509_V_FLAG_CRL_CHECK = 0x4n;
const X509_V_FLAG_CRL_CHECK_ALL = 0x8n;
const X509_V_FLAG_PARTIAL_CHAIN = 0x80000n;
