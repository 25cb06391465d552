import { runMain } from '../src/adapters/process/run-main.ts';
import { runContainerState } from '../src/container/compose/state.ts';

void runMain('container_state', () => runContainerState(process.argv.slice(2)));
