/**
 * Classic BPF programs for listening sockets. The first selects the socket for a new connection among those that share
 * a port (SO_REUSEPORT). It uses only the client's address: a client then returns to the process that knows its TLS
 * session. It also keeps new connections away from sockets that are about to close. The second program makes a socket
 * ignore new connections. This file only writes the programs; kernel.ts attaches them.
 *
 * A steering program returns the index of a socket in the port's group, whose order is that of listening. If there is
 * no such index, the kernel chooses by its own hash over addresses and ports: at the start, and after a process has
 * died, until its successor listens. When a socket closes, the last one of the group moves to its index, and the
 * successor joins at the end. So a death moves the clients of two indexes: those of the dead process, whose sessions
 * are lost anyway, and those of the last index, who make one full handshake with their new process. All others stay
 * where they are.
 */

import { encodeInstructions, type Instruction } from "./filter_program.ts";
import type { Steering } from "../runtime.ts";

/**
 * The program that selects one of `count` sockets (at least one), the first of which has the index `first`. It is the
 * kernel's array of struct sock_filter, little-endian like every machine that Deno runs on.
 */
export function steeringProgram({ first, count, byClient }: Steering): Uint8Array<ArrayBuffer> {
  const ports = (headerLength: number): Instruction[] =>
    byClient ? [] : [[COPY_TO_X], [LOAD_WORD, NETWORK_HEADER + headerLength], [XOR_X]];
  // An IPv4 source address. RFC 791 section 3.1. In a packet with options the ports are elsewhere, but any value will
  // do.
  const ipv4: Instruction[] = [[LOAD_WORD, NETWORK_HEADER + 12], ...ports(20)];
  // The 16 bytes of an IPv6 source address, or the 8 of its network, folded to a word. RFC 8200 section 3.
  const ipv6: Instruction[] = [
    [LOAD_WORD, NETWORK_HEADER + 8],
    ...(byClient === "network" ? [12] : [12, 16, 20]).flatMap((offset): Instruction[] => [
      [COPY_TO_X],
      [LOAD_WORD, NETWORK_HEADER + offset],
      [XOR_X],
    ]),
    ...ports(40),
    [JUMP, ipv4.length],
  ];
  return encodeInstructions([
    // A socket for all addresses gets IPv4 packets too, so the packet's own version decides.
    [LOAD_BYTE, NETWORK_HEADER],
    [SHIFT_RIGHT, 4],
    [JUMP_IF_EQUAL, 6, 0, ipv6.length],
    ...ipv6,
    ...ipv4,
    // Clients often differ only in a few bits, at either end. All of them must affect the bits that are kept.
    [COPY_TO_X],
    [SHIFT_RIGHT, 16],
    [XOR_X],
    [MULTIPLY, GOLDEN_RATIO],
    [SHIFT_RIGHT, 16],
    [MODULO, count],
    [ADD, first],
    [RETURN_A],
  ]);
}

/**
 * The program that drops the first segment of every new connection (SYN without ACK, RFC 9293 section 3.1) and lets
 * everything else pass. The client tries again after a second; by then another socket of the port accepts it, or it is
 * refused.
 */
export function ignoringProgram(): Uint8Array<ArrayBuffer> {
  return encodeInstructions([
    [LOAD_BYTE, TCP_FLAGS],
    [AND, SYN | ACK],
    [JUMP_IF_EQUAL, SYN, 0, 1],
    [RETURN, 0],
    [RETURN, WHOLE_PACKET],
  ]);
}

// Codes of linux/bpf_common.h: class, size or operation, mode or source.
const LOAD_WORD = 0x20;
const LOAD_BYTE = 0x30;
const JUMP = 0x05;
const JUMP_IF_EQUAL = 0x15;
const MULTIPLY = 0x24;
const SHIFT_RIGHT = 0x74;
const MODULO = 0x94;
const XOR_X = 0xac;
const COPY_TO_X = 0x07;
const ADD = 0x04;
const AND = 0x54;
const RETURN = 0x06;
const RETURN_A = 0x16;
/** SKF_NET_OFF of linux/filter.h: offsets from here are relative to the network header, wherever it is. */
const NETWORK_HEADER = 0xfff00000;
/** 2^32 divided by the golden ratio, odd: multiplicative hashing. */
const GOLDEN_RATIO = 0x9e3779b1;
/** The offset of the flags in a TCP header; a socket's filter starts at the TCP header. */
const TCP_FLAGS = 13;
const SYN = 0x02;
const ACK = 0x10;
const WHOLE_PACKET = 0xffffffff;
