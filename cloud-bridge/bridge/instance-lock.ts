/** Proves that no other process on this machine runs a bridge with the same folder: a name in Linux' abstract socket
 * space is held by one process and freed by the kernel when that process is gone, however it went (unix(7)). */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { resolve } from 'node:path';

export interface InstanceLock {
  /** Undefined: somebody else holds it, or this system has no such names. */
  readonly instance: string | undefined;
  readonly release: () => void;
}

export function takeInstanceLock(folder: string): Promise<InstanceLock> {
  const instance = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 16);
  const none: InstanceLock = { instance: undefined, release: () => undefined };
  if (process.platform !== 'linux') return Promise.resolve(none);
  return new Promise((done) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once('error', () => done(none));
    server.listen(`\0boardlet-bridge-${instance}`, () => {
      server.unref();
      done({ instance, release: () => server.close() });
    });
  });
}
