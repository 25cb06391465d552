import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  DEFAULT_CHECKS_CONFIG,
  findTiming,
} from '../../../../../src/container/health/checks-config/checks-config.ts';
import { decodeChecksConfig } from '../../../../../src/container/health/checks-config/decode-checks-config.ts';
import { DEFAULT_TIMING } from '../../../../../src/contract/health/check.ts';

function decoded(text: string) {
  const { config, errors } = decodeChecksConfig(text);
  assert.deepEqual(errors, []);
  return config;
}

/** The errors of a wrong file; the defaults are used, whole. */
function errorsOf(text: string): readonly string[] {
  const { config, errors } = decodeChecksConfig(text);
  assert.deepEqual(config, DEFAULT_CHECKS_CONFIG);
  assert.ok(errors.length > 0, 'it has no errors');
  for (const error of errors) assert.match(error, /^[ -~]{1,400}$/);
  return errors;
}

const IN = 'write a number of seconds from';

describe('what checks.toml says', () => {
  test('an empty file says nothing: the defaults count', () => {
    assert.deepEqual(decoded(''), DEFAULT_CHECKS_CONFIG);
    assert.deepEqual(decoded('[defaults]\n[hooks]\n[checks]\n'), DEFAULT_CHECKS_CONFIG);
  });

  test('the start-up grace is in seconds, the start program may be none, or in a group', () => {
    assert.equal(decoded('startupGraceSeconds = 0.5').startupGraceMs, 500);
    assert.equal(decoded('startProgram = ""').startProgram, '');
    assert.equal(decoded('startProgram = "boot:start"').startProgram, 'boot:start');
  });

  test('the defaults count for every check and hook that does not say otherwise', () => {
    const config = decoded(`
      [defaults]
      periodSeconds = 30
      failureThreshold = 3
      [hooks]
      "required.d/snmp-get" = { timeoutSeconds = 1.5 }
      [checks]
      port = { tcp = "127.0.0.1:161", failureThreshold = 2, initialDelaySeconds = 4, successThreshold = 5 }
    `);
    const timing = { ...DEFAULT_TIMING, periodMs: 30_000, failureThreshold: 3 };
    assert.deepEqual(config.timing, timing);
    assert.deepEqual(findTiming(config, 'required.d/snmp-get'), { ...timing, timeoutMs: 1500 });
    assert.deepEqual(findTiming(config, 'required.d/other'), timing);
    assert.deepEqual(config.builtin[0]?.timing, {
      ...timing,
      failureThreshold: 2,
      initialDelayMs: 4000,
      successThreshold: 5,
    });
  });

  test('each line of [checks] is one check, in the order of the file', () => {
    const common = { kind: 'required', timing: DEFAULT_TIMING, isMendedByRestart: true };
    const { builtin } = decoded(`
      [checks]
      port = { tcp = "10.0.0.1:161" }
      port6 = { tcp = "[::1]:161" }
      here = { tcp = "localhost:161" }
      agentx = { unix = "/var/agentx/master", restartMends = false }
      state = { file = "/var/run/x", maxAgeSeconds = 60 }
      memory = { memoryPercent = 90, kind = "wanted" }
    `);
    assert.deepEqual(builtin, [
      { ...common, name: 'port', what: 'tcp', host: '10.0.0.1', port: 161 },
      { ...common, name: 'port6', what: 'tcp', host: '::1', port: 161 },
      { ...common, name: 'here', what: 'tcp', host: '127.0.0.1', port: 161 },
      { ...common, name: 'agentx', what: 'unix', path: '/var/agentx/master', isMendedByRestart: false },
      { ...common, name: 'state', what: 'file', path: '/var/run/x', maxAgeMs: 60_000 },
      { ...common, name: 'memory', what: 'memory', limitPercent: 90, kind: 'wanted' },
    ]);
  });

  test('a table may be written in full as well', () => {
    const { builtin } = decoded('[checks.port]\ntcp = "127.0.0.1:161"\n');
    assert.equal(builtin[0]?.name, 'port');
  });

  test("SONiC's own hook has a timing too", () => {
    const config = decoded('[hooks]\nreadiness_probe_hook = { periodSeconds = 60 }');
    assert.equal(findTiming(config, 'readiness_probe_hook').periodMs, 60_000);
  });
});

describe('the file that ships', () => {
  const shipped = readFileSync(
    new URL('../../../../../rootfs/etc/ctrkit/checks.toml', import.meta.url),
    'utf8',
  );
  /** Its lines without the mark, but the sentences. */
  const uncommented = shipped.replaceAll(/^#(?! )/gm, '');

  test('says nothing', () => {
    assert.deepEqual(decoded(shipped), DEFAULT_CHECKS_CONFIG);
  });

  test('is legal when every line of it is uncommented, and shows the defaults', () => {
    const { hookTimings, builtin, ...rest } = decoded(uncommented);
    const { hookTimings: _none, builtin: _neither, ...defaults } = DEFAULT_CHECKS_CONFIG;
    assert.deepEqual(rest, { ...defaults, isStartNamed: true });
    assert.ok(hookTimings.size >= 2);
    assert.deepEqual(new Set(builtin.map(({ what }) => what)), new Set(['unix', 'tcp', 'file', 'memory']));
  });
});

const line = (text: string): string => `[checks]\nport = { ${text} }`;
const TCP = 'write ADDRESS:PORT, [IPv6 address]:PORT or localhost:PORT, the port from 1 to 65535';
const UNIX = 'write an absolute path of at most 107 printable bytes';
const HOOK = 'no name of a hook: write "required.d/FILE", "wanted.d/FILE" or readiness_probe_hook';
const NAME = 'no name of a check: write 1 to 32 of a-z, 0-9, "_" and "-", the first a letter or digit';
const TABLE = 'write a table, as in { periodSeconds = 30 }';
const TIMING_KEYS = 'initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold, successThreshold';

/** Text, and its one error. */
const WRONG: readonly (readonly [string, string])[] = [
  ['startupGraceSeconds = -1', `startupGraceSeconds: ${IN} 0 to 86400, not -1`],
  ['startupGraceSeconds = "300"', `startupGraceSeconds: ${IN} 0 to 86400, not "300"`],
  ['startupGraceSeconds = nan', `startupGraceSeconds: ${IN} 0 to 86400, not NaN`],
  ['startProgram = 1', 'startProgram: write the name of a program, or "", not 1'],
  ['startProgram = "a b"', 'startProgram: write PROGRAM, GROUP:PROGRAM or "", not "a b"'],
  ['startProgram = "a:b:c"', 'startProgram: write PROGRAM, GROUP:PROGRAM or "", not "a:b:c"'],
  [
    'period = 1',
    'period: no such key here: the keys are startupGraceSeconds, startProgram, defaults, hooks, checks',
  ],
  [
    '__proto__ = 1',
    '__proto__: no such key here: the keys are startupGraceSeconds, startProgram, defaults, hooks, checks',
  ],
  ['defaults = 1', `defaults: ${TABLE}`],
  ['defaults = [1]', `defaults: ${TABLE}`],
  ['defaults = 2026-01-01', `defaults: ${TABLE}`],
  ['defaults.periodSeconds = 0.4', `defaults.periodSeconds: ${IN} 0.5 to 3600, not 0.4`],
  ['defaults.periodSeconds = inf', `defaults.periodSeconds: ${IN} 0.5 to 3600, not Infinity`],
  ['defaults.timeoutSeconds = 601', `defaults.timeoutSeconds: ${IN} 0.1 to 600, not 601`],
  ['defaults.initialDelaySeconds = true', `defaults.initialDelaySeconds: ${IN} 0 to 3600, not true`],
  [
    'defaults.failureThreshold = 0.5',
    'defaults.failureThreshold: write a whole number from 1 to 100, not 0.5',
  ],
  ['defaults.failureThreshold = 0', 'defaults.failureThreshold: write a whole number from 1 to 100, not 0'],
  [
    'defaults.successThreshold = 1.5',
    'defaults.successThreshold: write a whole number from 1 to 100, not 1.5',
  ],
  ['defaults.constructor = 1', `defaults.constructor: no such key here: the keys are ${TIMING_KEYS}`],
  ['defaults.kind = "wanted"', `defaults.kind: no such key here: the keys are ${TIMING_KEYS}`],
  ['hooks = ""', `hooks: ${TABLE}`],
  ['[hooks]\n"required.d/a" = 3', `hooks."required.d/a": ${TABLE}`],
  [
    '[hooks]\n"required.d/a" = { x = 3 }',
    `hooks."required.d/a".x: no such key here: the keys are ${TIMING_KEYS}`,
  ],
  ['[hooks]\n"required.d/.a" = {}', `hooks."required.d/.a": ${HOOK}`],
  ['[hooks]\nsnmp-get = {}', `hooks.snmp-get: ${HOOK}`],
  ['[hooks]\n__proto__ = {}', `hooks.__proto__: ${HOOK}`],
  ['[[checks]]\nport = 1', `checks: ${TABLE}`],
  ['checks.port = "127.0.0.1:161"', `checks.port: ${TABLE}`],
  ['checks.port = {}', 'checks.port: looks at nothing: write one of tcp, unix, file, memoryPercent'],
  [line('tcp = "127.0.0.1:1", unix = "/x"'), 'checks.port: looks at tcp and unix: write a line for each'],
  ['checks.Port = { unix = "/x" }', `checks.Port: ${NAME}`],
  [`checks.${'a'.repeat(33)} = { unix = "/x" }`, `checks.${'a'.repeat(33)}: ${NAME}`],
  ['checks.__proto__ = { unix = "/x" }', `checks.__proto__: ${NAME}`],
  ['checks."\\u001b[31m" = { unix = "/x" }', `checks."\\u001b[31m": ${NAME}`],
  ...['start', 'critical-processes', 'process-heartbeats', 'configuration', 'readiness_probe_hook'].map(
    (name) =>
      [
        `checks.${name} = { unix = "/x" }`,
        `checks.${name}: another check has this name: write another`,
      ] as const,
  ),
  ...[
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.01:1',
    '256.0.0.1:1',
    'snmp.example:161',
    '::1:161',
    '[::g]:161',
    '[1:2]:161',
    ' 127.0.0.1:1',
    '127.0.0.1:1 ',
  ].map((text) => [line(`tcp = "${text}"`), `checks.port.tcp: ${TCP}, not "${text}"`] as const),
  [line('tcp = 161'), `checks.port.tcp: ${TCP}, not 161`],
  [line('unix = "x"'), `checks.port.unix: ${UNIX}, not "x"`],
  [line('unix = "/x\\u0000"'), `checks.port.unix: ${UNIX}, not "/x?"`],
  [line(`unix = "/${'x'.repeat(107)}"`), `checks.port.unix: ${UNIX}, not "/${'x'.repeat(78)}...`],
  [line('file = "/x"'), 'checks.port.maxAgeSeconds: is missing'],
  [line('file = "/x", maxAgeSeconds = 0'), `checks.port.maxAgeSeconds: ${IN} 1 to 604800, not 0`],
  [
    line('file = [], maxAgeSeconds = 1'),
    'checks.port.file: write an absolute path of at most 4095 printable bytes, not Array',
  ],
  [line('memoryPercent = 101'), 'checks.port.memoryPercent: write a percentage from 1 to 100, not 101'],
  [
    line('memoryPercent = 90, maxAgeSeconds = 3'),
    `checks.port.maxAgeSeconds: no such key here: the keys are memoryPercent, kind, restartMends, ${TIMING_KEYS}`,
  ],
  [
    line('memoryPercent = 90, kind = "optional"'),
    'checks.port.kind: write "required" or "wanted", not "optional"',
  ],
  [line('memoryPercent = 90, restartMends = 0'), 'checks.port.restartMends: write true or false, not 0'],
  [line('memoryPercent = 90, periodSeconds = 0'), `checks.port.periodSeconds: ${IN} 0.5 to 3600, not 0`],
];

describe('what is wrong with checks.toml', () => {
  for (const [text, error] of WRONG)
    test(`${JSON.stringify(text.slice(0, 60))}: ${error.slice(0, 60)}`, () => {
      assert.deepEqual(errorsOf(text), [error]);
    });

  test('a mistake in the syntax is told with its line and column', () => {
    assert.deepEqual(errorsOf('# fine\n[checks]\nport = 12 34\n'), [
      'line 3, column 11: each key-value declaration must be followed by an end-of-line',
    ]);
    assert.match(errorsOf('a = 1\na = 2')[0] ?? '', /^line 2, column 1: /);
    assert.match(errorsOf(`a = ${'['.repeat(5000)}`)[0] ?? '', /^line 1, column \d+: .*nested/);
  });

  test('several mistakes are told at once, each with its path, in the order of the file', () => {
    assert.deepEqual(
      errorsOf(`
        startupGraceSeconds = -1
        [defaults]
        periodSeconds = "x"
        timeoutSeconds = 0
        [hooks]
        a = {}
        [checks]
        b = { tcp = "x", kind = "y", z = 1 }
      `).map((error) => error.split(': ')[0]),
      [
        'startupGraceSeconds',
        'defaults.periodSeconds',
        'defaults.timeoutSeconds',
        'hooks.a',
        'checks.b.z',
        'checks.b.tcp',
        'checks.b.kind',
      ],
    );
  });

  test('ten are told, and how many more there are', () => {
    const errors = errorsOf(`[checks]\n${Array.from({ length: 15 }, (_, i) => `c${i} = 1\n`).join('')}`);
    assert.equal(errors.length, 11);
    assert.equal(errors[10], 'and 5 more');
  });

  test('more checks, or hooks, than a report has room for are refused', () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, i) => `c${i} = { unix = "/x" }\n`).join('');
    assert.equal(decoded(`[checks]\n${lines(64)}`).builtin.length, 64);
    assert.deepEqual(errorsOf(`[checks]\n${lines(65)}`), ['checks: 65 lines are too many: write at most 64']);
  });
});
