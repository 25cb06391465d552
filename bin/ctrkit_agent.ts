import { runCtrkitAgent } from '../src/container/compose/agent.ts';
import { runMain } from './main.ts';

void runMain('ctrkit_agent', () => runCtrkitAgent(process.argv.slice(2)));
