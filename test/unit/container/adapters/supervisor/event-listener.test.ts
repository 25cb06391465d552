import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { listenForEvents } from '../../../../../src/container/adapters/supervisor/event-listener.ts';
import { CtrkitError } from '../../../../../src/contract/errors.ts';

const ANSWER = 'RESULT 2\nOKREADY\n';

/** An event as supervisord 4 on Python 3 writes it: `len` counts characters. */
function eventText(name: string, payload: string, poolSerial = 1, serial = poolSerial): string {
  const length = Array.from(payload).length;
  const words = `ver:3.0 server:supervisor serial:${serial} pool:agent poolserial:${poolSerial}`;
  return `${words} eventname:${name} len:${length}\n${payload}`;
}

/** A listener on streams in memory, and in `heard` what it did, in order: answers, events, errors, the end. */
function startListener(onEvent?: () => void) {
  const input = new PassThrough();
  const heard: unknown[] = [];
  const errors: CtrkitError[] = [];
  const output = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      heard.push(text);
      done();
    },
  });
  const listener = listenForEvents({
    input,
    output,
    onEvent: (event) => {
      heard.push(event);
      onEvent?.();
    },
    onLost: (count) => heard.push(`lost ${count}`),
    onError: (error) => {
      heard.push(error.message);
      errors.push(error);
    },
    onEnd: () => heard.push('end'),
    onBroken: (error) => {
      heard.push(error.message);
      errors.push(error);
    },
  });
  return { input, output, heard, errors, listener };
}

/** Lets the streams deliver all they hold. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

describe('a listener', () => {
  test('says that it is ready before anything else', () => {
    assert.deepEqual(startListener().heard, ['READY\n']);
  });

  test('acknowledges an event and asks for the next before it looks at it (D11)', async () => {
    const { input, heard } = startListener();
    input.write(eventText('SUPERVISOR_STATE_CHANGE_STOPPING', '', 7));
    await settle();
    const event = { name: 'SUPERVISOR_STATE_CHANGE_STOPPING', poolSerial: 7, payload: {}, data: '' };
    assert.deepEqual(heard, ['READY\n', ANSWER, event]);
  });

  test('reads the words of a process event (D14)', async () => {
    const { input, heard } = startListener();
    const payload = 'processname:orchagent groupname:swss:x from_state:RUNNING expected:0 pid:12';
    input.write(eventText('PROCESS_STATE_EXITED', payload));
    await settle();
    const words = {
      processname: 'orchagent',
      groupname: 'swss:x',
      from_state: 'RUNNING',
      expected: '0',
      pid: '12',
    };
    assert.deepEqual(heard[2], { name: 'PROCESS_STATE_EXITED', poolSerial: 1, payload: words, data: '' });
  });

  test('keeps the body of a communication apart from its words, lines and colons included (D15)', async () => {
    const { input, heard } = startListener();
    const words = 'processname:orchagent groupname:orchagent pid:9';
    input.write(eventText('PROCESS_COMMUNICATION_STDOUT', `${words}\nheart:beat\nüß🙂\n`));
    await settle();
    const payload = { processname: 'orchagent', groupname: 'orchagent', pid: '9' };
    assert.deepEqual(heard[2], {
      name: 'PROCESS_COMMUNICATION_STDOUT',
      poolSerial: 1,
      payload,
      data: 'heart:beat\nüß🙂\n',
    });
  });

  test('is not put off by characters of several bytes: the event after them is heard', async () => {
    const { input, heard } = startListener();
    const bytes = Buffer.from(eventText('A', 'a:ü b:€ c:🙂', 1) + eventText('B', 'd:e', 2));
    for (const byte of bytes) input.write(Buffer.from([byte]));
    await settle();
    assert.deepEqual(heard.slice(1), [
      ANSWER,
      { name: 'A', poolSerial: 1, payload: { a: 'ü', b: '€', c: '🙂' }, data: '' },
      ANSWER,
      { name: 'B', poolSerial: 2, payload: { d: 'e' }, data: '' },
    ]);
  });

  test('tells nothing of an event before its last byte', async () => {
    const { input, heard } = startListener();
    const bytes = Buffer.from(eventText('A', 'a:🙂'));
    input.write(bytes.subarray(0, -1));
    await settle();
    assert.deepEqual(heard, ['READY\n']);
    input.write(bytes.subarray(-1));
    await settle();
    assert.equal(heard.length, 3);
  });

  test('tells how many events supervisord forgot in between, and takes one that is sent again for none', async () => {
    const { input, heard } = startListener();
    const lostAfter = async (...poolSerials: number[]): Promise<unknown[]> => {
      heard.length = 0;
      for (const poolSerial of poolSerials) input.write(eventText('A', '', poolSerial));
      await settle();
      return heard.filter((entry) => String(entry).startsWith('lost'));
    };
    const fifty = (from: number): number[] => Array.from({ length: 50 }, (_, i) => from + i);
    assert.deepEqual(await lostAfter(41, 42, 43, 45), []);
    assert.deepEqual(await lostAfter(...fifty(46)), ['lost 1']);
    // One that another listener has refused is put before the others, and one that comes again has its old number.
    assert.deepEqual(await lostAfter(99, 97, 96, 98, 98, 97, ...fifty(100)), []);
    assert.deepEqual(await lostAfter(253, ...fifty(254)), ['lost 103']);
    assert.deepEqual(await lostAfter(1_000_000_303), ['lost 999994999']);
  });

  test('acknowledges an event that supervisord sends again, whenever it does, and handles it once', async () => {
    const { input, heard } = startListener();
    const numbers = [5, 6, 5, 5, 3, 7, 3, 5, 4, 1_000, 7, 999, 6];
    for (const number of numbers) input.write(eventText('A', '', number));
    await settle();
    assert.equal(heard.filter((entry) => entry === ANSWER).length, numbers.length);
    const handled = heard.flatMap((entry) =>
      typeof entry === 'object' && entry !== null && 'poolSerial' in entry ? [entry.poolSerial] : [],
    );
    assert.deepEqual(handled, [5, 6, 3, 7, 4, 1_000, 999]);
  });

  test('handles every event that tells no number', async () => {
    const { input, heard } = startListener();
    for (let count = 0; count < 3; count += 1) input.write('ver:3.0 serial:1 eventname:A len:0\n');
    await settle();
    assert.equal(heard.filter((entry) => typeof entry === 'object').length, 3);
  });

  test('takes words of the payload that it does not know the form of for none', async () => {
    const { input, heard } = startListener();
    input.write(eventText('REMOTE_COMMUNICATION', 'type:a b c:d __proto__:e\nx'));
    await settle();
    const { payload, data } = heard[2] as { payload: object; data: string };
    assert.deepEqual(Object.entries(payload), [
      ['type', 'a'],
      ['c', 'd'],
      ['__proto__', 'e'],
    ]);
    assert.equal(data, 'x');
  });

  for (const [what, body] of [
    ['the largest heartbeat SONiC lets a program send', '🙂'.repeat(1024 * 1024)],
    ['1 MB that is no text, four characters a byte', '\\xff'.repeat(1024 * 1024)],
    ['a hundred times as much', 'x'.repeat(100 * 1024 * 1024)],
  ] as const)
    test(`takes ${what}, keeps its beginning, and hears what comes after it (G7)`, async () => {
      const { input, heard } = startListener();
      const words = 'processname:a groupname:a pid:1';
      const bytes = Buffer.from(eventText('PROCESS_COMMUNICATION_STDOUT', `${words}\n${body}`));
      for (let at = 0; at < bytes.length; at += 65_537) input.write(bytes.subarray(at, at + 65_537));
      input.write(eventText('SUPERVISOR_STATE_CHANGE_STOPPING', '', 2));
      await settle();
      const { payload, data } = heard[2] as { payload: object; data: string };
      assert.deepEqual(payload, { processname: 'a', groupname: 'a', pid: '1' });
      assert.ok(data.length > 10_000 && data.length <= 65_536, String(data.length));
      assert.ok(body.startsWith(data.replace(/\ufffd$/, '')));
      assert.deepEqual(heard.slice(3), [
        ANSWER,
        { name: 'SUPERVISOR_STATE_CHANGE_STOPPING', poolSerial: 2, payload: {}, data: '' },
      ]);
    });

  test('marks bytes that are no text, and hears what comes after them (G7)', async () => {
    const { input, heard } = startListener();
    input.write('ver:3.0 serial:1 eventname:A len:8\n');
    input.write(Buffer.from([0x61, 0x3a, 0xff, 0xc3, 0x28, 0x0a, 0x00, 0xed, 0xa0, 0x80, 0x62]));
    input.write(eventText('B', '', 2));
    await settle();
    assert.deepEqual(heard.slice(1), [
      ANSWER,
      { name: 'A', poolSerial: NaN, payload: { a: '\ufffd\ufffd(' }, data: '\0\ufffd\ufffd\ufffdb' },
      ANSWER,
      { name: 'B', poolSerial: 2, payload: {}, data: '' },
    ]);
  });

  test('says once that supervisord has gone, and lets the listener go', async () => {
    const { input, heard } = startListener();
    input.write(eventText('A', ''));
    input.end();
    await settle();
    assert.deepEqual(heard.slice(3), ['end']);
  });

  test('says once that supervisord has gone when its stream is torn', async () => {
    const { input, heard } = startListener();
    input.destroy();
    await settle();
    assert.deepEqual(heard, ['READY\n', 'end']);
  });

  for (const cut of [5, -2]) {
    test(`reports an event cut off at ${cut}`, async () => {
      const { input, heard } = startListener();
      input.end(eventText('A', 'a:b').slice(0, cut));
      await settle();
      assert.deepEqual(heard, ['READY\n', 'supervisord went away within an event', 'end']);
    });
  }

  test('calls nobody any more once it was stopped, and reads no further', async () => {
    const { input, heard, listener } = startListener();
    listener.stop();
    input.write(eventText('A', ''));
    await settle();
    assert.equal(input.isPaused(), true);
    input.destroy(new Error('torn'));
    await settle();
    assert.deepEqual(heard, ['READY\n']);
  });

  test('can be stopped from within an event', async () => {
    const started = startListener(() => started.listener.stop());
    started.input.write(eventText('A', '', 1) + eventText('B', '', 2));
    await settle();
    assert.deepEqual(started.heard.slice(2), [{ name: 'A', poolSerial: 1, payload: {}, data: '' }]);
  });

  test('reports a stream that breaks, with the cause', async () => {
    const { input, errors, heard } = startListener();
    const cause = new Error('EIO');
    input.destroy(cause);
    await settle();
    assert.equal(errors[0]?.cause, cause);
    assert.deepEqual(heard, ['READY\n', 'cannot read from supervisord', 'end']);
  });

  test('still hears when its answers no longer get through', async () => {
    const { input, output, heard, errors } = startListener();
    output.destroy(new Error('EPIPE'));
    await settle();
    input.write(eventText('SUPERVISOR_STATE_CHANGE_STOPPING', ''));
    await settle();
    assert.equal(errors[0]?.code, 'supervisor');
    assert.deepEqual(heard.slice(1), [
      'cannot write to supervisord',
      { name: 'SUPERVISOR_STATE_CHANGE_STOPPING', poolSerial: 1, payload: {}, data: '' },
    ]);
  });
});

describe('garbage from supervisord', () => {
  const valid = 'ver:3.0 serial:1 eventname:A len:0\n';
  const garbage: readonly [string, string | Buffer, RegExp][] = [
    ['a line that is no header', 'hello\n', /the header "hello"/],
    ['two such lines, by the first of them', 'hello\ngoodbye\n', /the header "hello"/],
    ['an empty line', '\n', /the header ""/],
    ['a header without a length', 'ver:3.0 serial:1 eventname:A\n', /the header "ver:3.0/],
    ['a header without a serial', 'ver:3.0 eventname:A len:0\n', /the header/],
    ['a header without a name', 'ver:3.0 serial:1 len:0\n', /the header/],
    ['a negative length', 'ver:3.0 serial:1 eventname:A len:-1\n', /the header/],
    ['a length that is no number', 'ver:3.0 serial:1 eventname:A len:1e3\n', /the header/],
    ['a length beyond every event', 'ver:3.0 serial:1 eventname:A len:99999999999\n', /the header/],
    ['a header that never ends', 'x'.repeat(4097), /no header line within 4096 bytes/],
    ['a header that ends too late', `${'x'.repeat(4097)}\n`, /no header line within 4096 bytes/],
    ['bytes that are no text in a header', Buffer.from([0x76, 0xff, 0x0a]), /the header "v�"/],
  ];
  for (const [title, bytes, pattern] of garbage) {
    test(`is reported once and not answered: ${title}`, async () => {
      const { input, heard, errors } = startListener();
      input.write(bytes);
      input.write(valid);
      await settle();
      assert.equal(errors.length, 1);
      assert.ok(errors[0] instanceof CtrkitError);
      assert.match(errors[0].message, /^not a supervisord event: /);
      assert.match(errors[0].message, pattern);
      assert.ok(errors[0].message.length < 250, 'the message quotes too much');
      assert.deepEqual(heard, ['READY\n', errors[0].message]);
    });
  }

  test('does not take the events before it away', async () => {
    const { input, heard } = startListener();
    input.write(`${valid}hello\n`);
    await settle();
    assert.deepEqual(heard.slice(1, 3), [ANSWER, { name: 'A', poolSerial: NaN, payload: {}, data: '' }]);
    assert.match(String(heard[3]), /the header "hello"/);
  });

  test('ends the listening: the process is to be started anew (G7)', async () => {
    const { input, heard, errors } = startListener();
    input.write('hello\n');
    await settle();
    assert.equal(input.isPaused(), true);
    input.destroy();
    await settle();
    assert.deepEqual(heard, ['READY\n', errors[0]?.message]);
  });
});
