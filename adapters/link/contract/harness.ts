import type { LinkHandlers, LinkOptions, PausableLink } from '../link.ts';
import { type Recorder, startRecording } from './recorder.ts';

/** What a test says of a link; everything else is the harness's. */
export type LinkWish = Partial<Omit<LinkOptions, 'handlers' | 'clientId'>>;

/** One implementation against one broker over one transport at one protocol level. */
export interface Harness {
  readonly name: string;
  /** Level that a link must agree on. */
  readonly level: 0 | 4 | 5;
  /** What happens to a message over `maxPacketBytes`. */
  readonly oversized: 'ends' | 'dropped' | 'withheld';
  readonly createLink: (
    clientId: string,
    wish: LinkWish,
    handlers: LinkHandlers,
  ) => Promise<PausableLink>;
  /** Cuts the client's connection without a word. */
  readonly cut: (clientId: string) => void;
  readonly stopBroker: () => Promise<void>;
  readonly startBroker: () => Promise<void>;
  readonly publishRetained: (topic: string, text: string) => Promise<void>;
  /** Ends what the last test opened. */
  readonly endTest: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A started link with its record; ids are unique, since brokers remember. */
export async function openLink(
  harness: Harness,
  clientId: string,
  wish: LinkWish = {},
  onMessage?: (recorder: Recorder) => void,
): Promise<Recorder> {
  const { handlers, of } = startRecording(onMessage);
  const link = await harness.createLink(clientId, wish, handlers);
  const recorder = of(link);
  link.start();
  return recorder;
}

/** As `openLink`, and up. */
export async function openUp(
  harness: Harness,
  clientId: string,
  wish: LinkWish = {},
  onMessage?: (recorder: Recorder) => void,
): Promise<Recorder> {
  const recorder = await openLink(harness, clientId, wish, onMessage);
  await recorder.until(`${clientId} up`, () => recorder.ups.length > 0);
  return recorder;
}

/** uvu's `test`, as far as a suite needs it. */
export type DefineTest = (title: string, body: () => Promise<void>) => void;
