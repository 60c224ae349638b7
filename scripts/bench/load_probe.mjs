/**
 * Small requests at fixed moments, whether or not the ones before have been answered (open loop), and how long
 * after its moment each answer was there. A client that waits for the answer before it asks again would not
 * notice that it had to wait: the requests it did not send are missing from its percentiles.
 */
// @ts-check
import process from "node:process";
import { Worker } from "node:worker_threads";
import { ANSWER_BYTES, connect, FIRST_REQUEST, REQUEST } from "./load_connection.mjs";

/** @typedef {import("./load_connection.mjs").Client} Client */

/** `job.amount` requests, `job.rate` a second, in turn over `job.connections` connections.
 * @param {Client} client */
export async function probe(client) {
  const { amount, connections, rate = 1 } = client.job;
  /** µs, in the order of the answers. @type {number[]} */
  const latencies = [];
  let finish = () => {};
  /** @type {Promise<void>} */
  const finished = new Promise((resolve) => finish = resolve);
  const lines = await Promise.all(Array.from({ length: connections }, () => openLine(client)));
  for (const line of lines) {
    line.onLatency = (latency) => {
      latencies.push(latency);
      if (latencies.length === amount) finish();
    };
  }
  const ticker = new Worker(TICKER, { eval: true, workerData: { amount, rate } });
  ticker.on("message", ([index, moment]) => lines[index % connections]?.ask(moment));
  const failed = Promise.all(lines.map(({ closed }) => closed)).then(() => {
    throw new Error(`closed after ${latencies.length} of ${amount} answers`);
  });
  try {
    await Promise.race([finished, failed]);
  } finally {
    await ticker.terminate();
  }
  failed.catch(() => {});
  for (const { socket } of lines) socket.end();
  client.done.latencies = latencies;
}

/** A connection that answers have come over once. @param {Client} client */
async function openLine(client) {
  /** The moments at which the requests under way should have been sent. @type {number[]} */
  const due = [now()];
  let seen = 0;
  let opened = () => {};
  /** @type {Promise<void>} */
  const open = new Promise((resolve) => opened = resolve);
  const { socket, closed } = await connect(client, {
    onBytes: (bytes) => {
      for (seen += bytes; seen >= ANSWER_BYTES; seen -= ANSWER_BYTES) {
        const moment = due.shift();
        if (moment === undefined) throw new Error("an answer without a request");
        line.onLatency(Math.round((now() - moment) * 1000));
      }
    },
  });
  const line = {
    socket,
    closed,
    /** @type {(latency: number) => void} */
    onLatency: () => opened(),
    /** @param {number} moment */
    ask: (moment) => {
      due.push(moment);
      socket.write(REQUEST);
    },
  };
  socket.write(FIRST_REQUEST);
  await Promise.race([open, closed]);
  return line;
}

/** Milliseconds of a clock that all threads share. */
function now() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** Node's timers count whole milliseconds, so a thread of its own sleeps for fractions of them. */
const TICKER = `
const { parentPort, workerData: { amount, rate } } = require("node:worker_threads");
const never = new Int32Array(new SharedArrayBuffer(4));
const now = ${now};
const start = now();
for (let index = 0; index < amount; index++) {
  const moment = start + index * 1000 / rate;
  const wait = moment - now();
  if (wait > 0) Atomics.wait(never, 0, 0, wait);
  parentPort.postMessage([index, moment]);
}
`;
