import { decodeDocument, encodeDocument, KINDS } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { KubeObject } from '../../kube/index.ts';
import type { OwnEvent, PartContext, Write, WriteJob } from '../contract.ts';
import { createDevices } from './index.ts';

const NODE = 'demo-press-17';

interface Cache {
  readonly set: (object: KubeObject) => void;
}

interface FakeCaches {
  readonly informer: PartContext['informer'];
  readonly cache: (plural: string) => Cache;
}

/** Informers whose objects are set by hand; every change takes the next resourceVersion. */
function fakeCaches(): FakeCaches {
  const caches = new Map<string, Cache>();
  let version = 100;
  const informer: PartContext['informer'] = (resource, _options, handlers) => {
    const objects = new Map<string, KubeObject>();
    const set = (object: KubeObject): void => {
      version += 1;
      const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
      const old = objects.get(key);
      const metadata = { uid: `uid-${key}`, ...object.metadata, resourceVersion: String(version) };
      const now = { ...object, metadata };
      objects.set(key, now);
      handlers.onChange(now, old);
    };
    caches.set(resource.plural, { set });
    return {
      start: () => {},
      stop: () => {},
      synced: () => true,
      resourceVersion: () => String(version),
      get: (ns, name) => objects.get(`${ns}/${name}`),
      list: () => objects.values(),
      refresh: () => {},
    };
  };
  const cache = (plural: string): Cache => {
    const found = caches.get(plural);
    if (found === undefined) throw new Error(`no informer of ${plural}`);
    return found;
  };
  return { informer, cache };
}

/** A projection context with such caches, and a queue that keeps the jobs. */
function world() {
  const { informer, cache } = fakeCaches();
  const jobs = new Map<string, WriteJob>();
  const events: OwnEvent[] = [];
  let online = true;
  const context = {
    naming: {
      fleet: 'demo',
      nodeOf: (b: string) => `demo-${b}`,
      boardOf: (n: string) => (n.startsWith('demo-') ? n.slice(5) : undefined),
      providerIdOf: (b: string) => b,
    },
    queue: {
      enqueue: (job: WriteJob) => Boolean(jobs.set(`${job.resource.plural}/${job.name}`, job)),
    },
    informer,
    event: (e: OwnEvent) => events.push(e),
    online: () => online,
    clock: { unixMs: () => 1_700_000_000_000, monotonicMs: () => 0 },
  } as unknown as PartContext;
  const devices = createDevices(context);
  const told: string[] = [];
  devices.onDesired((board, kind, name) => told.push(`${board} ${kind} ${name}`));
  const build = (key: string, current?: KubeObject): Write | undefined =>
    jobs.get(key)?.build(current) as Write | undefined;
  const away = (): void => {
    online = false;
  };
  return { devices, cache, events, told, build, away };
}

/** The status that a write would create. */
function created(write: Write | undefined): { readonly twins: unknown[]; readonly state: string } {
  if (write?.op !== 'create') throw new Error(`expected a create, got ${write?.op}`);
  return write.object['status'] as { twins: unknown[]; state: string };
}

const model = (maximum = '50'): KubeObject => ({
  apiVersion: 'devices.kubeedge.io/v1beta1',
  kind: 'DeviceModel',
  metadata: { name: 'pump', namespace: 'default' },
  spec: {
    properties: [{ name: 'setpoint', type: 'INT', accessMode: 'ReadWrite', minimum: '1', maximum }],
  },
});
const device = (desired = '40', nodeName = NODE): KubeObject => ({
  apiVersion: 'devices.kubeedge.io/v1beta1',
  kind: 'Device',
  metadata: { name: 'pump-1', namespace: 'default' },
  spec: {
    deviceModelRef: { name: 'pump' },
    nodeName,
    properties: [{ name: 'setpoint', desired: { value: desired } }],
  },
});
const twin = (value: number, observedDesired?: number) => ({
  kind: KINDS.twin,
  name: 'default/pump-1/setpoint',
  body: encodeDocument(
    'twin',
    observedDesired === undefined ? { value } : { value, observedDesired },
  ),
});

test('a Device created before its model comes alive with the model', () => {
  const w = world();
  w.cache('devices').set(device());
  assert.equal([...w.devices.documents('press-17')], []);
  w.cache('devicemodels').set(model());
  const d = w.devices.document('press-17', KINDS.twinDesired, 'default/pump-1/setpoint');
  assert.ok(d);
  assert.equal(decodeDocument('twinDesired', d.body), { ok: true, value: 40 });
  assert.equal(w.told, [
    `press-17 ${KINDS.device} default/pump-1`,
    `press-17 ${KINDS.twinDesired} default/pump-1/setpoint`,
  ]);
});

test('an unchanged document is not told again', () => {
  const w = world();
  w.cache('devicemodels').set(model());
  w.cache('devices').set(device());
  w.told.length = 0;
  w.cache('devices').set(device());
  assert.equal(w.told, []);
  w.cache('devices').set(device('41'));
  assert.equal(w.told, [`press-17 ${KINDS.twinDesired} default/pump-1/setpoint`]);
});

test('a value out of range stays here, with one Event on the Device', () => {
  const w = world();
  w.cache('devicemodels').set(model());
  w.cache('devices').set(device('51'));
  w.cache('devices').set(device('51'));
  assert.is(
    w.devices.document('press-17', KINDS.twinDesired, 'default/pump-1/setpoint'),
    undefined,
  );
  assert.is(w.events.length, 1);
  assert.match(w.events[0]?.message ?? '', /setpoint.*maximum 50/);
});

test('a Device too large for a board is told, and hurts no other', () => {
  const w = world();
  w.cache('devicemodels').set(model());
  const huge = device();
  const protocol = { protocolName: 'x', configData: { blob: 'x'.repeat(300_000) } };
  w.cache('devices').set({ ...huge, spec: { ...(huge['spec'] as object), protocol } });
  assert.is(w.devices.document('press-17', KINDS.device, 'default/pump-1'), undefined);
  assert.match(w.events[0]?.message ?? '', /^spec: /);
});

test('a Device that moves to another node leaves the first board', () => {
  const w = world();
  w.cache('devicemodels').set(model());
  w.cache('devices').set(device());
  w.told.length = 0;
  w.cache('devices').set(device('40', 'demo-other'));
  assert.equal([...w.devices.documents('press-17')], []);
  assert.is([...w.devices.documents('other')].length, 2);
  assert.is(w.told.length, 4);
});

test('reported twins become the DeviceStatus, owned by its Device', () => {
  const w = world();
  w.cache('devicemodels').set(model());
  w.cache('devices').set(device());
  w.devices.reported('press-17', [twin(38, 40)]);
  const write = w.build('devicestatuses/pump-1');
  assert.is(write?.op, 'create');
  const object = write?.op === 'create' ? write.object : undefined;
  assert.is(object?.metadata.ownerReferences?.[0]?.uid, 'uid-default/pump-1');
  assert.equal(created(write).twins, [
    {
      propertyName: 'setpoint',
      reported: { value: '38', metadata: { timestamp: '1700000000000' } },
      observedDesired: { value: '40', metadata: { timestamp: '1700000000000' } },
    },
  ]);
  assert.is(w.build('devicestatuses/pump-1', object), undefined, 'equal content is no write');
});

test('a board cannot report for a Device of another node', () => {
  const w = world();
  w.cache('devicemodels').set(model());
  w.cache('devices').set(device());
  w.devices.reported('intruder', [twin(1)]);
  assert.is(w.build('devicestatuses/pump-1'), undefined);
});

test('a board away keeps its last values, and the state is unknown', () => {
  const w = world();
  w.cache('devicemodels').set(model());
  w.cache('devices').set(device());
  w.devices.reported('press-17', [twin(38)]);
  w.away();
  w.devices.boardDown('press-17', 'LinkLost');
  const write = w.build('devicestatuses/pump-1');
  const status =
    write?.op === 'create'
      ? (write.object['status'] as { state: string; twins: unknown[] })
      : undefined;
  assert.equal([status?.state, status?.twins.length], ['unknown', 1]);
});

test('a twin that the board removed leaves the status', () => {
  const w = world();
  w.cache('devicemodels').set(model());
  w.cache('devices').set(device());
  w.devices.reported('press-17', [twin(38)]);
  w.devices.reported('press-17', [{ kind: KINDS.twin, name: 'default/pump-1/setpoint' }]);
  const write = w.build('devicestatuses/pump-1');
  assert.equal(created(write).twins, []);
});

test.run();
