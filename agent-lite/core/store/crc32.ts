/** CRC-32 of ISO 3309 (the one of zip and Ethernet): finds every burst of up to 32 bits, and costs no memory beyond its table. */
let table: Uint32Array | undefined;

function makeTable(): Uint32Array {
  const made = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
    made[byte] = remainder;
  }
  return made;
}

/** `start` is the checksum so far, to go on from; 0 for the first bytes. */
export function crc32(bytes: Uint8Array, start = 0): number {
  table ??= makeTable();
  let sum = ~start;
  for (let i = 0; i < bytes.length; i++)
    sum = (sum >>> 8) ^ (table[(sum ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return ~sum >>> 0;
}
