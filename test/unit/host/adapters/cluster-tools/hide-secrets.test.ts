import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hideSecrets } from '../../../../../src/host/adapters/cluster-tools/hide-secrets.ts';

describe('what a tool has said', () => {
  test('is one line without the secrets that are known', () => {
    assert.equal(
      hideSecrets('bad key s3cr and s3cret\u001b[31m\n!', ['s3cr', 's3cret']),
      'bad (hidden) and (hidden) [31m !',
    );
    assert.equal(hideSecrets('a b', ['a', '']), 'a b', 'a letter is none');
  });

  test('is without what looks like one', () => {
    for (const secret of [
      'abcdef.0123456789abcdef',
      'Bearer abc.def',
      'token=xyz',
      'password: hunter2',
      `LS0tLS1CRUdJTi${'A'.repeat(40)}==`,
      'eyJhbGciOi.eyJzdWIi.c2ln',
    ])
      assert.doesNotMatch(hideSecrets(`failed: ${secret} refused`, []), new RegExp(secret.slice(-6)), secret);
    assert.match(hideSecrets('GET https://user:pw@host/x', []), /^GET \(hidden\)host\/x$/);
  });

  test('is still of use', () => {
    const text =
      '[ERROR FileAvailable--etc-kubernetes-kubelet.conf]: /etc/kubernetes/kubelet.conf already exists';
    assert.equal(hideSecrets(text, []), text);
    const preflight =
      'error execution phase preflight: couldn’t validate the identity of the API Server: timed out';
    assert.equal(hideSecrets(preflight, []), preflight);
  });
});
