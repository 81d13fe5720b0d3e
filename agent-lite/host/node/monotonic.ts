/** Milliseconds from an arbitrary start. `performance` would load half a megabyte for the same clock. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
