import { runContainerStartup } from '../src/container/compose/startup.ts';
import { runMain } from './main.ts';

void runMain('container_startup', () => runContainerStartup(process.argv.slice(2)));
