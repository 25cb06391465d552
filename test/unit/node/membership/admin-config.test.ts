import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { checkAdminConfig } from '../../../../src/node/membership/admin-config.ts';
import { ADMIN_CONFIG } from '../../../support/fake-cluster-tools.ts';

const check = (text: string, isInsecure = false) =>
  checkAdminConfig({ text, origin: '10.0.0.1' }, isInsecure);
const fails = (text: string, message: RegExp, isInsecure = false): Promise<void> =>
  assert.rejects(check(text, isInsecure), (error) => {
    assert.ok(error instanceof CtrkitError);
    assert.equal(error.code, 'cluster');
    assert.match(error.message, message);
    assert.match(error.message, /^what came from 10\.0\.0\.1 is no configuration to join by: /);
    assert.doesNotMatch(error.message, /\n|123456|c2VjcmV0|Y2E=/);
    return true;
  });

describe('a master’s admin configuration', () => {
  test('is taken as it is, with its server, and all its secrets known', async () => {
    const { text, server, secrets } = await check(ADMIN_CONFIG);
    assert.equal(text, ADMIN_CONFIG);
    assert.equal(server, 'https://10.10.10.10:6443');
    assert.deepEqual(secrets, ['Y2VydA==', 'c2VjcmV0LWtleQ==', '123456']);
    const numeric = await check(ADMIN_CONFIG.replace('"123456"', '123456'));
    assert.ok(numeric.secrets.includes('123456'), 'also one that looks like a number');
    const json = JSON.stringify({
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'https://c' } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    });
    assert.equal((await check(json)).server, 'https://c');
  });

  test('that is something else is refused, without a word of what it holds', async () => {
    await fails('', /its kind is not Config$/);
    await fails('<html>123456</html>', /its kind is not Config$/);
    await fails('token: "123456"\n  bad: [', /it is no YAML, by line \d+$/);
    await fails('a: 1\n---\nb: 2\n', /it is no YAML$/);
    await fails('kind: Config\nkind: Config\n', /it is no YAML/);
    await fails('- 123456', /its kind is not Config$/);
    await fails('kind: Pod', /its kind is not Config$/);
    for (const part of ['clusters', 'users', 'contexts']) {
      await fails(ADMIN_CONFIG.replace(`${part}:`, `other-${part}:`), new RegExp(`it has no ${part}$`));
      await fails(
        ADMIN_CONFIG.replace(`${part}:`, `${part}: []\nother-${part}:`),
        new RegExp(`it has no ${part}$`),
      );
    }
  });

  test('whose context leads nowhere, or not to an https server, is refused', async () => {
    await fails(
      ADMIN_CONFIG.replace('current-context: admin@', 'current-context: other@'),
      /current-context/,
    );
    await fails(ADMIN_CONFIG.replace('{ cluster: kubernetes,', '{ cluster: other,'), /current-context/);
    await fails(ADMIN_CONFIG.replace('user: admin }', 'user: other }'), /current-context/);
    await fails(ADMIN_CONFIG.replace('https://10', 'http://10'), /its server is no https URL$/);
    await fails(
      ADMIN_CONFIG.replace('https://10.10.10.10:6443', '"https://"'),
      /its server is no https URL$/,
    );
  });

  test('that would have a program run here as root is refused', async () => {
    await fails(ADMIN_CONFIG.replace('token: "123456"', 'exec: { command: rm }'), /runs a program \(exec\)$/);
    await fails(ADMIN_CONFIG.replace('token: "123456"', 'auth-provider: { name: x }'), /\(auth-provider\)$/);
  });

  test('that looks at no certificate is refused unless insecure is on', async () => {
    const text = ADMIN_CONFIG.replace('certificate-authority-data: Y2E=', 'insecure-skip-tls-verify: true');
    await fails(text, /insecure-skip-tls-verify, and KUBERNETES_MASTER insecure is off$/);
    assert.equal((await check(text, true)).server, 'https://10.10.10.10:6443');
  });
});
