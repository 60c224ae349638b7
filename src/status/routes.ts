/**
 * The endpoints: a row for each, with its method, the parameters of its query, and its answer. What a row does not name
 * is refused, so that a filter with a slip of the pen never matches everything.
 */

import type { LogSettings } from "../config/settings.ts";
import type { HttpServerAnswer, ReceivedRequest } from "../runtime/runtime.ts";
import { connectionQuery, FILTERS } from "./connection_query.ts";
import { encodeStatus } from "./encode_status.ts";
import { chooseFormat, encodeMetrics, METRICS_TYPES } from "./openmetrics.ts";
import { QueryError } from "./query.ts";
import { traceQuery } from "./trace_query.ts";
import type { StatusSource } from "./source.ts";

/** What an endpoint has to answer with. */
export interface RouteCall {
  readonly source: StatusSource;
  readonly request: ReceivedRequest;
  readonly query: ReadonlyMap<string, string>;
}

/** One endpoint. */
export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** The parameters that its query may have. */
  readonly parameters?: readonly string[];
  /**
   * The same answer serves all requests of a moment, by this key. Undefined: each request is answered by itself.
   */
  shares?(call: RouteCall): string;
  /** For balancers: costs nothing, and has requests a second of its own, so that others use up none. */
  readonly isProbe?: boolean;
  /** Only one request at a time is answered, because it makes workers work. */
  readonly inTurn?: boolean;
  /** Throws {@linkcode QueryError} for values that it cannot take. */
  answer(call: RouteCall): Promise<HttpServerAnswer> | HttpServerAnswer;
}

/** All endpoints. What changes something is `POST`, and is served on unix sockets only. */
export const ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/",
    shares: () => "",
    async answer({ source }) {
      // Most studs are only scraped, and need no memory for it.
      const [{ page, pagePolicy }, status] = await Promise.all([
        import("./page/page.ts"),
        source.status(),
      ]);
      return {
        status: 200,
        headers: {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": pagePolicy(),
        },
        body: page(status),
      };
    },
  },
  {
    method: "GET",
    path: "/metrics",
    shares: ({ request }) => chooseFormat(request.header("accept")),
    async answer({ source, request }) {
      const format = chooseFormat(request.header("accept"));
      const body = encodeMetrics(await source.families(), format);
      return { status: 200, headers: { "content-type": METRICS_TYPES[format] }, body };
    },
  },
  {
    method: "GET",
    path: "/status",
    shares: () => "",
    async answer({ source }) {
      const body = encodeStatus(await source.status());
      return { status: 200, headers: JSON_HEADERS, body };
    },
  },
  {
    method: "GET",
    path: "/connections",
    parameters: [...FILTERS, "limit"],
    inTurn: true,
    async answer({ source, query }) {
      const { filter, limit } = connectionQuery(query);
      return json(await source.connections(filter, limit));
    },
  },
  { method: "GET", path: "/healthz", isProbe: true, answer: () => text(200, "alive") },
  {
    method: "GET",
    path: "/readyz",
    isProbe: true,
    answer: ({ source: { unready } }) =>
      unready === undefined ? text(200, "ready") : text(503, unready),
  },
  {
    method: "POST",
    path: "/reload",
    async answer({ source }) {
      const outcome = await source.reload();
      return json(outcome, outcome.outcome === "failed" ? 422 : 200);
    },
  },
  {
    method: "POST",
    path: "/drain",
    answer: ({ source }) => json({ drain: source.drain() ? "begins" : "has begun already" }),
  },
  {
    method: "POST",
    path: "/reopen",
    async answer({ source }) {
      await source.reopen();
      return json({ reopened: true });
    },
  },
  {
    method: "POST",
    path: "/log-level",
    parameters: ["level"],
    async answer({ source, query }) {
      const level = LEVELS.find((one) => one === query.get("level"));
      if (level === undefined) throw new QueryError(`level must be one of ${LEVELS.join(", ")}`);
      await source.setLogLevel(level);
      return json({ level, until: "the next reload of the configuration" });
    },
  },
  {
    method: "POST",
    path: "/trace",
    parameters: ["cidr", "for"],
    async answer({ source, query }) {
      const { cidr, seconds } = traceQuery(query);
      return json({ cidr, seconds, workers: await source.trace(cidr, seconds) });
    },
  },
  {
    method: "POST",
    path: "/disconnect",
    parameters: [...FILTERS, "all"],
    inTurn: true,
    async answer({ source, query }) {
      const { filter } = connectionQuery(query);
      if (Object.keys(filter).length === 0 && query.get("all") !== "yes") {
        throw new QueryError("name the connections by a filter, or all=yes");
      }
      return json(await source.disconnect(filter));
    },
  },
];

/** A line of text for people and scripts. */
export function text(status: number, line: string): HttpServerAnswer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: `${line}\n` };
}

function json(value: unknown, status = 200): HttpServerAnswer {
  return { status, headers: JSON_HEADERS, body: `${JSON.stringify(value)}\n` };
}

const JSON_HEADERS = { "content-type": "application/json; charset=utf-8" };

const LEVELS = ["error", "info", "debug"] as const satisfies readonly LogSettings["level"][];
