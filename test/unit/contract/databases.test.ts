import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addressOf, DEFAULTS } from '../../../src/contract/databases.ts';

describe('where the databases are', () => {
  test('the defaults are SONiC’s, but for the folder that ctrkit manifest mounts', () => {
    assert.deepEqual(DEFAULTS, {
      socketPath: '/var/run/redis/redis.sock',
      host: '127.0.0.1',
      port: 6379,
      configId: 4,
      stateId: 6,
      separator: '|',
      configFile: '/var/run/redis/sonic-db/database_config.json',
      globalFile: '/var/run/redis/sonic-db/database_global.json',
      hostFolder: '/var/run/redis-host',
    });
  });

  test('an address shows no credentials', () => {
    const secret = { username: 'user', password: 'secret' };
    assert.equal(addressOf({ host: 'h', port: 1, ...secret }), 'redis://h:1');
    assert.equal(addressOf({ host: 'h', port: 1, tls: true, ...secret }), 'rediss://h:1');
    assert.equal(addressOf({ path: '/s', ...secret }), 'unix:///s');
    assert.equal(addressOf({}), 'redis://127.0.0.1:6379');
  });
});
