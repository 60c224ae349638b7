/** A web application behind the servers of the recipes: it answers with what it was asked. */

/** Until it is disposed of, it answers each request with its headers, one per line. */
export class Application implements AsyncDisposable {
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ headers }) => new Response([...headers].map((header) => `${header.join(": ")}\n`).join("")),
  );

  get port(): number {
    return this.#server.addr.port;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.shutdown();
  }
}
