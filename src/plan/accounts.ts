/** Looks up users and groups by name, in /etc/passwd and /etc/group and then with getent(1). */

import { StartupError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Numeric identity of a user: passwd(5). */
export interface UserAccount {
  readonly uid: number;
  readonly gid: number;
}

/** Finds a user. Throws {@linkcode StartupError} for an unknown one. */
export async function findUser(runtime: Runtime, name: string): Promise<UserAccount> {
  const [, , uid, gid] = await findEntry(runtime, "passwd", name) ?? [];
  if (uid === undefined || gid === undefined) {
    throw new StartupError(`--user ${name}: no such user on this machine`);
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** Finds the number of a group. Throws {@linkcode StartupError} for an unknown one. */
export async function findGroup(runtime: Runtime, name: string): Promise<number> {
  const [, , gid] = await findEntry(runtime, "group", name) ?? [];
  if (gid === undefined) {
    throw new StartupError(`--group ${name}: no such group on this machine`);
  }
  return Number(gid);
}

/** The fields of an entry. getent also asks LDAP and the like, but is not on every machine. */
async function findEntry(
  runtime: Runtime,
  database: "passwd" | "group",
  name: string,
): Promise<string[] | undefined> {
  const text = await runtime.files.readText(`/etc/${database}`).catch(() => "");
  const inFile = entryOf(text, name);
  if (inFile !== undefined) return inFile;
  return entryOf(await runtime.processes.capture("getent", [database, name]) ?? "", name);
}

function entryOf(text: string, name: string): string[] | undefined {
  return text.split("\n").map((line) => line.split(":")).find((fields) => fields[0] === name);
}
