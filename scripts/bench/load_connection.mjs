/**
 * One TLS connection of the benchmark's own client: version, cipher and key exchange group are pinned and
 * checked, so that every proxy does the same arithmetic, and the answer's bytes are counted.
 */
// @ts-check
import { Buffer } from "node:buffer";
import tls from "node:tls";

/**
 * @typedef {import("./load_process.ts").Job} Job
 * @typedef {import("./load_process.ts").Done} Done
 * @typedef {{ job: Job, context: tls.SecureContext, done: Done }} Client
 * @typedef {{ session?: Buffer, onSession?: (session: Buffer) => void,
 *   onBytes: (bytes: number) => void, reads?: boolean }} Use
 */

const CIPHERS = {
  "TLSv1.2": ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"],
  "TLSv1.3": ["TLS_AES_128_GCM_SHA256"],
};
// A P-256 certificate needs the second in TLS 1.2; the exchange itself must use the first.
const GROUPS = "X25519:P-256";
const EXCHANGE = "X25519";
const REQUEST = Buffer.alloc(100, "r");
const FIRST_REQUEST = Buffer.concat([Buffer.from("R\n"), REQUEST]);

/** A request, and what a connection's first one looks like; the backend answers each with so many bytes. */
export { FIRST_REQUEST, REQUEST };
export const ANSWER_BYTES = 200;
/** What came last is at its beginning while `onBytes` runs. */
export const READ_BUFFER = Buffer.alloc(128 * 1024);

/** The settings that all connections of a job share. @param {Job} job */
export function secureContext(job) {
  return tls.createSecureContext({
    ciphers: CIPHERS[job.version].join(":"),
    minVersion: job.version,
    maxVersion: job.version,
    ecdhCurve: GROUPS,
  });
}

/** Connects; resolves with the socket and a promise of its end once the handshake is done and checked. With
 * `reads: false` it stops reading at the first byte of the answer.
 * @param {Client} client @param {Use} use
 * @returns {Promise<{ socket: tls.TLSSocket, closed: Promise<void> }>} */
export function connect({ job, context, done }, { session, onSession, onBytes, reads = true }) {
  return new Promise((resolve, reject) => {
    // `onread` reads into one buffer, which spares this process a good part of its work; the types lack it.
    const onread = {
      buffer: READ_BUFFER,
      /** @param {number} bytes */
      callback: (bytes) => {
        onBytes(bytes);
        return reads;
      },
    };
    const socket = tls.connect(
      /** @type {tls.ConnectionOptions} */ ({
        host: "127.0.0.1",
        port: job.port,
        secureContext: context,
        rejectUnauthorized: false,
        session,
        onread,
      }),
    );
    socket.setNoDelay(true);
    if (onSession) socket.on("session", onSession);
    const closed = new Promise((ended, failed) => {
      socket.on("error", failed);
      socket.on("close", () => ended(undefined));
    });
    closed.then(() => reject(new Error("closed during the handshake")), reject);
    socket.on("secureConnect", () => {
      const { name } = socket.getCipher();
      if (!CIPHERS[job.version].includes(name)) return reject(new Error(`cipher is ${name}`));
      done.connections++;
      if (socket.isSessionReused()) done.resumed++;
      else {
        const { name: group } = /** @type {tls.EphemeralKeyInfo} */ (socket.getEphemeralKeyInfo());
        if (group !== EXCHANGE) return reject(new Error(`key exchange is ${group}`));
      }
      resolve({ socket, closed });
    });
  });
}

/** Connects and has `count` requests answered, one after the other.
 * @param {Client} client @param {Omit<Use, "onBytes">} use @param {number} count */
export async function exchange(client, use, count) {
  let seen = 0;
  let answered = 0;
  /** @type {() => void} */
  let finish = () => {};
  const finished = new Promise((resolve) => finish = () => resolve(undefined));
  const { socket, closed } = await connect(client, {
    ...use,
    onBytes: (n) => {
      seen += n;
      if (seen < ANSWER_BYTES) return;
      seen -= ANSWER_BYTES;
      if (++answered < count) socket.write(REQUEST);
      else finish();
    },
  });
  socket.write(FIRST_REQUEST);
  await Promise.race([finished, closed]);
  if (answered !== count || seen !== 0) {
    throw new Error(`${answered} of ${count} requests answered, and ${seen} bytes`);
  }
  return { socket, closed };
}
