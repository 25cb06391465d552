import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../../../src/contract/exit-codes.ts';

const repository = fileURLToPath(new URL('../../../../', import.meta.url));

/** Runs a `main`, as the source of a function, in a process of its own. */
function runInProcess(main: string) {
  const script = `import { runMain } from './src/adapters/process/run-main.ts'; void runMain('sample', ${main});`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', script],
    {
      cwd: repository,
      encoding: 'utf8',
    },
  );
  return { status, stderr };
}

test('a command that ends before it has a result, as nothing is left to wait for, has not said yes (G27)', () => {
  assert.deepEqual(runInProcess('() => new Promise(() => {})'), { status: EXIT.defect, stderr: '' });
});

test('the result of a command is its exit code', () => {
  for (const code of [EXIT.ok, EXIT.refused])
    assert.deepEqual(runInProcess(`async () => ${code}`), { status: code, stderr: '' });
});

test('what a listener throws is a defect', () => {
  const { status, stderr } = runInProcess(
    "async () => { setImmediate(() => { throw new Error('oh'); }); await new Promise(() => {}); }",
  );
  assert.equal(status, EXIT.defect);
  assert.match(stderr, /^sample: error: a defect of ctrkit, please report it: Error: oh/);
});

test('a folder that there can’t be is a wrong setting', () => {
  const { status, stderr } = runInProcess(
    "async () => (await import('node:fs')).readdirSync('/' + 'a'.repeat(300)).length",
  );
  assert.equal(status, EXIT.usage);
  assert.match(stderr, /^sample: error: ENAMETOOLONG: name too long, scandir '\/a+'\n$/);
});
