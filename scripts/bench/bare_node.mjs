/**
 * The yardstick for stud on Node: the smallest TLS proxy that someone would write for Node, one process that
 * connects and pipes. No deadlines, no limits, no log, and it stays the smallest: nothing here is tuned.
 *
 *     node bare_node.mjs PORT BACKEND_PORT PEM_FILE
 */
// @ts-check
import fs from "node:fs";
import net from "node:net";
import process from "node:process";
import tls from "node:tls";

const [port, backendPort, pemFile = ""] = process.argv.slice(2);
const pem = fs.readFileSync(pemFile);

const server = tls.createServer(
  { key: pem, cert: pem, minVersion: "TLSv1.2", noDelay: true },
  (client) => {
    const backend = net.connect(Number(backendPort), "127.0.0.1");
    client.on("error", () => backend.destroy());
    backend.on("error", () => client.destroy());
    client.pipe(backend).pipe(client);
  },
);
server.listen(Number(port), "127.0.0.1");
