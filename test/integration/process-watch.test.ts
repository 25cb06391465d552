import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../src/adapters/clock.ts';
import { createProcessListReader } from '../../src/container/adapters/process-lists.ts';
import { createSupervisorClient } from '../../src/container/adapters/supervisor/rpc-client.ts';
import { ProcessChecks } from '../../src/container/health/processes/process-checks.ts';
import type { CheckOutcome } from '../../src/contract/health/check.ts';
import { CRITICAL_KINDS, WATCHDOG_KINDS } from '../../src/contract/health/process-list.ts';
import type { CriticalEnd } from '../../src/decide/health/critical-exit.ts';
import type { ProcessEvent } from '../../src/ports/process-table.ts';
import { Supervisord } from '../support/supervisord.ts';
import { until } from '../support/until.ts';

const TSX = createRequire(import.meta.url).resolve('tsx');
const LISTENER = fileURLToPath(new URL('../support/listener-program.ts', import.meta.url));
/** Never reached by a supervisord that answers, however slow the machine. */
const PATIENT_MS = 60_000;
const RPC_LIMIT_MS = 1_000;

const program = (name: string, command: string, more = ''): string =>
  `[program:${name}]\ncommand=${command}\nautorestart=false\nstartsecs=0\n${more}\n`;

/** The listener writes what it hears to a file; the test hands it on. */
function sections(directory: string): string {
  const beat = 'printf "<!--XSUPERVISOR:BEGIN-->beat<!--XSUPERVISOR:END-->"';
  return [
    program('start', '/bin/sh -c "exit $(cat code)"', `directory=${directory}\nautostart=false`),
    program('app', 'sleep 100000'),
    program('retried', 'sleep 100000', 'autorestart=true'),
    program('picky', `/bin/sh -c "exit 7"`, 'autostart=false\nexitcodes=7'),
    program('broken', '/bin/sh -c "exit 1"', 'autostart=false\nstartretries=0').replace(
      'startsecs=0',
      'startsecs=9',
    ),
    program('beating', `/bin/sh -c 'while :; do ${beat}; sleep 0.2; done'`, 'stdout_capture_maxbytes=1MB'),
    program('silent', 'sleep 100000', 'stdout_capture_maxbytes=1MB'),
    '[group:pool]\nprograms=one,two',
    program('one', 'sleep 100000'),
    program('two', 'sleep 100000'),
    `[eventlistener:agent]
command=${process.execPath} --import ${TSX} ${LISTENER} ${directory}/heard
events=SUPERVISOR_STATE_CHANGE,PROCESS_STATE,PROCESS_COMMUNICATION_STDOUT,PROCESS_GROUP
buffer_size=1000
stderr_logfile=${directory}/agent.err
`,
  ].join('\n');
}

/** An agent's part that is under test, with what it told. */
class Agent {
  readonly ends: CriticalEnd[] = [];
  readonly unknown: string[] = [];
  unexpectedExits = 0;
  changes = 0;
  readonly checks: ProcessChecks;
  readonly #heard: string;
  #taken = 0;

  /** `intervalMs`: of the process heartbeats, the alert ten times as long. */
  constructor({ directory, socketPath }: Supervisord, { intervalMs = 10_000, limitMs = PATIENT_MS } = {}) {
    this.#heard = join(directory, 'heard');
    this.checks = new ProcessChecks({
      table: createSupervisorClient({ socketPath, timeoutMs: limitMs }),
      clock: systemClock,
      listCritical: createProcessListReader({ path: join(directory, 'critical'), kinds: CRITICAL_KINDS }),
      listWatched: createProcessListReader({ path: join(directory, 'watchdog'), kinds: WATCHDOG_KINDS }),
      startProgram: () => ({ name: 'start', isNamed: false }),
      isRebooting: () => false,
      onUnknownEntry: ({ name }) => this.unknown.push(name),
      intervalsOf: () => ({ heartbeatIntervalMs: intervalMs, alertIntervalMs: 10 * intervalMs }),
      onChange: () => (this.changes += 1),
      onCriticalEnd: (end) => this.ends.push(end),
      onUnexpectedExit: () => (this.unexpectedExits += 1),
    });
  }

  /** Hands on the events that have been heard since the last time. */
  hear(): void {
    const lines = existsSync(this.#heard) ? readFileSync(this.#heard, 'utf8').split('\n').slice(0, -1) : [];
    for (const line of lines.slice(this.#taken)) this.checks.applyEvent(JSON.parse(line) as ProcessEvent);
    this.#taken = lines.length;
  }

  async run(name: string): Promise<CheckOutcome> {
    const check = this.checks.list().find((one) => one.name === name);
    assert.ok(check, `no check ${name}`);
    return await check.run();
  }
}

describe('the checks over a real supervisord', () => {
  let supervisord: Supervisord;
  let agent: Agent;

  const write = (file: string, text: string): void => writeFileSync(join(supervisord.directory, file), text);
  const control = (...words: string[]): Promise<void> => supervisord.control(...words);
  const pidOf = async (name: string): Promise<number> => {
    const table = createSupervisorClient({ socketPath: supervisord.socketPath, timeoutMs: PATIENT_MS });
    const [found] = await table.findProcesses([name]);
    return found?.pid ?? 0;
  };
  /** The outcome, once it is what is waited for. */
  const waitFor = async (check: string, isWanted: (outcome: CheckOutcome) => boolean) => {
    let outcome: CheckOutcome | undefined;
    await until(`${check} is as it should be`, async () => {
      agent.hear();
      outcome = await agent.run(check);
      return isWanted(outcome);
    });
    assert.ok(outcome);
    return outcome;
  };
  const isFailing = ({ result }: CheckOutcome): boolean => result === 'failing';
  const isOk = ({ result }: CheckOutcome): boolean => result === 'ok';

  beforeEach(async () => {
    supervisord = new Supervisord(sections);
    write('critical', 'program:app\ngroup:pool\n');
    await supervisord.waitUntilUp();
    agent = new Agent(supervisord);
    await until('the listener listens', () => existsSync(join(supervisord.directory, 'heard')));
  });
  afterEach(() => supervisord.stop());

  test('start: not before it has exited, and with 0 only (D13)', async () => {
    const before = await agent.run('start');
    assert.equal(before.message, 'start has not finished: it is STOPPED');
    write('code', '3');
    await control('start', 'start');
    const failed = await waitFor('start', (outcome) => outcome.message.includes('exited'));
    assert.ok(failed.result === 'failing' && failed.exitCode === 2 && failed.isFinal === true);
    assert.equal(failed.message, 'start exited with 3');
    write('code', '0');
    await control('start', 'start');
    await waitFor('start', isOk);
  });

  test('critical processes: ok while all run, members of groups too', async () => {
    await waitFor('critical-processes', isOk);
    await control('stop', 'pool:two');
    const stopped = await waitFor('critical-processes', isFailing);
    assert.ok(stopped.result === 'failing' && !stopped.isMendedByRestart && stopped.exitCode === 10);
    assert.equal(stopped.message, 'pool:two is STOPPED');
    assert.deepEqual([agent.ends, agent.unexpectedExits], [[], 0]);
    await control('start', 'pool:two');
    await waitFor('critical-processes', isOk);
  });

  test('a critical process that is killed: told at its event, with how it ended (D14)', async () => {
    await waitFor('critical-processes', isOk);
    process.kill(await pidOf('app'), 'SIGKILL');
    await until('the end is told', () => {
      agent.hear();
      return agent.ends.length > 0;
    });
    assert.deepEqual(agent.ends, [
      {
        process: 'app',
        group: 'app',
        state: 'EXITED',
        exitStatus: -1,
        isExpected: false,
        text: 'app was ended by a signal',
      },
    ]);
    assert.equal(agent.unexpectedExits, 1);
    assert.ok(agent.changes > 0);
    const outcome = await agent.run('critical-processes');
    assert.ok(outcome.result === 'failing' && outcome.isMendedByRestart && outcome.isFinal === true);
    assert.equal(agent.ends.length, 1);
  });

  test('a critical process that supervisord starts again: the event counts, a later look does not (D14)', async () => {
    write('critical', 'program:retried\n');
    await waitFor('critical-processes', isOk);
    const pid = await pidOf('retried');
    process.kill(pid, 'SIGKILL');
    await until('supervisord has started it again', async () => ![0, pid].includes(await pidOf('retried')));
    const late = new Agent(supervisord);
    await until('the end is told', () => {
      agent.hear();
      return agent.ends.length > 0;
    });
    assert.match(agent.ends[0]?.text ?? '', /^retried (exited unexpectedly|was ended by a signal)$/);
    await waitFor('critical-processes', isOk);
    await until('it is forgotten', async () => {
      await agent.run('critical-processes');
      return agent.checks.criticalEnds.length === 0;
    });
    assert.equal((await late.run('critical-processes')).result, 'ok');
    assert.deepEqual(late.ends, []);
  });

  test('an agent that is started again sees what ended meanwhile, expected or not', async () => {
    write('critical', 'program:app\nprogram:picky\nprogram:broken\n');
    process.kill(await pidOf('app'), 'SIGTERM');
    await control('start', 'picky', 'broken');
    const late = new Agent(supervisord);
    await until('all three ends are seen', async () => {
      await late.run('critical-processes');
      return late.ends.length === 3;
    });
    const find = (name: string) => late.ends.find((end) => end.process === name);
    const seen = ['app', 'picky', 'broken'].map((name) => {
      const end = find(name);
      return [end?.state, end?.exitStatus, end?.isExpected];
    });
    assert.deepEqual(seen, [
      ['EXITED', -1, false],
      ['EXITED', 7, true],
      ['FATAL', undefined, false],
    ]);
    assert.match(find('broken')?.text ?? '', /is FATAL \(Exited too quickly/);
    assert.equal(late.unexpectedExits, 0);
  });

  test('FATAL is never ok, and told at its event (D13, D14)', async () => {
    write('critical', 'program:broken\n');
    await waitFor('critical-processes', isFailing);
    await control('start', 'broken');
    await until('the end is told', () => {
      agent.hear();
      return agent.ends.length > 0;
    });
    assert.equal(agent.ends[0]?.state, 'FATAL');
    // That it exited too quickly, and nothing was said of it before.
    assert.deepEqual([agent.unexpectedExits, agent.ends.length], [1, 1]);
    const outcome = await agent.run('critical-processes');
    assert.ok(outcome.result === 'failing' && outcome.isMendedByRestart && outcome.isFinal === true);
  });

  test('a supervisord that is stopped in its tracks: unknown within the limit, and known again afterwards', async () => {
    write('watchdog', 'program:silent\n');
    agent = new Agent(supervisord, { limitMs: RPC_LIMIT_MS });
    await waitFor('critical-processes', isOk);
    supervisord.signal('SIGSTOP');
    try {
      for (const name of ['start', 'critical-processes', 'process-heartbeats']) {
        const outcome = await waitFor(name, ({ result }) => result === 'unknown');
        assert.match(outcome.message, /no whole answer within 1000 ms/);
      }
    } finally {
      supervisord.signal('SIGCONT');
    }
    await waitFor('critical-processes', isOk);
    assert.deepEqual(agent.ends, []);
  });

  test('names that supervisord does not have are told once and fail nothing; bad lines are errors (G26)', async () => {
    write('critical', 'program:app\nprogram:dsserve\nnonsense\n');
    write('watchdog', 'group:pool\n');
    const [bad, group, ...others] = agent.checks.getErrors();
    assert.match(bad ?? '', /critical, line 3: "nonsense" is not/);
    assert.match(group ?? '', /watchdog, line 1: "group:pool" is not/);
    assert.deepEqual(others, []);
    await waitFor('critical-processes', isOk);
    assert.deepEqual(agent.unknown, ['dsserve']);
  });

  test('process heartbeats: beating, frozen, and never beaten are told apart (D15)', async () => {
    agent = new Agent(supervisord, { intervalMs: 500 });
    write('watchdog', 'program:beating\n');
    agent.hear();
    await waitFor('process-heartbeats', isOk);
    process.kill(await pidOf('beating'), 'SIGSTOP');
    const frozen = await waitFor('process-heartbeats', isFailing);
    assert.match(frozen.message, /^beating has not beaten for 5 s/);
    assert.ok(frozen.result === 'failing' && frozen.isMendedByRestart && frozen.exitCode === 10);
    process.kill(await pidOf('beating'), 'SIGCONT');
    await waitFor('process-heartbeats', isOk);
    write('watchdog', 'program:silent\n');
    const silent = await waitFor('process-heartbeats', isFailing);
    assert.match(silent.message, /^silent has never beaten since it runs/);
    assert.ok(silent.result === 'failing' && !silent.isMendedByRestart);
  });
});
