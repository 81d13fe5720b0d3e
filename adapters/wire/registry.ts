/** Generated from registry.json by generate.ts; do not edit. */

export const PROTOCOL = {
  current: 1,
  previous: 1,
} as const;

export const MESSAGES = {
  beat: 0,
  birth: 1,
  up: 2,
  journal: 3,
  list: 4,
  death: 5,
  refuse: 6,
  hello: 16,
  down: 17,
  ask: 18,
  fetch: 19,
  jack: 20,
  drop: 21,
  open: 32,
  data: 33,
  credit: 34,
  end: 35,
} as const;

export const SETS = {
  desired: 0,
  reported: 1,
} as const;

export const KINDS = {
  pod: 1,
  podStatus: 2,
  configMap: 3,
  twinDesired: 4,
  twin: 5,
  device: 6,
  secret: 7,
  node: 8,
  staticPod: 9,
  settings: 10,
  deviceStatus: 11,
} as const;

export const DESIRED_KINDS = [
  'pod',
  'configMap',
  'twinDesired',
  'device',
  'secret',
  'settings',
] as const;

export const REPORTED_KINDS = ['podStatus', 'twin', 'node', 'staticPod', 'deviceStatus'] as const;

export const REFUSE_CODES = {
  realm: 1,
  version: 2,
  space: 3,
  tooLong: 4,
  invalid: 5,
  notMine: 6,
} as const;

export const DEATH_REASONS = {
  goodbye: 1,
} as const;

export const STREAM_TYPES = {
  log: 1,
  renew: 2,
} as const;

export const END_CODES = {
  ok: 0,
  notFound: 1,
  refused: 2,
  busy: 3,
  tooMuch: 4,
  session: 5,
  invalid: 6,
  failed: 7,
} as const;

export const BIRTH_KEYS = {
  versions: 1,
  realm: 2,
  mark: 3,
  uptimeMs: 4,
  digests: 5,
  boards: 6,
  maxMessage: 7,
  kindsRead: 8,
  staging: 9,
  dseq: 10,
  more: 11,
} as const;

export const HELLO_KEYS = {
  ses: 1,
  version: 2,
  realm: 3,
  beatS: 4,
  paceMs: 5,
  maxMessage: 6,
  kindsRead: 7,
  want: 8,
  unixMs: 9,
} as const;

export const OPEN_KEYS = {
  b: 1,
  type: 2,
  args: 3,
} as const;

export const POD_KEYS = {
  uid: 1,
  runtime: 2,
  graceS: 3,
  restart: 4,
  containers: 5,
  initContainers: 6,
  stopGraceS: 7,
  volumes: 8,
  labels: 9,
} as const;

export const CONTAINER_KEYS = {
  name: 1,
  image: 2,
  command: 3,
  args: 4,
  env: 5,
  resources: 6,
  workingDir: 7,
  user: 8,
  group: 9,
  mounts: 10,
} as const;

export const RESOURCE_KEYS = {
  cpuMilli: 1,
  memoryBytes: 2,
} as const;

export const RESTART_POLICIES = {
  Always: 0,
  OnFailure: 1,
  Never: 2,
} as const;

export const POD_STATUS_KEYS = {
  uid: 1,
  phase: 2,
  startedAt: 3,
  containers: 4,
  reason: 5,
  message: 6,
  initContainers: 7,
} as const;

export const PHASES = {
  Pending: 0,
  Running: 1,
  Succeeded: 2,
  Failed: 3,
} as const;

export const CONTAINER_STATUS_KEYS = {
  name: 1,
  state: 2,
  restarts: 3,
  startedAt: 4,
  finishedAt: 5,
  exitCode: 6,
  signal: 7,
  reason: 8,
  message: 9,
  ready: 10,
  id: 11,
  last: 12,
} as const;

export const CONTAINER_STATES = {
  waiting: 0,
  running: 1,
  terminated: 2,
} as const;

export const NODE_KEYS = {
  agentVersion: 1,
  os: 2,
  arch: 3,
  kernel: 4,
  osImage: 5,
  machineId: 6,
  systemUuid: 7,
  bootId: 8,
  addresses: 9,
  capacity: 10,
  allocatable: 11,
  conditions: 12,
  labels: 13,
  runtimes: 14,
  clockTrusted: 15,
  hostname: 16,
  hostTwin: 17,
  runtimeVersion: 18,
} as const;

export const NODE_RESOURCE_KEYS = {
  cpuMilli: 1,
  memoryBytes: 2,
  ephemeralBytes: 3,
  pods: 4,
} as const;

export const CONDITION_STATUSES = {
  False: 0,
  True: 1,
  Unknown: 2,
} as const;

export const STATIC_POD_KEYS = {
  hash: 1,
  pod: 2,
  labels: 3,
  annotations: 4,
} as const;

export const DEVICE_KEYS = {
  protocol: 1,
  protocolConfig: 2,
  properties: 3,
} as const;

export const PROPERTY_KEYS = {
  name: 1,
  type: 2,
  readOnly: 3,
  minimum: 4,
  maximum: 5,
  unit: 6,
  protocol: 7,
  config: 8,
  reportMs: 9,
  collectMs: 10,
  report: 11,
} as const;

export const PROPERTY_TYPES = {
  INT: 0,
  FLOAT: 1,
  DOUBLE: 2,
  STRING: 3,
  BOOLEAN: 4,
  BYTES: 5,
  STREAM: 6,
} as const;

export const DEVICE_STATUS_KEYS = {
  state: 1,
  lastOnline: 2,
  message: 3,
} as const;

export const SETTINGS_KEYS = {
  logRotateBytes: 1,
  logFiles: 2,
} as const;

export const EVENT_KEYS = {
  warning: 1,
  reason: 2,
  message: 3,
  about: 4,
  name: 5,
  unixMs: 6,
  uid: 7,
  count: 8,
} as const;

export const ABOUT_KINDS = {
  node: 0,
  pod: 1,
  device: 2,
} as const;

export const LOG_ARGS_KEYS = {
  pod: 1,
  container: 2,
  follow: 3,
  tailLines: 4,
  sinceMs: 5,
  previous: 6,
  timestamps: 7,
  limitBytes: 8,
} as const;

export const RENEW_ARGS_KEYS = {
  csr: 1,
} as const;

export const WIRE_ERRORS = {
  truncated: 'BL_WIRE_TRUNCATED',
  trailing: 'BL_WIRE_TRAILING',
  notShortest: 'BL_WIRE_NOT_SHORTEST',
  indefinite: 'BL_WIRE_INDEFINITE',
  reserved: 'BL_WIRE_RESERVED',
  tag: 'BL_WIRE_TAG',
  simple: 'BL_WIRE_SIMPLE',
  utf8: 'BL_WIRE_UTF8',
  keyOrder: 'BL_WIRE_KEY_ORDER',
  keyDuplicate: 'BL_WIRE_KEY_DUPLICATE',
  keyType: 'BL_WIRE_KEY_TYPE',
  tooLong: 'BL_WIRE_TOO_LONG',
  tooDeep: 'BL_WIRE_TOO_DEEP',
  tooMany: 'BL_WIRE_TOO_MANY',
  shape: 'BL_WIRE_SHAPE',
  range: 'BL_WIRE_RANGE',
  missing: 'BL_WIRE_MISSING',
  unknownType: 'BL_WIRE_UNKNOWN_TYPE',
  unencodable: 'BL_WIRE_UNENCODABLE',
} as const;

export const LIMITS = {
  documentBytes: 262144,
  nameBytes: 512,
  messageBytes: 65536,
  maxMessageFloorBytes: 1024,
  cborDepth: 16,
  cborItems: 65536,
  boardsPerLink: 256,
  documentsPerBoard: 4096,
  storeBytes: 67108864,
  downsInFlight: 8,
  downBytesInFlight: 65536,
  upsInFlightPerLink: 16,
  listPageDocuments: 32,
  journalEntries: 1024,
  journalBytes: 262144,
  journalEntryBytes: 2048,
  journalPerMessage: 16,
  streamsPerBoard: 16,
  streamWindowBytes: 131072,
  streamChunkBytes: 16384,
  beatS: 10,
  deadBeatsTenths: 35,
  paceMs: 1000,
  reGreetSeq: 65536,
  reGreetMs: 604800000,
  reportedPersistMs: 5000,
  reconnectMinMs: 200,
  reconnectMaxMs: 5000,
  shards: 16,
} as const;
