/** ClientHello messages as real clients send them, and altered ones. RFC 8446 section 4.1.2. */

/** A ClientHello record of this runtime's own TLS client, as it goes over the wire. */
export async function realClientHello(): Promise<Uint8Array> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const client = Deno.connectTls({ hostname: "localhost", port }).then(
    async (conn) => {
      await conn.handshake().catch(() => {});
      conn.close();
    },
    () => {},
  );
  const conn = await listener.accept();
  const bytes = new Uint8Array(16 << 10);
  let got = 0;
  while (got < 5 || got < 5 + word(bytes, 3)) got += await conn.read(bytes.subarray(got)) ?? 0;
  conn.close();
  await client;
  return bytes.slice(0, 5 + word(bytes, 3));
}

/** The same hello with this server name (of any octets), in as many records as it takes. */
export function withServerName(hello: Uint8Array, name: Uint8Array): Uint8Array {
  const message = hello.subarray(5);
  const start = extensionsOffset(message);
  const extensions = [serverNameExtension(name)];
  for (let at = start + 2; at < message.length;) {
    const end = at + 4 + word(message, at + 2);
    if (word(message, at) !== SERVER_NAME) extensions.push(message.slice(at, end));
    at = end;
  }
  const all = join(extensions);
  const body = join([message.subarray(4, start), uint16(all.length), all]);
  return records(join([CLIENT_HELLO, [body.length >> 16], uint16(body.length & 0xffff), body]));
}

/** The same hello of one record with these values in supported_versions (RFC 8446 section 4.2.1) and below. */
export function withVersions(hello: Uint8Array, versions: readonly number[]): Uint8Array {
  const list = join(versions.map(uint16));
  const changed = withExtension(hello, 43, join([[list.length], list]));
  // The record's header, the message's, and then legacy_version.
  changed.set(uint16(Math.max(...versions)), 5 + 4);
  return changed;
}

/** The same hello of one record with these supported_groups, and without a key share (RFC 8446 section 4.2.8). */
export function withGroups(hello: Uint8Array, groups: readonly number[]): Uint8Array {
  const list = join(groups.map(uint16));
  const changed = withExtension(hello, 10, join([uint16(list.length), list]));
  return withExtension(changed, 51, Uint8Array.of(0, 0));
}

/** The same hello of one record with this many bytes of padding (RFC 7685). */
export function withPadding(hello: Uint8Array, length: number): Uint8Array {
  return withExtension(hello, 21, new Uint8Array(length));
}

/** Replaces an extension, or adds it in front of the others. */
function withExtension(hello: Uint8Array, type: number, data: Uint8Array): Uint8Array {
  const message = hello.subarray(5);
  const start = extensionsOffset(message);
  const added = join([uint16(type), uint16(data.length), data]);
  const extensions: Uint8Array[] = [added];
  for (let at = start + 2; at < message.length;) {
    const end = at + 4 + word(message, at + 2);
    if (word(message, at) !== type) extensions.push(message.slice(at, end));
    at = end;
  }
  const all = join(extensions);
  const body = join([message.subarray(4, start), uint16(all.length), all]);
  return records(join([CLIENT_HELLO, [body.length >> 16], uint16(body.length & 0xffff), body]));
}

/** A handshake message in TLS records of 16 KiB at most. */
export function records(message: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += LONGEST_RECORD) {
    const part = message.subarray(at, at + LONGEST_RECORD);
    parts.push(join([HANDSHAKE_RECORD, uint16(part.length), part]));
  }
  return join(parts);
}

/** The first octets of a ClientHello that says it is `length` octets long, none of which follow. */
export function helloHeader(length: number): Uint8Array {
  return join([CLIENT_HELLO, [length >> 16], uint16(length & 0xffff)]);
}

/** Puts octets together. */
export function join(parts: readonly ArrayLike<number>[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Past version, random, session id, cipher suites and compression methods. */
function extensionsOffset(message: Uint8Array): number {
  let at = 4 + 2 + 32;
  at += 1 + message[at]!;
  at += 2 + word(message, at);
  return at + 1 + message[at]!;
}

/** RFC 6066 section 3. */
function serverNameExtension(name: Uint8Array): Uint8Array {
  const entry = join([[0], uint16(name.length), name]);
  const list = join([uint16(entry.length), entry]);
  return join([uint16(SERVER_NAME), uint16(list.length), list]);
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function uint16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

const SERVER_NAME = 0;
const CLIENT_HELLO = [1];
const HANDSHAKE_RECORD = [22, 3, 1];
const LONGEST_RECORD = 1 << 14;
