import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { readRemoteConfig } from '../../../../src/host/adapters/remote-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'ctrkit-remote-config-'));
after(() => rmSync(folder, { recursive: true }));

describe('remote_ctr.config.json', () => {
  const read = (text: string) => {
    const path = join(folder, 'remote_ctr.config.json');
    writeFileSync(path, text);
    return readRemoteConfig(path);
  };

  test('gives its values', () => {
    const text = '{"revert_to_local_on_wait_seconds": 360, "use_k8s_as_http_proxy": "n"}';
    assert.deepEqual(read(text).values, { revert_to_local_on_wait_seconds: 360, use_k8s_as_http_proxy: 'n' });
  });

  test('need not be there', () => {
    assert.deepEqual(readRemoteConfig(join(folder, 'none')), { values: {}, warning: undefined });
  });

  test('may be torn or something else: that is said, and the defaults are used', () => {
    for (const text of ['', '{"revert', '[]', 'null', '7']) {
      const { values, warning } = read(text);
      assert.deepEqual(values, {}, text);
      assert.match(warning ?? '', /remote_ctr\.config\.json .*the defaults are used/, text);
    }
    assert.match(readRemoteConfig(folder).warning ?? '', /can't be read/);
  });
});
