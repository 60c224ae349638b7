/** Keys that are verified by the public keys that they state. */

import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import { Certificate } from "../../../src/x509/certificate.ts";
import { formatPem, parsePem, type PemBlock, pemBytes } from "../../../src/x509/pem.ts";
import { StatedKeys } from "../../../src/x509/stated_keys.ts";
import { assertEquals } from "../../support/assert.ts";
import { type Made, made } from "../../support/made_certificates.ts";

function blockOf(text: string): PemBlock {
  return parsePem(text)[0]!;
}

function publicKeyOf({ certificate }: Made): Uint8Array {
  return Certificate.parsePem(certificate).publicKey;
}

/** The same key in the format that preceded PKCS #8. */
function older(key: string, type: "pkcs1" | "sec1"): string {
  return createPrivateKey(key).export({ type, format: "pem" }) as string;
}

/** Undefined: not taken; else whether it is right. */
function judged(key: string, publicKey: Uint8Array): boolean | undefined {
  const keys = new StatedKeys();
  return keys.take(blockOf(key), publicKey) ? keys.areRight() : undefined;
}

/** With one bit of the byte at this index changed. */
function damaged(key: string, at: number): string {
  const block = blockOf(key);
  const bytes = pemBytes(block);
  bytes[at]! ^= 1;
  return formatPem(block.label, bytes);
}

Deno.test("StatedKeys takes P-256 and RSA keys that state their certificate's public key", async () => {
  for (const [keyType, type] of [["ec", "sec1"], ["rsa", "pkcs1"]] as const) {
    const [one, other] = [await made({ keyType }), await made({ keyType })];
    for (const key of [one.key, older(one.key, type)]) {
      assertEquals(judged(key, publicKeyOf(one)), true);
      assertEquals(judged(key, publicKeyOf(other)), undefined);
    }
  }
});

Deno.test("StatedKeys leaves keys of other kinds and with headers to the platform", async () => {
  const edwards = await made({ keyType: "ed25519" });
  assertEquals(judged(edwards.key, publicKeyOf(edwards)), undefined);
  const curve = await made();
  const headers = older(curve.key, "sec1").replace("\n", "\nProc-Type: 4,ENCRYPTED\n\n");
  assertEquals(judged(headers, publicKeyOf(curve)), undefined);
});

Deno.test("StatedKeys finds the P-256 key that is not what it states among many", async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => made()));
  const keys = new StatedKeys();
  for (const one of all) assertEquals(keys.take(blockOf(one.key), publicKeyOf(one)), true);
  assertEquals(keys.areRight(), true);
  // The first and the last byte of the private number in PKCS #8.
  for (const at of [36, 67]) {
    assertEquals(judged(damaged(all[0]!.key, at), publicKeyOf(all[0]!)), false);
    const withOther = new StatedKeys();
    for (const one of all) withOther.take(blockOf(one.key), publicKeyOf(one));
    withOther.take(blockOf(damaged(all[0]!.key, at)), publicKeyOf(all[0]!));
    assertEquals(withOther.areRight(), false);
  }
});

Deno.test("StatedKeys takes no key with any bit wrong but those of its number", async () => {
  for (const [keyType, first, last] of [["ec", 36, 67], ["rsa", 0, -1]] as const) {
    const one = await made({ keyType });
    const length = Buffer.from(pemBytes(blockOf(one.key))).length;
    for (let at = 0; at < length; at += keyType === "ec" ? 1 : 13) {
      if (at >= first && at <= last) continue;
      assertEquals(judged(damaged(one.key, at), publicKeyOf(one)), undefined, `byte ${at}`);
    }
  }
});
