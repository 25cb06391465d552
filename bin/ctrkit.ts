import { runMain } from '../src/adapters/process/run-main.ts';
import { runCtrkitCommand } from '../src/host/compose/ctrkit.ts';

void runMain('ctrkit', () => runCtrkitCommand(process.argv.slice(2)));
