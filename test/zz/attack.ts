import { openWorld, eventually, readyOf } from '../e2e/world.ts';
import { connect as tlsConnect } from 'node:tls';
import { readFileSync, mkdirSync } from 'node:fs';
import { createHash, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { shardName, shardOf } from '@boardlet/adapters/sets';
import { decodeDown } from '@boardlet/adapters/wire';
import { connect } from 'mqtt';
const world = await openWorld();
await eventually('ready', async () => (await readyOf(world)) === 'True');
const made = await world.stack.run('boardctl', ['--kubeconfig', world.stack.kubeconfig, '--json', 'board', 'join-token', '--board', 'evil']);
const { token } = JSON.parse(made.stdout);
const dir = join(world.folder, 'evil');
console.log('join', (await world.stack.run('boardlet-agent', ['join', `https://${world.stack.ready('bridge')['joinListen']}`, token, '--dir', dir])).code);
const id = JSON.parse(readFileSync(join(dir,'identity'),'utf8'));
const hp = (s: string) => { const i = s.lastIndexOf(':'); return { host: s.slice(0,i), port: Number(s.slice(i+1)) }; };
const alive = (part: any) => { try { return readFileSync(`/proc/${world.stack.pid(part)}/status','utf8'`.replace("','utf8'",''),'utf8').match(/VmRSS:\s+(\d+)/)?.[1] ?? 'zombie'; } catch { return 'DEAD'; } };
const k = hp(world.stack.ready('bridge')['kubeletListen'] as string);
await new Promise<void>(r => { const s = tlsConnect({ ...k, ca: id.ca, cert: id.certificate, key: id.key, rejectUnauthorized:false }, () => s.write('GET // HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')); s.on('data', d => console.log(String(d).split('\r\n')[0])); s.on('error', ()=>{}); s.on('close', () => r()); });
console.log('bridge', alive('bridge'));
const sha = (b: Uint8Array) => createHash('sha256').update(b).digest();
const topic = (x: string) => `bl/demo/${shardName(shardOf(sha, 'evil', id.shards))}/evil/${x}`;
const vec = JSON.parse(readFileSync('test/vectors/messages.json','utf8'));
const hexes: string[] = []; JSON.stringify(vec, (k, v) => { if (typeof v === 'string' && /^([0-9a-f]{2}){2,}$/.test(v)) hexes.push(v); return v; });
console.log('seeds', hexes.length, 'rss', alive('bridge'), alive('broker'), alive('api'));
let client: any; let tag = 0;
const open = () => new Promise<void>(r => { client = connect(id.brokers.find((b: string) => b.startsWith('mqtts:')), { clientId:'evil', username:'evil', clean:true, reconnectPeriod:0, ca:id.ca, cert:id.certificate, key:id.key, protocolVersion: 4 }); client.on('error',()=>{}); client.once('connect', () => r()); client.once('close', () => r()); client.on('message', (_t: string, p: Buffer) => { const d: any = decodeDown(p); if (d.ok && d.value.type === 'hello') tag = d.value.ses; }); });
await open(); client.subscribe(topic('d'));
const t0 = Date.now(); let sent = 0, reopened = 0;
while (Date.now() - t0 < 20000) {
  if (!client.connected) { reopened++; await new Promise(r => setTimeout(r, 1000)); await open(); client.subscribe?.(topic('d')); continue; }
  for (let i = 0; i < 20; i++) { const b = Buffer.from(hexes[randomInt(hexes.length)]!, 'hex'); const n = randomInt(3); for (let j = 0; j < n; j++) b[randomInt(b.length)] = randomInt(256); client.publish(topic(['u','u','j','s','w','t'][randomInt(6)]!), b, { qos: randomInt(2) as 0 | 1 }); sent++; }
  await new Promise(r => setTimeout(r, 25));
}
console.log('sent', sent, 'reopened', reopened, 'rss', alive('bridge'), alive('broker'), alive('api'), 'ready', await readyOf(world));
const counts: any = {}; for (const l of world.logs) { const m = /"(?:event|msg)":"([^"]+)"/.exec(l); const key = l.split(':')[0] + ' ' + (m?.[1] ?? l.slice(0, 80)); counts[key] = (counts[key] ?? 0) + 1; } console.log(counts);
console.log((await world.kubectl('get', 'nodes,events', '-A')).stdout.split('\n').length);
console.log(world.logs.filter(l => /uncaught|TypeError|RangeError|at .*\(/.test(l)).slice(0, 5));
await world.close();
