/** systemd's protocol: what stud says to its service manager, and the sockets that it takes from it. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { freePort } from "../support/ports.ts";
import { processesWith } from "../support/proc.ts";
import { ServiceManager } from "../support/service_manager.ts";
import { Stud, studCommand, TLS_LIBRARY } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

/** Node speaks through systemd-notify(1). */
const TOOLS = TLS_LIBRARY === "node" ? ["systemd-notify"] : [];

testWith(
  { tools: TOOLS, linux: true },
  "the manager hears when stud serves, that it lives, and that it ends",
  async () => {
    using manager = new ServiceManager();
    await using stud = await Stud.start(["--self-signed", "-f", "127.0.0.1,0"], {
      NOTIFY_SOCKET: manager.path,
      WATCHDOG_USEC: "500000",
    });
    await manager.hears(/^READY=1$/);
    assertStringIncludes(manager.heard.join(), `STATUS=serving on 127.0.0.1:${stud.port}`);
    await manager.hears(/^WATCHDOG=1$/, 2);
    stud.signal("SIGHUP");
    await manager.hears(/^RELOADING=1$/);
    await manager.hears(/^MONOTONIC_USEC=\d+$/);
    await manager.hears(/^READY=1$/, 2);
    const [worker] = stud.workers();
    assert(!Deno.readTextFileSync(`/proc/${worker}/environ`).includes("NOTIFY_SOCKET"));
    stud.signal("SIGTERM");
    assertEquals((await stud.ended()).code, 0);
    await manager.hears(/^STOPPING=1$/);
    assertEquals(stud.stderr.includes("could not notify"), false, stud.report());
  },
);

testWith(
  { linux: true, notOnNode: true },
  "a stud that takes over is the manager's main process from then on",
  async () => {
    using manager = new ServiceManager();
    const args = ["--self-signed", "-f", `127.0.0.1,${freePort()}`];
    const env = { NOTIFY_SOCKET: manager.path };
    await using former = await Stud.start(args, env);
    await using stud = await Stud.start(["--takeover", String(former.pid), ...args], env);
    await manager.hears(new RegExp(`^MAINPID=${stud.pid}$`));
    await manager.hears(/^READY=1$/, 2);
    assertEquals((await former.ended()).code, 0);
    assertEquals(stud.status, undefined);
  },
);

testWith(
  { tools: TOOLS, linux: true },
  "a manager that does not listen costs one warning",
  async () => {
    await using backend = Backend.serve(echo);
    using pem = await temporaryPem();
    await using stud = await Stud.start(
      ["-f", "127.0.0.1,0", "-b", backend.address, pem.path],
      { NOTIFY_SOCKET: "/no/such/notify", WATCHDOG_USEC: "100000" },
    );
    await stud.output(/NOTIFY_SOCKET \/no\/such\/notify: could not notify the service manager: /);
    await echoOnce(stud.port, pem);
    stud.signal("SIGTERM");
    assertEquals((await stud.ended()).code, 0);
    assertEquals(stud.stderr.match(/could not notify/g)?.length, 1, stud.report());
  },
);

testWith(
  { tools: ["systemd-socket-activate"], linux: true },
  "sockets of the manager are the frontends, and replaced workers have them too",
  async () => {
    await using backend = Backend.serve(echo);
    using pem = await temporaryPem();
    await using activation = await Activation.start(["-n", "2", "-b", backend.address, pem.path]);
    for (let count = 0; count < 5; count++) await echoOnce(activation.port, pem);
    await activation.output(new RegExp(`2 workers serve on 127\\.0\\.0\\.1:${activation.port}`));
    for (const worker of activation.workers()) Deno.kill(worker, "SIGKILL");
    await activation.output(/worker 1 serves again/);
    await activation.output(/worker 2 serves again/);
    await Promise.all(Array.from({ length: 20 }, () => echoOnce(activation.port, pem)));
  },
);

testWith(
  { tools: ["systemd-socket-activate"], linux: true },
  "a socket that no frontend is for is a start error that names it",
  async () => {
    await using activation = await Activation.start(["--self-signed", "-f", "127.0.0.1,0"]);
    await activation.output(/socket activation: no --frontend is for 127\.0\.0\.1:\d+; name it/);
  },
);

/** A stud that systemd-socket-activate(1) starts for the first client. */
class Activation implements AsyncDisposable {
  readonly port: number;
  readonly #mark: string;
  readonly #child: Deno.ChildProcess;
  readonly #printed: Promise<void>[];
  readonly #first: Deno.Conn;
  #text = "";
  #changed: () => void = () => {};

  private constructor(port: number, mark: string, child: Deno.ChildProcess, first: Deno.Conn) {
    this.port = port;
    this.#mark = mark;
    this.#child = child;
    this.#first = first;
    this.#printed = [child.stdout, child.stderr].map((stream) => this.#collect(stream));
  }

  static async start(args: readonly string[]): Promise<Activation> {
    const port = freePort();
    const mark = crypto.randomUUID();
    const library = Deno.env.get("STUD_TLS_LIBRARY");
    const child = new Deno.Command("systemd-socket-activate", {
      args: [
        ...["PATH", "HOME", "DENO_DIR", "STUD_TEST_MARK"].map((name) => `--setenv=${name}`),
        ...["-l", `127.0.0.1:${port}`, ...studCommand()],
        ...library ? [`--tls-library=${library}`] : [],
        ...args,
      ],
      env: { STUD_TEST_MARK: mark },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const first = await connectOnceThere(port);
    return new Activation(port, mark, child, first);
  }

  /** The process ids of the workers. */
  workers(): number[] {
    return processesWith("STUD_TEST_MARK", this.#mark).filter((pid) => pid !== this.#child.pid);
  }

  async output(pattern: RegExp): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 15_000);
    while (!pattern.test(this.#text)) {
      const change = new Promise<boolean>((resolve) => this.#changed = () => resolve(true));
      const ended = Promise.all(this.#printed).then(() => false);
      const goesOn = await Promise.race([change, ended]);
      if (!goesOn && !pattern.test(this.#text)) throw new Error(`no ${pattern} in\n${this.#text}`);
    }
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#first.close();
    try {
      this.#child.kill("SIGINT");
    } catch {
      // It has ended by itself.
    }
    await this.#child.status;
    await Promise.all(this.#printed);
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
      this.#changed();
    }
  }
}

async function connectOnceThere(port: number): Promise<Deno.Conn> {
  for (const deadline = Date.now() + 10_000;;) {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port });
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
