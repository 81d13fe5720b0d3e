/** Between the bench and its board's process. Times are the machine's monotonic clock. */
export type ToBoard =
  | {
      /** The property takes `count` values, from `first` on, each one more than the one before. */
      readonly what: 'drive';
      readonly device: string;
      readonly first: number;
      readonly count: number;
      readonly perSecond: number;
    }
  | { readonly what: 'stop' };

export type FromBoard =
  | { readonly what: 'started' }
  | { readonly what: 'subscribed'; readonly device: string; readonly property: string }
  | {
      readonly what: 'written';
      readonly device: string;
      readonly value: number;
      readonly atMs: number;
    }
  | {
      readonly what: 'driven';
      readonly device: string;
      /** When each value was there. */
      readonly changes: readonly number[];
    };
