/** Near misses of document bodies. */
import { type CborMap, type CborValue, encode, LIMITS } from '@boardlet/adapters/wire';
import { m, toHex, type Vector } from './vector-format.ts';

type Near = readonly [name: string, kind: string, value: CborValue, error: string, detail?: string];

/** The map with one key set to another value, or removed. */
function but(map: CborMap, key: number, value?: CborValue): CborMap {
  const changed = new Map(map);
  if (value === undefined) changed.delete(key);
  else changed.set(key, value);
  return changed;
}

const CONTAINER = m([1, 'app'], [2, 'boardlet.dev/host']);
const POD = m([1, 'u'], [2, 'process'], [3, 30], [4, 0], [5, [CONTAINER]]);
const CONTAINER_STATUS = m([1, 'app'], [2, 1], [3, 0], [10, true]);
const STATUS = m([1, 'u'], [2, 1], [4, [CONTAINER_STATUS]]);
const PROPERTY = m(
  [1, 't'],
  [2, 0],
  [3, true],
  [7, 'gpio'],
  [8, null],
  [9, 0],
  [10, 0],
  [11, true],
);
const DEVICE = m([1, 'gpio'], [2, null], [3, [PROPERTY]]);
const EVENT = m([1, true], [2, 'r'], [3, 'm'], [4, 0], [5, '-'], [6, 0]);
const LOG_ARGS = m([1, 'default/p'], [2, 'c'], [3, false], [6, false], [7, false]);
const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';

const inContainer = (key: number, value?: CborValue): CborValue =>
  but(POD, 5, [CONTAINER, but(CONTAINER, key, value)]);
const inStatus = (key: number, value: CborValue): CborValue =>
  but(STATUS, 4, [but(CONTAINER_STATUS, key, value)]);
const inProperty = (key: number, value: CborValue): CborValue =>
  but(DEVICE, 3, [but(PROPERTY, key, value)]);

const NEAR_MISSES: readonly Near[] = [
  ['pod that is no map', 'pod', [], 'BL_WIRE_SHAPE'],
  ['pod without uid', 'pod', but(POD, 1), 'BL_WIRE_MISSING', 'uid'],
  ['pod with a uid of 15 bytes', 'pod', but(POD, 1, new Uint8Array(15)), 'BL_WIRE_RANGE', 'uid'],
  ['pod with a numeric uid', 'pod', but(POD, 1, 7), 'BL_WIRE_SHAPE', 'uid'],
  ['pod with a negative grace period', 'pod', but(POD, 3, -1), 'BL_WIRE_SHAPE', 'graceS'],
  ['pod with a fractional grace period', 'pod', but(POD, 3, 0.5), 'BL_WIRE_SHAPE', 'graceS'],
  ['pod with an unknown restart policy', 'pod', but(POD, 4, 3), 'BL_WIRE_RANGE', 'restart'],
  ['pod whose containers are a map', 'pod', but(POD, 5, m()), 'BL_WIRE_SHAPE', 'containers'],
  ['container without image', 'pod', inContainer(2), 'BL_WIRE_MISSING', 'containers[1].image'],
  [
    'container with a numeric image',
    'pod',
    inContainer(2, 5),
    'BL_WIRE_SHAPE',
    'containers[1].image',
  ],
  [
    'command of numbers',
    'pod',
    inContainer(3, ['/bin/a', 5]),
    'BL_WIRE_SHAPE',
    'containers[1].command[1]',
  ],
  [
    'env entry of three elements',
    'pod',
    inContainer(5, [['A', 'b', 'c']]),
    'BL_WIRE_SHAPE',
    'containers[1].env[0]',
  ],
  [
    'env entry of numbers',
    'pod',
    inContainer(5, [['A', 1]]),
    'BL_WIRE_SHAPE',
    'containers[1].env[0]',
  ],
  [
    'memory limit as text',
    'pod',
    inContainer(6, m([2, '32Mi'])),
    'BL_WIRE_SHAPE',
    'containers[1].limits.memoryBytes',
  ],
  ['unknown phase', 'podStatus', but(STATUS, 2, 4), 'BL_WIRE_RANGE', 'phase'],
  ['unknown container state', 'podStatus', inStatus(2, 3), 'BL_WIRE_RANGE', 'containers[0].state'],
  [
    'container without ready',
    'podStatus',
    inStatus(10, null),
    'BL_WIRE_SHAPE',
    'containers[0].ready',
  ],
  ['exit code as text', 'podStatus', inStatus(6, '0'), 'BL_WIRE_SHAPE', 'containers[0].exitCode'],
  [
    'last state without reason',
    'podStatus',
    inStatus(12, m([5, 0], [6, 0])),
    'BL_WIRE_MISSING',
    'containers[0].last.reason',
  ],
  ['wanted twin value: null', 'twinDesired', null, 'BL_WIRE_SHAPE'],
  ['wanted twin value: an array', 'twinDesired', [1], 'BL_WIRE_SHAPE'],
  ['wanted twin value: a map', 'twinDesired', m(), 'BL_WIRE_SHAPE'],
  ['twin of one element', 'twin', [1], 'BL_WIRE_SHAPE'],
  ['twin of three elements', 'twin', [1, 2, 3], 'BL_WIRE_SHAPE'],
  ['twin of null', 'twin', [null, 1], 'BL_WIRE_SHAPE', 'value'],
  ['twin that observed an array', 'twin', [1, [1]], 'BL_WIRE_SHAPE', 'observedDesired'],
  ['unknown property type', 'device', inProperty(2, 7), 'BL_WIRE_RANGE', 'properties[0].type'],
  ['minimum as text', 'device', inProperty(4, '1'), 'BL_WIRE_SHAPE', 'properties[0].minimum'],
  ['`report` as a number', 'device', inProperty(11, 1), 'BL_WIRE_SHAPE', 'properties[0].report'],
  ['device status without state', 'deviceStatus', m([2, 0]), 'BL_WIRE_MISSING', 'state'],
  [
    'static pod with a wrong pod',
    'staticPod',
    m([1, 'h'], [2, but(POD, 2)], [3, m()], [4, m()]),
    'BL_WIRE_MISSING',
    'pod.runtime',
  ],
  [
    'label that is a number',
    'staticPod',
    m([1, 'h'], [2, POD], [3, m(['a', 1])], [4, m()]),
    'BL_WIRE_SHAPE',
    'labels.a',
  ],
  [
    'label key that is a number',
    'staticPod',
    m([1, 'h'], [2, POD], [3, m([1, 'a'])], [4, m()]),
    'BL_WIRE_SHAPE',
    'labels',
  ],
  ['node of nothing', 'node', m(), 'BL_WIRE_MISSING', 'agentVersion'],
  ['event about something else', 'event', but(EVENT, 4, 3), 'BL_WIRE_RANGE', 'about'],
  ['event without time', 'event', but(EVENT, 6), 'BL_WIRE_MISSING', 'unixMs'],
  [
    'log arguments with a negative number of lines',
    'logArgs',
    but(LOG_ARGS, 4, -1),
    'BL_WIRE_SHAPE',
    'tailLines',
  ],
  ['a renewal without a request', 'renewArgs', m(), 'BL_WIRE_MISSING', 'csr'],
];

const RULES: Readonly<Record<string, string>> = {
  pod: 'pod',
  podStatus: 'pod-status',
  twinDesired: 'twin-value',
  twin: 'twin',
  device: 'device',
  node: 'node',
  staticPod: 'static-pod',
  deviceStatus: 'device-status',
  event: 'event',
  logArgs: 'log-args',
  renewArgs: 'renew-args',
};

export function cddlRule(kind: string): string {
  const rule = RULES[kind];
  if (rule === undefined) throw new Error(`no CDDL rule for ${kind}`);
  return rule;
}

const BAD: readonly Vector[] = [
  {
    name: 'uid in text that is a canonical UUID',
    kind: 'pod',
    hex: toHex(encode(but(POD, 1, UUID))),
    error: 'BL_WIRE_NOT_SHORTEST',
    detail: 'uid',
  },
  {
    name: 'configuration nested too deep',
    kind: 'device',
    hex: `a301646770696f02${'81'.repeat(17)}000380`,
    error: 'BL_WIRE_TOO_DEEP',
    detail: 'protocolConfig',
  },
  {
    name: 'one byte over the limit of a document',
    kind: 'twinDesired',
    hex: '5a0003fffc',
    tail: { byte: '00', count: LIMITS.documentBytes - 4 },
    error: 'BL_WIRE_TOO_LONG',
  },
  {
    name: 'one byte over the limit of a journal entry',
    kind: 'event',
    hex: `a601f5026172035907ed`,
    tail: { byte: '61', count: LIMITS.journalEntryBytes - 9 },
    error: 'BL_WIRE_TOO_LONG',
  },
];

export const DOCUMENT_ERRORS: readonly Vector[] = [
  ...NEAR_MISSES.map(([name, kind, value, error, detail]) => ({
    name,
    kind,
    cddl: cddlRule(kind),
    hex: toHex(encode(value)),
    error,
    ...(detail === undefined ? {} : { detail }),
  })),
  ...BAD,
];

export const LENIENT_DOCUMENTS: readonly Vector[] = [
  {
    name: 'device status with keys of the future',
    kind: 'deviceStatus',
    hex: toHex(encode(m([1, 'ok'], [99, m(['x', 1])], ['note', null]))),
    lenient: true,
    expect: { state: 'ok' },
  },
];
