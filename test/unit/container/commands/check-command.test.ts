import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_CHECKS_CONFIG } from '../../../../src/container/health/checks-config/checks-config.ts';
import { decodeChecksConfig } from '../../../../src/container/health/checks-config/decode-checks-config.ts';
import type {
  ChecksConfigResult,
  ListedHook,
} from '../../../../src/container/health/checks-config/checks-config.ts';
import type { LayoutReport } from '../../../../src/decide/gate/image-layout.ts';
import { runCheckConfig } from '../../../../src/container/commands/check-command.ts';

interface Found extends Partial<ChecksConfigResult> {
  readonly isNamed?: boolean;
  readonly hooks?: readonly ListedHook[];
  readonly hookWarnings?: readonly string[];
  readonly layout?: LayoutReport;
}

async function check({
  isNamed = false,
  hooks = [],
  hookWarnings = [],
  layout = { lines: [], warnings: [] },
  ...found
}: Found) {
  const printed: string[] = [];
  const told: string[] = [];
  const result = { config: DEFAULT_CHECKS_CONFIG, errors: [], warnings: [], isThere: true, ...found };
  const code = await runCheckConfig(
    { path: '/etc/ctrkit/checks.toml', isNamed },
    {
      readConfig: () => Promise.resolve(result),
      listHooks: () => ({ hooks, warnings: hookWarnings }),
      describeLayout: () => layout,
      print: (line) => printed.push(line),
      printError: (line) => told.push(line),
    },
  );
  return { code, printed, told };
}

const hook = (name: string, problem = ''): ListedHook => ({ name, kind: 'required', problem });
const TIMES = 'every 10 s, limit 5 s, failing after 1, ok after 1';

describe('ctrkit_agent --check', () => {
  test('prints a line for each check there will be', async () => {
    const { config } = decodeChecksConfig(`
      [hooks]
      "required.d/snmp-get" = { timeoutSeconds = 0.5, failureThreshold = 2, initialDelaySeconds = 3 }
      [checks]
      port = { tcp = "[::1]:161", kind = "wanted" }
      near = { tcp = "127.0.0.1:161" }
      agentx = { unix = "/var/agentx/master" }
      state = { file = "/var/run/x", maxAgeSeconds = 60 }
      memory = { memoryPercent = 90, restartMends = false }
    `);
    assert.deepEqual(await check({ config, hooks: [hook('required.d/snmp-get'), hook('required.d/b')] }), {
      code: 0,
      printed: [
        'start-up: what fails counts after 300 s',
        `start (required): the program start has ended with 0, where supervisord has it; ${TIMES}`,
        `critical-processes (required): each of them runs; ${TIMES}`,
        `process-heartbeats (required): each of them beats in time; ${TIMES}`,
        `port (wanted): [::1]:161 accepts; ${TIMES}`,
        `near (required): 127.0.0.1:161 accepts; ${TIMES}`,
        `agentx (required): /var/agentx/master accepts; ${TIMES}`,
        `state (required): /var/run/x has changed within 60 s; ${TIMES}`,
        `memory (required): the container uses less than 90 % of its memory, no restart mends it; ${TIMES}`,
        'required.d/snmp-get (required): the hook ends with 0; first after 3 s, every 10 s, limit 0.5 s, failing after 2, ok after 1',
        `required.d/b (required): the hook ends with 0; ${TIMES}`,
      ],
      told: [],
    });
  });

  test('tells how the image comes to the gate, and what is doubtful fails no build (G24)', async () => {
    const layout = { lines: ['layout: x'], warnings: ['no agent'] };
    const { code, printed, told } = await check({ layout });
    assert.deepEqual([code, printed.at(-1), told], [0, 'layout: x', ['warning: no agent']]);
  });

  test('an image without a start program has no such check', async () => {
    const { printed } = await check({ config: { ...DEFAULT_CHECKS_CONFIG, startProgram: '' } });
    assert.ok(!printed.some((line) => line.startsWith('start (')));
  });

  test('errors are told, nothing is printed, and a build stops there', async () => {
    assert.deepEqual(await check({ errors: ['a: wrong', 'b: wrong'] }), {
      code: 64,
      printed: [],
      told: ['error: /etc/ctrkit/checks.toml: a: wrong', 'error: /etc/ctrkit/checks.toml: b: wrong'],
    });
  });

  test('a hook that would not be run is an error', async () => {
    const { code, told } = await check({ hooks: [hook('required.d/a', 'it is not executable')] });
    assert.equal(code, 64);
    assert.deepEqual(told, ['error: required.d/a: not run: it is not executable']);
  });

  test('no file is an error only where one is named', async () => {
    assert.equal((await check({ isThere: false })).code, 0);
    const { code, told } = await check({ isThere: false, isNamed: true });
    assert.equal(code, 64);
    assert.deepEqual(told, ['error: /etc/ctrkit/checks.toml: no such file']);
  });

  test('what is doubtful is told, and stops nothing', async () => {
    const { config } = decodeChecksConfig('[hooks]\n"wanted.d/gone" = {}\nreadiness_probe_hook = {}');
    const { code, told } = await check({ config, warnings: ['w1'], hookWarnings: ['w2'] });
    assert.equal(code, 0);
    assert.deepEqual(told, [
      'warning: w1',
      'warning: w2',
      'warning: /etc/ctrkit/checks.toml: hooks."wanted.d/gone": there is no such hook',
    ]);
  });
});
