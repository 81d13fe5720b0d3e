export { createTwinEngine, type TwinEngine, type TwinEngineOptions } from './engine.ts';
