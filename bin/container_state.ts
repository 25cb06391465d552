import { runContainerState } from '../src/container/compose/state.ts';
import { runMain } from './main.ts';

void runMain('container_state', () => runContainerState(process.argv.slice(2)));
