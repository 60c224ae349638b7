/**
 * Starts this program again in the background, and exchanges two messages between the processes: a text for the new
 * one, an answer for the old one. They use a unix socket in a directory that only this user can enter. It is the same
 * under Deno and Node, which only start the process in their own way.
 */

import type { Server, Socket } from "node:net";
import process from "node:process";
import { StartupError } from "../errors.ts";
import type { ProcessEnd } from "./runtime.ts";
import { type Daemon, type Starter, STARTER_VARIABLE } from "./service.ts";

/** A process that has been started. */
export interface DetachedProcess {
  readonly ended: Promise<ProcessEnd>;
  stop(): void;
}

/** `Service.startDaemon`: `spawn` starts the process with these variables added to its environment. */
export async function startDaemon(
  handover: string,
  spawn: (variables: Record<string, string>) => DetachedProcess,
): Promise<Daemon> {
  const { mkdtempSync, rmSync } = await import("node:fs");
  let folder: string | undefined;
  try {
    folder = mkdtempSync(`${await startFolder()}/stud-`);
    const path = `${folder}/start`;
    const server = await listening(path);
    const child = spawn({ [STARTER_VARIABLE]: path });
    const answer = Promise.race([
      conversation(server, handover),
      child.ended.then(() => undefined),
    ]);
    const leave = () => {
      server.close();
      rmSync(folder!, { recursive: true, force: true });
    };
    answer.then(leave, leave);
    return { ...child, answer };
  } catch (error) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    if (error instanceof StartupError) throw error;
    const { message } = error as Error;
    throw new StartupError(`cannot go to the background: ${message}`, { cause: error });
  }
}

/** For root, a directory that only root may write to: the new process trusts its starter. */
async function startFolder(): Promise<string> {
  const { accessSync, constants } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  try {
    if (process.getuid?.() !== 0) return tmpdir();
    accessSync(RUN_FOLDER, constants.W_OK);
    return RUN_FOLDER;
  } catch {
    return tmpdir();
  }
}

/** hier(7). */
const RUN_FOLDER = "/run";

/** `Service.joinStarter`: `goToRoot` changes the directory. */
export async function joinStarter(goToRoot: () => void): Promise<Starter | undefined> {
  const path = process.env[STARTER_VARIABLE];
  if (path === undefined) return undefined;
  // Workers, and other programs that this process starts, must not get it.
  delete process.env[STARTER_VARIABLE];
  const { connect } = await import("node:net");
  const socket = connect({ path });
  const handover = await lineFrom(socket);
  goToRoot();
  return {
    handover: handover ?? "",
    answer: (text) =>
      new Promise((resolve) => {
        socket.on("close", () => resolve());
        socket.end(`${text}\n`, () => socket.destroy());
      }),
  };
}

async function listening(path: string): Promise<Server> {
  const { createServer } = await import("node:net");
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen({ path }, () => resolve(server));
  });
}

/** Sends the text to the first client, and resolves with the line that it answers. */
function conversation(server: Server, handover: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    server.once("connection", (socket) => {
      lineFrom(socket).then(resolve);
      socket.write(`${handover}\n`);
    });
  });
}

/** The first line that arrives; undefined if the connection ends before. */
function lineFrom(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (part) => {
      text += part;
      const end = text.indexOf("\n");
      if (end >= 0) resolve(text.slice(0, end));
    });
    for (const event of ["error", "end", "close"]) socket.on(event, () => resolve(undefined));
  });
}
