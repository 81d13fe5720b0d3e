export * from './document-set.ts';
export * from './hashing.ts';
export * from './journal.ts';
export * from './stream-types.ts';
export * from './streams.ts';
export * from './transfer.ts';
export * from './trie.ts';
export * from './u64.ts';
