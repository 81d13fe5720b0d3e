export { TERM_ANNOTATION } from './budget/index.ts';
export * from './contract.ts';
export * from './devices/index.ts';
export { createProjection, type Projection, type ProjectionOptions } from './projection.ts';
export { runtimeClasses } from './runtime-classes/objects.ts';
