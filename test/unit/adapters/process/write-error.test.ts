import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { buildSync } from 'esbuild';

const CODE = `
  const { writeError } = require('./write-error.ts');
  const { readFileSync, writeSync } = require('node:fs');
  eval(process.argv[2]);
`;
const O_NONBLOCK = 0o4000;

/** Runs `script`, where `$WRITE EXPRESSION` is a process that calls writeError(EXPRESSION); returns what it says on stdout. */
async function runShell(t: TestContext, script: string): Promise<{ said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'ctrkit-write-error-'));
  t.after(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const write = join(folder, 'write');
  writeFileSync(write, `#!/bin/sh\nexec "${process.execPath}" "$FOLDER/code.cjs" "$1"\n`, { mode: 0o755 });
  // Bundled: what loads TypeScript opens the streams of the process itself.
  buildSync({
    stdin: { contents: CODE, resolveDir: resolve('src/adapters/process') },
    outfile: join(folder, 'code.cjs'),
    bundle: true,
    platform: 'node',
  });
  // Coverage is written as the process ends; where that fails Node.js itself writes to stderr, and waits for the reader.
  const shell = spawn('sh', ['-c', `unset NODE_V8_COVERAGE\n${script}`], {
    env: { ...process.env, WRITE: write, FOLDER: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(shell, 'close');
  return { said };
}

const readFlags = (text: string): number => Number.parseInt(/flags:\s*(\d+)/.exec(text)?.[1] ?? '', 8);

const isRoot = process.getuid?.() === 0;
const asOtherUser = { skip: !isRoot && 'needs root' };
/** Who writes: the pipe, or the terminal, is this process' own. */
const USERS = [
  ['its own', '', {}],
  ['another user’s', 'setpriv --reuid 54323 --clear-groups', asOtherUser],
] as const;

for (const [whose, wrapper, options] of USERS)
  test(
    `a pipe that others write to keeps its flags, also while this process runs: ${whose}`,
    options,
    async (t) => {
      const look = 'writeSync(1, readFileSync("/proc/" + process.ppid + "/fdinfo/2", "latin1"))';
      const code = `writeError("one\\n"); setTimeout(() => ${look}, 200)`;
      const { said } = await runShell(t, `{ ${wrapper} "$WRITE" '${code}'; } 2>&1 | cat`);
      assert.match(said, /^one$/m);
      assert.equal(readFlags(said) & O_NONBLOCK, 0, said);
    },
  );

test('in a file its lines stand between those of others, and overwrite none', async (t) => {
  const write = `{ echo a; "$WRITE" 'writeError("b\\n")'; echo c >&2; } >"$FOLDER/log" 2>&1`;
  const { said } = await runShell(t, `${write}; cat "$FOLDER/log"`);
  assert.equal(said, 'a\nb\nc\n');
});

test('what a late reader left waiting comes in order, and a process that is over waits for it', async (t) => {
  const write = 'for (let i = 0; i < 100; i++) writeError("x".repeat(1000) + i + "\\n")';
  const { said } = await runShell(t, `"$WRITE" '${write}' 2>&1 >/dev/null | { sleep 1; cat; }`);
  assert.deepEqual(
    said.match(/\d+$/gm)?.map(Number),
    Array.from({ length: 100 }, (_, i) => i),
  );
});

const hasScript = existsSync('/usr/bin/script');
for (const [what, command, options] of [
  ['pipe', 'sh -c "$RUN" 2>&1 >/dev/null', {}],
  ['terminal', 'script -qfec "$RUN" /dev/null', { skip: !hasScript && 'needs script(1)' }],
] as const)
  for (const [whose, wrapper, asUser] of USERS) {
    const name = `a reader that stands still keeps no process that is over: ${what}, ${whose}`;
    test(name, { ...options, ...asUser }, async (t) => {
      // The process says itself that it has ended: script(1) waits for the reader.
      const script = `exec 3>&1
      export CODE='for (let i = 0; i < 1000; i++) writeError("x".repeat(1000) + "\\n")'
      export RUN='${wrapper} "$WRITE" "$CODE"; echo "ended $?" >"$FOLDER/ended"'
      {
        ${command} & writer=$!; i=0
        until [ -s "$FOLDER/ended" ] || [ $i -eq 200 ]; do sleep 0.1; i=$((i + 1)); done
        cat "$FOLDER/ended" >&3
        kill $writer "$(cat "$FOLDER/pid")"
      } | sh -c 'echo $$ >"$FOLDER/pid"; exec sleep 60'`;
      assert.equal((await runShell(t, script)).said, 'ended 0\n');
    });
  }

test('a reader that has ended is no failure', async (t) => {
  const writer = `sleep 0.2; "$WRITE" 'writeError("one\\n"); writeError("two\\n")' 2>&1 >&3; echo "ended $?" >&3`;
  const { said } = await runShell(t, `exec 3>&1; { ${writer}; } | true`);
  assert.equal(said, 'ended 0\n');
});
