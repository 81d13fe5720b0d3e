import { randomFillSync } from 'node:crypto';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { LinkHost, Sockets } from '../lean/sockets.ts';

/** The plainest host that the lean link can run on. */
export const leanHost: LinkHost = {
  sockets: createSockets(),
  timers: {
    after: (delayMs, fire) => {
      const timer = setTimeout(fire, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
  },
  clock: { monotonicMs: () => performance.now() },
  random: (length) => randomFillSync(new Uint8Array(length)),
};

function createSockets(): Sockets {
  return {
    connect: ({ host, port, tls }, handlers) => {
      const socket =
        tls === undefined
          ? connectTcp({ host, port })
          : connectTls({
              host,
              port,
              ca: tls.ca,
              servername: isIP(tls.serverName) === 0 ? tls.serverName : '',
              ...(tls.cert === undefined ? {} : { cert: tls.cert }),
              ...(tls.key === undefined ? {} : { key: tls.key }),
            });
      let failure: Error | undefined;
      socket.setNoDelay(true);
      socket.on(tls === undefined ? 'connect' : 'secureConnect', handlers.onOpen);
      socket.on('data', handlers.onData);
      socket.on('drain', handlers.onDrain);
      socket.on('error', (error) => {
        failure = error;
      });
      socket.on('close', () => handlers.onClose(hostCode(failure), failure?.message ?? ''));
      return {
        write: (bytes) => socket.write(bytes),
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        close: () => {
          socket.resume();
          socket.end();
          setTimeout(() => socket.destroy(), 500).unref();
        },
      };
    },
  };
}

function hostCode(error: Error | undefined): string {
  if (error === undefined) return '';
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED') return 'BL_HOST_REFUSED';
  return /SSL|TLS|CERT|VERIFY/.test(code) ? 'BL_HOST_TLS' : 'BL_HOST_IO';
}
