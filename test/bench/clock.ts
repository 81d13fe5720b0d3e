/** The machine's monotonic clock in milliseconds: the same in every process, so that a driver's process and the bench compare. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
