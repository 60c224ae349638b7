/**
 * The TLS clients of the benchmark, a process of its own run by Node, because its `node:tls` can pin the
 * protocol version, the cipher and the key exchange group, so that every proxy does the same arithmetic.
 * Reads jobs from standard input, one line of JSON each, does them one after the other, and prints one line of
 * JSON for each: what was done, or `error`. Amounts are checked: a proxy that loses an octet fails the job.
 * Ends when its standard input does, and in any case when a job is not done in its time.
 */
// @ts-check
import { Buffer } from "node:buffer";
import process from "node:process";
import { createInterface } from "node:readline";
import tls from "node:tls";

/**
 * @typedef {import("./load_process.ts").Job} Job
 * @typedef {import("./load_process.ts").Done} Done
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
const ANSWER_OCTETS = 200;
const CHUNK = Buffer.alloc(64 * 1024, "u");
const READ_BUFFER = Buffer.alloc(128 * 1024);

/** Connections that `hold` keeps until this process ends. @type {tls.TLSSocket[]} */
const held = [];

for await (const line of createInterface({ input: process.stdin })) {
  const job = /** @type {Job} */ (JSON.parse(line));
  const timer = setTimeout(() => {
    report({ error: `${job.kind} not done in ${job.seconds} s` });
    process.exit(1);
  }, job.seconds * 1000);
  try {
    report(await perform(job));
  } catch (error) {
    report({ error: `${job.kind}: ${String(error).trim()}` });
  }
  clearTimeout(timer);
}
process.exit(0);

/** @param {Done | { error: string }} result */
function report(result) {
  process.stdout.write(JSON.stringify(result) + "\n");
}

/** Divides the job's amount over its connections, or over chains of one connection after the other.
 * @param {Job} job @returns {Promise<Done>} */
async function perform(job) {
  /** @type {Done} */
  const done = { connections: 0, resumed: 0, held: 0 };
  const context = tls.createSecureContext({
    ciphers: CIPHERS[job.version].join(":"),
    minVersion: job.version,
    maxVersion: job.version,
    ecdhCurve: GROUPS,
  });
  const client = { job, context, done };
  const work = { download, upload, requests, handshakes, hold }[job.kind];
  const share = Math.ceil(job.amount / job.connections);
  await Promise.all(Array.from({ length: job.connections }, () => work(client, share)));
  done.held = held.filter((socket) => socket.readyState === "open").length;
  return done;
}

/**
 * @typedef {{ job: Job, context: tls.SecureContext, done: Done }} Client
 * @typedef {{ session?: Buffer, onSession?: (session: Buffer) => void, onOctets: (octets: number) => void }} Use
 */

/** Connects; resolves with the socket and a promise of its end once the handshake is done and checked.
 * @param {Client} client @param {Use} use
 * @returns {Promise<{ socket: tls.TLSSocket, closed: Promise<void> }>} */
function connect({ job, context, done }, { session, onSession, onOctets }) {
  return new Promise((resolve, reject) => {
    // `onread` reads into one buffer, which spares this process a good part of its work; the types lack it.
    const onread = { buffer: READ_BUFFER, callback: readInto(onOctets) };
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

/** @param {(octets: number) => void} onOctets */
function readInto(onOctets) {
  /** @param {number} octets */
  return (octets) => {
    onOctets(octets);
    return true;
  };
}

/** @param {Client} client @param {number} octets */
async function download(client, octets) {
  let seen = 0;
  const { socket, closed } = await connect(client, { onOctets: (n) => seen += n });
  socket.write(`D ${octets}\n`);
  await closed;
  if (seen !== octets) throw new Error(`${seen} of ${octets} octets came`);
}

/** @param {Client} client @param {number} octets */
async function upload(client, octets) {
  let answer = "";
  const { socket, closed } = await connect(client, {
    onOctets: (n) => answer += READ_BUFFER.toString("latin1", 0, n),
  });
  socket.write(`U ${octets}\n`);
  for (let left = octets; left > 0; left -= CHUNK.length) {
    const last = left <= CHUNK.length;
    // The answer to the last chunk, and the end, can come before its drain event.
    const full = !socket.write(last ? CHUNK.subarray(0, left) : CHUNK);
    if (full && !last) await drained(socket, closed);
  }
  await closed;
  // The backend answers with the number it counted.
  if (answer !== `${octets}\n`) {
    throw new Error(`backend got ${answer.trim() || "not all"} of ${octets}`);
  }
}

/** @param {tls.TLSSocket} socket @param {Promise<void>} closed */
function drained(socket, closed) {
  return new Promise((resolve, reject) => {
    socket.once("drain", resolve);
    closed.then(() => reject(new Error("closed during an upload")), reject);
  });
}

/** One request after the other on one connection. @param {Client} client @param {number} count */
async function requests(client, count) {
  const { socket, closed } = await exchange(client, {}, count);
  socket.end();
  await closed;
}

/** One connection after the other, each with one request. @param {Client} client @param {number} count */
async function handshakes(client, count) {
  /** @type {Buffer | undefined} */
  let session;
  for (let i = 0; i < count; i++) {
    const { socket, closed } = await exchange(client, {
      session: client.job.resume ? session : undefined,
      onSession: (fresh) => session = fresh,
    }, 1);
    socket.end();
    await closed;
  }
}

/** Connections that stay, each after one request. @param {Client} client @param {number} count */
async function hold(client, count) {
  for (let i = 0; i < count; i++) held.push((await exchange(client, {}, 1)).socket);
}

/** Connects and has `count` requests answered in turn.
 * @param {Client} client @param {Omit<Use, "onOctets">} use @param {number} count */
async function exchange(client, use, count) {
  let seen = 0;
  let answered = 0;
  /** @type {() => void} */
  let finish = () => {};
  const finished = new Promise((resolve) => finish = () => resolve(undefined));
  const { socket, closed } = await connect(client, {
    ...use,
    onOctets: (n) => {
      seen += n;
      if (seen < ANSWER_OCTETS) return;
      seen -= ANSWER_OCTETS;
      if (++answered < count) socket.write(REQUEST);
      else finish();
    },
  });
  socket.write(FIRST_REQUEST);
  await Promise.race([finished, closed]);
  if (answered !== count || seen !== 0) {
    throw new Error(`${answered} of ${count} requests answered, and ${seen} octets`);
  }
  return { socket, closed };
}
