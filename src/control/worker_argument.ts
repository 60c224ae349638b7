/** The argument that makes this program a worker; only its supervisor passes it. */
export const WORKER_ARGUMENT = "--worker-process";
