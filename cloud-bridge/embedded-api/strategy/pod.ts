import { forbiddenFor } from '../fault.ts';
import { child, dict, fill, type JsonObject, list, str } from '../json.ts';
import { PODS, RUNTIME_CLASSES, SERVICE_ACCOUNTS } from '../kinds.ts';
import { MIRROR_ANNOTATION, podCauses, podUpdateCauses } from './pod-causes.ts';
import { addDefaultTolerations, podDefaults, qosClass } from './pod-defaults.ts';
import type { Strategy, StrategyEnvironment } from './strategy.ts';

/** The two classes that every cluster has; there is no PriorityClass kind here. */
const PRIORITIES: Readonly<Record<string, number>> = {
  '': 0,
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
};

function admitPriority(pod: JsonObject): void {
  const spec = child(pod, 'spec');
  const name = str(spec, 'priorityClassName');
  const priority = PRIORITIES[name];
  if (priority === undefined) {
    throw forbiddenFor(
      PODS,
      str(pod, 'metadata', 'name'),
      `no PriorityClass with name ${name} was found`,
    );
  }
  spec['priority'] = priority;
  fill(spec, 'preemptionPolicy', 'PreemptLowerPriority');
}

function admitServiceAccount(pod: JsonObject, { store }: StrategyEnvironment): void {
  const spec = child(pod, 'spec');
  const name = str(spec, 'serviceAccountName') || 'default';
  const namespace = str(pod, 'metadata', 'namespace');
  if (name !== 'default' && store.head(SERVICE_ACCOUNTS.storage, namespace, name) === undefined) {
    throw forbiddenFor(
      PODS,
      str(pod, 'metadata', 'name'),
      `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
    );
  }
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
}

/** The RuntimeClass must exist, and its scheduling rules join the pod's (admission plugin RuntimeClass). */
function admitRuntimeClass(pod: JsonObject, { store }: StrategyEnvironment): void {
  const spec = child(pod, 'spec');
  const name = str(spec, 'runtimeClassName');
  if (name === '') return;
  const podName = str(pod, 'metadata', 'name');
  const entry = store.head(RUNTIME_CLASSES.storage, '', name);
  if (entry === undefined) {
    throw forbiddenFor(PODS, podName, `pod rejected: RuntimeClass "${name}" not found`);
  }
  const selector = child(spec, 'nodeSelector');
  for (const [key, value] of Object.entries(dict(entry.object, 'scheduling', 'nodeSelector'))) {
    if (selector[key] !== undefined && selector[key] !== value) {
      throw forbiddenFor(
        PODS,
        podName,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${String(value)}; pod.spec.nodeSelector[${key}] = ${String(selector[key])}`,
      );
    }
    selector[key] = value;
  }
  if (Object.keys(selector).length === 0) delete spec['nodeSelector'];
  const added = list(entry.object, 'scheduling', 'tolerations');
  if (added.length > 0) spec['tolerations'] = [...list(spec, 'tolerations'), ...added];
}

export const pod: Strategy = {
  generation: true,
  defaults: podDefaults,
  admit: (object, env) => {
    const spec = child(object, 'spec');
    const mirror = str(object, 'metadata', 'annotations', MIRROR_ANNOTATION) !== '';
    admitPriority(object);
    if (!mirror) admitServiceAccount(object, env);
    admitRuntimeClass(object, env);
    addDefaultTolerations(spec);
    object['status'] = { phase: 'Pending', qosClass: qosClass(spec) };
  },
  causes: podCauses,
  updateCauses: podUpdateCauses,
};
