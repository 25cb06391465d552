import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRepository, parseReference } from '../../../../src/contract/images/image.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('names of images', () => {
  const repositories = [
    'docker-snmp',
    'sonic/docker-snmp',
    'my_team/docker-snmp',
    'my__team/docker-snmp',
    'registry.example/docker-snmp',
    'registry.example:5000/sonic/docker-snmp',
    'Registry.Example:5000/sonic/docker-snmp',
    'REGISTRY/docker-snmp',
    '10.0.0.1:5000/docker-snmp',
    '[2001:db8::1]:5000/docker-snmp',
    '[2001:DB8::1]/sonic/docker-snmp',
    'localhost/a--b/c.d',
  ];
  for (const repository of repositories)
    test(`${repository} is a repository, also with a tag and a digest (H15)`, () => {
      assert.ok(isRepository(repository));
      assert.deepEqual(parseReference(repository), { repository, tag: '', digest: '' });
      assert.deepEqual(parseReference(`${repository}:V1_2.3`), { repository, tag: 'V1_2.3', digest: '' });
      assert.deepEqual(parseReference(`${repository}@${DIGEST}`), { repository, tag: '', digest: DIGEST });
    });

  for (const text of [
    '',
    'Docker-SNMP',
    'sonic/Docker-snmp',
    'registry.example/Sonic/docker-snmp',
    'my_registry.example:5000/docker-snmp',
    'registry.example:5000',
    'registry.example:5000/',
    '/docker-snmp',
    'a//b',
    'a___b',
    'a..b/c',
    'a-/b',
    '-a/b',
    'a._b',
    '2001:db8::1/docker-snmp',
    '[2001:db8::1]docker-snmp',
    '[]/docker-snmp',
    '[2001:db8::g]/docker-snmp',
    'registry.example:500000/docker-snmp',
    'a b',
    'a'.repeat(256),
  ])
    test(`${JSON.stringify(text.slice(0, 60))} is none`, () => assert.equal(isRepository(text), false));

  test('an id and a name without a name are no reference', () => {
    for (const text of [DIGEST, '<none>:<none>', '<none>@<none>', 'a@sha256:1', 'a:'.padEnd(140, 'x')])
      assert.equal(parseReference(text), undefined, text);
  });
});
