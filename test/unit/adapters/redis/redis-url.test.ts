import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { parseRedisUrl } from '../../../../src/adapters/redis/redis-url.ts';
import type { Endpoint } from '../../../../src/contract/databases.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { errorOf } from '../../../support/errors.ts';

const refusal = (text: string): CtrkitError => errorOf(() => parseRedisUrl(text));

describe('a Redis URL', () => {
  const legal: Readonly<Record<string, Endpoint>> = {
    'redis://127.0.0.1:6379': { host: '127.0.0.1', port: 6379 },
    'redis://localhost': { host: 'localhost', port: 6379 },
    'redis://localhost/': { host: 'localhost', port: 6379 },
    'redis://[::1]:6380': { host: '::1', port: 6380 },
    'rediss://db.example:6390': { host: 'db.example', port: 6390, tls: true },
    'redis://user:pass@host': { host: 'host', port: 6379, username: 'user', password: 'pass' },
    'redis://:pass@host': { host: 'host', port: 6379, password: 'pass' },
    'redis://user@host': { host: 'host', port: 6379, username: 'user' },
    'redis://u%40v:p%3A%2F%25@host': { host: 'host', port: 6379, username: 'u@v', password: 'p:/%' },
    'unix:///var/run/redis/redis.sock': { path: '/var/run/redis/redis.sock' },
    'unix:///a%20b/r.sock': { path: '/a b/r.sock' },
    'unix:///r.sock?': { path: '/r.sock' },
    'unix://user:pass@/r.sock': { path: '/r.sock', username: 'user', password: 'pass' },
    'unix://:pass@localhost/r.sock': { path: '/r.sock', password: 'pass' },
  };
  for (const [text, endpoint] of Object.entries(legal))
    test(`${text} is read`, () => assert.deepEqual(parseRedisUrl(text), endpoint));

  const illegal = [
    '',
    'localhost',
    'localhost:6379',
    '127.0.0.1:6379',
    '/var/run/redis/redis.sock',
    'http://localhost:6379',
    'redis:localhost',
    'redis://',
    'redis:///',
    'redis://host:0x10',
    'redis://host:99999',
    'redis://host/4',
    'unix://',
    'unix:///',
    'unix://relative/path.sock',
    'redis ://host',
  ];
  for (const text of illegal)
    test(`"${text}" is refused as wrong usage, with the forms that are read`, () => {
      const { code, message } = refusal(text);
      assert.equal(code, 'usage');
      assert.match(message, /write (redis:\/\/|unix:\/\/\/path)/);
    });

  test('a password with a bare % is refused as wrong usage: it has to be written %25', () => {
    for (const text of ['redis://user:50%off@host', 'redis://50%off:x@host', 'unix:///run/50%off'])
      assert.equal(refusal(text).code, 'usage', text);
  });

  test('a refusal never repeats the text, which may hold a password', () => {
    const wrong = [
      'http://user:hunter2@host',
      'redis://user:hunter2@host/4',
      'redis://user:hunter2@host:99999',
      'redis://user:hunter2%zz@host',
      'unix://user:hunter2@host/path',
      'hunter2',
    ];
    for (const text of wrong) {
      const error = refusal(text);
      assert.equal(inspect(error).includes('hunter2'), false, error.message);
    }
  });
});
