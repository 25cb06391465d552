import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SupervisorEvent } from '../../src/container/adapters/supervisor/event-text.ts';
import { Supervisord } from '../support/supervisord.ts';
import { until } from '../support/until.ts';

const TSX = createRequire(import.meta.url).resolve('tsx');
const PROGRAM = fileURLToPath(new URL('../support/listener-program.ts', import.meta.url));

/** What a program says in capture mode, between supervisord's two marks: several bytes a character, then lines. */
const HEARTBEAT = 'ünïcødé-🙂 €\nsecond: line';

/** What a program may write while supervisord captures its output: text or not, up to 1 MB. */
const CAPTURES: Readonly<Record<string, () => Buffer>> = {
  'bytes that are never text': () => Buffer.alloc(1024 * 1024, 0xff),
  'the same, a few only': () => Buffer.from([0xff, 0xfe]),
  NULs: () => Buffer.alloc(1024 * 1024),
  'lone surrogates': () => Buffer.alloc(1024 * 1024, Buffer.from([0xed, 0xa0, 0x80])),
  'characters of four bytes': () => Buffer.alloc(1024 * 1024, '🙂'),
  'random bytes': () => randomBytes(1024 * 1024),
  'what looks like an event': () => Buffer.from('ver:3.0 serial:1 eventname:A len:99999\n'.repeat(1_000)),
};

/** Each application writes to the listener's file when it has stopped, after a while, as applications do. */
function sections(directory: string): string {
  writeFileSync(
    join(directory, 'beat'),
    `printf '<!--XSUPERVISOR:BEGIN-->%s<!--XSUPERVISOR:END-->' '${HEARTBEAT}'\n`,
  );
  writeFileSync(
    join(directory, 'app'),
    `trap 'sleep 0.3; echo "\\"$1 has stopped\\"" >> ${directory}/heard; exit 0' TERM\n` +
      // Not to outlive a supervisord that was killed.
      'while kill -0 $PPID; do sleep 0.05; done\n',
  );
  const app = (name: string, priority: number): string =>
    `[program:${name}]\ncommand=/bin/sh ${directory}/app ${name}\nstartsecs=0\npriority=${priority}\n`;
  const once = (name: string, command: string): string =>
    `[program:${name}]\ncommand=${command}\nautostart=false\nautorestart=false\nstartsecs=0\n`;
  writeFileSync(
    join(directory, 'capture'),
    // supervisord leaves a mark alone that comes with nothing behind it.
    `printf '<!--XSUPERVISOR:BEGIN-->'; cat ${directory}/bytes; echo '<!--XSUPERVISOR:END-->'\n`,
  );
  // Ends with the first exit of `failing` in hand, and is started again.
  writeFileSync(
    join(directory, 'fragile'),
    `while echo READY && read -r header; do
payload=$(head -c "\${header##*len:}")
case $header$payload in *PROCESS_STATE_EXITED*processname:failing*)
  [ -f ${directory}/died ] || { touch ${directory}/died; exit 1; } ;;
esac
printf 'RESULT 2\\nOK'
done
`,
  );
  return `${once('capture', `/bin/sh ${directory}/capture`)}stdout_capture_maxbytes=1MB
${app('early', 999)}${app('late', 1)}${once('beat', `/bin/sh ${directory}/beat`)}stdout_capture_maxbytes=1MB
${once('failing', '/bin/sh -c "exit 3"')}${once('broken', '/bin/sh -c "exit 1"').replace('startsecs=0', 'startsecs=5')}startretries=0
[eventlistener:agent]
command=${process.execPath} --import ${TSX} ${PROGRAM} ${directory}/heard
events=SUPERVISOR_STATE_CHANGE,PROCESS_STATE,PROCESS_COMMUNICATION
buffer_size=100
stderr_logfile=${directory}/agent.err
[eventlistener:fragile]
command=/bin/sh ${directory}/fragile
events=PROCESS_STATE
startsecs=0
`;
}

function isEvent(line: unknown): line is SupervisorEvent {
  return typeof line === 'object' && line !== null && 'name' in line;
}

describe('a listener under a real supervisord', () => {
  let supervisord: Supervisord;

  const heard = (): unknown[] => {
    const file = join(supervisord.directory, 'heard');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    return lines.map((line): unknown => JSON.parse(line));
  };
  const findEvent = (name: string, processname?: string): SupervisorEvent | undefined =>
    heard()
      .filter(isEvent)
      .find(
        (event) =>
          event.name === name && (processname === undefined || event.payload['processname'] === processname),
      );
  const waitForEvent = async (name: string, processname?: string): Promise<SupervisorEvent> => {
    let event: SupervisorEvent | undefined;
    await until(`${name} of ${processname ?? 'supervisord'} is heard`, () => {
      event = findEvent(name, processname);
      return event !== undefined;
    });
    assert.ok(event);
    return event;
  };

  beforeEach(async () => {
    supervisord = new Supervisord(sections);
    await supervisord.waitUntilUp();
    await waitForEvent('PROCESS_STATE_RUNNING', 'agent');
  });
  afterEach(() => supervisord.stop());

  test('hears STOPPING while the applications stop, and is itself stopped last (D11)', async () => {
    supervisord.signal('SIGTERM');
    await until('supervisord is gone', () => supervisord.isGone);
    const order = heard().map((line) => (isEvent(line) ? line.name : line));
    const places = [
      'SUPERVISOR_STATE_CHANGE_STOPPING',
      'late has stopped',
      'listener got SIGTERM',
      'listener exits with 0',
    ].map((what) => order.indexOf(what));
    assert.ok(!places.includes(-1), `not all was heard: ${JSON.stringify(order)}`);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
      JSON.stringify(order),
    );
    assert.ok(order.indexOf('early has stopped') < order.indexOf('late has stopped'));
    assert.equal(order.at(-1), 'listener exits with 0');
    assert.doesNotMatch(supervisord.log(), /UNKNOWN state|bad result line|killing 'agent'/);
  });

  test('hears why a program ended, and after a program gave up (D14)', async () => {
    await supervisord.control('start', 'failing', 'broken');
    const { payload } = await waitForEvent('PROCESS_STATE_EXITED', 'failing');
    assert.equal(payload['expected'], '0');
    assert.equal(payload['from_state'], 'RUNNING');
    await waitForEvent('PROCESS_STATE_FATAL', 'broken');
  });

  test('handles an event once that supervisord sends again, as another listener has ended with it in hand', async () => {
    await waitForEvent('PROCESS_STATE_RUNNING', 'fragile');
    await supervisord.control('start', 'failing');
    const count = (name: string, processname: string): number =>
      heard()
        .filter(isEvent)
        .filter((event) => event.name === name && event.payload['processname'] === processname).length;
    // What comes again is put before everything that comes after the listener's end.
    await until('the other listener runs again', () => count('PROCESS_STATE_RUNNING', 'fragile') === 2);
    assert.equal(count('PROCESS_STATE_EXITED', 'fragile'), 1);
    assert.equal(count('PROCESS_STATE_EXITED', 'failing'), 1);
    await supervisord.control('start', 'failing');
    await until('the next exit is another event', () => count('PROCESS_STATE_EXITED', 'failing') === 2);
  });

  test('hears a heartbeat in characters of several bytes, and all that comes after it (D15)', async () => {
    await supervisord.control('start', 'beat');
    const beat = await waitForEvent('PROCESS_COMMUNICATION_STDOUT', 'beat');
    assert.equal(beat.data, HEARTBEAT);
    await waitForEvent('PROCESS_STATE_EXITED', 'beat');
    await supervisord.control('start', 'failing');
    await waitForEvent('PROCESS_STATE_EXITED', 'failing');
    assert.deepEqual(
      heard().filter((line) => !isEvent(line)),
      [],
    );
  });

  test('hears what comes after an event of any size and content (G7)', async (t) => {
    for (const [what, makeBytes] of Object.entries(CAPTURES)) {
      writeFileSync(join(supervisord.directory, 'bytes'), makeBytes());
      const count = heard().length;
      const isHeard = (name: string, processname: string): boolean =>
        heard()
          .slice(count)
          .filter(isEvent)
          .some((event) => event.name === name && event.payload['processname'] === processname);
      await supervisord.control('start', 'capture');
      await until(`the event with ${what}`, () => isHeard('PROCESS_COMMUNICATION_STDOUT', 'capture'));
      await until(`the end after ${what}`, () => isHeard('PROCESS_STATE_EXITED', 'capture'));
      t.diagnostic(`${what}: heard`);
    }
    assert.deepEqual(
      heard().filter((line) => !isEvent(line)),
      [],
    );
  });

  test('notices that supervisord was killed, and ends by itself', async () => {
    supervisord.signal('SIGKILL');
    await until('the listener has ended', () => heard().at(-1) === 'listener exits with 0');
    assert.equal(heard().at(-2), 'end');
  });
});
