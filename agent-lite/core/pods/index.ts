/** Runs the pods of this board: desired documents and static pods on one side, container runtimes on the other. */
export type { PodPolicy } from './admission.ts';
export type { PodEngine, PodEngineOptions, StaticPodSource } from './contract.ts';
export { createPodEngine } from './engine.ts';
