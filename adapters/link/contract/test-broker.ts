export type Transport = 'tcp' | 'tls' | 'ws' | 'wss';

/** A real broker on free loopback ports; they may change with each start. */
export interface TestBroker {
  readonly name: string;
  readonly levels: readonly (4 | 5)[];
  readonly transports: readonly Transport[];
  readonly port: (transport: Transport) => number;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

export const SCHEMES: Readonly<Record<Transport, string>> = {
  tcp: 'mqtt',
  tls: 'mqtts',
  ws: 'ws',
  wss: 'wss',
};
