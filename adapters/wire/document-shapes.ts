/** The layout of each document body, declared once for both directions; boardlet.cddl is the normative form. */
import type {
  ContainerDocument,
  ContainerStatusDocument,
  DeviceDocument,
  DeviceStatusDocument,
  EventEntry,
  HostTwinProperty,
  LogArgs,
  NodeCondition,
  NodeDocument,
  NodeResources,
  PodDocument,
  PodStatusDocument,
  PropertyDocument,
  RenewArgs,
  StaticPodDocument,
  TerminatedState,
} from './documents.ts';
import * as r from './registry.ts';
import {
  any,
  bool,
  type Codec,
  int,
  list,
  number,
  optional,
  record,
  required,
  row,
  text,
  textMap,
  uint,
  word,
} from './shape.ts';
import { uid } from './uid.ts';

const words = text();
const count = uint();
const unixMs = uint();
const texts = list(words);

const envEntry: Codec<readonly [string, string]> = {
  write: (writer, [name, value]) => {
    writer.array(2);
    writer.text(name);
    writer.text(value);
  },
  read: (reader) => {
    const start = reader.offset;
    const places = reader.array();
    if (places !== undefined && places !== 2) reader.fail(r.WIRE_ERRORS.shape, start);
    const name = reader.text();
    const value = reader.text();
    return name === undefined || value === undefined ? undefined : [name, value];
  },
};

const container = record<ContainerDocument>({
  name: required(words, r.CONTAINER_KEYS.name),
  image: required(words, r.CONTAINER_KEYS.image),
  command: optional(texts, r.CONTAINER_KEYS.command),
  args: optional(texts, r.CONTAINER_KEYS.args),
  env: optional(list(envEntry), r.CONTAINER_KEYS.env),
  limits: optional(
    record<NonNullable<ContainerDocument['limits']>>({
      cpuMilli: optional(count, r.RESOURCE_KEYS.cpuMilli),
      memoryBytes: optional(count, r.RESOURCE_KEYS.memoryBytes),
    }),
    r.CONTAINER_KEYS.resources,
  ),
  workingDir: optional(words, r.CONTAINER_KEYS.workingDir),
  user: optional(count, r.CONTAINER_KEYS.user),
  group: optional(count, r.CONTAINER_KEYS.group),
});

export const pod: Codec<PodDocument> = record<PodDocument>({
  uid: required(uid, r.POD_KEYS.uid),
  runtime: required(words, r.POD_KEYS.runtime),
  graceS: required(count, r.POD_KEYS.graceS),
  restart: required(word(r.RESTART_POLICIES), r.POD_KEYS.restart),
  containers: required(list(container), r.POD_KEYS.containers),
  initContainers: optional(list(container), r.POD_KEYS.initContainers),
  stopGraceS: optional(count, r.POD_KEYS.stopGraceS),
});

/** The keys that a terminated state shares with the container status that it once was. */
const terminated = record<TerminatedState>({
  startedAt: optional(unixMs, r.CONTAINER_STATUS_KEYS.startedAt),
  finishedAt: required(unixMs, r.CONTAINER_STATUS_KEYS.finishedAt),
  exitCode: required(int, r.CONTAINER_STATUS_KEYS.exitCode),
  signal: optional(count, r.CONTAINER_STATUS_KEYS.signal),
  reason: required(words, r.CONTAINER_STATUS_KEYS.reason),
  message: optional(words, r.CONTAINER_STATUS_KEYS.message),
});

const containerStatus = record<ContainerStatusDocument>({
  name: required(words, r.CONTAINER_STATUS_KEYS.name),
  state: required(word(r.CONTAINER_STATES), r.CONTAINER_STATUS_KEYS.state),
  restarts: required(count, r.CONTAINER_STATUS_KEYS.restarts),
  startedAt: optional(unixMs, r.CONTAINER_STATUS_KEYS.startedAt),
  finishedAt: optional(unixMs, r.CONTAINER_STATUS_KEYS.finishedAt),
  exitCode: optional(int, r.CONTAINER_STATUS_KEYS.exitCode),
  signal: optional(count, r.CONTAINER_STATUS_KEYS.signal),
  reason: optional(words, r.CONTAINER_STATUS_KEYS.reason),
  message: optional(words, r.CONTAINER_STATUS_KEYS.message),
  ready: required(bool, r.CONTAINER_STATUS_KEYS.ready),
  id: optional(words, r.CONTAINER_STATUS_KEYS.id),
  last: optional(terminated, r.CONTAINER_STATUS_KEYS.last),
});

export const podStatus: Codec<PodStatusDocument> = record<PodStatusDocument>({
  uid: required(uid, r.POD_STATUS_KEYS.uid),
  phase: required(word(r.PHASES), r.POD_STATUS_KEYS.phase),
  startedAt: optional(unixMs, r.POD_STATUS_KEYS.startedAt),
  containers: required(list(containerStatus), r.POD_STATUS_KEYS.containers),
  reason: optional(words, r.POD_STATUS_KEYS.reason),
  message: optional(words, r.POD_STATUS_KEYS.message),
  initContainers: optional(list(containerStatus), r.POD_STATUS_KEYS.initContainers),
});

const nodeResources = record<NodeResources>({
  cpuMilli: required(count, r.NODE_RESOURCE_KEYS.cpuMilli),
  memoryBytes: required(count, r.NODE_RESOURCE_KEYS.memoryBytes),
  ephemeralBytes: required(count, r.NODE_RESOURCE_KEYS.ephemeralBytes),
  pods: required(count, r.NODE_RESOURCE_KEYS.pods),
});

const condition = row<NodeCondition>({
  type: required(words),
  status: required(word(r.CONDITION_STATUSES)),
  reason: required(words),
  message: required(words),
});

const hostTwinProperty = record<HostTwinProperty>({
  name: required(words, r.PROPERTY_KEYS.name),
  type: required(word(r.PROPERTY_TYPES), r.PROPERTY_KEYS.type),
  readOnly: required(bool, r.PROPERTY_KEYS.readOnly),
  minimum: optional(number, r.PROPERTY_KEYS.minimum),
  maximum: optional(number, r.PROPERTY_KEYS.maximum),
  unit: optional(words, r.PROPERTY_KEYS.unit),
});

export const node: Codec<NodeDocument> = record<NodeDocument>({
  agentVersion: required(words, r.NODE_KEYS.agentVersion),
  os: required(words, r.NODE_KEYS.os),
  arch: required(words, r.NODE_KEYS.arch),
  kernel: required(words, r.NODE_KEYS.kernel),
  osImage: required(words, r.NODE_KEYS.osImage),
  machineId: required(words, r.NODE_KEYS.machineId),
  systemUuid: required(words, r.NODE_KEYS.systemUuid),
  bootId: required(words, r.NODE_KEYS.bootId),
  hostname: required(words, r.NODE_KEYS.hostname),
  runtimeVersion: required(words, r.NODE_KEYS.runtimeVersion),
  addresses: required(
    list(
      row<NodeDocument['addresses'][number]>({ type: required(words), address: required(words) }),
    ),
    r.NODE_KEYS.addresses,
  ),
  capacity: required(nodeResources, r.NODE_KEYS.capacity),
  allocatable: required(nodeResources, r.NODE_KEYS.allocatable),
  conditions: required(list(condition), r.NODE_KEYS.conditions),
  labels: required(textMap, r.NODE_KEYS.labels),
  runtimes: required(texts, r.NODE_KEYS.runtimes),
  clockTrusted: required(bool, r.NODE_KEYS.clockTrusted),
  hostTwin: required(list(hostTwinProperty), r.NODE_KEYS.hostTwin),
});

export const staticPod: Codec<StaticPodDocument> = record<StaticPodDocument>({
  hash: required(words, r.STATIC_POD_KEYS.hash),
  pod: required(pod, r.STATIC_POD_KEYS.pod),
  labels: required(textMap, r.STATIC_POD_KEYS.labels),
  annotations: required(textMap, r.STATIC_POD_KEYS.annotations),
});

const property = record<PropertyDocument>({
  name: required(words, r.PROPERTY_KEYS.name),
  type: required(word(r.PROPERTY_TYPES), r.PROPERTY_KEYS.type),
  readOnly: required(bool, r.PROPERTY_KEYS.readOnly),
  minimum: optional(number, r.PROPERTY_KEYS.minimum),
  maximum: optional(number, r.PROPERTY_KEYS.maximum),
  unit: optional(words, r.PROPERTY_KEYS.unit),
  protocol: required(words, r.PROPERTY_KEYS.protocol),
  config: required(any, r.PROPERTY_KEYS.config),
  reportMs: required(count, r.PROPERTY_KEYS.reportMs),
  collectMs: required(count, r.PROPERTY_KEYS.collectMs),
  report: required(bool, r.PROPERTY_KEYS.report),
});

export const device: Codec<DeviceDocument> = record<DeviceDocument>({
  protocol: required(words, r.DEVICE_KEYS.protocol),
  protocolConfig: required(any, r.DEVICE_KEYS.protocolConfig),
  properties: required(list(property), r.DEVICE_KEYS.properties),
});

export const deviceStatus: Codec<DeviceStatusDocument> = record<DeviceStatusDocument>({
  state: required(words, r.DEVICE_STATUS_KEYS.state),
  lastOnline: optional(unixMs, r.DEVICE_STATUS_KEYS.lastOnline),
  message: optional(words, r.DEVICE_STATUS_KEYS.message),
});

export const event: Codec<EventEntry> = record<EventEntry>({
  warning: required(bool, r.EVENT_KEYS.warning),
  reason: required(words, r.EVENT_KEYS.reason),
  message: required(words, r.EVENT_KEYS.message),
  about: required(word(r.ABOUT_KINDS), r.EVENT_KEYS.about),
  name: required(words, r.EVENT_KEYS.name),
  unixMs: required(unixMs, r.EVENT_KEYS.unixMs),
  uid: optional(uid, r.EVENT_KEYS.uid),
  count: optional(count, r.EVENT_KEYS.count),
});

export const logArgs: Codec<LogArgs> = record<LogArgs>({
  pod: required(words, r.LOG_ARGS_KEYS.pod),
  container: required(words, r.LOG_ARGS_KEYS.container),
  follow: required(bool, r.LOG_ARGS_KEYS.follow),
  tailLines: optional(count, r.LOG_ARGS_KEYS.tailLines),
  sinceMs: optional(unixMs, r.LOG_ARGS_KEYS.sinceMs),
  previous: required(bool, r.LOG_ARGS_KEYS.previous),
  timestamps: required(bool, r.LOG_ARGS_KEYS.timestamps),
  limitBytes: optional(count, r.LOG_ARGS_KEYS.limitBytes),
});

export const renewArgs: Codec<RenewArgs> = record<RenewArgs>({
  csr: required(words, r.RENEW_ARGS_KEYS.csr),
});
