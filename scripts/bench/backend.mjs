/**
 * The plaintext server behind every proxy of the benchmark, a process of its own run by Node. The first line
 * of a connection chooses what it does; it does it as cheaply as it can and checks nothing but amounts:
 *
 *     D n    send n bytes and close
 *     U n    take n bytes, answer "n\n" once they are all there, and close
 *     R      for each 100 bytes answer 200, until the client closes
 *     GET …, PUT …    HTTP, see backend_http.mjs
 *
 * It prints its port as one line of JSON when it listens, and ends when its standard input does.
 */
// @ts-check
import { Buffer } from "node:buffer";
import net from "node:net";
import process from "node:process";
import { send, serveHttp } from "./backend_http.mjs";

const REQUEST_BYTES = 100;
const ANSWER = Buffer.alloc(200, "a");

const server = net.createServer({ noDelay: true }, (socket) => {
  // A client that goes away early is noticed by the load process, which counts what it got.
  socket.on("error", () => socket.destroy());
  /** @type {Buffer} */
  let head = Buffer.alloc(0);
  socket.on("data", function readLine(data) {
    head = head.length === 0 ? data : Buffer.concat([head, data]);
    const end = head.indexOf(10);
    if (end < 0) return;
    socket.off("data", readLine);
    const [mode, count] = head.toString("latin1", 0, end).split(" ");
    const rest = head.length - end - 1;
    if (mode === "D") {
      socket.resume();
      send(socket, Number(count), true);
    } else if (mode === "U") swallow(socket, Number(count), rest);
    else if (mode === "R") answerRequests(socket, rest);
    else if (mode === "GET" || mode === "PUT") serveHttp(socket, head);
    else socket.destroy();
  });
});
// A connection wave of the idle row must not wait for SYN retries.
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  const address = /** @type {net.AddressInfo} */ (server.address());
  process.stdout.write(JSON.stringify({ port: address.port }) + "\n");
});
process.stdin.on("end", () => process.exit(0)).resume();

/** @type {(socket: net.Socket, bytes: number, first: number) => void} */
function swallow(socket, bytes, first) {
  let seen = first;
  socket.on("data", (data) => {
    seen += data.length;
    if (seen >= bytes) socket.end(`${seen}\n`);
  });
}

/** @type {(socket: net.Socket, first: number) => void} */
function answerRequests(socket, first) {
  let owed = 0;
  /** @param {number} bytes */
  const take = (bytes) => {
    owed += bytes;
    for (; owed >= REQUEST_BYTES; owed -= REQUEST_BYTES) socket.write(ANSWER);
  };
  socket.on("data", (data) => take(data.length));
  take(first);
}
