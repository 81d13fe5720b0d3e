import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostSample } from '../../../core/host.ts';
import { diskOf, type SystemFacts } from './system.ts';

/** Sensors outside of it are broken or not of a temperature. */
const COLDEST_C = -60;
const HOTTEST_C = 150;
/** Zones that mean "the processor" on PCs, Raspberry Pis and most SoCs, in order of preference. */
const PROCESSOR_ZONE = /^(x86_pkg_temp|cpu|soc|k10temp|coretemp|package|acpitz)/i;

export interface LinuxRoot {
  /** Default `/`; a test points at a folder made like it. */
  readonly root?: string;
  readonly os?: string;
}

type ReadText = (path: string) => string | undefined;

/** Everything from `/proc`, `/sys` and `/etc`; no program is started. */
export function linuxFacts(options: LinuxRoot = {}): SystemFacts {
  const read = reader(options.root ?? '/');
  const first = (...paths: readonly string[]): string =>
    paths.map((path) => read(path)?.trim() ?? '').find((text) => text !== '') ?? '';
  let sensor: string | undefined | null = null;
  return {
    os: options.os ?? 'linux',
    osImage: () => prettyName(first('etc/os-release', 'usr/lib/os-release')),
    machineId: () => first('etc/machine-id', 'var/lib/dbus/machine-id'),
    systemUuid: () =>
      // A NUL ends the texts of the device tree.
      first('sys/class/dmi/id/product_uuid', 'proc/device-tree/serial-number', 'etc/machine-id')
        .replaceAll('\0', '')
        .toLowerCase(),
    bootId: () => first('proc/sys/kernel/random/boot_id'),
    defaultInterface: () => defaultInterface(read('proc/net/route') ?? ''),
    sample: (dataDir) => {
      if (sensor === null) sensor = findSensor(options.root ?? '/', read);
      return sampleLinux(read, sensor, dataDir);
    },
  };
}

function reader(root: string): ReadText {
  return (path) => {
    try {
      return readFileSync(join(root, path), 'utf8');
    } catch {
      // Not on this kernel, or not for this user: the fact is unknown, and absent.
      return undefined;
    }
  };
}

function sampleLinux(read: ReadText, sensor: string | undefined, dataDir: string): HostSample {
  const memory = read('proc/meminfo') ?? '';
  const load = /^(\S+) \S+ \S+ \d+\/(\d+)/.exec(read('proc/loadavg') ?? '');
  const available = memoryBytes(memory, 'MemAvailable') ?? memoryBytes(memory, 'MemFree');
  return {
    memoryTotalBytes: memoryBytes(memory, 'MemTotal') ?? 0,
    memoryAvailableBytes: available ?? 0,
    uptimeS: Math.floor(number(read('proc/uptime')?.split(' ')[0]) ?? 0),
    ...optional('load1', number(load?.[1])),
    ...optional('temperatureC', sensor === undefined ? undefined : temperature(read(sensor))),
    ...diskOf(dataDir),
    ...optional('processes', number(load?.[2])),
    ...optional('processLimit', processLimit(read)),
  };
}

function optional<K extends string>(name: K, value: number | undefined): { [P in K]?: number } {
  const entry: { [P in K]?: number } = {};
  if (value !== undefined) entry[name] = value;
  return entry;
}

function number(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text.trim() === '' || !Number.isFinite(value) ? undefined : value;
}

function memoryBytes(text: string, name: string): number | undefined {
  const kib = number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]);
  return kib === undefined ? undefined : kib * 1024;
}

/** `/proc/loadavg` counts threads, and both limits are of threads (proc(5)). */
function processLimit(read: ReadText): number | undefined {
  const limits = ['proc/sys/kernel/pid_max', 'proc/sys/kernel/threads-max']
    .map((path) => number(read(path)))
    .filter((value) => value !== undefined);
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function temperature(text: string | undefined): number | undefined {
  const milliC = number(text);
  if (milliC === undefined) return undefined;
  const celsius = Math.round(milliC / 100) / 10;
  return celsius > COLDEST_C && celsius < HOTTEST_C ? celsius : undefined;
}

/** The processor's sensor, or the first that gives a sane value; searched once: sensors do not come and go. */
function findSensor(root: string, read: ReadText): string | undefined {
  const candidates = [
    ...sensors(root, 'sys/class/thermal', /^thermal_zone/, 'type', 'temp'),
    ...sensors(root, 'sys/class/hwmon', /^hwmon/, 'name', 'temp1_input'),
  ].filter((candidate) => temperature(read(candidate.value)) !== undefined);
  const named = candidates.find((c) => PROCESSOR_ZONE.test(read(c.label)?.trim() ?? ''));
  return (named ?? candidates[0])?.value;
}

function sensors(root: string, folder: string, match: RegExp, label: string, value: string) {
  let names: readonly string[] = [];
  try {
    names = readdirSync(join(root, folder));
  } catch {
    // No such class on this kernel: no sensors of that kind.
    return [];
  }
  return names
    .filter((name) => match.test(name))
    .sort()
    .map((name) => ({ label: join(folder, name, label), value: join(folder, name, value) }));
}

/** os-release(5): the value may stand in quotes. */
function prettyName(text: string): string {
  const line = /^PRETTY_NAME=(.*)$/m.exec(text)?.[1] ?? '';
  return line.trim().replace(/^(["'])(.*)\1$/, '$2');
}

/** The interface whose destination and mask are 0 (proc_net_route: columns Iface, Destination, …, Mask at 7). */
function defaultInterface(table: string): string | undefined {
  for (const line of table.split('\n').slice(1)) {
    const columns = line.split('\t');
    if (columns[1] === '00000000' && columns[7] === '00000000') return columns[0];
  }
  return undefined;
}
