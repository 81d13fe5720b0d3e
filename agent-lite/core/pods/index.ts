/** Runs the pods of this board: desired documents and static pods on one side, container runtimes on the other. */
export type { PodEngine, PodEngineOptions, PodPolicy, StaticPodSource } from './engine.ts';
export { createPodEngine } from './engine.ts';
