/** Lease reads before greetings (docs/protocol.md §5, G2): one read serves all links that wait, and is begun after they asked. */

export interface LeaseAnswers {
  /** `tags` by link: all asked before the read began. */
  readonly onHolder: (tags: ReadonlyMap<string, readonly number[]>) => void;
  /** Somebody else holds the shard. */
  readonly onDeposed: () => void;
  /** The API did not answer: nobody is greeted, nobody is told. */
  readonly onFailed: (error: unknown) => void;
}

/** For one shard. */
export class LeaseReads {
  readonly #read: () => Promise<boolean>;
  readonly #answers: LeaseAnswers;
  #waiting = new Map<string, number[]>();
  #running = false;

  constructor(read: () => Promise<boolean>, answers: LeaseAnswers) {
    this.#read = read;
    this.#answers = answers;
  }

  /** Asks on behalf of a link; a read that is under way is too old for it, the next one serves. */
  ask(link: string, tag: number): void {
    const tags = this.#waiting.get(link);
    if (tags === undefined) this.#waiting.set(link, [tag]);
    else if (!tags.includes(tag)) tags.push(tag);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.size > 0) {
      const asked = this.#waiting;
      this.#waiting = new Map();
      try {
        if (await this.#read()) this.#answers.onHolder(asked);
        else this.#answers.onDeposed();
      } catch (error) {
        this.#answers.onFailed(error);
      }
    }
    this.#running = false;
  }
}
