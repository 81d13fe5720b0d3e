/** Document bodies as TypeScript shapes; `document-codec.ts` turns them into CBOR with the registry's keys.
 * Names: pod, pod status, static pod, config map, secret, device: `<namespace>/<name>`; twins:
 * `<namespace>/<device>/<property>`; node and settings: `-`. Times are Unix milliseconds as the board best
 * knows them (`NodeDocument.clockTrusted` says how well). */
import type { CborValue } from './value.ts';

export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';
export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export interface ContainerDocument {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly (readonly [string, string])[];
  readonly limits?: { readonly cpuMilli?: number; readonly memoryBytes?: number };
  readonly workingDir?: string;
  readonly user?: number;
  readonly group?: number;
}
export interface PodDocument {
  readonly uid: string;
  /** RuntimeClass handler without its `boardlet-` prefix: `process`, `wasm`, `oci`, `task`. */
  readonly runtime: string;
  readonly graceS: number;
  readonly restart: RestartPolicy;
  readonly containers: readonly ContainerDocument[];
  readonly initContainers?: readonly ContainerDocument[];
  /** Present once the API marked the pod for deletion: stop it within so many seconds and report. */
  readonly stopGraceS?: number;
}
export interface TerminatedState {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt?: number;
  readonly finishedAt: number;
}
export interface ContainerStatusDocument {
  readonly name: string;
  readonly state: 'waiting' | 'running' | 'terminated';
  readonly restarts: number;
  readonly ready: boolean;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
  readonly signal?: number;
  /** CamelCase, the kubelet's words where they exist: CrashLoopBackOff, CreateContainerError, ErrImagePull, Completed, Error. */
  readonly reason?: string;
  readonly message?: string;
  readonly id?: string;
  readonly last?: TerminatedState;
}
export interface PodStatusDocument {
  readonly uid: string;
  readonly phase: PodPhase;
  readonly startedAt?: number;
  readonly containers: readonly ContainerStatusDocument[];
  readonly initContainers?: readonly ContainerStatusDocument[];
  readonly reason?: string;
  readonly message?: string;
}
export interface NodeResources {
  readonly cpuMilli: number;
  readonly memoryBytes: number;
  readonly ephemeralBytes: number;
  readonly pods: number;
}
export interface NodeCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}
export interface HostTwinProperty {
  readonly name: string;
  readonly type: PropertyType;
  readonly readOnly: boolean;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}
export interface NodeDocument {
  readonly agentVersion: string;
  readonly os: string;
  readonly arch: string;
  readonly kernel: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly hostname: string;
  readonly runtimeVersion: string;
  readonly addresses: readonly { readonly type: string; readonly address: string }[];
  readonly capacity: NodeResources;
  readonly allocatable: NodeResources;
  readonly conditions: readonly NodeCondition[];
  readonly labels: Readonly<Record<string, string>>;
  readonly runtimes: readonly string[];
  readonly clockTrusted: boolean;
  readonly hostTwin: readonly HostTwinProperty[];
}
/** Name of the document = name of the mirror pod: `<namespace>/<name>-<node>`; its status is an ordinary pod status. */
export interface StaticPodDocument {
  readonly hash: string;
  readonly pod: PodDocument;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
export type PropertyType = 'INT' | 'FLOAT' | 'DOUBLE' | 'STRING' | 'BOOLEAN' | 'BYTES' | 'STREAM';
export interface PropertyDocument {
  readonly name: string;
  readonly type: PropertyType;
  readonly readOnly: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly unit?: string;
  /** `visitors.protocolName`: which driver reads and writes it. */
  readonly protocol: string;
  /** `visitors.configData`, as given. */
  readonly config: CborValue;
  /** `reportCycle`, ms; 0: on change. */
  readonly reportMs: number;
  /** `collectCycle`, ms; 0: the driver's default. */
  readonly collectMs: number;
  readonly report: boolean;
}
export interface DeviceDocument {
  readonly protocol: string;
  readonly protocolConfig: CborValue;
  readonly properties: readonly PropertyDocument[];
}
export type TwinValue = string | number | bigint | boolean | Uint8Array;
/** Encoded as the bare value, or `[value, observedDesired]` once a desired value was applied. */
export interface TwinDocument {
  readonly value: TwinValue;
  readonly observedDesired?: TwinValue;
}
export interface DeviceStatusDocument {
  /** KubeEdge's words: ok, online, offline, unhealthy, unknown. */
  readonly state: string;
  readonly lastOnline?: number;
  readonly message?: string;
}
/** A journal entry: one Kubernetes Event. */
export interface EventEntry {
  readonly warning: boolean;
  readonly reason: string;
  readonly message: string;
  readonly about: 'node' | 'pod' | 'device';
  /** `<namespace>/<name>`; `-` for the node. */
  readonly name: string;
  readonly unixMs: number;
  readonly uid?: string;
  readonly count?: number;
}
export interface LogArgs {
  readonly pod: string;
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  /** How far back, milliseconds before now. */
  readonly sinceMs?: number;
  readonly limitBytes?: number;
}
/** Arguments of a stream by which a link asks for its next certificate; the answer's data is the PEM chain. */
export interface RenewArgs {
  /** PEM, PKCS#10 (RFC 2986). */
  readonly csr: string;
}
/** Documents by kind name, for typed encode and decode. */
export interface DocumentBodies {
  readonly pod: PodDocument;
  readonly podStatus: PodStatusDocument;
  readonly twinDesired: TwinValue;
  readonly twin: TwinDocument;
  readonly device: DeviceDocument;
  readonly node: NodeDocument;
  readonly staticPod: StaticPodDocument;
  readonly deviceStatus: DeviceStatusDocument;
}
