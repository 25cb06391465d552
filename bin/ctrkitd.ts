import { runMain } from '../src/adapters/process/run-main.ts';
import { runCtrkitdCommand } from '../src/host/compose/ctrkitd.ts';

void runMain('ctrkitd', () => runCtrkitdCommand(process.argv.slice(2)));
