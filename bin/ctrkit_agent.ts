import { listenForEvents } from '../src/container/adapters/supervisor/event-listener.ts';
import { Agent } from '../src/container/agent/agent.ts';
import { AGENT_HELP, assertIsListener } from '../src/container/commands/agent-options.ts';
import { EXIT } from '../src/contract/exit-codes.ts';
import { runMain } from './main.ts';
import { buildPorts } from './ports.ts';

void runMain('ctrkit_agent', async () => {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(AGENT_HELP);
    return EXIT.ok;
  }
  assertIsListener(process.argv.slice(2), process.stdin.isTTY);
  const { settings, ...ports } = buildPorts('ctrkit_agent');
  const agent = new Agent(ports, settings);
  // Its reader is supervisord, which may go first: a line that nobody reads is no reason to fail.
  process.stderr.on('error', () => {});
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => agent.end(signal));
  const listener = listenForEvents({
    input: process.stdin,
    output: process.stdout,
    onEvent: ({ name }) => (name === 'SUPERVISOR_STATE_CHANGE_STOPPING' ? agent.stopping() : undefined),
    onError: (error) => ports.log.error(error.message),
    onEnd: () => agent.abandoned(),
  });
  await agent.run();
  listener.stop();
  return EXIT.ok;
});
