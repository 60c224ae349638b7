/**
 * What `deno run` runs as a worker. Its module graph has only the worker's modules; with mod.ts every process would
 * resolve and hold all of stud's. An executable, and Node, come to a worker through main.ts.
 */

import { settleSignals } from "#signals";

settleSignals();
void import("./worker_main.ts").then(({ workerMain }) => workerMain());
