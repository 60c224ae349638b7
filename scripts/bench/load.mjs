/**
 * The TLS clients of the benchmark, a process of its own run by Node, because its `node:tls` can pin the
 * protocol version, the cipher and the key exchange group, so that every proxy does the same arithmetic.
 * Reads jobs from standard input, one line of JSON each, does them one after the other, and prints one line of
 * JSON for each: what was done, or `error`. Amounts are checked: a proxy that loses a byte fails the job.
 * Ends when its standard input does, and in any case when a job is not done in its time.
 */
// @ts-check
import { Buffer } from "node:buffer";
import process from "node:process";
import { createInterface } from "node:readline";
import { connect, exchange, READ_BUFFER, secureContext } from "./load_connection.mjs";
import { probe } from "./load_probe.mjs";

/**
 * @typedef {import("./load_process.ts").Job} Job
 * @typedef {import("./load_process.ts").Done} Done
 * @typedef {import("./load_connection.mjs").Client} Client
 * @typedef {import("node:tls").TLSSocket} TLSSocket
 */

const CHUNK = Buffer.alloc(64 * 1024, "u");

/** Connections that `hold` and `stall` keep until this process ends. @type {TLSSocket[]} */
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
  const client = { job, context: secureContext(job), done };
  if (job.kind === "probe") await probe(client);
  else {
    const work = { download, upload, requests, handshakes, hold, stall, first }[job.kind];
    const share = Math.ceil(job.amount / job.connections);
    await Promise.all(Array.from({ length: job.connections }, () => work(client, share)));
  }
  done.held = held.filter((socket) => !socket.closed && !socket.destroyed).length;
  return done;
}

/** @param {Client} client @param {number} bytes */
async function download(client, bytes) {
  let seen = 0;
  const { socket, closed } = await connect(client, { onBytes: (n) => seen += n });
  socket.write(`D ${bytes}\n`);
  await closed;
  if (seen !== bytes) throw new Error(`${seen} of ${bytes} bytes came`);
}

/** @param {Client} client @param {number} bytes */
async function upload(client, bytes) {
  let answer = "";
  const { socket, closed } = await connect(client, {
    onBytes: (n) => answer += READ_BUFFER.toString("latin1", 0, n),
  });
  socket.write(`U ${bytes}\n`);
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    const last = left <= CHUNK.length;
    // The answer to the last chunk, and the end, can come before its drain event.
    const full = !socket.write(last ? CHUNK.subarray(0, left) : CHUNK);
    if (full && !last) await drained(socket, closed);
  }
  await closed;
  // The backend answers with the number it counted.
  if (answer !== `${bytes}\n`) {
    throw new Error(`backend got ${answer.trim() || "not all"} of ${bytes}`);
  }
}

/** @param {TLSSocket} socket @param {Promise<void>} closed */
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
    // destroy() closes the socket without close_notify.
    if (client.job.rude) socket.destroy();
    else socket.end();
    await closed;
  }
}

/** Connections that stay, each after one request. @param {Client} client @param {number} count */
async function hold(client, count) {
  for (let i = 0; i < count; i++) held.push((await exchange(client, {}, 1)).socket);
}

/** Connections that stay, each after it has asked for 1 GB and read one buffer of it at most.
 * @param {Client} client @param {number} count */
async function stall(client, count) {
  for (let i = 0; i < count; i++) {
    /** @type {Promise<void>} */
    const begun = new Promise((resolve) => {
      connect(client, { reads: false, onBytes: () => resolve() }).then(({ socket }) => {
        held.push(socket);
        socket.write("D 1000000000\n");
      });
    });
    await begun;
  }
}

/** Tries until one request has been answered: the proxy may still be starting. @param {Client} client */
async function first(client) {
  for (;;) {
    try {
      (await exchange(client, {}, 1)).socket.end();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}
