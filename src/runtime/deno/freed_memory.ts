/**
 * Overwrites what libraries leave behind in memory that they have freed. rustls's caller and OpenSSL's decoders free
 * the text of a private key, and data made from it, without overwriting it. Works on Linux with glibc; does nothing
 * elsewhere.
 */

const SYMBOLS = {
  free: { parameters: ["pointer"], result: "void" },
  mallopt: { parameters: ["i32", "i32"], result: "i32" },
  memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
  malloc: { parameters: ["usize"], result: "pointer" },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let libc: Libc | null | undefined;

/** Runs `work`, which handles a secret, and overwrites the memory that this thread frees meanwhile. */
export function overwritingFreed<Result>(work: () => Result): Result {
  const library = open();
  if (library === undefined) return work();
  // Each freed block is filled (mallopt(3)), except small ones, which the thread keeps for itself.
  library.mallopt(M_PERTURB, FILLED);
  try {
    return work();
  } finally {
    library.mallopt(M_PERTURB, 0);
    overwriteKept(library);
  }
}

/**
 * Makes V8 overwrite what its young generation held; text cannot be overwritten in any other way. The objects allocated
 * here are garbage at once, so the collector runs several times.
 */
export function overwriteYoungText(): void {
  for (let count = 0; count < YOUNG_BLOCKS; count++) {
    sink.latest = new Array(BLOCK_WORDS).fill(count);
  }
  sink.latest = undefined;
}

/** Takes all the small blocks that the thread keeps (tcache) at once, and returns them overwritten. */
function overwriteKept({ malloc, memset, free }: Libc): void {
  for (let size = SMALLEST; size <= LARGEST_KEPT; size += STEP) {
    const blocks: Deno.PointerValue[] = [];
    for (let count = 0; count < KEPT_PER_SIZE; count++) {
      const block = malloc(BigInt(size));
      if (block === null) break;
      memset(block, 0, BigInt(size));
      blocks.push(block);
    }
    for (const block of blocks) free(block);
  }
}

function open(): Libc | undefined {
  if (libc === undefined) {
    try {
      libc = Deno.build.os === "linux" ? Deno.dlopen("libc.so.6", SYMBOLS).symbols : null;
    } catch {
      libc = null;
    }
  }
  return libc ?? undefined;
}

/** Keeps a reference to each allocation, so that it is not optimized away. */
const sink: { latest: unknown } = { latest: undefined };

/** malloc.h. */
const M_PERTURB = -6;
const FILLED = 0xa5;
/** glibc's malloc.c: the sizes of blocks that a thread keeps, and how many of each. */
const SMALLEST = 24;
const STEP = 16;
const LARGEST_KEPT = 1_032;
const KEPT_PER_SIZE = 8;
/** 8 MiB in total: twice the young generation of a worker, including both its halves. */
const YOUNG_BLOCKS = 8_192;
const BLOCK_WORDS = 128;
