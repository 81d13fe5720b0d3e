/** A repeatable source of whole numbers below `limit` (mulberry32), so that a failing test names its seed. */
export function seededRandom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** Cuts bytes at random places; pieces may be empty. */
export function randomPieces(bytes: Uint8Array, below: (limit: number) => number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + below(9));
    pieces.push(bytes.slice(at, end));
    at = end;
  }
  return pieces;
}
