/**
 * Serves the endpoints on one address. A client can take only a small share of the supervisor's time: requests have a
 * rate, answers that cost something are shared for a moment, and what makes workers work is done one at a time.
 */

import type {
  Clock,
  HttpServer,
  HttpServerAddress,
  HttpServerAnswer,
  Network,
  ReceivedRequest,
} from "../runtime/runtime.ts";
import { pause } from "../runtime/runtime.ts";
import { Allowance } from "../fleet/allowance.ts";
import { accessFault, type Door, SAFE_HEADERS } from "./access.ts";
import { parseQuery, QueryError, splitTarget } from "./query.ts";
import { type Route, type RouteCall, ROUTES, text } from "./routes.ts";
import type { StatusSource } from "./source.ts";

/** The parts of a server. */
export interface StatusServerOptions {
  readonly address: HttpServerAddress;
  readonly names: Door["names"];
  readonly platform: { readonly network: Pick<Network, "serveHttp">; readonly clock: Clock };
  readonly source: StatusSource;
}

/** The endpoints on one address. */
export class StatusServer {
  readonly #options: StatusServerOptions;
  readonly #door: Door;
  readonly #probes: Pace;
  readonly #others: Pace;
  /** Answers that serve other requests too, by path and key. */
  readonly #shared = new Map<string, Promise<HttpServerAnswer>>();
  /** Requests that wait for their turn, or have it. */
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #server!: HttpServer;

  private constructor(options: StatusServerOptions) {
    this.#options = options;
    this.#door = { isUnix: "path" in options.address, names: options.names };
    const { clock } = options.platform;
    this.#probes = new Pace(clock, PROBES);
    this.#others = new Pace(clock, OTHERS);
  }

  /** Listens. Rejects with {@linkcode StartupError} that names the address. */
  static async open(options: StatusServerOptions): Promise<StatusServer> {
    const server = new StatusServer(options);
    server.#server = await options.platform.network.serveHttp({
      address: options.address,
      limits: LIMITS,
      answer: (request) => server.answer(request),
    });
    return server;
  }

  /** Where it listens. */
  get address(): HttpServerAddress {
    return this.#server.address;
  }

  /** As {@linkcode HttpServer.isThere}. */
  async isThere(): Promise<boolean> {
    return await this.#server.isThere();
  }

  /** Stops listening, and ends all connections. */
  async close(): Promise<void> {
    await this.#server.close();
  }

  /** The answer to a request. */
  async answer(request: ReceivedRequest): Promise<HttpServerAnswer> {
    const { status, headers, body } = await this.#inTime(request);
    return { status, headers: { ...SAFE_HEADERS, ...headers }, body };
  }

  async #inTime(request: ReceivedRequest): Promise<HttpServerAnswer> {
    const { path } = splitTarget(request.target);
    const isProbe = ROUTES.some((route) => route.isProbe && route.path === path);
    const mayGoOn = await (isProbe ? this.#probes : this.#others).wait();
    return mayGoOn ? await this.#answer(request) : text(503, TOO_MANY);
  }

  async #answer(request: ReceivedRequest): Promise<HttpServerAnswer> {
    const fault = accessFault(request, this.#door);
    if (fault !== undefined) return text(403, fault);
    const { path, query } = splitTarget(request.target);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const here = ROUTES.filter((route) => route.path === path);
    const route = here.find((one) => one.method === method);
    if (here.length === 0) return text(404, "no such endpoint; see docs/monitoring.md");
    if (route === undefined) return notAllowed(here);
    if (route.method === "POST" && !this.#door.isUnix) {
      return text(403, "only on a unix socket: --status PATH");
    }
    try {
      const values = parseQuery(query, route.parameters ?? []);
      const answer = await this.#run(route, {
        source: this.#options.source,
        request,
        query: values,
      });
      // Who has changed something sees it.
      if (route.method === "POST") this.#shared.clear();
      return answer;
    } catch (error) {
      if (error instanceof QueryError) return text(400, error.message);
      throw error;
    }
  }

  async #run(route: Route, call: RouteCall): Promise<HttpServerAnswer> {
    if (route.shares !== undefined) {
      return await this.#share(route, `${route.path} ${route.shares(call)}`, call);
    }
    if (!route.inTurn) return await route.answer(call);
    if (this.#waiting >= MAX_WAITING) return text(503, TOO_MANY);
    this.#waiting++;
    const done = this.#turn.then(() => route.answer(call)).finally(() => this.#waiting--);
    // A pause after each, so that workers are asked at a bounded rate.
    this.#turn = done.catch(() => {}).then(() => pause(this.#options.platform.clock, TURN_PAUSE));
    return await done;
  }

  #share(route: Route, key: string, call: RouteCall): Promise<HttpServerAnswer> {
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const answer = Promise.resolve(route.answer(call));
    this.#shared.set(key, answer);
    this.#options.platform.clock.after(SHARE_TIME, () => {
      if (this.#shared.get(key) === answer) this.#shared.delete(key);
    });
    return answer;
  }
}

/** Limits requests a second: what comes too soon waits, and what would wait with too many others is refused. */
class Pace {
  readonly #clock: Clock;
  readonly #allowance: Allowance;
  readonly #maxLate: number;
  /** Requests that wait. */
  #late = 0;

  constructor(clock: Clock, { perSecond, atOnce, maxLate }: typeof PROBES) {
    this.#clock = clock;
    this.#allowance = new Allowance(clock, perSecond, atOnce);
    this.#maxLate = maxLate;
  }

  /** Resolves when a request may go on; with false if it is refused. */
  async wait(): Promise<boolean> {
    if (this.#late >= this.#maxLate) return false;
    const wait = this.#allowance.take(1);
    if (wait === 0) return true;
    this.#late++;
    await pause(this.#clock, wait);
    this.#late--;
    return true;
  }
}

function notAllowed(routes: readonly Route[]): HttpServerAnswer {
  const methods = routes.map(({ method }) => method === "GET" ? "GET, HEAD" : method).join(", ");
  const { status, headers, body } = text(405, `only ${methods} here`);
  return { status, headers: { ...headers, allow: methods }, body };
}

// All times are in milliseconds.
const LIMITS = {
  connections: 32,
  fairTime: 1_000,
  burst: 256,
  headerBytes: 8 << 10,
  requestTime: 5_000,
  answerTime: 10_000,
  idleTime: 15_000,
  requests: 100,
};
/** As many as the server can handle connections: to refuse a probe is a wrong answer, and no cheaper. */
const PROBES = { perSecond: 2_000, atOnce: 2_000, maxLate: 512 };
/** A connection may send several requests at once. */
const OTHERS: typeof PROBES = { perSecond: 50, atOnce: 100, maxLate: 64 };
const TOO_MANY = "too many requests at the same time";
const SHARE_TIME = 200;
const TURN_PAUSE = 50;
const MAX_WAITING = 8;
