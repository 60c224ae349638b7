/**
 * The plaintext server behind every proxy of the benchmark, a process of its own run by Node. The first line
 * of a connection chooses what it does; it does it as cheaply as it can and checks nothing but amounts:
 *
 *     D n    send n octets and close
 *     U n    take n octets, answer "n\n" once they are all there, and close
 *     R      for each 100 octets answer 200, until the client closes
 *
 * It prints its port as one line of JSON when it listens, and ends when its standard input does.
 */
// @ts-check
import { Buffer } from "node:buffer";
import net from "node:net";
import process from "node:process";

const REQUEST_OCTETS = 100;
const ANSWER = Buffer.alloc(200, "a");
const CHUNK = Buffer.alloc(128 * 1024, "d");

const server = net.createServer({ noDelay: true }, (socket) => {
  // A client that goes away early is noticed by the load process, which counts what it got.
  socket.on("error", () => socket.destroy());
  let line = "";
  socket.on("data", function readLine(data) {
    const end = data.indexOf(10);
    line += data.toString("latin1", 0, end < 0 ? data.length : end);
    if (end < 0) return;
    socket.off("data", readLine);
    const [mode, count] = line.split(" ");
    const rest = data.length - end - 1;
    if (mode === "D") send(socket, Number(count));
    else if (mode === "U") swallow(socket, Number(count), rest);
    else if (mode === "R") answerRequests(socket, rest);
    else socket.destroy();
  });
});
// A connection wave of the idle row must not wait for SYN retries.
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  const address = /** @type {net.AddressInfo} */ (server.address());
  process.stdout.write(JSON.stringify({ port: address.port }) + "\n");
});
process.stdin.on("end", () => process.exit(0)).resume();

/** @type {(socket: net.Socket, octets: number) => void} */
function send(socket, octets) {
  let left = octets;
  const more = () => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
      left -= chunk.length;
      if (!socket.write(chunk)) return;
    }
    socket.off("drain", more);
    socket.end();
  };
  socket.on("drain", more);
  socket.resume();
  more();
}

/** @type {(socket: net.Socket, octets: number, first: number) => void} */
function swallow(socket, octets, first) {
  let seen = first;
  socket.on("data", (data) => {
    seen += data.length;
    if (seen >= octets) socket.end(`${seen}\n`);
  });
}

/** @type {(socket: net.Socket, first: number) => void} */
function answerRequests(socket, first) {
  let owed = 0;
  /** @param {number} octets */
  const take = (octets) => {
    owed += octets;
    for (; owed >= REQUEST_OCTETS; owed -= REQUEST_OCTETS) socket.write(ANSWER);
  };
  socket.on("data", (data) => take(data.length));
  take(first);
}
