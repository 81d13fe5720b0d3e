import { badRequest, conflict, invalid, methodNotAllowed, required } from '../fault.ts';
import { at, child, clone, isObject, type JsonObject, str } from '../json.ts';
import { PODS } from '../kinds.ts';
import { setPodCondition } from '../objects/pod-condition.ts';
import { readOne } from '../objects/read.ts';
import type { Services } from '../services.ts';
import { readObject } from './body.ts';
import { type Call, sendText } from './call.ts';
import type { ObjectPath } from './path.ts';

/** Puts a pod on a node. Throws 404, 409 when it has one already or is going. */
export async function assignPod(
  services: Services,
  namespace: string,
  name: string,
  node: string,
  annotations: JsonObject = {},
): Promise<void> {
  readOne(services.store, PODS, namespace, name);
  const current = services.store.head(PODS.storage, namespace, name);
  if (current === undefined) throw conflict(PODS, name, 'the pod is being deleted');
  const pod = clone(current.object);
  if (str(pod, 'metadata', 'deletionTimestamp') !== '') {
    throw conflict(PODS, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  const assigned = str(pod, 'spec', 'nodeName');
  if (assigned !== '')
    throw conflict(PODS, name, `pod ${name} is already assigned to node "${assigned}"`);
  child(pod, 'spec')['nodeName'] = node;
  if (Object.keys(annotations).length > 0) {
    Object.assign(child(child(pod, 'metadata'), 'annotations'), annotations);
  }
  setPodCondition(pod, { type: 'PodScheduled', status: 'True' }, services.clock.now());
  await services.store.put(PODS.storage, namespace, name, pod);
}

export async function bindPod(services: Services, call: Call, path: ObjectPath): Promise<void> {
  if (call.method !== 'POST') throw methodNotAllowed();
  const body = await readObject(call.request, services.limits);
  if (!isObject(body)) throw badRequest('the body must be a Binding');
  const kind = str(body, 'target', 'kind');
  const node = str(body, 'target', 'name');
  if (node === '' || (kind !== '' && kind !== 'Node')) {
    throw invalid({ group: '', kind: 'Binding' }, path.name, [required('target.name', 'a Node')]);
  }
  const name = path.name || str(body, 'metadata', 'name');
  const annotations = at(body, 'metadata', 'annotations');
  await assignPod(services, path.namespace, name, node, isObject(annotations) ? annotations : {});
  sendText(
    call,
    201,
    '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201}\n',
  );
}
