/** KubeEdge's `devices.kubeedge.io/v1beta1` objects, as far as boardlet reads and writes them. Every field is optional
 * on reading: a CRD without defaults lets anything through. */
import type { KubeObject } from '../../kube/contract.ts';

export interface Visitors {
  readonly protocolName?: string;
  readonly configData?: Readonly<Record<string, unknown>>;
}
export interface ModelProperty {
  readonly name: string;
  readonly description?: string;
  readonly type?: string;
  readonly accessMode?: string;
  readonly minimum?: string;
  readonly maximum?: string;
  readonly unit?: string;
  readonly visitors?: Visitors;
}
export interface DeviceModelSpec {
  readonly protocol?: string;
  readonly protocolConfigData?: Readonly<Record<string, unknown>>;
  readonly properties?: readonly ModelProperty[];
}
export interface DeviceProperty {
  readonly name: string;
  readonly desired?: {
    readonly value?: string;
    readonly metadata?: Readonly<Record<string, string>>;
  };
  readonly visitors?: Visitors;
  readonly reportCycle?: number;
  readonly collectCycle?: number;
  readonly reportToCloud?: boolean;
}
export interface DeviceSpec {
  readonly deviceModelRef?: { readonly name?: string };
  readonly nodeName?: string;
  readonly protocol?: {
    readonly protocolName?: string;
    readonly configData?: Readonly<Record<string, unknown>>;
  };
  readonly properties?: readonly DeviceProperty[];
}

export const deviceSpec = (object: KubeObject): DeviceSpec => (object['spec'] ?? {}) as DeviceSpec;
export const modelSpec = (object: KubeObject): DeviceModelSpec =>
  (object['spec'] ?? {}) as DeviceModelSpec;
