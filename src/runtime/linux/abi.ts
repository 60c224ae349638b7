/**
 * Numbers of the Linux ABI that several files here need, the same on x86-64 and arm64. A number that only one file
 * needs is in that file.
 */

/** Operation not permitted: errno(3). */
export const EPERM = 1;
/** No such file or directory: errno(3). */
export const ENOENT = 2;
/** No such process: errno(3). */
export const ESRCH = 3;
/** Interrupted by a signal: errno(3). */
export const EINTR = 4;
/** Try again: it would block: errno(3). */
export const EAGAIN = 11;
/** Out of memory: errno(3). */
export const ENOMEM = 12;
/** Permission denied: errno(3). */
export const EACCES = 13;
/** File exists: errno(3). */
export const EEXIST = 17;
/** Invalid argument: errno(3). */
export const EINVAL = 22;
/** Too many open files in the system: errno(3). */
export const ENFILE = 23;
/** Too many open files in the process: errno(3). */
export const EMFILE = 24;
/** Broken pipe: errno(3). */
export const EPIPE = 32;
/** The kernel has no such system call: errno(3). */
export const ENOSYS = 38;
/** Address in use: errno(3). */
export const EADDRINUSE = 98;
/** Address not available: errno(3). */
export const EADDRNOTAVAIL = 99;
/** Network unreachable: errno(3). */
export const ENETUNREACH = 101;
/** Connection aborted: errno(3). */
export const ECONNABORTED = 103;
/** Connection reset: errno(3). */
export const ECONNRESET = 104;
/** No buffer space: errno(3). */
export const ENOBUFS = 105;
/** Already connected: errno(3). */
export const EISCONN = 106;
/** Not connected: errno(3). */
export const ENOTCONN = 107;
/** Timed out: errno(3). */
export const ETIMEDOUT = 110;
/** Connection refused: errno(3). */
export const ECONNREFUSED = 111;
/** Host unreachable: errno(3). */
export const EHOSTUNREACH = 113;
/** A connect is already in progress: errno(3). */
export const EALREADY = 114;
/** A connect has begun: errno(3). */
export const EINPROGRESS = 115;

/** socket(2), unix(7). */
export const AF_UNIX = 1;
/** socket(2), ip(7). */
export const AF_INET = 2;
/** socket(2), ipv6(7). */
export const AF_INET6 = 10;
/** ioctl(2), `<asm-generic/ioctls.h>`. */
export const FIONBIO = 0x5421;
/** tcp(7), `<netinet/in.h>`. */
export const IPPROTO_TCP = 6;
/** send(2). */
export const MSG_NOSIGNAL = 0x4000;
/** tcp(7), `<linux/sockios.h>`. */
export const SIOCOUTQ = 0x5411;
/** socket(7). */
export const SO_REUSEADDR = 2;
/** socket(7). */
export const SO_REUSEPORT = 15;
/** socket(7). */
export const SO_ACCEPTCONN = 30;
/** socket(2). */
export const SOCK_STREAM = 1;
/** socket(2). */
export const SOCK_NONBLOCK = 0o4000;
/** socket(2). */
export const SOCK_CLOEXEC = 0o2000000;
/** getsockopt(2), socket(7). */
export const SOL_SOCKET = 1;
/** tcp(7). */
export const TCP_NODELAY = 1;
/** tcp(7). */
export const TCP_INFO = 11;

/** epoll_ctl(2). */
export const EPOLL_CTL_ADD = 1;
/** open(2). */
export const O_RDWR = 2;
/** open(2). */
export const O_CLOEXEC = 0o2000000;
/** getrlimit(2). */
export const RLIMIT_NOFILE = 7;
