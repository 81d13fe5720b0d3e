export { type Bridge, startBridge } from './bridge.ts';
export { createBridgeLog } from './log.ts';
export { type Address, readSettings, type Settings } from './settings.ts';
