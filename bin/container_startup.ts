import { runMain } from '../src/adapters/process/run-main.ts';
import { runContainerStartup } from '../src/container/compose/startup.ts';

void runMain('container_startup', () => runContainerStartup(process.argv.slice(2)));
