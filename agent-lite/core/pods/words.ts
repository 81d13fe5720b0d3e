/** Reasons and messages as the kubelet words them (pkg/kubelet/events, pkg/kubelet/images, pkg/kubelet/kuberuntime),
 * so that what users and tools know of pods holds here. */
import { durationText } from './back-off.ts';
import type { PodEvent, PodState } from './pod-state.ts';

/** ErrImagePull is shown for so long before it reads ImagePullBackOff: about one sync of the kubelet. */
export const IMAGE_SETTLES_MS = 5_000;
/** Longest message in a status or an event. */
export const MESSAGE_CHARS = 512;

/** The reason that a failed start has while it waits to be tried again. */
export const settledReason = (reason: string): string =>
  reason === 'ErrImagePull' ? 'ImagePullBackOff' : reason;

export const bounded = (message: string): string =>
  message.length <= MESSAGE_CHARS ? message : `${message.slice(0, MESSAGE_CHARS - 1)}…`;

/** `name_namespace(uid)`, the kubelet's way to name a pod in messages. */
export function podText(pod: Pick<PodState, 'name' | 'uid'>): string {
  const at = pod.name.indexOf('/');
  return `${pod.name.slice(at + 1)}_${pod.name.slice(0, at)}(${pod.uid})`;
}

const normal = (reason: string, message: string): PodEvent => ({ warning: false, reason, message });
const warning = (reason: string, message: string): PodEvent => ({
  warning: true,
  reason,
  message: bounded(message),
});

export const words = {
  unknownExitReason: 'ContainerStatusUnknown',
  neverStarted: 'The container was not started before the pod was deleted',
  crashLoop: (pod: PodState, container: string, delayMs: number): string =>
    `back-off ${durationText(delayMs)} restarting failed container=${container} pod=${podText(pod)}`,
  pullBackOff: (image: string, detail: string): string =>
    bounded(`Back-off pulling image "${image}": ErrImagePull: ${detail}`),

  created: (container: string): PodEvent => normal('Created', `Created container ${container}`),
  started: (container: string): PodEvent => normal('Started', `Started container ${container}`),
  killing: (container: string): PodEvent => normal('Killing', `Stopping container ${container}`),
  changed: (container: string): PodEvent =>
    normal('Killing', `Container ${container} definition changed, will be restarted`),
  backOff: (pod: PodState, container: string): PodEvent =>
    warning('BackOff', `Back-off restarting failed container ${container} in pod ${podText(pod)}`),
  pullFailed: (image: string, detail: string): PodEvent =>
    warning('Failed', `Failed to pull image "${image}": ${detail}`),
  pullBackOffEvent: (image: string): PodEvent =>
    normal('BackOff', `Back-off pulling image "${image}"`),
  startFailed: (message: string): PodEvent => warning('Failed', `Error: ${message}`),
} as const;
