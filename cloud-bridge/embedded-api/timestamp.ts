/** `2026-01-02T03:04:05Z`: metav1.Time has whole seconds. */
export const timestamp = (unixMs: number): string =>
  `${new Date(unixMs).toISOString().slice(0, 19)}Z`;

/** `2026-01-02T03:04:05.000000Z`: metav1.MicroTime. */
export const microTime = (unixMs: number): string =>
  `${new Date(unixMs).toISOString().slice(0, 23)}000Z`;
