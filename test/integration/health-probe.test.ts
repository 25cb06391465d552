import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PROBE_EXIT } from '../../src/contract/exit-codes.ts';
import { encodeHealthLine, HEALTH_FILE, type ProbeName } from '../../src/contract/health/health-line.ts';
import type { Anchor } from '../../src/contract/anchor.ts';
import { readProcessStat } from '../../src/container/adapters/proc/process-stat.ts';
import { bootMs } from '../support/boot-clock.ts';
import { Kit, noNamespaces } from '../support/kit.ts';
import { until } from '../support/until.ts';

const BIN = fileURLToPath(new URL('../../rootfs/usr/bin/', import.meta.url));
const PROBE = join(BIN, 'health_probe');
const PROBES: readonly ProbeName[] = ['startup', 'readiness', 'liveness'];
/** A probe that hangs is to fail a test, not to hang it. */
const LIMIT_MS = 60_000;

/** The shells that an image may have as /bin/sh. */
const SHELLS: readonly (readonly string[])[] = [['dash'], ['bash', '--posix'], ['busybox', 'sh']];
const isInstalled = ([name = '']: readonly string[]): boolean =>
  (process.env['PATH'] ?? '').split(':').some((place) => existsSync(join(place, name)));

let folder = '';
const healthFile = (): string => join(folder, HEALTH_FILE);
/** What the answers are bound to. */
const HERE: Anchor = { pid: process.pid, startTicks: readProcessStat('self')?.startTicks ?? 0 };
const WHERE = `${HERE.pid} ${HERE.startTicks}`;
const YES = { startup: 0, readiness: 0, liveness: 0 };
const soonMs = (): number => bootMs() + 30_000;

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: readonly string[], env: NodeJS.ProcessEnv = {}): Answer {
  const [file = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    timeout: LIMIT_MS,
    cwd: folder,
    env: { PATH: process.env['PATH'], CTRKIT_RUN_DIR: folder, ...env },
  });
  return { code: status, stdout, stderr };
}

const probe = (...words: readonly string[]): Answer => run([PROBE, ...words]);

/** No answer, said on one line, and nothing done besides. */
function assertNoAnswer({ code, stdout, stderr }: Answer, why: RegExp, what: string): void {
  assert.equal(code, PROBE_EXIT.stale, `${what}: ${stdout}${stderr}`);
  assert.match(stdout, /^not (started|ready|live) \(11\): [ -~]+\n$/, what);
  assert.match(stdout, why, what);
  assert.equal(stderr, '', what);
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'ctrkit-probe-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('each probe ends with its own of the three answers, and says why where that is not 0', () => {
  const answers = { startup: 0, readiness: 10, liveness: 33 };
  const text = 'critical process snmpd: FATAL; 100 % of $HOME\\n `id`';
  writeFileSync(healthFile(), encodeHealthLine(answers, soonMs(), HERE, text));
  assert.deepEqual(probe('startup'), { code: 0, stdout: '', stderr: '' });
  assert.deepEqual(probe('readiness'), { code: 10, stdout: `not ready (10): ${text}\n`, stderr: '' });
  assert.deepEqual(probe('liveness'), { code: 33, stdout: `not live (33): ${text}\n`, stderr: '' });
});

test('every code that the agent may answer with is passed on, 64 and what is none are not', () => {
  for (let code = 1; code <= 130; code++) {
    writeFileSync(healthFile(), encodeHealthLine({ ...YES, liveness: code }, soonMs(), HERE, 'why'));
    const isLegal = code <= 125 && code !== 64;
    assert.equal(probe('liveness').code, isLegal ? code : PROBE_EXIT.stale, String(code));
  }
});

test('a yes says nothing, whatever the reason in the line is', () => {
  writeFileSync(healthFile(), encodeHealthLine(YES, soonMs(), HERE, 'wanted.d/slow: takes 3 s'));
  for (const name of PROBES) assert.deepEqual(probe(name), { code: 0, stdout: '', stderr: '' });
  writeFileSync(healthFile(), encodeHealthLine({ ...YES, readiness: 12 }, soonMs(), HERE, ''));
  assert.equal(probe('readiness').stdout, 'not ready (12): no reason is given\n');
});

test('a missing file is no answer, and so is one that is not a regular file, a pipe that nobody writes say', () => {
  for (const name of PROBES) {
    rmSync(healthFile(), { recursive: true, force: true });
    assertNoAnswer(probe(name), /has not written .*supervisorctl status ctrkit_agent/, name);
    mkdirSync(healthFile());
    assertNoAnswer(probe(name), /has not written/, `${name}, a folder`);
    rmSync(healthFile(), { recursive: true });
    run(['mkfifo', healthFile()]);
    assertNoAnswer(probe(name), /has not written/, `${name}, a pipe`);
  }
  rmSync(healthFile());
});

/** Content of the file; `%` stands for a second that is not stale, `@` for an anchor that runs. */
const GARBAGE: readonly string[] = [
  '',
  '\n',
  'ctrkit2\n',
  'ctrkit2 0 0 0\n',
  'ctrkit2 0 0 %\n',
  'ctrkit1 0 0 0 %\n',
  'ctrkit3 0 0 0 % @\n',
  'ctrkit2 0 0 0 %\n',
  'ctrkit2 0 0 0 % 1\n',
  'ctrkit2 0 0 0 % 0 1\n',
  'ctrkit2 0 0 0 % 01 1\n',
  'ctrkit2 0 0 0 % self 1\n',
  'ctrkit2 0 0 0 % ../1 1\n',
  'ctrkit2 0 0 0 % 1/../1 1\n',
  'ctrkit2 0 0 0 % 12345678901 1\n',
  'ctrkit2 0 0 0 % 1 -1\n',
  'ctrkit2 0 0 0 % 1 $(touch${IFS}pwned)\n',
  'ctrkit2 0 0 0 % @',
  'ctrkit2 0 0 0 -1 @\n',
  'ctrkit2 0 0 0 1e9 @\n',
  'ctrkit2 0 0 0 0x7fffffff @\n',
  'ctrkit2 0 0 0 099999999 @\n',
  'ctrkit2 0 0 0 99999999999999999999999 @\n',
  'ctrkit2 0 0 0 9223372036854775807 @\n',
  'ctrkit2 00 0 0 % @\n',
  'ctrkit2 0 -1 0 % @\n',
  'ctrkit2 0 0 256 % @\n',
  'ctrkit2 0 0 ok % @\n',
  'ctrkit2 * * * * @\n',
  'ctrkit2 0 0 0 a[$(touch${IFS}pwned)] @\n',
  'ctrkit2 $(touch${IFS}pwned) 0 0 % @\n',
  'ctrkit2 0 0 0 now @\n',
  'ctrkit2 0 0 0 stale_at @\n',
  '\0\0\0\0\0\0\n',
  '\u007fELF\u0002\u0001\u0001 0 0 0 % @\n',
  `${'x'.repeat(1 << 17)}\n`,
  'ctrkit2 0 0 0 % @'.repeat(4_000),
  '# a comment\nctrkit2 0 0 0 % @\n',
];

for (const shell of SHELLS) {
  const skip = isInstalled(shell) ? false : 'not installed';
  describe(`under ${basename(shell.join(' '))}`, { skip }, () => {
    const inShell = (name: ProbeName): Answer => run([...shell, PROBE, name]);

    test('a file with anything but one whole line of this release is no answer, and runs nothing', () => {
      for (const text of GARBAGE) {
        writeFileSync(
          healthFile(),
          text.replaceAll('%', String(Math.round(soonMs() / 1000))).replaceAll('@', WHERE),
          'latin1',
        );
        for (const name of PROBES)
          assertNoAnswer(inShell(name), /not what|cannot be read/, text.slice(0, 60));
      }
      assert.ok(!existsSync(join(folder, 'pwned')));
    });

    test('a line cut off anywhere is no answer', () => {
      const line = encodeHealthLine({ ...YES, readiness: 10 }, soonMs(), HERE, 'start: runs');
      for (let length = 0; length < line.length; length++) {
        writeFileSync(healthFile(), line.slice(0, length));
        assertNoAnswer(inShell('readiness'), /not what|cannot be read/, line.slice(0, length));
      }
      writeFileSync(healthFile(), line);
      assert.equal(inShell('readiness').code, 10);
    });

    test('answers and their text come out as they were written', () => {
      const answers = { startup: 2, readiness: 99, liveness: 0 };
      writeFileSync(healthFile(), encodeHealthLine(answers, soonMs(), HERE, 'a \\t %s "$0" * ~'));
      assert.deepEqual(inShell('startup'), {
        code: 2,
        stdout: 'not started (2): a \\t %s "$0" * ~\n',
        stderr: '',
      });
      assert.equal(inShell('readiness').code, 99);
      assert.deepEqual(inShell('liveness'), { code: 0, stdout: '', stderr: '' });
    });

    test('a text that a terminal would obey is not shown, the answer counts', () => {
      const line = encodeHealthLine({ ...YES, readiness: 14 }, soonMs(), HERE, 'X');
      writeFileSync(healthFile(), line.replace('X', '\u001b[2Jgone'));
      const stdout = 'not ready (14): the reason is not plain text\n';
      assert.deepEqual(inShell('readiness'), { code: 14, stdout, stderr: '' });
    });

    test('answers hold until the second of the boot clock in the line, for all three probes', () => {
      writeFileSync(healthFile(), encodeHealthLine(YES, bootMs() - 12_000, HERE, ''));
      for (const name of PROBES) assertNoAnswer(inShell(name), /for 1[12] s: .* dead or stuck/, name);
      writeFileSync(healthFile(), encodeHealthLine(YES, bootMs() + 100_000, HERE, ''));
      for (const name of PROBES) assert.equal(inShell(name).code, 0);
      writeFileSync(healthFile(), encodeHealthLine(YES, bootMs() + 150_000, HERE, ''));
      for (const name of PROBES) assertNoAnswer(inShell(name), /before the host's last start/, name);
    });

    test('answers of a container whose anchor has ended are none, whoever has its process id now (G11)', () => {
      const { pid, startTicks } = HERE;
      const gone = { pid: spawnSync('true').pid, startTicks };
      for (const anchor of [gone, { pid, startTicks: startTicks + 1 }, { pid: 1, startTicks }]) {
        writeFileSync(healthFile(), encodeHealthLine(YES, soonMs(), anchor, ''));
        for (const name of PROBES) assertNoAnswer(inShell(name), /an earlier start of this container/, name);
      }
      writeFileSync(healthFile(), encodeHealthLine(YES, soonMs(), HERE, ''));
      for (const name of PROBES) assert.equal(inShell(name).code, 0);
    });

    for (const comm of [') S 1 1 (x y', 'a) b (c', '((((', '))))', '\n) Z 1 \n 2', '  * $0 \\n'])
      test(`an anchor whose command is called ${JSON.stringify(comm)} is recognized`, async (t) => {
        const script = 'printf %s "$1" >/proc/$$/comm; echo ready; read -r _';
        const anchor = new Kit(t).run(['sh', '-c', script, 'sh', comm]);
        await until('it has its name', () => anchor.stdout.includes('ready'));
        const startTicks = readProcessStat(anchor.pid)?.startTicks ?? 0;
        writeFileSync(healthFile(), encodeHealthLine(YES, soonMs(), { pid: anchor.pid, startTicks }, ''));
        assert.deepEqual(inShell('liveness'), { code: 0, stdout: '', stderr: '' });
      });
  });
}

describe('on a boot clock of our own', { skip: noNamespaces }, () => {
  const at = (uptime: string, staleAt: string): Answer => {
    writeFileSync(healthFile(), `ctrkit2 0 0 0 ${staleAt} ${WHERE}\n`);
    const clock = join(folder, 'uptime');
    writeFileSync(clock, uptime);
    const script = 'mount --bind "$1" /proc/uptime && exec "$2" liveness';
    return run(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', clock, PROBE]);
  };

  test('the second itself is stale, the one before it is not, however long the host has been up', () => {
    assert.equal(at('999.99 1.00\n', '1000').code, 0);
    assertNoAnswer(at('1000.00 1.00\n', '1000'), /for 0 s/, 'at the second');
    assert.equal(at('0.01 0.00\n', '1').code, 0);
    assert.equal(at('2147483999.50 0.00\n', '2147484000').code, 0);
    assertNoAnswer(at('2147484000.50 0.00\n', '2147484000'), /for 0 s/, '68 years');
  });

  test('more than two minutes ahead is of another boot', () => {
    assert.equal(at('100.00 1.00\n', '220').code, 0);
    assertNoAnswer(at('100.00 1.00\n', '221'), /before the host's last start/, 'two minutes and a second');
  });

  test('a boot clock that cannot be told makes no answer', () => {
    for (const uptime of ['', 'soon', 'soon\n', '-5.00 1\n', '.5 1\n'])
      assert.equal(at(uptime, '1000').code, PROBE_EXIT.stale, uptime);
  });
});

test('a probe starts no process, with whichever answer it ends (D13)', { skip: noNamespaces }, () => {
  const why = encodeHealthLine({ startup: 2, readiness: 10, liveness: 0 }, soonMs(), HERE, 'start: runs');
  for (const line of [why, 'garbage\n', encodeHealthLine(YES, bootMs() - 1000, HERE, ''), undefined]) {
    rmSync(healthFile(), { force: true });
    if (line !== undefined) writeFileSync(healthFile(), line);
    for (const name of PROBES) {
      // Process ids count up: in a new namespace the shell is 1, the probe 2, and what follows 3 if it forked nothing.
      const script = '"$1" "$2" >/dev/null; sh -c "echo \\$\\$"; :';
      const counted = run(['unshare', '--pid', '--fork', 'sh', '-c', script, 'sh', PROBE, name]);
      assert.equal(counted.stdout.trim(), '3', `${name}: ${line}${counted.stderr}`);
    }
  }
});

test('under the shipped name, from any place, it is the readiness probe (D13)', () => {
  writeFileSync(
    healthFile(),
    encodeHealthLine({ startup: 2, readiness: 10, liveness: 0 }, soonMs(), HERE, 'snmpd: FATAL'),
  );
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  symlinkSync(join(BIN, 'readiness_probe.sh'), join(elsewhere, 'readiness_probe.sh'));
  const stdout = 'not ready (10): snmpd: FATAL\n';
  for (const path of [join(BIN, 'readiness_probe.sh'), join(elsewhere, 'readiness_probe.sh')])
    assert.deepEqual(run([path]), { code: 10, stdout, stderr: '' });
  const byPath = run(['readiness_probe.sh'], { PATH: `${BIN}:${process.env['PATH']}` });
  assert.deepEqual(byPath, { code: 10, stdout, stderr: '' });
  const inPlace = spawnSync('sh', ['readiness_probe.sh'], {
    cwd: elsewhere,
    env: { CTRKIT_RUN_DIR: folder },
    encoding: 'utf8',
  });
  assert.deepEqual([inPlace.status, inPlace.stdout], [10, stdout]);
  assert.equal(run([join(BIN, 'readiness_probe.sh'), 'liveness']).code, 64);
  assert.match(run([join(BIN, 'readiness_probe.sh'), '--help']).stdout, /^usage: health_probe/);
});

test('wrong usage is 64, said on stderr, and never looks like an answer', () => {
  writeFileSync(healthFile(), encodeHealthLine(YES, soonMs(), HERE, ''));
  for (const words of [[], [''], ['ready'], ['readiness', 'liveness'], ['readiness', ''], ['-x'], ['*']]) {
    const { code, stdout, stderr } = probe(...words);
    assert.deepEqual([code, stdout], [64, ''], words.join(' '));
    assert.match(stderr, /^usage: health_probe startup\|readiness\|liveness$/m);
  }
});

test('docs/checks.md explains the same exit codes, and its pod calls a command that there is', () => {
  const page = readFileSync(new URL('../../docs/checks.md', import.meta.url), 'utf8');
  const explained = [...page.matchAll(/^\| (\d[\d, -]*) \|/gm)].map(([, codes]) => codes);
  const own = '3-9, 14-63, 65-125';
  assert.deepEqual(explained, ['0', '1', '2', own, '10', '11', '12', '13', '64']);
  assert.deepEqual(
    Object.values(PROBE_EXIT).toSorted((a, b) => a - b),
    [1, 2, 10, 11, 12, 13],
  );
  const calls = [...page.matchAll(/command: \[\/usr\/bin\/(\w+), (\w+)\]/g)];
  assert.deepEqual(
    calls.map(([, command, name]) => `${command} ${name}`),
    PROBES.map((name) => `health_probe ${name}`),
  );
});

test('--help explains every exit code that the contract gives the probe', () => {
  const { code, stdout, stderr } = probe('--help');
  assert.deepEqual([code, stderr], [0, '']);
  for (const known of [0, ...Object.values(PROBE_EXIT), 64])
    assert.match(stdout, new RegExp(`^${known} {2,}\\S`, 'm'), String(known));
  assert.match(stdout, /^3-9, 14-63, 65-125 {2,}the failing hook's own exit code$/m);
});
