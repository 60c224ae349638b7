/**
 * Classic BPF programs in the kernel's format, for sockets and for system calls alike: the array of struct sock_filter,
 * little-endian like every machine that Deno runs on, and struct sock_fprog around it.
 */

/** Code, operand k, and how many instructions a jump skips if the condition holds and if it does not. */
export type Instruction = readonly [code: number, k?: number, ifTrue?: number, ifFalse?: number];

/** The array of struct sock_filter. */
export function encodeInstructions(instructions: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, [code, k = 0, ifTrue = 0, ifFalse = 0]] of instructions.entries()) {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, k, true);
  }
  return bytes;
}

/**
 * struct sock_fprog (the number of instructions and a pointer to them), followed by the instructions: one buffer, which
 * the call itself keeps alive.
 */
export function filterProgram(instructions: Uint8Array): Uint8Array<ArrayBuffer> {
  const program = new Uint8Array(SOCK_FPROG_BYTES + instructions.length);
  program.set(instructions, SOCK_FPROG_BYTES);
  const start = Deno.UnsafePointer.value(Deno.UnsafePointer.of(program));
  const view = new DataView(program.buffer);
  view.setUint16(0, instructions.length / INSTRUCTION_BYTES, true);
  view.setBigUint64(8, start + BigInt(SOCK_FPROG_BYTES), true);
  return program;
}

/** sizeof(struct sock_filter). */
export const INSTRUCTION_BYTES = 8;
/** sizeof(struct sock_fprog). */
export const SOCK_FPROG_BYTES = 16;
