import type { ContainerDocument, PodDocument } from '@boardlet/adapters/wire';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  allowsHostPath,
  allowsNamespace,
  allowsProgram,
  defaultPolicy,
  parsePolicy,
  podPolicy,
  refusePod,
  userFor,
} from './policy.ts';

const ROOT = 0;
const container = (change: Partial<ContainerDocument> = {}): ContainerDocument => ({
  name: 'main',
  image: 'boardlet.dev/host',
  command: ['/usr/bin/sleep', '1'],
  ...change,
});
const pod = (change: Partial<PodDocument> = {}): PodDocument => ({
  uid: 'u',
  runtime: 'process',
  graceS: 30,
  restart: 'Always',
  containers: [container()],
  ...change,
});
const why = (policy: unknown, name: string, spec: PodDocument, agentId = ROOT): string =>
  refusePod(parsePolicy(policy, 'policy.yaml'), name, spec, agentId)?.message ?? '';

test('without a file, pods of any namespace but the cluster’s own run the host’s programs, not as root', () => {
  assert.is(why(null, 'default/a', pod()), '');
  assert.match(why(null, 'kube-system/a', pod()), /no pods of namespace kube-system/);
  assert.match(why(null, 'default/a', pod({ runtime: 'oci' })), /runtime oci is not allowed/);
  assert.match(why(null, 'd/a', pod({ containers: [container({ user: 0 })] })), /user or group 0/);
  assert.match(why(null, 'd/a', pod({ containers: [container({ group: 0 })] })), /user or group 0/);
  assert.match(why(null, 'd/a', pod({ containers: [container({ user: 33 })] })), /group 33/);
  assert.match(
    why(null, 'd/a', pod({ containers: [container({ command: ['/root/x'] })] })),
    /program \/root\/x is not in the board's list/,
  );
  assert.is(podPolicy(defaultPolicy, ROOT).check('d/a', pod()), undefined);
});

test('variables that make a program execute something else are refused, unless the board says otherwise', () => {
  const setting = (name: string, value = 'x'): PodDocument =>
    pod({ containers: [container({ env: [[name, value]] })] });
  for (const name of [
    'LD_PRELOAD',
    'BASH_ENV',
    'BASH_FUNC_ls%%',
    'NODE_OPTIONS',
    'PERL5OPT',
    'JAVA_TOOL_OPTIONS',
    '_JAVA_OPTIONS',
  ]) {
    const message = why(null, 'd/a', setting(name));
    assert.ok(message.includes(`env ${name} may not be set (environment)`), message);
    assert.is(why({ environment: ['*'] }, 'd/a', setting(name)), '');
  }
  for (const name of ['PATH', 'HOME', 'LD_LIBRARY_PATH', 'PYTHONPATH', 'MY_NODE_OPTIONS']) {
    assert.is(why(null, 'd/a', setting(name)), '', name);
  }
  assert.match(why({ environment: ['APP_*'] }, 'd/a', setting('PATH')), /env PATH/);
  assert.throws(() => parsePolicy({ environment: ['A=b'] }, 'p'), /environment\[0\]/);
});

test('a user id that is no id is refused in the file, also where it stands alone', () => {
  for (const id of [-1, 1.5, 2 ** 32, Number.NaN]) {
    assert.throws(() => parsePolicy({ users: { allow: [id] } }, 'p'), /users\.allow\[0\]/);
  }
});

test('init containers are judged as well', () => {
  const spec = pod({ initContainers: [container({ name: 'prepare', command: ['sh'] })] });
  assert.match(why(null, 'd/a', spec), /container prepare: program sh/);
});

test('a refusal is Forbidden and names the board’s policy', () => {
  const refusal = refusePod(defaultPolicy, 'kube-system/a', pod(), ROOT);
  assert.is(refusal?.reason, 'Forbidden');
  assert.match(refusal?.message ?? '', /^the board's policy: /);
});

for (const [patterns, namespace, expected] of [
  [['*'], 'default', true],
  [[], 'default', false],
  [['robots'], 'robots', true],
  [['robots'], 'robots2', false],
  [['*', '!kube-*'], 'kube-system', false],
  [['!kube-*', '*'], 'kube-system', true],
  [['team-*-prod'], 'team-a-prod', true],
  [['team-*-prod'], 'team-prod', false],
  [['a*a'], 'a', false],
  [['*x*y*'], 'axbyc', true],
  [['*x*y*'], 'aybxc', false],
] as const)
  test(`namespaces ${JSON.stringify(patterns)} and ${namespace}: ${expected}`, () => {
    assert.is(allowsNamespace(patterns, namespace), expected);
  });

test('a pattern of many stars takes no time', () => {
  assert.not.ok(allowsNamespace([`${'*a'.repeat(30)}b`], 'a'.repeat(63)));
});

for (const [program, expected] of [
  ['/usr/bin/env', true],
  ['/usr/bin', false],
  ['/usr/bin/../../root/x', false],
  ['/usr/bin/./x', false],
  ['/usr/bin//x', false],
  ['usr/bin/x', false],
  ['/usr/binx', false],
  ['', false],
  ['/srv/tool', true],
  ['/srv/tool/x', false],
] as const)
  test(`program ${program || '(none)'}: ${expected}`, () => {
    const policy = parsePolicy({ programs: ['/usr/bin/', '/srv/tool'] }, 'p');
    assert.is(allowsProgram(policy, program), expected);
  });

test('host paths: none by default, below a rule when there is one, written only where it says so', () => {
  assert.not.ok(allowsHostPath(defaultPolicy, '/etc/hostname', false));
  const policy = parsePolicy(
    { hostPaths: ['/srv/data', { path: '/var/x', readOnly: false }] },
    'p',
  );
  assert.ok(allowsHostPath(policy, '/srv/data/a', false));
  assert.ok(allowsHostPath(policy, '/srv/data', false));
  assert.not.ok(allowsHostPath(policy, '/srv/data/a', true));
  assert.not.ok(allowsHostPath(policy, '/srv/database', false));
  assert.not.ok(allowsHostPath(policy, '/srv/data/../x', false));
  assert.ok(allowsHostPath(policy, '/var/x/y', true));
});

test('an agent that is not root runs containers as itself', () => {
  assert.is(userFor(defaultPolicy, {}, 1234), 1234);
  assert.is(userFor(defaultPolicy, {}, ROOT), 65534);
  assert.is(userFor(defaultPolicy, { user: 1000 }, ROOT), 1000);
  assert.is(why(null, 'd/a', pod({ containers: [container({ user: 33 })] }), 33), '');
});

test('root runs only where the policy says so', () => {
  const spec = pod({ containers: [container({ user: 0 })] });
  assert.match(why({ users: { allow: [[0, 5000]] } }, 'd/a', spec), /user or group 0/);
  assert.is(why({ users: { root: true } }, 'd/a', spec), '');
});

test('what a file leaves out is as by default; ranges come in three forms', () => {
  const policy = parsePolicy({ users: { allow: [7, [8, 9], '100-200'] } }, 'p');
  assert.equal(policy.users, {
    default: 65534,
    allow: [
      [7, 7],
      [8, 9],
      [100, 200],
    ],
    root: false,
  });
  assert.equal(policy.programs, defaultPolicy.programs);
});

for (const [name, value, message] of [
  ['an unknown field', { program: [] }, /p: program: unknown field; did you mean programs\?/],
  ['a relative program', { programs: ['bin/x'] }, /programs\[0\]: expected an absolute path/],
  ['a program with ..', { programs: ['/usr/../x'] }, /programs\[0\]: expected a path without/],
  ['an unknown runtime', { runtimes: ['docker'] }, /runtimes\[0\]: expected one of process/],
  ['a range upside down', { users: { allow: [[9, 8]] } }, /users\.allow\[0\]: expected a user id/],
  ['a negative id', { users: { allow: [[-1, 8]] } }, /users\.allow\[0\]/],
  ['a host path without a path', { hostPaths: [{}] }, /hostPaths\[0\]: path is missing/],
  ['a namespace of capitals', { namespaces: ['Default'] }, /namespaces\[0\]: expected a namespace/],
  ['a text for the whole', 'all', /p: the configuration: expected a map, got "all"/],
] as const)
  test(`refuses ${name}`, () => {
    assert.throws(() => parsePolicy(value, 'p'), message);
  });

test.run();
