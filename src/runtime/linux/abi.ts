/**
 * Numbers of the Linux ABI that several files here need, the same on x86-64 and arm64. A number that only one file
 * needs is in that file.
 */

// errno(3).
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EEXIST = 17;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const EPIPE = 32;
export const ENOSYS = 38;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETUNREACH = 101;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const EISCONN = 106;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const EHOSTUNREACH = 113;
export const EALREADY = 114;
export const EINPROGRESS = 115;

// socket(2), socket(7), tcp(7), send(2), ioctl(2).
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const FIONBIO = 0x5421;
export const IPPROTO_TCP = 6;
export const MSG_NOSIGNAL = 0x4000;
export const SIOCOUTQ = 0x5411;
export const SO_REUSEADDR = 2;
export const SO_REUSEPORT = 15;
export const SO_ACCEPTCONN = 30;
export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const TCP_NODELAY = 1;
export const TCP_INFO = 11;

// open(2), epoll_ctl(2), getrlimit(2).
export const EPOLL_CTL_ADD = 1;
export const O_RDWR = 2;
export const O_CLOEXEC = 0o2000000;
export const RLIMIT_NOFILE = 7;
