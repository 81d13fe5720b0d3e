/** Pods from manifest files in a folder on the board: they run with no cloud at all. */
export type { ManifestProblem, ManifestResult, ParsedManifest } from './manifest.ts';
export { parseManifest } from './manifest.ts';
export type { StaticPods, StaticPodsOptions } from './static-pods.ts';
export { createStaticPods } from './static-pods.ts';
