export { type BoardStore, openStore, type StoreOptions, type StoreStats } from './store.ts';
