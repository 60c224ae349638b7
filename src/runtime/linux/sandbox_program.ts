/**
 * The seccomp filter (seccomp(2)) of a worker that serves, as the kernel's array of struct sock_filter. It is made from
 * the table in system_calls.ts: listed calls pass, with the arguments listed; others fail with EPERM, or with ENOSYS if
 * libraries can do without them. No call ends the process: a call that Deno or a library makes for its own convenience
 * must not cost connections. This file only writes the program; sandbox.ts passes it to the kernel.
 *
 * The most frequent calls are compared first, the others are found by binary search, so a call costs max a dozen
 * instructions. Linux 5.11 or newer remembers which calls always pass and runs no instructions for them.
 */

import { ENOSYS, EPERM } from "./abi.ts";
import type { Instruction } from "./filter_program.ts";
import {
  type Architecture,
  type ArgumentTest,
  type CallGroup,
  LAST_KNOWN_NUMBER,
  SERVING_CALLS,
  type SystemCall,
  TOKEN_CALLS,
  UNIX_SOCKET_CALLS,
  UNKNOWN_CALLS,
} from "./system_calls.ts";

/** The process that a program is for. */
export interface SandboxOptions {
  readonly architecture: Architecture;
  /** The process; signals to its own threads pass. */
  readonly pid: number;
  /** Unix sockets may be made. */
  readonly unixSockets: boolean;
  /** A token's library may use files, devices and sockets. */
  readonly token: boolean;
}

/** The program, instruction by instruction. */
export function sandboxProgram(options: SandboxOptions): Instruction[] {
  const { architecture } = options;
  const groups = [
    ...SERVING_CALLS,
    ...options.unixSockets ? UNIX_SOCKET_CALLS : [],
    ...options.token ? TOKEN_CALLS : [],
  ];
  const commonest = groups[0]!.calls.map((call) => numberOf(call, architecture))
    .filter((number) => number !== undefined);
  return [
    // A process may use the system call tables of other architectures, where the numbers mean other calls.
    [LOAD_WORD, ARCHITECTURE_OFFSET],
    [JUMP_IF_EQUAL, AUDIT_ARCHITECTURES[architecture], 1, 0],
    DENY,
    [LOAD_WORD, NUMBER_OFFSET],
    // x32 is a second table of x86-64 with the same architecture code; arm64's numbers end far below this bit.
    [JUMP_IF_AT_LEAST, X32_BIT, 0, 1],
    DENY,
    ...commonest.map((number, index): Instruction => [
      ...[JUMP_IF_EQUAL, number, commonest.length - index, 0] as const,
    ]),
    [JUMP, 1],
    ALLOW,
    ...search(rangesOf(groups, options)),
  ];
}

/** From this number up to the next range: what happens to these calls. */
interface Range {
  readonly first: number;
  readonly action: readonly Instruction[];
}

/** Ranges that cover all numbers, in ascending order from 0. */
function rangesOf(groups: readonly CallGroup[], options: SandboxOptions): Range[] {
  const actions = new Map<number, readonly Instruction[]>();
  const known = (call: SystemCall, action: readonly Instruction[]) => {
    const number = numberOf(call, options.architecture);
    if (number !== undefined) actions.set(number, action);
  };
  for (const call of UNKNOWN_CALLS) known(call, [DO_WITHOUT]);
  for (const [name, alternatives] of alternativesByName(groups)) {
    known(name, alternatives === undefined ? [ALLOW] : [...checks(alternatives, options), DENY]);
  }
  const ranges: Range[] = [];
  for (let number = 0; number <= LAST_KNOWN_NUMBER + 1; number++) {
    const action = number > LAST_KNOWN_NUMBER ? [DO_WITHOUT] : actions.get(number) ?? [DENY];
    if (!isSame(action, ranges.at(-1)?.action)) ranges.push({ first: number, action });
  }
  return ranges;
}

/**
 * For each call, alternatives of which one must hold; undefined if it always passes. A call may be in several groups.
 */
function alternativesByName(groups: readonly CallGroup[]): [SystemCall, CallGroup["onlyIf"]][] {
  const calls = new Map<string, [SystemCall, CallGroup["onlyIf"]]>();
  for (const { calls: listed, onlyIf } of groups) {
    for (const call of listed) {
      const before = calls.get(call[0]);
      const either = before === undefined
        ? onlyIf
        : before[1] && onlyIf && [...before[1], ...onlyIf];
      calls.set(call[0], [call, either]);
    }
  }
  return [...calls.values()];
}

/** Binary search over the ranges. The number of the call is in the register. */
function search(ranges: readonly Range[]): Instruction[] {
  if (ranges.length === 1) return [...ranges[0]!.action];
  const middle = ranges.length >> 1;
  const below = search(ranges.slice(0, middle));
  const above = search(ranges.slice(middle));
  const pivot = ranges[middle]!.first;
  // A conditional jump skips max 255 instructions.
  const jump: Instruction[] = below.length <= MAX_SKIPPED
    ? [[JUMP_IF_AT_LEAST, pivot, below.length, 0]]
    : [[JUMP_IF_AT_LEAST, pivot, 0, 1], [JUMP, below.length]];
  return [...jump, ...below, ...above];
}

/** Lets the call pass if one of the alternatives holds; otherwise continues after them. */
function checks(
  alternatives: readonly (readonly ArgumentTest[])[],
  { pid }: SandboxOptions,
): Instruction[] {
  return alternatives.flatMap((tests) =>
    tests.reduceRight<Instruction[]>(
      (rest, { argument, upperHalf, mask, among }) => {
        const values = among.map((value) => value === "own pid" ? pid : value);
        return [
          [LOAD_WORD, ARGUMENTS_OFFSET + 8 * argument + (upperHalf ? 4 : 0)],
          ...mask === undefined ? [] : [[AND, mask] as const],
          ...values.map((value, index): Instruction => {
            const left = values.length - 1 - index;
            return [JUMP_IF_EQUAL, value, left, left === 0 ? rest.length : 0];
          }),
          ...rest,
        ];
      },
      [ALLOW],
    )
  );
}

function numberOf([, x86, arm]: SystemCall, architecture: Architecture): number | undefined {
  return architecture === "x86_64" ? x86 : arm;
}

function isSame(one: readonly Instruction[], other: readonly Instruction[] | undefined): boolean {
  return one.length === 1 && other?.length === 1 && one[0] === other[0];
}

const MAX_SKIPPED = 255;

// Codes of linux/bpf_common.h: class, size or operation, mode or source.
const LOAD_WORD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const RETURN = 0x06;

// struct seccomp_data of linux/seccomp.h: int nr; __u32 arch; __u64 instruction_pointer; __u64 args[6].
const NUMBER_OFFSET = 0;
const ARCHITECTURE_OFFSET = 4;
const ARGUMENTS_OFFSET = 16;

// linux/seccomp.h: the action, and for an error its number (errno(3)) in the lower half.
const ALLOW: Instruction = [RETURN, 0x7fff_0000];
const DENY: Instruction = [RETURN, 0x0005_0000 | EPERM];
const DO_WITHOUT: Instruction = [RETURN, 0x0005_0000 | ENOSYS];

/** linux/audit.h: AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64. */
const AUDIT_ARCHITECTURES: Readonly<Record<Architecture, number>> = {
  x86_64: 0xc000_003e,
  aarch64: 0xc000_00b7,
};
/** asm/unistd.h: __X32_SYSCALL_BIT. */
const X32_BIT = 0x4000_0000;
