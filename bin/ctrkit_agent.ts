import { runMain } from '../src/adapters/process/run-main.ts';
import { runCtrkitAgent } from '../src/container/compose/agent.ts';

void runMain('ctrkit_agent', () => runCtrkitAgent(process.argv.slice(2)));
