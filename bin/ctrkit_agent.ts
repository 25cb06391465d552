import { keepHeapSmall } from '../src/adapters/heap.ts';
import { listenForEvents } from '../src/container/adapters/supervisor/event-listener.ts';
import { Agent } from '../src/container/agent/agent.ts';
import { readChecksConfig } from '../src/container/adapters/checks-file.ts';
import { AGENT_HELP, assertIsListener } from '../src/container/commands/agent-options.ts';
import { assertNothingLeft } from '../src/container/commands/arguments.ts';
import { readSettings } from '../src/container/settings.ts';
import type { HealthReport } from '../src/contract/health/health-report.ts';
import { EXIT } from '../src/contract/exit-codes.ts';
import { buildAgentPorts } from './agent-ports.ts';
import { runMain } from './main.ts';
import { buildPorts } from './ports.ts';

type Ports = ReturnType<typeof buildPorts>;

void runMain('ctrkit_agent', async () => {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    process.stdout.write(AGENT_HELP);
    return EXIT.ok;
  }
  const [flag, ...words] = process.argv.slice(2);
  if (flag === '--check') return checkConfig(words);
  assertIsListener(process.argv.slice(2), process.stdin.isTTY);
  keepHeapSmall();
  const common = buildPorts('ctrkit_agent');
  const lastEnd = common.lastEnd.read();
  // An agent that is started again has nothing new to say of it.
  if (lastEnd !== '' && !hasStarted(common)) common.log.info(`this container was ended before: ${lastEnd}`);
  const ports = await buildAgentPorts(common, () => agent.notify());
  const agent = new Agent(ports, common.settings);
  // Its reader is supervisord, which may go first: a line that nobody reads is no reason to fail.
  process.stderr.on('error', () => {});
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => agent.end(signal));
  let calm: (() => void) | undefined;
  const listener = listenForEvents({
    input: process.stdin,
    output: process.stdout,
    onEvent: (event) => {
      if (event.name === 'SUPERVISOR_STATE_CHANGE_STOPPING') {
        agent.stopping();
        calm ??= ports.hastenStop();
      }
      ports.onProcessEvent(event);
    },
    onError: (error) => common.log.error(error.message),
    onEnd: () => agent.abandoned(),
  });
  const http = await serveHttp(common, () => ports.monitor.report());
  try {
    await agent.run();
  } finally {
    // Whatever it was: what is left open would keep a dead agent from being started again.
    listener.stop();
    calm?.();
    ports.stopChecks();
    await http?.close();
    // A connection that nobody accepts, or a file system that hangs, must not keep it beyond its second.
    // oxlint-disable-next-line no-process-exit -- what is still under way has no end that could be waited for
    setTimeout(() => process.exit(), 100).unref();
  }
  return EXIT.ok;
});

/** By an earlier agent's word: a gate may be quicker than the first one. */
function hasStarted({ claimFile }: Ports): boolean {
  try {
    return claimFile.read()?.hasStarted === true;
  } catch {
    return false;
  }
}

/** For whoever builds an image. */
async function checkConfig([file, ...rest]: readonly string[]): Promise<number> {
  assertNothingLeft(rest);
  const { runCheckConfig } = await import('../src/container/commands/check-command.ts');
  const { listHooks } = await import('../src/container/adapters/hooks/list-hooks.ts');
  const { configDir } = readSettings(process.env);
  return runCheckConfig(
    { path: file ?? `${configDir}/checks.toml`, isNamed: file !== undefined },
    {
      readConfig: readChecksConfig,
      listHooks: () => listHooks(`${configDir}/checks`),
      print: (line) => process.stdout.write(`${line}\n`),
      tell: (line) => process.stderr.write(`ctrkit_agent: ${line}\n`),
    },
  );
}

/** A bundle of its own, read only when asked for; whatever happens here, the agent goes on. */
async function serveHttp({ settings, log, clock }: Ports, readReport: () => HealthReport) {
  if (settings.httpAddress === '') return undefined;
  try {
    const { startHealthHttp } = await import('../src/container/adapters/http/health-http.ts');
    return await startHealthHttp({ address: settings.httpAddress, log, clock, readReport });
  } catch (error) {
    log.error(`CTRKIT_HTTP: ${(error as Error).message}; all else goes on without it`);
    return undefined;
  }
}
