/** Small checks of Node's version and its errors. */

/** Whether a version, such as those of `process.versions`, is older than this one. */
export function isBefore(version: string, major: number, minor: number): boolean {
  const [itsMajor = 0, itsMinor = 0] = version.split(".").map(Number);
  return itsMajor < major || itsMajor === major && itsMinor < minor;
}

/** The code of one of Node's errors, for example `ECONNRESET` (errno(3)) or `ERR_SOCKET_CLOSED`. */
export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}
