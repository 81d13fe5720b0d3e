import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConfigInput, configFlags, loadConfig } from './config.ts';

const load = (input: Partial<ConfigInput>) =>
  loadConfig({ files: [], env: {}, flags: {}, ...input });
const file = (value: unknown) => ({ files: [{ path: '/etc/b.yaml', value }] });

test('a board’s name is enough; everything else has its default', () => {
  assert.equal(load({ flags: { board: 'gw-1' } }), {
    board: 'gw-1',
    fleet: 'default',
    nodeName: 'default-gw-1',
    link: 'gw-1',
    dataDir: '/var/lib/boardlet',
    manifestsDir: '/var/lib/boardlet/manifests',
    policyFile: '/var/lib/boardlet/policy.yaml',
    brokers: [],
    labels: {},
    shards: 16,
    storeBytes: 67108864,
    hostTwin: true,
    log: { level: 'info', linesPerS: 50 },
    pods: { logRotateBytes: 10485760, logFiles: 5 },
  });
});

test('flags go over the environment, it over files, a later file over an earlier, field by field', () => {
  const config = load({
    files: [
      {
        path: 'a',
        value: { board: 'a', fleet: 'one', shards: 1, log: { level: 'warn', linesPerS: 7 } },
      },
      { path: 'b', value: { board: 'b', fleet: 'two', log: { level: 'error' } } },
    ],
    env: { BOARDLET_BOARD: 'c', BOARDLET_SHARDS: '3', BOARDLET_LOG_LEVEL: 'debug', PATH: '/bin' },
    flags: { board: 'd', shards: undefined },
  });
  const { board, fleet, shards, log, nodeName } = config;
  assert.equal(
    { board, fleet, shards, log, nodeName },
    {
      board: 'd',
      fleet: 'two',
      shards: 3,
      log: { level: 'debug', linesPerS: 7 },
      nodeName: 'two-d',
    },
  );
});

test('lists and labels come as YAML or as one text', () => {
  const asFile = load(
    file({ board: 'a', brokers: ['mqtt://x:1', 'wss://y/mqtt'], labels: { 'a.b/c': 'd', e: '' } }),
  );
  const asText = load({
    env: { BOARDLET_BOARD: 'a' },
    flags: { brokers: 'mqtt://x:1,wss://y/mqtt', labels: 'a.b/c=d,e=' },
  });
  assert.equal(asFile, asText);
});

test('an empty file is no configuration, and null is as if a field were not there', () => {
  assert.is(load({ ...file(null), flags: { board: 'a' } }).board, 'a');
  assert.is(load(file({ board: 'a', fleet: null })).fleet, 'default');
});

for (const [name, input, message] of [
  ['no board', {}, /^board: no id is given/],
  ['a list in place of a map', file([]), /b\.yaml: the configuration: expected a map, got \[\]/],
  ['an unknown field', file({ borad: 'x' }), /b\.yaml: borad: unknown field; did you mean board\?/],
  [
    'an unknown inner field',
    file({ log: { levle: 1 } }),
    /log\.levle: unknown field; did you mean level/,
  ],
  ['a field like no other', file({ zzzzzzzzzz: 1 }), /unknown field; known: board, fleet/],
  ['a bad name', file({ board: 'Ä' }), /board: expected lower-case letters.*got "Ä"/],
  ['a board name that ends in a dash', file({ board: 'a-' }), /board: expected/],
  [
    'a number out of range',
    file({ board: 'a', shards: 0 }),
    /shards: expected a whole number 1 to 256/,
  ],
  ['a fraction', file({ board: 'a', shards: 1.5 }), /shards: expected a whole number/],
  ['a number in words', { env: { BOARDLET_SHARDS: 'ten' } }, /environment: shards: expected/],
  ['a bad level', file({ log: { level: 'loud' } }), /log\.level: expected one of debug, info/],
  [
    'a bad URL in a list',
    file({ brokers: ['mqtt://a', 'http://b'] }),
    /brokers\[1\]: expected a URL/,
  ],
  [
    'a password in a URL',
    file({ brokers: ['mqtt://u:p@a'] }),
    /brokers\[0\]: .*without a password/,
  ],
  ['a bad label', file({ labels: { 'a b': 'c' } }), /labels: "a b" is no name/],
  ['a bad label value', file({ labels: { a: 'b c' } }), /labels\.a: expected a label value/],
  ['a label without a value', { flags: { labels: 'a' } }, /labels\.a: expected a label value/],
  [
    'an unknown variable',
    { env: { BOARDLET_LOGLEVEL: 'x' } },
    /BOARDLET_LOGLEVEL: unknown.*BOARDLET_LOG_LEVEL/,
  ],
  [
    'an unknown flag',
    { flags: { 'dat-dir': 'x' } },
    /--dat-dir: unknown name; did you mean --data-dir/,
  ],
  ['a flag without its value', { flags: { board: true } }, /command line: board: expected/],
  [
    '__proto__ as a field',
    file(JSON.parse('{"__proto__": {"board": "x"}}')),
    /__proto__: unknown field/,
  ],
] as const)
  test(`refuses ${name}, with the place`, () => {
    try {
      load(input as Partial<ConfigInput>);
      assert.unreachable('it was taken');
    } catch (error) {
      assert.instance(error, Error);
      assert.match((error as Error).message, message);
      assert.match((error as { code?: string }).code ?? '', /^BL_CONFIG_(INVALID|MISSING)$/);
    }
  });

test('a node name longer than Kubernetes takes cannot be made of parts that are allowed', () => {
  const long = 'x'.repeat(63);
  assert.is(load({ flags: { board: long, fleet: long } }).nodeName.length, 127);
});

test('every field has its flag', () => {
  assert.ok(configFlags.includes('data-dir'));
  assert.ok(configFlags.includes('log-lines-per-s'));
  assert.ok(configFlags.includes('pods-log-rotate-bytes'));
});

test.run();
