import { createKubeClient, DEVICESTATUSES, LEASES } from '@boardlet/cloud-bridge/kube';
const client = createKubeClient({ kubeconfig: process.env.KUBECONFIG! });
const N = Number(process.env.N ?? 60), GAP = Number(process.env.GAP ?? 100);
const wc = createKubeClient({ kubeconfig: process.env.KUBECONFIG! });
const now = () => performance.now();
try { await client.create(DEVICESTATUSES, { apiVersion: 'devices.kubeedge.io/v1beta1', kind: 'DeviceStatus', metadata: { name: 'lat', namespace: 'default' }, spec: {}, status: { twins: [{ propertyName: 'v', reported: { value: '0', metadata: { timestamp: '1', type: 'int' } } }] } } as never); } catch (e) { }
const seen = new Map<string, number>(); const stop = new AbortController();
const l = await wc.list(DEVICESTATUSES);
void wc.watch(DEVICESTATUSES, { resourceVersion: l.resourceVersion, timeoutS: 600, signal: stop.signal }, { onActivity() { }, onEvent(t, o: any) { const at = now(); const v = o.status?.twins?.[0]?.reported?.value; if (v !== undefined) seen.set(v, at); } }).catch(() => { });
await new Promise(r => setTimeout(r, 300));
const a: number[] = [], w: number[] = [];
for (let i = 1; i <= N; i++) {
  const v = String(Date.now()) + i; const t = now();
  await client.patch(DEVICESTATUSES, 'default', 'lat', 'merge', { status: { twins: [{ propertyName: 'v', reported: { value: v, metadata: { timestamp: String(Date.now()), type: 'int' } } }] } });
  a.push(now() - t);
  await new Promise(r => setTimeout(r, GAP));
  w.push((seen.get(v) ?? NaN) - t);
}
const q = (x: number[], p: number) => x.slice().sort((a, b) => a - b)[Math.floor(x.length * p)]!.toFixed(2);
console.log(`answer p50 ${q(a, .5)} p99 ${q(a, .99)}  watch p50 ${q(w, .5)} p90 ${q(w, .9)} p99 ${q(w, .99)}`);
stop.abort(); await client.close(); await wc.close(); process.exit(0);
