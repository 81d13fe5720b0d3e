/** `boardctl`: the operator's command for boards, tokens, bindings and broker files. */

export { EXIT } from './exit.ts';
export { type BoardctlHost, runBoardctl } from './program.ts';
