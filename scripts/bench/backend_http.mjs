/**
 * The HTTP/1.1 that the benchmark's backend speaks, for clients that are not ours (wrk, curl, s_time): one
 * request after the other, without chunks and pipelining.
 *
 *     GET /bytes/N    N bytes
 *     GET anything    200 bytes
 *     PUT anything    takes the body, answers the number of bytes it counted
 *
 * Connections stay open unless the request says `Connection: close` or is HTTP/1.0.
 */
// @ts-check
import { Buffer } from "node:buffer";

const BODY = Buffer.alloc(200, "a");
const CHUNK = Buffer.alloc(128 * 1024, "d");
const END_OF_HEAD = Buffer.from("\r\n\r\n");

/** Serves a connection whose first bytes have been read.
 * @param {import("node:net").Socket} socket @param {Buffer} first */
export function serveHttp(socket, first) {
  /** @type {Buffer} */
  let head = Buffer.alloc(0);
  /** The rest of a body, or 0 between requests. */
  let left = 0;
  let answer = () => {};
  /** @param {Buffer} data */
  const take = (data) => {
    if (left > 0) {
      left -= data.length;
      if (left <= 0) answer();
      return;
    }
    head = head.length === 0 ? data : Buffer.concat([head, data]);
    const end = head.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const text = head.toString("latin1", 0, end);
    const body = head.length - end - END_OF_HEAD.length;
    head = Buffer.alloc(0);
    const length = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
    answer = () => respond(socket, text, length);
    left = length - body;
    if (left <= 0) answer();
  };
  socket.on("data", take);
  take(first);
}

/** @param {import("node:net").Socket} socket @param {string} request @param {number} taken */
function respond(socket, request, taken) {
  const close = /^connection: *close/im.test(request) || / HTTP\/1\.0$/m.test(request);
  const bytes = /^GET \/bytes\/(\d+)/.exec(request);
  const body = request.startsWith("PUT") ? Buffer.from(`${taken}\n`) : BODY;
  const length = bytes ? Number(bytes[1]) : body.length;
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n` +
    (close ? "Connection: close\r\n\r\n" : "\r\n");
  if (bytes) {
    socket.write(head);
    send(socket, length, close);
  } else {
    socket.write(Buffer.concat([Buffer.from(head), body]));
    if (close) socket.end();
  }
}

/** Sends so many bytes, as fast as they are taken, and then closes if asked to.
 * @param {import("node:net").Socket} socket @param {number} bytes @param {boolean} close */
export function send(socket, bytes, close) {
  let left = bytes;
  const more = () => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
      left -= chunk.length;
      if (!socket.write(chunk)) return;
    }
    socket.off("drain", more);
    if (close) socket.end();
  };
  socket.on("drain", more);
  more();
}
