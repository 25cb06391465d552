import { runMain } from '../src/adapters/process/run-main.ts';
import { isSilent } from '../src/adapters/process/silence.ts';
import { runContainerStartup } from '../src/container/compose/startup.ts';

async function runGate(): Promise<void> {
  await runMain('container_startup', () => runContainerStartup(process.argv.slice(2)));
  // There is a result, and Redis has answered: to close everything properly costs 2 ms. What was said is written first.
  // oxlint-disable-next-line no-process-exit -- nobody waits for anything else of this process
  if (isSilent()) process.exit();
}

void runGate();
