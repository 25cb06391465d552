import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import { decodeServedAs } from '../../../../src/contract/cluster/admin-config.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import { checkAdminConfig } from '../../../../src/host/membership/admin-config.ts';
import { ADMIN_CONFIG } from '../../../support/fake-cluster-tools.ts';

const check = (text: string, isInsecure = false) =>
  checkAdminConfig({ text, origin: '10.0.0.1' }, { ip: '10.0.0.1', port: 6443, isInsecure });
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
  test('is written anew of what is needed, with its server, and all its secrets known', async () => {
    const { text, server, secrets } = await check(ADMIN_CONFIG);
    assert.deepEqual(JSON.parse(text), {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'ctrkit 10.0.0.1:6443',
          cluster: { server: 'https://10.10.10.10:6443', 'certificate-authority-data': 'Y2E=' },
        },
      ],
      users: [
        {
          name: 'admin',
          user: {
            'client-certificate-data': 'Y2VydA==',
            'client-key-data': 'c2VjcmV0LWtleQ==',
            token: '123456',
          },
        },
      ],
      contexts: [{ name: 'admin', context: { cluster: 'ctrkit 10.0.0.1:6443', user: 'admin' } }],
      'current-context': 'admin',
    });
    assert.deepEqual(load(text), JSON.parse(text), 'it is YAML too');
    assert.equal(decodeServedAs(text), '10.0.0.1:6443');
    assert.equal(server, 'https://10.10.10.10:6443');
    assert.deepEqual(secrets, ['Y2VydA==', 'c2VjcmV0LWtleQ==', '123456']);
    const numeric = await check(ADMIN_CONFIG.replace('"123456"', '123456'));
    assert.ok(numeric.secrets.includes('123456'), 'also one that looks like a number');
    const json = JSON.stringify({
      kind: 'Config',
      preferences: {},
      clusters: [{ name: 'c', cluster: { server: 'https://c', extensions: [] } }],
      users: [
        { name: 'u', user: {} },
        { name: 'other', user: { exec: { command: 'rm' } } },
      ],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'n' } }],
      'current-context': 'x',
    });
    const other = await check(json);
    assert.equal(other.server, 'https://c');
    assert.doesNotMatch(other.text, /exec|rm|namespace/, 'nothing of the contexts that are not in use');
  });

  test('is known as this kit’s own, and no other is', () => {
    for (const text of ['', ADMIN_CONFIG, 'null', '[]', '{"clusters":[null]}', '{"clusters":[{"name":"c"}]}'])
      assert.equal(decodeServedAs(text), undefined);
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
      await fails(ADMIN_CONFIG.replace(`${part}:`, 'extensions:'), new RegExp(`it has no ${part}$`));
      await fails(
        ADMIN_CONFIG.replace(`${part}:`, `${part}: []\nextensions:`),
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

  test('that would do more than to lead to the server is refused, with what', async () => {
    const user = (field: string): string => ADMIN_CONFIG.replace('token: "123456"', field);
    const cluster = (field: string): string =>
      ADMIN_CONFIG.replace('certificate-authority-data: Y2E=', field);
    await fails(user('exec: { command: rm }'), /its user's exec runs a program, here as root$/);
    await fails(user('auth-provider: { name: x }'), /its user's auth-provider runs a program/);
    await fails(user('as: root'), /its user's as acts as somebody else$/);
    await fails(user('tokenFile: /etc/shadow'), /its user's tokenFile names a file/);
    await fails(user('client-key: /a'), /its user's client-key names a file: kubectl config view/);
    await fails(user('Exec: { command: rm }'), /its user has a field that is not known$/);
    await fails(user('constructor: x'), /its user has a field that is not known$/);
    await fails(cluster('proxy-url: http://x'), /its cluster's proxy-url leads elsewhere$/);
    await fails(cluster('certificate-authority: /a'), /its cluster's certificate-authority names a file/);
    await fails(user('token: { a: b }'), /its token is none$/);
    await fails(user('token: "a b"'), /its token is none$/);
    await fails(cluster('certificate-authority-data: "@"'), /its certificate-authority-data is no base64$/);
  });

  test('that merges what it would be refused for is refused', async () => {
    const evil = 'extensions: &e { exec: { command: rm } }';
    const merged = ADMIN_CONFIG.replace('token: "123456"', '<<: *e').replace(
      'kind: Config',
      `kind: Config\n${evil}`,
    );
    await fails(merged, /its user's << merges what stands elsewhere$/);
    const one = ADMIN_CONFIG.replace(
      '- name: admin\n',
      '- <<: { user: { exec: { command: rm } } }\n  name: admin\n',
    );
    await fails(one, /its user's << merges/);
    await fails(`${ADMIN_CONFIG}<<: { users: [] }\n`, /it holds more than a kubeconfig does$/);
    const twice = ADMIN_CONFIG.replace(
      'users:\n',
      'users:\n- { name: admin, user: { exec: { command: rm } } }\n',
    );
    await fails(twice, /current-context/);
  });

  test('that looks at no certificate is refused unless insecure is on, however YAML spells it', async () => {
    const insecure = (value: string): string =>
      ADMIN_CONFIG.replace('certificate-authority-data: Y2E=', `insecure-skip-tls-verify: ${value}`);
    for (const yes of ['true', 'True', 'TRUE', 'yes', 'y', 'Y', 'on', '"true"']) {
      await fails(insecure(yes), /insecure-skip-tls-verify, and KUBERNETES_MASTER insecure is off$/);
      const taken = await check(insecure(yes), true);
      assert.match(taken.text, /"insecure-skip-tls-verify": true/);
    }
    for (const no of ['false', 'No', 'off', '~']) {
      const taken = await check(insecure(no));
      assert.doesNotMatch(taken.text, /insecure/);
    }
    for (const none of ['1', '{ a: b }', '[true]'])
      await fails(insecure(none), /insecure-skip-tls-verify is neither true nor false$/, true);
  });
});
