/** The Node host: everything the core asks of a machine, on Node ≥ 20.19. */
export { loadIdentity } from './enroll.ts';
export { nodeFiles } from './files.ts';
export { createNodeHost, type NodeHost, type NodeHostOptions } from './host.ts';
export { createLogger, type LoggerOptions, type LogLevel } from './log.ts';
export { preferMemoryToSpeed, startMemoryTrim } from './memory-trim.ts';
export { parseYaml, readConfigFiles, readTextFile } from './texts.ts';
