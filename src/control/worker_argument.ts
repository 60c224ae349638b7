/** The argument that makes this program a worker; its supervisor passes it, nothing else does. */
export const WORKER_ARGUMENT = "--worker-process";
