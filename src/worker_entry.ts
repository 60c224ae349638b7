/**
 * What `deno run` runs as a worker: its graph of modules is the worker's alone, where that of mod.ts is all of
 * stud's, to be resolved and held by every process. An executable, and Node, come to a worker through main.ts.
 */

import { settleSignals } from "#signals";

settleSignals();
void import("./worker_main.ts").then(({ workerMain }) => workerMain());
