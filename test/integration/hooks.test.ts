import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { describe, test } from 'node:test';
import type { CheckOutcome } from '../../src/contract/health/check.ts';
import { HookFolder } from '../support/hook-folder.ts';
import { until } from '../support/until.ts';

const HANGS = 'while :; do sleep 600; done';
const isRoot = process.getuid?.() === 0;

function failing(message: string, exitCode = 1): CheckOutcome {
  return { result: 'failing', message, exitCode, isMendedByRestart: true };
}

function assertNotRun(outcome: CheckOutcome, why: RegExp): void {
  assert.equal(outcome.result, 'failing');
  assert.match(outcome.message, why);
  assert.equal(outcome.result === 'failing' && outcome.exitCode, 1);
  assert.equal(outcome.result === 'failing' && outcome.isMendedByRestart, false);
}

const noneIsLeft = (hooks: HookFolder): Promise<boolean> =>
  until(
    () => `nothing runs, but ${JSON.stringify(hooks.running())}`,
    () => hooks.running().length === 0,
  );

/** Runs a hook until it got as far as is asked within its limit: on a busy machine the first may not. */
async function runUntil(hooks: HookFolder, name: string, isFar: (outcome: CheckOutcome) => boolean) {
  return until(`${name} gets far enough`, async () => {
    const outcome = await hooks.run(name);
    return isFar(outcome) && outcome;
  });
}

describe('which hooks there are', () => {
  test('each executable in required.d and wanted.d is a check of that kind, by name', (t) => {
    const hooks = new HookFolder(t);
    hooks.write('wanted.d/b', 'true');
    hooks.write('required.d/20-b', 'true');
    hooks.write('required.d/10-a.sh', 'true');
    assert.deepEqual(
      hooks.source.list().map(({ name, kind }) => [name, kind]),
      [
        ['required.d/10-a.sh', 'required'],
        ['required.d/20-b', 'required'],
        ['wanted.d/b', 'wanted'],
      ],
    );
  });

  test('folders that do not exist hold no hooks', (t) => {
    const hooks = new HookFolder(t);
    rmSync(hooks.path('required.d'), { recursive: true });
    rmSync(hooks.path('wanted.d'), { recursive: true });
    assert.deepEqual(hooks.names, []);
    assert.deepEqual(hooks.log.lines, []);
  });

  test("SONiC's own hook counts while it is executable, and is the first (D13)", (t) => {
    const hooks = new HookFolder(t);
    hooks.write('required.d/a', 'true');
    hooks.write('readiness_probe_hook', 'true', 0o644);
    assert.deepEqual(hooks.names, ['required.d/a']);
    chmodSync(hooks.path('readiness_probe_hook'), 0o755);
    assert.deepEqual(hooks.names, ['readiness_probe_hook', 'required.d/a']);
    assert.equal(hooks.check('readiness_probe_hook').kind, 'required');
    rmSync(hooks.path('readiness_probe_hook'));
    assert.deepEqual(hooks.names, ['required.d/a']);
  });

  test('a hook comes and goes with its file, and is the same check meanwhile', (t) => {
    const hooks = new HookFolder(t);
    const path = hooks.write('required.d/a', 'true');
    const first = hooks.check('required.d/a');
    hooks.write('required.d/b', 'true');
    assert.equal(hooks.check('required.d/a'), first);
    rmSync(path);
    assert.deepEqual(hooks.names, ['required.d/b']);
    hooks.write('required.d/a', 'true');
    assert.notEqual(hooks.check('required.d/a'), first);
  });

  test('a folder that can not be read keeps the hooks it had, and that is said', (t) => {
    const hooks = new HookFolder(t);
    hooks.write('required.d/a', 'true');
    assert.deepEqual(hooks.names, ['required.d/a']);
    rmSync(hooks.path('required.d'), { recursive: true });
    hooks.writeRaw('required.d', 'a file where a folder should be');
    assert.deepEqual(hooks.names, ['required.d/a']);
    assert.equal(hooks.log.lines.length, 1);
    assert.match(hooks.log.lines[0] ?? '', /required\.d can't be read, .*ENOTDIR/);
  });
});

describe('the result of a hook', () => {
  test('is ok for exit code 0, with its first line', async (t) => {
    const hooks = new HookFolder(t);
    hooks.write('required.d/a', 'echo; echo 3 of 3 answer; echo more; echo a warning >&2');
    assert.deepEqual(await hooks.run('required.d/a'), { result: 'ok', message: '3 of 3 answer' });
  });

  for (const code of [3, 9, 14, 63, 65, 125]) {
    test(`exit code ${code} is passed on`, async (t) => {
      const hooks = new HookFolder(t);
      hooks.write('required.d/a', `echo out; echo snmpd is mute >&2; exit ${code}`);
      assert.deepEqual(await hooks.run('required.d/a'), failing('snmpd is mute', code));
    });
  }

  for (const code of [2, 10, 13, 64, 126, 127, 255]) {
    test(`exit code ${code}, which has another meaning, is 1 and says so`, async (t) => {
      const hooks = new HookFolder(t);
      hooks.write('required.d/a', `echo no; exit ${code}`);
      const text = `ended with ${code}, which means something else to the probe: no`;
      assert.deepEqual(await hooks.run('required.d/a'), failing(text));
    });
  }

  test('exit code 1 is a hook that crashed (D13)', async (t) => {
    const hooks = new HookFolder(t);
    hooks.write('required.d/a', 'exit 1');
    assert.deepEqual(await hooks.run('required.d/a'), failing('ended with 1'));
  });

  test('a signal is named', async (t) => {
    const hooks = new HookFolder(t);
    hooks.write('required.d/a', 'kill -SEGV $$');
    assert.deepEqual(await hooks.run('required.d/a'), failing('killed by SIGSEGV'));
  });

  test('binary garbage is shown as one short printable line', async (t) => {
    const hooks = new HookFolder(t);
    hooks.write('required.d/a', 'head -c 5000 /dev/urandom; exit 5');
    const { message } = await hooks.run('required.d/a');
    assert.match(message, /^[ -~]{0,200}$/);
  });

  test('a script without #! is run by sh, as a shell would', async (t) => {
    const hooks = new HookFolder(t);
    hooks.writeRaw('required.d/a', 'echo plain; exit 7\n');
    assert.deepEqual(await hooks.run('required.d/a'), failing('plain', 7));
  });
});

describe('the surroundings of a hook', () => {
  test('are /, an empty stdin, a session of its own, its name, and never the Redis URL', async (t) => {
    const env = { PATH: process.env['PATH'], CTRKIT_REDIS: 'redis://:geheim@127.0.0.1', DEV: '3' };
    const hooks = new HookFolder(t, { env });
    const out = hooks.path('seen', 'env');
    hooks.write('wanted.d/a', `{ pwd; wc -c; echo $$; cut -d' ' -f5,6 /proc/$$/stat; env; } >${out} 2>&1`);
    assert.deepEqual(await hooks.run('wanted.d/a'), { result: 'ok', message: '' });
    const [folder, stdinBytes, pid, groupAndSession, ...rest] = (hooks.seen('env') ?? '').split('\n');
    assert.deepEqual([folder, stdinBytes], ['/', '0']);
    assert.equal(groupAndSession, `${pid} ${pid}`);
    assert.ok(rest.includes('CTRKIT_CHECK=wanted.d/a'), rest.join());
    assert.ok(rest.includes('DEV=3'), rest.join());
    assert.ok(!rest.join().includes('geheim'));
  });

  test('hold no file of the agent open, and no pipe but its own', async (t) => {
    const hooks = new HookFolder(t);
    const open = openSync(hooks.writeRaw('seen/agents-own', ''), 'r');
    hooks.write('required.d/a', `exec ls -l /proc/self/fd >${hooks.path('seen', 'fds')}`);
    hooks.write('required.d/b', 'exec sleep 1');
    const outcomes = await Promise.all([hooks.run('required.d/b'), hooks.run('required.d/a')]);
    closeSync(open);
    assert.deepEqual(
      outcomes.map(({ result }) => result),
      ['ok', 'ok'],
    );
    assert.doesNotMatch(hooks.seen('fds') ?? '', /agents-own/);
    // Its stderr; stdout goes to the list itself.
    assert.equal(hooks.seen('fds')?.match(/socket:/g)?.length, 1);
  });
});

describe('a hook that hangs', () => {
  test('is killed at its limit, and failing', async (t) => {
    const hooks = new HookFolder(t, { timeoutMs: 500 });
    hooks.write('required.d/a', `echo waiting for snmpd; ${HANGS}`);
    const startMs = performance.now();
    const outcome = await runUntil(hooks, 'required.d/a', ({ message }) => message.includes('snmpd'));
    assert.deepEqual(outcome, failing('did not end within 0.5 s: waiting for snmpd'));
    assert.ok(performance.now() - startMs >= 490);
    await noneIsLeft(hooks);
  });

  test('is killed though it ignores every signal it can', async (t) => {
    const hooks = new HookFolder(t, { timeoutMs: 300 });
    hooks.write('required.d/a', `trap '' TERM INT HUP QUIT; ${HANGS}`);
    assert.deepEqual(await hooks.run('required.d/a'), failing('did not end within 0.3 s'));
    await noneIsLeft(hooks);
  });

  test('is killed with the children it waits for', async (t) => {
    const hooks = new HookFolder(t, { timeoutMs: 500 });
    hooks.write('required.d/a', `(trap '' TERM; ${HANGS}) & sh -c '${HANGS}' & : >$SEEN/up; wait`);
    const outcome = await runUntil(hooks, 'required.d/a', () => hooks.seen('up') !== undefined);
    assert.deepEqual(outcome, failing('did not end within 0.5 s'));
    await noneIsLeft(hooks);
  });

  test('is failing, not killed in vain, when it is stopped (SIGSTOP)', async (t) => {
    const hooks = new HookFolder(t, { timeoutMs: 300 });
    hooks.write('required.d/a', 'kill -STOP $$');
    assert.deepEqual(await hooks.run('required.d/a'), failing('did not end within 0.3 s'));
    await noneIsLeft(hooks);
  });

  test('does not keep the others from being told', async (t) => {
    const hooks = new HookFolder(t, { timeoutMs: 600_000 });
    hooks.write('required.d/hangs', HANGS);
    hooks.write('required.d/well', 'true');
    const hanging = hooks.run('required.d/hangs');
    assert.equal((await hooks.run('required.d/well')).result, 'ok');
    hooks.source.stop();
    assert.equal((await hanging).result, 'unknown', 'it hangs still');
  });
});

describe('a hook that leaves something behind', () => {
  test('ends with its own result, and its children are killed', async (t) => {
    const hooks = new HookFolder(t);
    hooks.write('required.d/a', `(${HANGS}) & echo done; exit 0`);
    assert.deepEqual(await hooks.run('required.d/a'), { result: 'ok', message: 'done' });
    await noneIsLeft(hooks);
  });

  test('is not waited for when a child in a session of its own holds its output open', async (t) => {
    const hooks = new HookFolder(t);
    hooks.write(
      'required.d/a',
      `setsid sh -c ': >$SEEN/up; exec sleep 600' & 
      until [ -e $SEEN/up ]; do sleep 0.01; done; echo done; exit 4`,
    );
    assert.deepEqual(await hooks.run('required.d/a'), failing('done', 4));
    assert.equal(hooks.running().length, 1);
  });

  test('that writes without an end ends it, and the reader it was given', async (t) => {
    const hooks = new HookFolder(t);
    hooks.write(
      'required.d/a',
      `setsid sh -c ': >$SEEN/up; exec cat /dev/zero' &
      until [ -e $SEEN/up ]; do sleep 0.01; done; sleep 0.3; exit 4`,
    );
    assert.equal((await hooks.run('required.d/a')).result, 'failing');
    await noneIsLeft(hooks);
  });

  test('holds no descriptor of the agent, nor does one that can not be started', async (t) => {
    const hooks = new HookFolder(t, { timeoutMs: 100 });
    hooks.write('required.d/a', 'setsid sleep 600 & echo done');
    hooks.write('required.d/b', HANGS);
    hooks.writeRaw('required.d/c', '#!/nowhere/sh\n');
    hooks.write('required.d/d', 'head -c 1000000 /dev/zero');
    const count = (): number => readdirSync('/proc/self/fd').length;
    const runAll = async (): Promise<unknown> => Promise.all(hooks.source.list().map((check) => check.run()));
    await runAll();
    const before = count();
    for (let round = 0; round < 5; round++) await runAll();
    await until(
      () => `${count()} descriptors, ${before} before`,
      () => count() <= before,
    );
  });
});

describe('a hook that prints 100 MB', () => {
  const privateDirtyKb = (): number =>
    Number(/Private_Dirty: +(\d+)/.exec(readFileSync('/proc/self/smaps_rollup', 'latin1'))?.[1]);
  const SPILL =
    'echo first; head -c 100000000 /dev/zero & echo oops >&2; head -c 100000000 /dev/zero >&2; wait;';

  for (const code of [0, 5]) {
    test(`to both streams ends with its own code ${code}, and the agent is no larger`, async (t) => {
      const hooks = new HookFolder(t, { timeoutMs: 60_000 });
      hooks.write('required.d/small', 'echo little');
      hooks.write('required.d/big', `${SPILL} : >$SEEN/end; exit ${code}`);
      for (let round = 0; round < 20; round++) await hooks.run('required.d/small');
      const beforeKb = privateDirtyKb();
      const outcome = await hooks.run('required.d/big');
      const grownKb = privateDirtyKb() - beforeKb;
      assert.deepEqual(outcome, code === 0 ? { result: 'ok', message: 'first' } : failing('oops', 5));
      assert.equal(hooks.seen('end'), '');
      assert.ok(grownKb < 6_000, `${grownKb} KB more`);
      await noneIsLeft(hooks);
    });
  }

  test('without an end is killed at its limit, and its reader with it', async (t) => {
    const hooks = new HookFolder(t, { timeoutMs: 1_000 });
    hooks.write('required.d/a', 'echo on and on; exec cat /dev/zero');
    const outcome = await runUntil(hooks, 'required.d/a', ({ message }) => message.includes('on and on'));
    assert.deepEqual(outcome, failing('did not end within 1 s: on and on'));
    await noneIsLeft(hooks);
    const children = `/proc/self/task/${process.pid}/children`;
    await until('its reader is gone', () => {
      const pids = readFileSync(children, 'latin1').split(' ').filter(Boolean);
      return pids.every((pid) => !readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('cat'));
    });
  });
});

describe('a hook that can not be run', () => {
  test('because it is not executable, says what to do, and a restart would not mend it', async (t) => {
    const hooks = new HookFolder(t);
    const path = hooks.write('required.d/a', 'true', 0o644);
    assertNotRun(await hooks.run('required.d/a'), new RegExp(`not executable: chmod \\+x ${path}`));
  });

  test('because its interpreter is missing, or is none', async (t) => {
    const hooks = new HookFolder(t);
    hooks.writeRaw('required.d/a', '#!/usr/bin/python7\n');
    hooks.writeRaw('required.d/b', '#!/etc/passwd\n');
    assertNotRun(await hooks.run('required.d/a'), /interpreter \(first line\) does not exist/);
    assertNotRun(await hooks.run('required.d/b'), /interpreter \(first line\), .* may not be executed/);
  });

  test('because it is a folder, a pipe, or a link to nothing or to itself', async (t) => {
    const hooks = new HookFolder(t);
    mkdirSync(hooks.path('required.d/folder'));
    symlinkSync('/dev/null', hooks.path('required.d/device'));
    symlinkSync('/nowhere/a', hooks.path('required.d/dangling'));
    symlinkSync('loop', hooks.path('required.d/loop'));
    assertNotRun(await hooks.run('required.d/folder'), /it is a folder/);
    assertNotRun(await hooks.run('required.d/device'), /no regular file|others than root may write/);
    assertNotRun(await hooks.run('required.d/dangling'), /links to \/nowhere: no such file/);
    assertNotRun(await hooks.run('required.d/loop'), /too many links/);
  });

  test('because it is being written, is unknown', async (t) => {
    const hooks = new HookFolder(t);
    copyFileSync('/bin/true', hooks.path('required.d/a'));
    chmodSync(hooks.path('required.d/a'), 0o755);
    const open = openSync(hooks.path('required.d/a'), 'r+');
    try {
      const text = 'not run: it is being written';
      assert.deepEqual(await hooks.run('required.d/a'), { result: 'unknown', message: text });
    } finally {
      closeSync(open);
    }
    assert.equal((await hooks.run('required.d/a')).result, 'ok');
  });

  test('because it has just been deleted, is unknown', async (t) => {
    const hooks = new HookFolder(t);
    const path = hooks.write('required.d/a', 'true');
    const check = hooks.check('required.d/a');
    rmSync(path);
    assert.deepEqual(await check.run(), { result: 'unknown', message: 'not run: it has been deleted' });
  });
});

describe('a hook that others than root may change', () => {
  const refused = async (hooks: HookFolder, why: RegExp): Promise<void> => {
    assertNotRun(await hooks.run('required.d/a'), why);
    assert.equal(hooks.seen('ran'), undefined);
  };
  const RUN = ': >$SEEN/ran';

  for (const mode of [0o757, 0o775]) {
    test(`by its mode ${mode.toString(8)} is refused, and run when that is mended`, async (t) => {
      const hooks = new HookFolder(t);
      const path = hooks.write('required.d/a', RUN, mode);
      await refused(hooks, new RegExp(`chmod go-w ${path}$`));
      chmodSync(path, 0o755);
      assert.equal((await hooks.run('required.d/a')).result, 'ok');
    });
  }

  test('by the mode of a folder on its path is refused', async (t) => {
    const hooks = new HookFolder(t);
    hooks.write('required.d/a', RUN);
    chmodSync(hooks.root, 0o777);
    await refused(hooks, new RegExp(`chmod go-w ${hooks.root}$`));
  });

  test('by way of a folder that is sticky, as /tmp, is refused', async (t) => {
    const hooks = new HookFolder(t);
    hooks.write('required.d/a', RUN);
    chmodSync(hooks.path('required.d'), 0o1777);
    await refused(hooks, /keep the hook in another folder/);
  });

  test('by way of what it links to is refused', async (t) => {
    const hooks = new HookFolder(t);
    const target = hooks.write('seen/target', RUN, 0o757);
    symlinkSync('../seen/target', hooks.path('required.d/a'));
    await refused(hooks, new RegExp(`chmod go-w ${target}$`));
    chmodSync(target, 0o755);
    assert.equal((await hooks.run('required.d/a')).result, 'ok');
  });

  test('by way of a link on the way, in a folder that is not its own, is refused', async (t) => {
    const hooks = new HookFolder(t);
    const target = hooks.write('seen/target', RUN);
    mkdirSync(hooks.path('open'));
    symlinkSync(target, hooks.path('open/link'));
    symlinkSync(hooks.path('open/link'), hooks.path('required.d/a'));
    chmodSync(hooks.path('open'), 0o777);
    await refused(hooks, /chmod go-w .*open$/);
  });

  test('because it is theirs is refused', { skip: !isRoot && 'needs root' }, async (t) => {
    const hooks = new HookFolder(t);
    const path = hooks.write('required.d/a', RUN);
    chownSync(path, 1000, 0);
    await refused(hooks, /belongs to user 1000: chown root /);
  });
});

describe('a hook that changes while it runs', () => {
  test('deleted: its run ends by itself, and it is no check any more', async (t) => {
    const hooks = new HookFolder(t);
    const path = hooks.write(
      'required.d/a',
      ': >$SEEN/up; until [ -e $SEEN/go ]; do sleep 0.01; done; exit 6',
    );
    const running = hooks.run('required.d/a');
    await until('it runs', () => hooks.seen('up') !== undefined);
    rmSync(path);
    assert.deepEqual(hooks.names, []);
    appendFileSync(hooks.path('seen/go'), '');
    assert.deepEqual(await running, failing('ended with 6', 6));
    await noneIsLeft(hooks);
  });

  test('deleted and put back: it is the same check, so that never two of it run', async (t) => {
    const hooks = new HookFolder(t);
    const path = hooks.write('required.d/a', 'until [ -e $SEEN/go ]; do sleep 0.01; done');
    const check = hooks.check('required.d/a');
    const running = check.run();
    rmSync(path);
    assert.deepEqual(hooks.names, []);
    hooks.write('required.d/a', 'true');
    assert.equal(hooks.check('required.d/a'), check);
    appendFileSync(hooks.path('seen/go'), '');
    await running;
    assert.equal((await hooks.run('required.d/a')).result, 'ok');
  });

  test('replaced: the run goes on with the old one, the next takes the new', async (t) => {
    const hooks = new HookFolder(t);
    hooks.write('required.d/a', ': >$SEEN/up; until [ -e $SEEN/go ]; do sleep 0.01; done; exit 6');
    const running = hooks.run('required.d/a');
    await until('it runs', () => hooks.seen('up') !== undefined);
    hooks.write('required.d/a', 'exit 8');
    appendFileSync(hooks.path('seen/go'), '');
    assert.deepEqual(await running, failing('ended with 6', 6));
    assert.deepEqual(await hooks.run('required.d/a'), failing('ended with 8', 8));
  });
});

describe('many hooks', () => {
  test('run side by side, never more than four', async (t) => {
    const hooks = new HookFolder(t, { timeoutMs: 120_000 });
    // A file each that stands while it runs: what is there at once ran at once.
    const script =
      'mkdir -p $SEEN/at; : >$SEEN/at/$$; until [ -e $SEEN/go ]; do sleep 0.05; done; ls $SEEN/at | wc -l; rm $SEEN/at/$$';
    for (let hook = 10; hook < 22; hook++) hooks.write(`required.d/${hook}`, script);
    const running = hooks.source.list().map((check) => check.run());
    await until(
      'four run',
      () => hooks.running().filter(({ command }) => command.includes('.d/')).length >= 4,
    );
    appendFileSync(hooks.path('seen/go'), '');
    const outcomes = await Promise.all(running);
    assert.equal(outcomes.length, 12);
    for (const { result, message } of outcomes) assert.equal(result, 'ok', message);
    const atOnce = outcomes.map(({ message }) => Number(message));
    assert.ok(Math.max(...atOnce) <= 4, atOnce.join());
  });

  test('by two names of one file are two checks', async (t) => {
    const hooks = new HookFolder(t);
    linkSync(hooks.write('required.d/a', 'echo $CTRKIT_CHECK'), hooks.path('wanted.d/a'));
    assert.equal((await hooks.run('required.d/a')).message, 'required.d/a');
    assert.equal((await hooks.run('wanted.d/a')).message, 'wanted.d/a');
  });
});

describe('when the agent ends', () => {
  test('all that runs is killed, and every result is unknown, waiting or to come', async (t) => {
    const hooks = new HookFolder(t, { timeoutMs: 600_000 });
    for (let hook = 0; hook < 6; hook++)
      hooks.write(`required.d/${hook}`, `(${HANGS}) & : >$SEEN/${hook}; ${HANGS}`);
    const checks = hooks.source.list();
    const runs = checks.map((check) => check.run());
    await until('four run', () => readdirSync(hooks.path('seen')).length === 4);
    hooks.source.stop();
    const outcomes = [...(await Promise.all(runs)), await hooks.run('required.d/0')];
    for (const outcome of outcomes)
      assert.deepEqual(outcome, { result: 'unknown', message: 'not run: the agent is ending' });
    await noneIsLeft(hooks);
  });

  test('right after a run was begun, nothing stays behind either', async (t) => {
    const hooks = new HookFolder(t, { timeoutMs: 600_000 });
    hooks.write('required.d/a', HANGS);
    const run = hooks.run('required.d/a');
    hooks.source.stop();
    assert.equal((await run).result, 'unknown');
    await noneIsLeft(hooks);
  });
});
