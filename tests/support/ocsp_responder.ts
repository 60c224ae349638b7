/** An OCSP responder whose answers a test chooses. */

/** What it answers: octets of a response, or whatever a web server may say. */
export type OcspAnswering = (
  request: Request,
) => Uint8Array | Response | Promise<Uint8Array | Response>;

/** Listens on a port of its own. Use it with `await using`. */
export class OcspResponder implements AsyncDisposable {
  /** Every request, as its method and its path. */
  readonly requests: string[] = [];
  answer: OcspAnswering = () => new Response("", { status: 503 });
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #over = new AbortController();

  constructor() {
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      signal: this.#over.signal,
      onListen: () => {},
    }, async (request) => {
      this.requests.push(`${request.method} ${new URL(request.url).pathname}`);
      const answer = await this.answer(request);
      if (answer instanceof Response) return answer;
      return new Response(new Uint8Array(answer), {
        headers: { "Content-Type": "application/ocsp-response" },
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** From now on nothing listens there. */
  async close(): Promise<void> {
    this.#over.abort();
    await this.#server.finished;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
