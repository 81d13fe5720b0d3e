import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createFacts } from './index.ts';
import { linuxFacts } from './linux.ts';

const folder = mkdtempSync(join(tmpdir(), 'boardlet-facts-'));
test.after(() => rmSync(folder, { recursive: true }));

const MIB = 1024 * 1024;
const BOARD: Readonly<Record<string, string>> = {
  'etc/os-release': 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  'etc/machine-id': '3d1219c7c4c5404aaa1f6d2a48adfda4\n',
  'proc/device-tree/serial-number': '10000000ABCDEF01\0',
  'proc/sys/kernel/random/boot_id': 'e1f4\n',
  'proc/meminfo': 'MemTotal:       1048576 kB\nMemFree:  1 kB\nMemAvailable:    524288 kB\n',
  'proc/loadavg': '0.75 0.43 0.41 2/195 11785\n',
  'proc/uptime': '1234.56 99.0\n',
  'proc/sys/kernel/pid_max': '4194304\n',
  'proc/sys/kernel/threads-max': '7000\n',
  'proc/net/route':
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\nlo\t0000007F\t0\t1\t0\t0\t0\t000000FF\neth7\t00000000\t0101A8C0\t3\t0\t0\t0\t00000000\n',
  'sys/class/thermal/thermal_zone0/type': 'wifi\n',
  'sys/class/thermal/thermal_zone0/temp': '30000\n',
  'sys/class/thermal/thermal_zone1/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone1/temp': '48312\n',
};

function rootOf(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(folder, name);
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
const without = (...names: string[]) =>
  Object.fromEntries(
    Object.entries(BOARD).filter(([path]) => !names.some((n) => path.includes(n))),
  );

test('a Linux board tells its names, ids and default route', () => {
  const facts = linuxFacts({ root: rootOf('whole', BOARD) });
  assert.is(facts.osImage(), 'Debian GNU/Linux 12 (bookworm)');
  assert.is(facts.machineId(), '3d1219c7c4c5404aaa1f6d2a48adfda4');
  assert.is(facts.systemUuid(), '10000000abcdef01');
  assert.is(facts.bootId(), 'e1f4');
  assert.is(facts.defaultInterface(), 'eth7');
});

test('a sample holds load, memory, uptime, threads, their limit and the processor’s temperature', () => {
  const { diskTotalBytes, diskAvailableBytes, ...sample } = linuxFacts({
    root: rootOf('sample', BOARD),
  }).sample(folder);
  assert.equal(sample, {
    memoryTotalBytes: 1024 * MIB,
    memoryAvailableBytes: 512 * MIB,
    uptimeS: 1234,
    load1: 0.75,
    temperatureC: 48.3,
    processes: 195,
    processLimit: 7000,
  });
  assert.ok((diskTotalBytes ?? 0) >= (diskAvailableBytes ?? 0) && (diskAvailableBytes ?? 0) > 0);
});

test('what a kernel does not tell is absent, never zero or NaN', () => {
  const root = rootOf('bare', without('loadavg', 'thermal', 'sys/kernel', 'os-release', 'serial'));
  const facts = linuxFacts({ root });
  const sample = facts.sample('/does/not/exist');
  assert.equal(Object.keys(sample).sort(), ['memoryAvailableBytes', 'memoryTotalBytes', 'uptimeS']);
  assert.is(facts.osImage(), '');
  assert.is(facts.systemUuid(), facts.machineId());
});

test('a sensor that gives rubbish is not one', () => {
  const root = rootOf('hot', {
    ...BOARD,
    'sys/class/thermal/thermal_zone1/temp': '-274000\n',
    'sys/class/thermal/thermal_zone0/temp': 'error\n',
    'sys/class/hwmon/hwmon3/name': 'k10temp\n',
    'sys/class/hwmon/hwmon3/temp1_input': '61250\n',
  });
  assert.is(linuxFacts({ root }).sample(folder).temperatureC, 61.3);
});

test('this very host: addresses end in its name, allocatable is below capacity, numbers are whole', () => {
  const facts = createFacts({ dataDir: folder, version: '1.2.3', clockTrusted: () => true });
  const read = facts.read();
  assert.is(read.runtimeVersion, 'boardlet://1.2.3');
  assert.equal(read.addresses.at(-1), { type: 'Hostname', address: read.hostname });
  assert.ok(
    read.addresses.every(({ address }) => !address.startsWith('127.') && address !== '::1'),
  );
  assert.match(read.arch, /^(amd64|arm64|arm|riscv64)$/);
  for (const name of ['cpuMilli', 'memoryBytes', 'ephemeralBytes', 'pods'] as const) {
    assert.ok(
      Number.isInteger(read.capacity[name]) && Number.isInteger(read.allocatable[name]),
      name,
    );
    assert.ok(read.allocatable[name] <= read.capacity[name] && read.allocatable[name] > 0, name);
  }
  assert.equal(
    facts.conditions(facts.sample()).map(({ type }) => type),
    ['MemoryPressure', 'DiskPressure', 'PIDPressure'],
  );
});

test.run();
