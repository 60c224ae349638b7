/** Programs of the package's users, which tests write beside it and run. */

/** What both library programs do with `terminate` and `StartupError`: one exchange, one refusal. */
const EXCHANGE = `
async function exchange() {
  const backend = net.createServer((socket) => socket.pipe(socket));
  await new Promise((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const proxy = await terminate({
    frontend: "127.0.0.1,0",
    backend: "127.0.0.1," + backend.address().port,
    selfSigned: true,
  });
  const { port } = proxy.addresses[0];
  const socket = tls.connect({ port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false });
  let protocol, names;
  socket.once("secureConnect", () => {
    protocol = socket.getProtocol();
    names = socket.getPeerCertificate().subjectaltname;
  });
  socket.end("over TLS");
  let answer = "";
  for await (const part of socket) answer += part;
  await proxy.close({ drainTimeout: 5 });
  const refusal = await terminate({ pemFile: "missing.pem" }).catch((error) => error);
  console.log(JSON.stringify({
    answer,
    protocol,
    names,
    bytes: proxy.counters.bytesToBackend,
    refused: refusal instanceof StartupError,
  }));
  backend.close();
}
exchange();
`;

/** An ES module. */
export const MODULE = `
import net from "node:net";
import tls from "node:tls";
import { StartupError, terminate } from "@stud/stud";
${EXCHANGE}`;

/** A CommonJS module. */
export const COMMON_JS = `
const net = require("node:net");
const tls = require("node:tls");
const { StartupError, terminate } = require("@stud/stud");
${EXCHANGE}`;

/** Sends its argument to a port over TLS and prints the answer. */
export const CLIENT = `
import tls from "node:tls";
const [port, text] = process.argv.slice(2);
const socket = tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false });
socket.end(text);
for await (const part of socket) process.stdout.write(part);
`;

/** Plain JavaScript that passes what the types forbid, and bytes for PEM; prints what it is told. */
export const UNTYPED = `
import fs from "node:fs";
import { terminate, UsageError } from "@stud/stud";
const frontend = "127.0.0.1,0";
const pem = fs.readFileSync("both.pem");
const told = async (...options) => {
  const error = await terminate(...options).then((proxy) => proxy.close(), (error) => error);
  return [error instanceof TypeError && error instanceof UsageError, error?.message];
};
console.log(JSON.stringify([
  await told(),
  await told({ frontend, pem, bakcend: "127.0.0.1,8000" }),
  await told({ frontend, pem: fs.promises.readFile("both.pem") }),
  await told({ frontend, pem, handshakeTimeout: "5" }),
]));
const proxy = await terminate({ frontend, pem });
await proxy.close("now").catch((error) => console.log(error.message));
// What a listener of process.on("SIGTERM") is told.
await proxy.close("SIGTERM");
`;

/** Uses everything that is exported, some of it wrongly. */
export const TYPED = `
import {
  type CloseOptions,
  type Counters,
  PeerError,
  type SocketAddress,
  StartupError,
  terminate,
  type TerminateOptions,
  type Terminator,
  UsageError,
} from "@stud/stud";

const options: TerminateOptions = { frontend: ["*,8443"], backend: "127.0.0.1,8000", pemFile: "a.pem" };
const proxy: Terminator = await terminate(options);
const addresses: readonly SocketAddress[] = proxy.addresses;
const counters: Readonly<Counters> = proxy.counters;
const close: CloseOptions = { drainTimeout: 1 };
const done: Promise<void> = proxy.close(close);
export const port: number | undefined = addresses[0]?.port;
export const classes: (new (...args: never[]) => Error)[] = [PeerError, StartupError, UsageError];
export { counters, done };

await terminate({ selfSigned: true, backend: undefined });
await terminate({ pem: new Uint8Array(1) });

// @ts-expect-error: it cannot do without options
await terminate();
// @ts-expect-error: bytes are no path
await terminate({ pemFile: new Uint8Array(1) });
// @ts-expect-error: no such option
await terminate({ pemfile: "a.pem" });
// @ts-expect-error: a number of seconds
await proxy.close({ drainTimeout: "1" });
// @ts-expect-error: counters are read only
counters.active = 0;
`;
