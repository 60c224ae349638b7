/**
 * Overwrites what libraries leave behind in memory that they have freed. rustls's caller and OpenSSL's decoders free
 * the text of a private key, and what they make of it, as it is. It is for Linux with glibc, and does nothing elsewhere.
 */

const SYMBOLS = {
  free: { parameters: ["pointer"], result: "void" },
  mallopt: { parameters: ["i32", "i32"], result: "i32" },
  memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
  malloc: { parameters: ["usize"], result: "pointer" },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let libc: Libc | null | undefined;

/** Does something with a secret, and overwrites what this thread has freed meanwhile. */
export function overwritingFreed<Result>(work: () => Result): Result {
  const library = open();
  if (library === undefined) return work();
  // Each block that is freed is filled (mallopt(3)), but for small ones, which the thread keeps for itself.
  library.mallopt(M_PERTURB, FILLED);
  try {
    return work();
  } finally {
    library.mallopt(M_PERTURB, 0);
    overwriteKept(library);
  }
}

/**
 * Has V8 overwrite what its young generation held: text cannot be overwritten otherwise. What is allocated here is gone
 * at once, so that the collector comes by several times.
 */
export function overwriteYoungText(): void {
  for (let count = 0; count < YOUNG_BLOCKS; count++) {
    sink.latest = new Array(BLOCK_WORDS).fill(count);
  }
  sink.latest = undefined;
}

/** Takes the small blocks that the thread keeps (tcache) all at once, and gives them back overwritten. */
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

/** Where what is allocated for nothing goes, so that it is allocated. */
const sink: { latest: unknown } = { latest: undefined };

/** malloc.h. */
const M_PERTURB = -6;
const FILLED = 0xa5;
/** glibc's malloc.c: sizes that a thread keeps blocks of, and how many of each. */
const SMALLEST = 24;
const STEP = 16;
const LARGEST_KEPT = 1_032;
const KEPT_PER_SIZE = 8;
/** 8 MiB together: twice the young generation of a worker, both halves of it. */
const YOUNG_BLOCKS = 8_192;
const BLOCK_WORDS = 128;
