/** Whether the text names a key in a token (RFC 7512) instead of a path or PEM text. */
export function isKeyUri(text: string): boolean {
  return /^pkcs11:/i.test(text);
}
