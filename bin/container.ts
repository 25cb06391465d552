import { runMain } from '../src/adapters/process/run-main.ts';
import { runContainerCommand } from '../src/host/compose/container.ts';

void runMain('container', () => runContainerCommand(process.argv.slice(2)));
