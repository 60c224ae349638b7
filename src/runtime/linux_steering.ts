/**
 * The classic BPF program that steers clients: it picks, of the sockets that share a port (SO_REUSEPORT), the
 * one for a connection, by nothing but the client's address. So a client comes back to the process that knows
 * its TLS session. This file only writes the program; linux.ts attaches it.
 *
 * What the program returns is the index of a socket in the port's group, which holds them in the order of
 * listening. Where there is no such index, the kernel chooses by its own hash over addresses and ports: at
 * the start, and after a process has died, until its successor listens. A socket that closes leaves its place
 * to the last one of the group, and the successor comes last. So a death moves the clients of two places:
 * those of the dead process, whose sessions are lost anyway, and those of the last place, who make one full
 * handshake with their new process. All others stay where they are.
 */

/**
 * The program for so many sockets (at least one), as the array of struct sock_filter that the kernel takes,
 * little-endian like every machine that Deno runs on.
 */
export function steeringProgram(sockets: number): Uint8Array<ArrayBuffer> {
  const instructions: readonly Instruction[] = [
    // A socket for all addresses gets IPv4 packets too, so that the packet's own version counts.
    [LOAD_OCTET, NETWORK_HEADER],
    [SHIFT_RIGHT, 4],
    [JUMP_IF_EQUAL, 6, 0, IPV6_SOURCE_LENGTH],
    // The 16 octets of an IPv6 source address, folded to a word. RFC 8200 section 3.
    [LOAD_WORD, NETWORK_HEADER + 8],
    ...[12, 16, 20].flatMap((offset): Instruction[] => [
      [COPY_TO_X],
      [LOAD_WORD, NETWORK_HEADER + offset],
      [XOR_X],
    ]),
    [JUMP, 1],
    // An IPv4 source address. RFC 791 section 3.1.
    [LOAD_WORD, NETWORK_HEADER + 12],
    // Clients often differ in a few bits only, at whichever end. All of them have to reach those kept.
    [COPY_TO_X],
    [SHIFT_RIGHT, 16],
    [XOR_X],
    [MULTIPLY, GOLDEN_RATIO],
    [SHIFT_RIGHT, 16],
    [MODULO, sockets],
    [RETURN_A],
  ];
  const octets = new Uint8Array(instructions.length * INSTRUCTION_OCTETS);
  const view = new DataView(octets.buffer);
  for (const [index, [code, k = 0, ifTrue = 0, ifFalse = 0]] of instructions.entries()) {
    const at = index * INSTRUCTION_OCTETS;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, k, true);
  }
  return octets;
}

/** Code, operand k, and how many instructions a jump skips if it holds and if it does not. */
type Instruction = readonly [code: number, k?: number, ifTrue?: number, ifFalse?: number];

/** sizeof(struct sock_filter). */
export const INSTRUCTION_OCTETS = 8;

// Codes of linux/bpf_common.h: class, size or operation, mode or source.
const LOAD_WORD = 0x20;
const LOAD_OCTET = 0x30;
const JUMP = 0x05;
const JUMP_IF_EQUAL = 0x15;
const MULTIPLY = 0x24;
const SHIFT_RIGHT = 0x74;
const MODULO = 0x94;
const XOR_X = 0xac;
const COPY_TO_X = 0x07;
const RETURN_A = 0x16;
/** SKF_NET_OFF of linux/filter.h: offsets from here count from the network header, wherever it is. */
const NETWORK_HEADER = 0xfff00000;
/** How many instructions load an IPv6 address: the jump over them leads to IPv4. */
const IPV6_SOURCE_LENGTH = 11;
/** 2^32 divided by the golden ratio, odd: multiplicative hashing. */
const GOLDEN_RATIO = 0x9e3779b1;
