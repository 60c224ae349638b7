/**
 * The filter of system calls, run by an interpreter of classic BPF over calls made here. That the kernel takes it and
 * means the same by it is tested with real workers in tests/e2e.
 */

import { encodeInstructions } from "../../../../src/runtime/linux/filter_program.ts";
import {
  type SandboxOptions,
  sandboxProgram,
} from "../../../../src/runtime/linux/sandbox_program.ts";
import {
  type Architecture,
  LAST_KNOWN_NUMBER,
  SERVING_CALLS,
  TOKEN_CALLS,
  UNIX_SOCKET_CALLS,
} from "../../../../src/runtime/linux/system_calls.ts";
import { assert, assertEquals } from "../../../support/assert.ts";

const PID = 4711;
const ARCHITECTURES: readonly Architecture[] = ["x86_64", "aarch64"];
const AUDIT = { x86_64: 0xc000_003e, aarch64: 0xc000_00b7 };
const EVERYTHING = [...SERVING_CALLS, ...UNIX_SOCKET_CALLS, ...TOKEN_CALLS];

/** A filter for one architecture, which answers calls by name or by number. */
function filterFor(architecture: Architecture, options: Partial<SandboxOptions> = {}) {
  const program = sandboxProgram({
    ...{ architecture, pid: PID, unixSockets: false, token: false, ...options },
  });
  const bytes = encodeInstructions(program);
  assert(program.length <= 4096);
  return (call: string | number, ...args: number[]) => {
    const number = typeof call === "number" ? call : numberOf(call, architecture);
    return run(bytes, seccompData(number, AUDIT[architecture], args));
  };
}

function numberOf(name: string, architecture: Architecture): number {
  for (const [call, x86, arm] of EVERYTHING.flatMap(({ calls }) => calls)) {
    if (call === name) return architecture === "x86_64" ? x86! : arm!;
  }
  throw new Error(`${name} is not in the table`);
}

/** struct seccomp_data. */
function seccompData(number: number, architecture: number, args: readonly number[]): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, architecture, true);
  for (const [place, value] of args.entries()) {
    data.setBigUint64(16 + 8 * place, BigInt.asUintN(64, BigInt(value)), true);
  }
  return data;
}

/** Runs a program as the kernel does, and tells its answer in words. */
function run(program: Uint8Array<ArrayBuffer>, data: DataView): string {
  const code = new DataView(program.buffer);
  let a = 0;
  for (let at = 0, steps = 0; at < program.length; at += 8, steps++) {
    assert(steps < 100, "a call takes too long");
    const k = code.getUint32(at + 4, true);
    const jump = (taken: boolean) => code.getUint8(at + (taken ? 2 : 3)) * 8;
    switch (code.getUint16(at, true)) {
      case 0x20: // ld [k]
        a = data.getUint32(k, true);
        break;
      case 0x54: // and #k
        a = (a & k) >>> 0;
        break;
      case 0x05: // ja k
        at += k * 8;
        break;
      case 0x15: // jeq #k, jt, jf
        at += jump(a === k);
        break;
      case 0x35: // jge #k, jt, jf
        at += jump(a >= k);
        break;
      case 0x06: // ret #k
        return ANSWERS[k] ?? `0x${k.toString(16)}`;
      default:
        throw new Error(`an instruction that is not expected, at ${at}`);
    }
  }
  throw new Error("the program ends without an answer");
}

const ANSWERS: Record<number, string> = {
  0x7fff_0000: "allowed",
  0x0005_0001: "EPERM",
  0x0005_0026: "ENOSYS",
};

for (const architecture of ARCHITECTURES) {
  Deno.test(`sandboxProgram() allows what is listed and nothing else on ${architecture}`, () => {
    const filter = filterFor(architecture);
    const listed = new Map<number, boolean>();
    for (const { calls, onlyIf } of SERVING_CALLS) {
      for (const [, x86, arm] of calls) {
        const number = architecture === "x86_64" ? x86 : arm;
        if (number !== undefined) listed.set(number, onlyIf === undefined);
      }
    }
    for (let number = 0; number <= LAST_KNOWN_NUMBER; number++) {
      const always = listed.get(number);
      if (number === CLONE3) assertEquals(filter(number), "ENOSYS");
      else if (always === undefined) assertEquals(filter(number), "EPERM", `call ${number}`);
      else if (always) assertEquals(filter(number), "allowed", `call ${number}`);
      // No argument at all is never among those that are allowed.
      else assertEquals(filter(number, ...NONSENSE), "EPERM", `call ${number}`);
    }
  });

  Deno.test(`sandboxProgram() answers calls of later kernels as older kernels do on ${architecture}`, () => {
    const filter = filterFor(architecture);
    for (const number of [LAST_KNOWN_NUMBER + 1, 1_000, 0x3fff_ffff]) {
      assertEquals(filter(number), "ENOSYS");
    }
  });

  Deno.test(`sandboxProgram() denies every call of another architecture on ${architecture}`, () => {
    const options = { architecture, pid: PID, unixSockets: true, token: true };
    const program = encodeInstructions(sandboxProgram(options));
    // AUDIT_ARCH_I386, AUDIT_ARCH_ARM and the other one of the two.
    const others = [0x4000_0003, 0x4000_0028, ...Object.values(AUDIT)];
    for (const other of others.filter((each) => each !== AUDIT[architecture])) {
      for (let number = 0; number < 500; number++) {
        assertEquals(run(program, seccompData(number, other, [])), "EPERM");
      }
    }
    const filter = filterFor(architecture);
    for (let number = 0; number < 600; number++) {
      assertEquals(filter(0x4000_0000 + number), "EPERM");
    }
  });

  Deno.test(`sandboxProgram() looks at arguments on ${architecture}`, () => {
    const filter = filterFor(architecture);
    const cases: readonly [allowed: boolean, call: string, ...args: number[]][] = [
      [true, "socket", AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0],
      [true, "socket", AF_INET6, SOCK_STREAM, IPPROTO_TCP],
      [false, "socket", AF_INET, SOCK_DGRAM, 0],
      [false, "socket", AF_INET, SOCK_RAW, 1],
      [false, "socket", AF_INET, SOCK_STREAM, 132],
      [false, "socket", AF_UNIX, SOCK_STREAM, 0],
      [false, "socket", AF_NETLINK, SOCK_RAW, 0],
      [false, "socket", AF_PACKET, SOCK_RAW, 0],
      [true, "clone", 0x3d_0f00],
      [false, "clone", 17], // fork()
      [false, "clone", 0x4111], // vfork()
      [false, "clone", 0x3d_0f00 | 0x1000_0000], // CLONE_NEWUSER
      [false, "clone", 0x3d_0f00 | 0x0002_0000], // CLONE_NEWNS
      [true, "tgkill", PID, PID + 3, 6],
      [false, "tgkill", PID + 1, PID + 1, 9],
      [true, "prlimit64", 0, 7, 0],
      [false, "prlimit64", 0, 7, 0x7fff_0000],
      [false, "prlimit64", 0, 7, 0x7fff_0000_0000],
      [false, "prlimit64", 1, 7, 0],
      [true, "prctl", 15],
      [false, "prctl", 4, 1], // PR_SET_DUMPABLE
      [false, "prctl", 0x5961_6d61, 1], // PR_SET_PTRACER
      [true, "fcntl", 3, 4],
      [false, "fcntl", 3, 8, 1], // F_SETOWN
      [true, "ioctl", 3, 0x5411], // SIOCOUTQ
      [false, "ioctl", 3, 0x5412], // TIOCSTI
      [true, "setsockopt", 3, 1, 51], // SO_ATTACH_REUSEPORT_CBPF
      [true, "setsockopt", 3, 41, 26], // IPV6_V6ONLY
      [false, "setsockopt", 3, 41, 64], // IP6T_SO_SET_REPLACE
      [false, "setsockopt", 3, 0, 64], // IPT_SO_SET_REPLACE
      [true, "newfstatat", 3, 0, 0, 0x1000],
      [false, "newfstatat", -100, 0, 0, 0],
    ];
    for (const [allowed, call, ...args] of cases) {
      assertEquals(filter(call, ...args), allowed ? "allowed" : "EPERM", `${call}(${args})`);
    }
  });

  Deno.test(`sandboxProgram() lets a unix backend and a token have what they need on ${architecture}`, () => {
    const unix = filterFor(architecture, { unixSockets: true });
    assertEquals(unix("socket", AF_UNIX, SOCK_STREAM, 0), "allowed");
    assertEquals(unix("socket", AF_INET, SOCK_STREAM, 0), "allowed");
    assertEquals(unix("socket", AF_UNIX, SOCK_DGRAM, 0), "EPERM");
    assertEquals(unix("openat", -100, 0, 0), "EPERM");
    const token = filterFor(architecture, { token: true });
    for (const { calls, onlyIf } of TOKEN_CALLS) {
      for (const [name, x86, arm] of calls) {
        const number = architecture === "x86_64" ? x86 : arm;
        if (number === undefined || onlyIf !== undefined) continue;
        assertEquals(token(number), "allowed", name);
      }
    }
    assertEquals(token("socket", AF_UNIX, SOCK_STREAM, 0), "allowed");
    assertEquals(token("socket", AF_INET, SOCK_DGRAM, 17), "allowed");
    assertEquals(token("socket", AF_NETLINK, SOCK_RAW, 0), "EPERM");
    assertEquals(token("tgkill", PID + 1, PID + 1, 9), "EPERM");
  });
}

Deno.test("the table names each call once per group, with a number of its own", () => {
  for (const architecture of ARCHITECTURES) {
    const names = new Map<number, string>();
    for (const { calls } of EVERYTHING) {
      for (const [name, x86, arm] of calls) {
        const number = architecture === "x86_64" ? x86 : arm;
        if (number === undefined) continue;
        assertEquals(names.get(number) ?? name, name, `number ${number}`);
        names.set(number, name);
      }
    }
  }
});

const CLONE3 = 435;
const NONSENSE = [0x1234_5678, 0x1234_5678, 0x1234_5678, 0];
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const AF_PACKET = 17;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_TCP = 6;
