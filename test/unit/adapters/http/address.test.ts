import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseHttpAddress } from '../../../../src/adapters/http/address.ts';

describe('CTRKIT_HTTP', () => {
  test('names a unix socket by its absolute path', () => {
    for (const text of ['unix:///run/ctrkit/http.sock', 'unix:/run/ctrkit/http.sock'])
      assert.deepEqual(parseHttpAddress(text), { kind: 'unix', path: '/run/ctrkit/http.sock' });
  });

  test('names a port of the loopback', () => {
    assert.deepEqual(parseHttpAddress('127.0.0.1:1'), { kind: 'tcp', host: '127.0.0.1', port: 1 });
    assert.deepEqual(parseHttpAddress('localhost:9464'), { kind: 'tcp', host: '127.0.0.1', port: 9464 });
    assert.deepEqual(parseHttpAddress('[::1]:65535'), { kind: 'tcp', host: '::1', port: 65_535 });
  });

  test('is refused, with one line that says why, where others than this switch could reach it (D16)', () => {
    for (const text of [
      '0.0.0.0:9464',
      '[::]:9464',
      '10.0.0.1:9464',
      'switch:9464',
      ':9464',
      '9464',
      '*:9464',
    ]) {
      const address = parseHttpAddress(text);
      assert.ok(address.kind === 'refused', text);
      assert.match(address.reason, /every container of a switch shares its ports/);
      assert.ok(address.reason.includes(JSON.stringify(text)), address.reason);
      assert.ok(!address.reason.includes('\n'), text);
    }
  });

  test('is refused for a port that is none', () => {
    for (const port of ['0', '65536', '99999', '123456', '-1', '+1', '1.5', '080', 'http', '', ' 80'])
      assert.equal(parseHttpAddress(`127.0.0.1:${port}`).kind, 'refused', port);
  });

  test('is refused for what only looks like an address', () => {
    const texts = [
      '',
      'unix:',
      'unix:///',
      'unix:///folder/',
      'unix://run/ctrkit/http.sock',
      'unix:http.sock',
      '/run/ctrkit/http.sock',
      'unix:///run/a\nb',
      'unix:///run/a\0b',
      'http://127.0.0.1:9464',
      '127.0.0.1:9464/metrics',
      '127.0.0.1:9464\n',
      '::1:9464',
      '127.0.0.10:9464',
      'localhost.example:9464',
    ];
    for (const text of texts) assert.equal(parseHttpAddress(text).kind, 'refused', JSON.stringify(text));
  });

  test('is refused for a path that the kernel has no room for, counted in bytes', () => {
    const longest = `/${'é'.repeat(53)}`;
    assert.equal(parseHttpAddress(`unix://${longest}`).kind, 'unix');
    const refused = parseHttpAddress(`unix://${longest}x`);
    assert.ok(refused.kind === 'refused' && refused.reason.includes('107 bytes'));
  });

  test('is quoted in its refusal without what could forge a line of the log, and not at any length', () => {
    const refused = parseHttpAddress(`\n\u001b[31m${'x'.repeat(10_000)}`);
    assert.ok(refused.kind === 'refused' && refused.reason.length < 400);
    assert.doesNotMatch(refused.reason, /[\n\u001b]/);
  });
});
