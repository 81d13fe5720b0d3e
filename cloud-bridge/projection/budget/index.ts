/** The budget of writes: one queue for all that the bridge writes to the API. */
export { createWriteQueue, type QueueOptions } from './queue.ts';
export { TERM_ANNOTATION } from './stamp.ts';
