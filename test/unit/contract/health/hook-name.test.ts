import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHookFile, isHookName } from '../../../../src/contract/health/hook-name.ts';

test('the name of a hook is that of its file with the folder, or SONiC’s', () => {
  const longest = 'a'.repeat(64);
  for (const file of ['a', '9.sh', 'A_b-c.d', longest]) {
    assert.equal(isHookFile(file), true, file);
    for (const folder of ['required.d', 'wanted.d'])
      assert.equal(isHookName(`${folder}/${file}`), true, file);
  }
  for (const file of ['', '.a', '-a', 'a b', 'a/b', `${longest}a`, 'a\n']) {
    assert.equal(isHookFile(file), false, file);
    assert.equal(isHookName(`required.d/${file}`), false, file);
  }
  for (const name of ['a', 'required.d', 'requiredxd/a', 'other.d/a', 'xreadiness_probe_hook'])
    assert.equal(isHookName(name), false, name);
  assert.equal(isHookName('readiness_probe_hook'), true);
});
