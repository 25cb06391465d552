import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Supervisord } from '../support/supervisord.ts';
import { until } from '../support/until.ts';

const TSX = createRequire(import.meta.url).resolve('tsx');
const LISTENER = fileURLToPath(new URL('../support/listener-program.ts', import.meta.url));
const PAGE = readFileSync(new URL('../../docs/checks.md', import.meta.url), 'utf8');
const MARKS = '<!--XSUPERVISOR:BEGIN-->beat<!--XSUPERVISOR:END-->';

/** The script of the documentation, with a daemon of the test's in it, that beats without much delay. */
function documentedScript(directory: string): string {
  const script = PAGE.split('```').find((block) => block.startsWith('sh\n') && block.includes('XSUPERVISOR'));
  assert.ok(script, 'docs/checks.md has no such script');
  const fitted = script
    .slice('sh\n'.length)
    .replace('my-daemon-answers', `{ test -e ${directory}/answers || { echo >>${directory}/vain; false; }; }`)
    .replace('exec my-daemon', 'exec /bin/sleep 600')
    .replace('sleep 5', 'sleep 0.05');
  assert.doesNotMatch(fitted, /my-daemon/);
  return fitted;
}

const sections = (directory: string): string => {
  writeFileSync(join(directory, 'wrapper'), documentedScript(directory), { mode: 0o755 });
  writeFileSync(join(directory, 'own'), `printf '%s' '${MARKS}'; exec /bin/sleep 600\n`);
  const program = (name: string): string =>
    `[program:${name}]\ncommand=/bin/sh ${directory}/${name}\nautostart=false\nautorestart=false\nstdout_capture_maxbytes=1KB\n`;
  return `${program('wrapper')}${program('own')}[eventlistener:listener]
command=${process.execPath} --import ${TSX} ${LISTENER} ${directory}/heard
events=PROCESS_COMMUNICATION_STDOUT
stderr_logfile=${directory}/listener.err
`;
};

interface Beat {
  readonly payload: Readonly<Record<string, string>>;
  readonly data: string;
}

test('the emitter of the documentation, and its text from any program, are beats to a real supervisord (D15)', async () => {
  assert.ok(PAGE.includes(`    ${MARKS}\n`), 'the text of a beat in docs/checks.md is another');
  const supervisord = new Supervisord(sections);
  const heard = (): string => {
    const file = join(supervisord.directory, 'heard');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };
  const beatsOf = (name: string): number =>
    heard()
      .split('\n')
      .filter((line) => line.startsWith('{') && (JSON.parse(line) as Beat).payload['processname'] === name)
      .length;
  try {
    await supervisord.waitUntilUp();
    await supervisord.control('start', 'own');
    await until('a beat without a line end is heard at once', () => beatsOf('own') === 1);

    const answers = join(supervisord.directory, 'answers');
    writeFileSync(answers, '');
    await supervisord.control('start', 'wrapper');
    await until('it beats again and again', () => beatsOf('wrapper') >= 3);
    assert.match(heard(), /"beat"/);

    const vain = join(supervisord.directory, 'vain');
    const asksInVain = (): number => (existsSync(vain) ? readFileSync(vain, 'utf8').length : 0);
    rmSync(answers);
    let before = -1;
    await until('it beats no more, though it asks again and again', async () => {
      const [was, asks] = [before, asksInVain()];
      before = beatsOf('wrapper');
      await until('it asks in vain', () => asksInVain() > asks + 1);
      return was === before;
    });
    writeFileSync(answers, '');
    await until('it beats once more', () => beatsOf('wrapper') > before);
  } finally {
    await supervisord.stop();
  }
});
