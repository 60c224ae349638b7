import type { Runtime } from "../../runtime/runtime.ts";
import type { TlsDialer } from "../dialer.ts";
import type { OutgoingConfiguration } from "../tls_configuration.ts";
export function createNodeDialer(_r: Runtime, _c: OutgoingConfiguration): TlsDialer {
  throw new Error("todo");
}
