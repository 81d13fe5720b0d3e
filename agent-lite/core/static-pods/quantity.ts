/** Kubernetes quantities (apimachinery resource.Quantity), as resource limits use them. */
const SCALES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['m', 1e-3],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
]);
const QUANTITY = /^(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d{1,2})|(m|k|M|G|T|Ki|Mi|Gi|Ti))?$/;

/** The amount, or undefined for what is no quantity (or one of a size that no board has). */
export function readQuantity(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  const match = typeof text === 'string' ? QUANTITY.exec(text) : null;
  if (match === null) return undefined;
  const [, digits = '', exponent, suffix = ''] = match;
  const amount =
    exponent === undefined
      ? Number(digits) * (SCALES.get(suffix) ?? 1)
      : Number(`${digits}e${exponent}`);
  return Number.isFinite(amount) && amount <= Number.MAX_SAFE_INTEGER ? amount : undefined;
}
