/** What boards report of their devices, held per Device until it is written to its DeviceStatus. */
import { type DeviceStatusDocument, decodeDocument, KINDS } from '@boardlet/adapters/wire';
import type { ReportedChange } from '../../session/contract.ts';
import type { ReportedTwin } from './status.ts';

export interface ReportedDevice {
  readonly board: string;
  readonly twins: Map<string, ReportedTwin>;
  state?: DeviceStatusDocument;
}

export interface ReportedDevices {
  /** Takes one change; answers the key `<namespace>/<device>` of the Device that it touches. */
  readonly take: (board: string, change: ReportedChange, nowMs: number) => string | undefined;
  readonly get: (board: string, device: string) => ReportedDevice | undefined;
  readonly forget: (board: string) => void;
  readonly clear: () => void;
}

/** `<namespace>/<device>/<property>`. */
function splitTwin(name: string): readonly [string, string] | undefined {
  const first = name.indexOf('/');
  const second = name.indexOf('/', first + 1);
  if (first < 1 || second <= first + 1 || second === name.length - 1) return undefined;
  return [name.slice(0, second), name.slice(second + 1)];
}

export function createReportedDevices(): ReportedDevices {
  /** A Device belongs to one node, but any board may name it: held by board, so that none overwrites another's. */
  const boards = new Map<string, Map<string, ReportedDevice>>();

  const entry = (board: string, device: string): ReportedDevice => {
    const devices = boards.get(board) ?? new Map<string, ReportedDevice>();
    boards.set(board, devices);
    const found = devices.get(device) ?? { board, twins: new Map<string, ReportedTwin>() };
    devices.set(device, found);
    return found;
  };

  const takeTwin = (board: string, change: ReportedChange, nowMs: number): string | undefined => {
    const parts = splitTwin(change.name);
    if (parts === undefined) return undefined;
    const [device, property] = parts;
    const { twins } = entry(board, device);
    if (change.body === undefined) {
      twins.delete(property);
      return device;
    }
    const decoded = decodeDocument('twin', change.body);
    if (!decoded.ok) return undefined;
    twins.set(property, { twin: decoded.value, unixMs: change.unixMs ?? nowMs });
    return device;
  };

  const takeState = (board: string, change: ReportedChange): string | undefined => {
    const held = entry(board, change.name);
    if (change.body === undefined) {
      delete held.state;
      return change.name;
    }
    const decoded = decodeDocument('deviceStatus', change.body);
    if (!decoded.ok) return undefined;
    held.state = decoded.value;
    return change.name;
  };

  return {
    take: (board, change, nowMs) => {
      if (change.kind === KINDS.twin) return takeTwin(board, change, nowMs);
      return change.kind === KINDS.deviceStatus ? takeState(board, change) : undefined;
    },
    get: (board, device) => boards.get(board)?.get(device),
    forget: (board) => boards.delete(board),
    clear: () => boards.clear(),
  };
}
