/**
 * The actual length of an ELF image. `deno compile` appends its program to the base binary, so everything after that
 * length in a compiled executable is not part of the base binary. Only 64-bit little-endian images are supported, and
 * only the file header is parsed.
 */

const MAGIC = 0x7f454c46;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEADER_SIZE = 64;

/**
 * The number of bytes up to the end of the section header table, which linkers write last (elf(5): e_shoff +
 * e_shentsize * e_shnum). Throws if the bytes are not such an image, or are too few.
 */
export function elfLength(image: Uint8Array): number {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (
    image.length < HEADER_SIZE || view.getUint32(0) !== MAGIC ||
    view.getUint8(4) !== CLASS_64 || view.getUint8(5) !== LITTLE_ENDIAN
  ) {
    throw new Error("not a 64-bit little-endian ELF image");
  }
  const tableOffset = Number(view.getBigUint64(0x28, true));
  const entrySize = view.getUint16(0x3a, true);
  const entries = view.getUint16(0x3c, true);
  const length = tableOffset + entrySize * entries;
  if (tableOffset < HEADER_SIZE || length > image.length) {
    throw new Error(`ELF image is cut short: ${image.length} octets, its header says ${length}`);
  }
  return length;
}
