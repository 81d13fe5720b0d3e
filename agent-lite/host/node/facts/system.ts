import { statfsSync } from 'node:fs';
import { arch, availableParallelism, hostname, networkInterfaces, release } from 'node:os';
import type { HostFacts, HostSample } from '../../../core/host.ts';
import { allocatableOf } from '../../../core/pressure.ts';

/** What differs between operating systems. Unknown texts are empty. */
export interface SystemFacts {
  /** GOOS' words: linux, windows, android. */
  readonly os: string;
  readonly osImage: () => string;
  readonly machineId: () => string;
  readonly systemUuid: () => string;
  readonly bootId: () => string;
  readonly sample: (dataDir: string) => HostSample;
  /** Interface of the default route, so that its address comes first. */
  readonly defaultInterface: () => string | undefined;
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  arm64: 'arm64',
  arm: 'arm',
  riscv64: 'riscv64',
  ppc64: 'ppc64le',
  s390x: 's390x',
  loong64: 'loong64',
  mipsel: 'mipsle',
};
/** The kubelet's own default (`maxPods`). */
const PODS = 110;
const MOST_ADDRESSES = 8;
/** Bridges and pairs that container tools make: they lead nowhere from outside. */
const VIRTUAL = /^(docker|veth|cni|br-|virbr|flannel|cali|lxc|vnet|tun|tap|podman)/;

export function toHostFacts(
  system: SystemFacts,
  options: {
    readonly dataDir: string;
    readonly version: string;
    readonly clockTrusted: () => boolean;
  },
): HostFacts {
  const sample = system.sample(options.dataDir);
  const capacity = {
    cpuMilli: availableParallelism() * 1000,
    memoryBytes: sample.memoryTotalBytes,
    ephemeralBytes: sample.diskTotalBytes ?? 0,
    pods: PODS,
  };
  return {
    os: system.os,
    arch: ARCHITECTURES[arch()] ?? arch(),
    kernel: release(),
    osImage: system.osImage(),
    machineId: system.machineId(),
    systemUuid: system.systemUuid(),
    bootId: system.bootId(),
    hostname: hostname(),
    addresses: addresses(system.defaultInterface()),
    capacity,
    allocatable: allocatableOf(capacity),
    runtimeVersion: `boardlet://${options.version}`,
    clockTrusted: options.clockTrusted(),
  };
}

export function diskOf(
  folder: string,
): { readonly diskTotalBytes: number; readonly diskAvailableBytes: number } | undefined {
  try {
    const stat = statfsSync(folder);
    return {
      diskTotalBytes: stat.blocks * stat.bsize,
      diskAvailableBytes: stat.bavail * stat.bsize,
    };
  } catch {
    // Not on this file system: absent in the sample means that the host cannot tell.
    return undefined;
  }
}

function addresses(first: string | undefined): HostFacts['addresses'] {
  const found: { readonly type: string; readonly address: string }[] = [];
  const names = Object.entries(networkInterfaces()).filter(([name]) => !VIRTUAL.test(name));
  names.sort(([a], [b]) => Number(b === first) - Number(a === first) || (a < b ? -1 : 1));
  // fe80::/10 means nothing without its interface (RFC 4291 §2.5.6).
  for (const [, list] of names)
    for (const entry of list ?? [])
      if (!entry.internal && !/^fe[89ab]/i.test(entry.address))
        found.push({ type: 'InternalIP', address: entry.address });
  return [...found.slice(0, MOST_ADDRESSES), { type: 'Hostname', address: hostname() }];
}
