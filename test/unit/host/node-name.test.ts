import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { HostClusterTools } from '../../../src/host/adapters/cluster-tools/cluster-tools.ts';
import { readMembershipSettings } from '../../../src/host/membership/settings.ts';
import { chooseNodeName } from '../../../src/host/node-name.ts';

describe('the node’s name', () => {
  test('is the host’s as of now, in lower case: SONiC names the host while it boots', () => {
    let host = 'localhost';
    const name = chooseNodeName({}, () => host);
    assert.equal(name.read(), 'localhost');
    assert.notEqual(name.findJoinFault(), undefined);
    host = 'Leaf-1';
    assert.equal(name.read(), 'leaf-1');
    assert.equal(name.findJoinFault(), undefined);
  });

  test('is none to join under while it is the one that every switch begins with', () => {
    for (const host of ['localhost', 'sonic', 'SONiC']) {
      const fault = chooseNodeName({}, () => host).findJoinFault();
      assert.match(fault ?? '', new RegExp(`^the host is named "${host.toLowerCase()}", as every switch`));
    }
    assert.match(
      chooseNodeName({}, () => 'my_switch').findJoinFault() ?? '',
      /"my_switch".*CTRKIT_NODE_NAME/,
    );
  });

  test('that must not join keeps the switch from it before anything is asked or touched; a later one does not', async () => {
    let host = 'sonic';
    const url = 'https://127.0.0.1:1/admin.conf';
    const tools = new HostClusterTools(readMembershipSettings({ CTRKIT_ADMIN_CONF_URL: url }, () => host));
    const { signal } = new AbortController();
    const fetched = () => tools.fetchAdminConfig({ ip: '127.0.0.1', port: 1, isInsecure: false }, signal);
    const named = { code: 'cluster', message: /^the host is named "sonic"/ };
    await assert.rejects(fetched, named);
    assert.throws(() => tools.readAdminConfig('/nonexistent/admin.conf'), named);
    await assert.rejects(tools.join([], signal), named);
    assert.equal(tools.nodeName, 'sonic');
    host = 'Leaf-1';
    await assert.rejects(fetched, { code: 'cluster', message: /ECONNREFUSED/ });
    assert.equal(tools.nodeName, 'leaf-1');
  });

  test('is there when the daemon starts: its unit waits for who names the host', () => {
    const path = '../../../docker/host/rootfs/usr/lib/systemd/system/ctrkitd.service';
    const unit = readFileSync(new URL(path, import.meta.url), 'utf8');
    assert.match(unit, /^After=.*\bhostname-config\.service\b/m);
  });

  test('is what CTRKIT_NODE_NAME says, whatever that is', () => {
    const name = chooseNodeName({ CTRKIT_NODE_NAME: ' sonic ' }, () => 'localhost');
    assert.equal(name.read(), 'sonic');
    assert.equal(name.findJoinFault(), undefined);
  });
});
