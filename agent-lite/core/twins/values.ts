/** What a property's type allows, and whether two values are the same. */
import type { PropertyDocument, PropertyType, TwinValue } from '@boardlet/adapters/wire';

/** A value must fit into one message beside its name; larger things are files, not twins. */
const MOST_BYTES = 32_768;
const FLOAT_MAX = 3.4028234663852886e38;

const isNumber = (value: TwinValue): value is number =>
  typeof value === 'number' && Number.isFinite(value);

const CHECKS: Readonly<Record<PropertyType, (value: TwinValue) => boolean>> = {
  INT: (value) => typeof value === 'bigint' || Number.isSafeInteger(value),
  FLOAT: (value) => isNumber(value) && Math.abs(value) <= FLOAT_MAX,
  DOUBLE: isNumber,
  STRING: (value) => typeof value === 'string' && value.length <= MOST_BYTES,
  BOOLEAN: (value) => typeof value === 'boolean',
  BYTES: (value) => value instanceof Uint8Array && value.length <= MOST_BYTES,
  STREAM: () => false,
};

/** Undefined when the value is of the property's type; else why not. */
export function refuseType(property: PropertyDocument, value: TwinValue): string | undefined {
  if (CHECKS[property.type](value)) return undefined;
  return `${describe(value)} is no ${property.type}`;
}

/** Why a desired value cannot be written; undefined when it can. */
export function refuseDesired(property: PropertyDocument, value: TwinValue): string | undefined {
  if (property.readOnly) return 'the property is read-only';
  return refuseType(property, value) ?? refuseRange(property, value);
}

function refuseRange(property: PropertyDocument, value: TwinValue): string | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const { minimum, maximum } = property;
  if (minimum !== undefined && value < minimum) return `${value} is below the minimum ${minimum}`;
  if (maximum !== undefined && value > maximum) return `${value} is above the maximum ${maximum}`;
  return undefined;
}

const MOST_SHOWN = 64;

function describe(value: TwinValue): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value !== 'string') return String(value);
  return value.length <= MOST_SHOWN ? `"${value}"` : `a text of ${value.length} characters`;
}

/** 1 and 1n are the same value: both are written as the same integer. */
export function sameValue(a: TwinValue | undefined, b: TwinValue | undefined): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return a.length === b.length && a.every((byte, i) => byte === b[i]);
  if (typeof a === 'bigint' || typeof b === 'bigint')
    return a !== undefined && b !== undefined && !(a instanceof Uint8Array) && isSameInteger(a, b);
  return Object.is(a, b);
}

function isSameInteger(a: TwinValue, b: TwinValue): boolean {
  const whole = (value: TwinValue): bigint | undefined => {
    if (typeof value === 'bigint') return value;
    return Number.isSafeInteger(value) ? BigInt(Number(value)) : undefined;
  };
  const left = whole(a);
  return left !== undefined && left === whole(b);
}
