import { runCtrkit } from '../src/host/commands/ctrkit/program.ts';
import { buildCtrkitPorts } from './ctrkit-ports.ts';
import { buildHostPorts } from './host-ports.ts';
import { runMain } from './main.ts';

// Nobody reads any more, as with `| head`: no reason to complain.
process.stdout.on('error', () => {});

void runMain('ctrkit', async () => {
  const ports = buildHostPorts('ctrkit');
  try {
    return await runCtrkit(process.argv.slice(2), buildCtrkitPorts(ports));
  } finally {
    await ports.closeEngine();
  }
});
