export { createLeanLink, type LeanLinkOptions } from './lean-link.ts';
export type {
  ConnectOptions,
  LinkClock,
  LinkHost,
  LinkTimers,
  RandomBytes,
  Socket,
  SocketHandlers,
  Sockets,
} from './sockets.ts';
