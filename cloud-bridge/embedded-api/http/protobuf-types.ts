import { FIELDS } from './protobuf-fields.ts';

/** What a field holds: a scalar, a type with a JSON form of its own, or the name of a message. */
export interface Field {
  readonly name: string;
  readonly shape: 'one' | 'list' | 'map' | 'inline';
  readonly type: string;
  /** JSON has it also when it is zero: a pointer in Go, or a field without omitempty. */
  readonly kept: boolean;
}
export type Message = ReadonlyMap<number, Field>;

const SHAPES = { '[]': 'list', '{}': 'map', '<': 'inline' } as const;

function readField(text: string): readonly [number, Field] {
  const [number = '', name = '', whole = ''] = text.split(':');
  const [, mark = '', type = '', plus] = /^(\[\]|\{\}|<)?([^+]*)(\+)?$/.exec(whole) ?? [];
  const shape = mark === '[]' || mark === '{}' || mark === '<' ? SHAPES[mark] : 'one';
  return [Number(number), { name, shape, type, kept: plus !== undefined }];
}

let messages: ReadonlyMap<string, Message> | undefined;

/** The fields of a message by number, e.g. `Pod` or `coordination.Lease`. */
export function messageOf(name: string): Message | undefined {
  messages ??= new Map(
    FIELDS.trim()
      .split('\n')
      .map((line) => {
        const [message = '', ...fields] = line.split(' ');
        return [message, new Map(fields.map(readField))];
      }),
  );
  return messages.get(name);
}

const GROUPS: ReadonlyMap<string, string> = new Map([
  ['v1', ''],
  ['authentication.k8s.io/v1', 'authentication.'],
  ['authorization.k8s.io/v1', 'authorization.'],
  ['coordination.k8s.io/v1', 'coordination.'],
  ['events.k8s.io/v1', 'events.'],
  ['node.k8s.io/v1', 'node.'],
]);

/** The message of a kind; undefined for one that must come as JSON. DeleteOptions carry the apiVersion of the kind to delete. */
export function messageOfKind(apiVersion: string, kind: string): Message | undefined {
  if (kind === 'DeleteOptions') return messageOf(kind);
  const prefix = GROUPS.get(apiVersion);
  const message = prefix === undefined ? undefined : messageOf(prefix + kind);
  // Only whole objects have metadata first.
  return message?.get(1)?.name === 'metadata' ? message : undefined;
}
