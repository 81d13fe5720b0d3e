import { BoardletError } from '@boardlet/adapters/wire';
import type { JsonObject } from './json.ts';

/** One entry of `Status.details.causes` (metav1.StatusCause). */
export interface Cause {
  readonly reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueNotSupported'
    | 'FieldValueForbidden'
    | 'FieldValueDuplicate'
    | 'FieldValueTooLong'
    | 'FieldValueTypeInvalid';
  readonly field: string;
  readonly message: string;
}
interface FaultDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly retryAfterSeconds?: number;
  readonly causes?: readonly JsonObject[];
}

/** An error that becomes a metav1.Status answer; code `BL_API_<REASON>`. */
export class ApiFault extends BoardletError {
  readonly status: number;
  readonly reason: string;
  readonly about: FaultDetails;

  constructor(status: number, reason: string, message: string, about: FaultDetails = {}) {
    super(`BL_API_${reason.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`, message);
    this.status = status;
    this.reason = reason;
    this.about = about;
  }
}

export function statusOf(fault: ApiFault): JsonObject {
  const details: JsonObject = {};
  for (const [key, value] of Object.entries(fault.about)) {
    if (value !== undefined) details[key] = value as JsonObject[string];
  }
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: fault.message,
    reason: fault.reason,
    ...(Object.keys(details).length > 0 ? { details } : {}),
    code: fault.status,
  };
}

/** What a fault is about; `ResourceType` fits. */
export interface Subject {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}
function qualified(subject: Subject): string {
  return subject.group === '' ? subject.plural : `${subject.plural}.${subject.group}`;
}
function about(subject: Subject, name: string): FaultDetails {
  return { name, ...(subject.group === '' ? {} : { group: subject.group }), kind: subject.plural };
}

export const badRequest = (message: string): ApiFault => new ApiFault(400, 'BadRequest', message);
export const unauthorized = (): ApiFault => new ApiFault(401, 'Unauthorized', 'Unauthorized');
export const forbidden = (message: string, details: FaultDetails = {}): ApiFault =>
  new ApiFault(403, 'Forbidden', message, details);
export const forbiddenFor = (subject: Subject, name: string, why: string): ApiFault =>
  forbidden(`${qualified(subject)} "${name}" is forbidden: ${why}`, about(subject, name));
export const notFound = (subject: Subject, name: string): ApiFault =>
  new ApiFault(404, 'NotFound', `${qualified(subject)} "${name}" not found`, about(subject, name));
export const noSuchPath = (): ApiFault =>
  new ApiFault(404, 'NotFound', 'the server could not find the requested resource');
export const methodNotAllowed = (): ApiFault =>
  new ApiFault(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  );
export const alreadyExists = (subject: Subject, name: string): ApiFault =>
  new ApiFault(
    409,
    'AlreadyExists',
    `${qualified(subject)} "${name}" already exists`,
    about(subject, name),
  );
export const conflict = (subject: Subject, name: string, why: string): ApiFault =>
  new ApiFault(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${why}`,
    about(subject, name),
  );
export const modified = (subject: Subject, name: string): ApiFault =>
  conflict(
    subject,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  );
export const expired = (message: string): ApiFault => new ApiFault(410, 'Expired', message);
export const tooLarge = (message: string): ApiFault =>
  new ApiFault(413, 'RequestEntityTooLarge', message);
export const unsupportedMedia = (message: string): ApiFault =>
  new ApiFault(415, 'UnsupportedMediaType', message);
export const tooMany = (message: string): ApiFault =>
  new ApiFault(429, 'TooManyRequests', message, { retryAfterSeconds: 1 });
export const notImplemented = (message: string): ApiFault =>
  new ApiFault(501, 'NotImplemented', message);
export const unavailable = (message: string): ApiFault =>
  new ApiFault(503, 'ServiceUnavailable', message, { retryAfterSeconds: 1 });
export const storageFull = (message: string): ApiFault =>
  new ApiFault(507, 'InsufficientStorage', message);
export const internal = (message: string): ApiFault =>
  new ApiFault(500, 'InternalError', `Internal error occurred: ${message}`);

/** The real server's answer to a resourceVersion that does not exist yet (apiserver storage.NewTooLargeResourceVersionError). */
export const fromTheFuture = (asked: number, current: number): ApiFault =>
  new ApiFault(504, 'Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    retryAfterSeconds: 1,
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
  });

export function invalid(
  subject: Pick<Subject, 'group' | 'kind'>,
  name: string,
  causes: readonly Cause[],
): ApiFault {
  const full = subject.group === '' ? subject.kind : `${subject.kind}.${subject.group}`;
  const texts = causes.map((cause) => `${cause.field}: ${cause.message}`);
  const text = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
  return new ApiFault(422, 'Invalid', `${full} "${name}" is invalid: ${text}`, {
    name,
    ...(subject.group === '' ? {} : { group: subject.group }),
    kind: subject.kind,
    causes: causes.map((cause) => ({ ...cause })),
  });
}

export const required = (field: string, message = ''): Cause => ({
  reason: 'FieldValueRequired',
  field,
  message: message === '' ? 'Required value' : `Required value: ${message}`,
});
export const invalidValue = (field: string, value: unknown, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${JSON.stringify(value)?.slice(0, 200) ?? 'null'}: ${why}`,
});
export const notSupported = (
  field: string,
  value: unknown,
  allowed: readonly unknown[],
): Cause => ({
  reason: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${JSON.stringify(value)?.slice(0, 200) ?? 'null'}: supported values: ${allowed
    .map((item) => JSON.stringify(item))
    .join(', ')}`,
});
export const forbiddenField = (field: string, why: string): Cause => ({
  reason: 'FieldValueForbidden',
  field,
  message: `Forbidden: ${why}`,
});
export const duplicate = (field: string, value: unknown): Cause => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${JSON.stringify(value)}`,
});
