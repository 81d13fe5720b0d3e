/** Topics of links: `bl/<fleet>/<shard>/<link>/<x>` (docs/protocol.md §3). */
import { type Sha256, shardName, shardOf } from '@boardlet/adapters/sets';
import type { DownChannel, UpChannel } from './replica-types.ts';

const UP_CHANNELS: ReadonlySet<string> = new Set(['u', 'j', 's', 'w']);
/** Links whose shard is remembered; beyond it, hashes are computed anew. */
const REMEMBERED = 50_000;

export interface UpTopic {
  readonly link: string;
  readonly shard: number;
  readonly channel: UpChannel;
}

function isUpChannel(text: string): text is UpChannel {
  return UP_CHANNELS.has(text);
}

export class Topics {
  readonly #prefix: string;
  readonly #sha256: Sha256;
  readonly #shards: number;
  readonly #known = new Map<string, number>();

  constructor(fleet: string, shards: number, sha256: Sha256) {
    this.#prefix = `bl/${fleet}/`;
    this.#shards = shards;
    this.#sha256 = sha256;
  }

  subscriptions(owned: readonly number[]): { readonly topic: string; readonly qos: 1 }[] {
    return owned.flatMap((shard) =>
      [...UP_CHANNELS].map((x) => ({
        topic: `${this.#prefix}${shardName(shard)}/+/${x}`,
        qos: 1 as const,
      })),
    );
  }

  down(shard: number, link: string, channel: DownChannel): string {
    return `${this.#prefix}${shardName(shard)}/${link}/${channel}`;
  }

  /** Undefined: not a link's topic, or its hash does not give that shard. */
  parse(topic: string): UpTopic | undefined {
    if (!topic.startsWith(this.#prefix)) return undefined;
    const [shardText, link, channel, more] = topic.slice(this.#prefix.length).split('/');
    if (shardText === undefined || link === undefined || channel === undefined) return undefined;
    if (more !== undefined || link === '' || !isUpChannel(channel)) return undefined;
    const shard = this.#shardOf(link);
    return shardName(shard) === shardText ? { link, shard, channel } : undefined;
  }

  #shardOf(link: string): number {
    let shard = this.#known.get(link);
    if (shard === undefined) {
      shard = shardOf(this.#sha256, link, this.#shards);
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      this.#known.set(link, shard);
    }
    return shard;
  }
}
