/** The meaning of errno(3) on a connection, in stud's own words; no other file knows it. */

import {
  EACCES,
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  EHOSTUNREACH,
  EMFILE,
  ENETUNREACH,
  ENFILE,
  ENOBUFS,
  ENOENT,
  ENOMEM,
  ENOTCONN,
  EPERM,
  EPIPE,
  ETIMEDOUT,
} from "../linux/abi.ts";
import { type Party, PeerError, type PeerErrorKind } from "../../errors.ts";
import { CLOSED, type SocketError } from "./libc.ts";

/** Turns a failed system call into the fault of a peer; like the errors, it is always the same object. */
export function socketFault(error: SocketError, party: Party): PeerError {
  return known[party][error.errno] ??= newFault(error, party);
}

function newFault(error: SocketError, party: Party): PeerError {
  const [kind, message] = FAULTS[error.errno] ?? ["other", error.message];
  return new PeerError(party, kind, message, { cause: error });
}

const known: Readonly<Record<Party, PeerError[]>> = { client: [], backend: [] };

const FAULTS: Readonly<Record<number, readonly [PeerErrorKind, string]>> = {
  [CLOSED]: ["gone", "closed by us"],
  [ECONNRESET]: ["reset", "connection reset"],
  [EPIPE]: ["gone", "connection gone"],
  [ENOTCONN]: ["gone", "connection gone"],
  [ECONNREFUSED]: ["refused", "connection refused"],
  [ENOENT]: ["refused", "no such socket"],
  [EACCES]: ["refused", "permission denied"],
  [EPERM]: ["refused", "permission denied"],
  // A unix socket refuses clients while its queue is full; it does not let them wait.
  [EAGAIN]: ["refused", "its queue of waiting connections is full"],
  [ETIMEDOUT]: ["timeout", "connection timed out"],
  [ENETUNREACH]: ["unreachable", "unreachable"],
  [EHOSTUNREACH]: ["unreachable", "unreachable"],
  [EMFILE]: ["resources", "out of file descriptors"],
  [ENFILE]: ["resources", "out of file descriptors"],
  [ENOMEM]: ["resources", "out of memory"],
  [ENOBUFS]: ["resources", "out of memory"],
};
