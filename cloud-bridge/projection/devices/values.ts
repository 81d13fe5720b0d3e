/** KubeEdge keeps every value as text; the wire and the drivers have types. The DeviceModel's property decides. */
import type { PropertyType, TwinValue } from '@boardlet/adapters/wire';

export type ParsedValue =
  | { readonly ok: true; readonly value: TwinValue }
  | { readonly ok: false; readonly message: string };

export interface ValueRule {
  readonly type: PropertyType;
  readonly minimum?: number;
  readonly maximum?: number;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const INT = /^[+-]?\d+$/;
/** Longest text value, bytes: KubeEdge's own twins allow 512; blobs belong into artifacts. */
export const MAX_VALUE_BYTES = 16_384;

const bad = (message: string): ParsedValue => ({ ok: false, message });

function parseInteger(text: string): ParsedValue {
  if (!INT.test(text)) return bad(`"${text}" is not an integer`);
  const big = BigInt(text);
  if (big < -(2n ** 63n) || big > 2n ** 63n - 1n) return bad(`"${text}" does not fit 64 bits`);
  const small = Number(big);
  return { ok: true, value: Number.isSafeInteger(small) ? small : big };
}

function parseNumber(text: string): ParsedValue {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) return bad(`"${text}" is not a number`);
  return { ok: true, value };
}

function parseTyped(rule: ValueRule, text: string): ParsedValue {
  switch (rule.type) {
    case 'INT':
      return parseInteger(text);
    case 'FLOAT':
    case 'DOUBLE':
      return parseNumber(text);
    case 'BOOLEAN':
      if (text === 'true') return { ok: true, value: true };
      return text === 'false' ? { ok: true, value: false } : bad(`"${text}" is not true or false`);
    case 'BYTES':
      if (!BASE64.test(text)) return bad('is not base64');
      return { ok: true, value: new Uint8Array(Buffer.from(text, 'base64')) };
    case 'STRING':
      return { ok: true, value: text };
    case 'STREAM':
      return bad('a STREAM property takes no desired value');
  }
}

/** Text → typed value, checked against the model's type and range. */
export function parseValue(rule: ValueRule, text: string): ParsedValue {
  if (Buffer.byteLength(text) > MAX_VALUE_BYTES)
    return bad(`is longer than ${MAX_VALUE_BYTES} bytes`);
  const parsed = parseTyped(rule, text);
  if (!parsed.ok) return parsed;
  const { value } = parsed;
  if (typeof value !== 'number' && typeof value !== 'bigint') return parsed;
  if (rule.minimum !== undefined && value < rule.minimum)
    return bad(`${text} is below the minimum ${rule.minimum}`);
  if (rule.maximum !== undefined && value > rule.maximum)
    return bad(`${text} is above the maximum ${rule.maximum}`);
  return parsed;
}

/** Typed value → the text that KubeEdge's users expect. */
export function formatValue(value: TwinValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}
