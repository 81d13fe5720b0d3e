/** Entry of the process runtime's shim: one small CommonJS bundle, so that it starts fast. First argument: where pipes are made. */
import { Shim } from '../runtimes/process/shim/shim.ts';

new Shim(process.argv[2] ?? '/tmp').run();
