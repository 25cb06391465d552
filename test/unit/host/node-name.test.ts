import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { HostClusterTools } from '../../../src/host/adapters/cluster-tools/cluster-tools.ts';
import { UnfinishedMark } from '../../../src/host/adapters/cluster-tools/unfinished-mark.ts';
import { placeAdminConfig, readMembershipSettings } from '../../../src/host/membership/settings.ts';
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
    const read = readMembershipSettings({ CTRKIT_JOIN_COMMAND: '/bin/false {config}' }, () => host);
    const settings = placeAdminConfig(read, '/nonexistent');
    const mark = new UnfinishedMark('/nonexistent/unfinished');
    const tools = new HostClusterTools(settings, mark);
    const { signal } = new AbortController();
    assert.match(tools.findObstacle('join') ?? '', /^the host is named "sonic"/);
    const named = { code: 'cluster', message: /^the host is named "sonic"/ };
    await assert.rejects(tools.join([], signal), named);
    assert.equal(tools.nodeName, 'sonic');
    host = 'Leaf-1';
    assert.equal(tools.findObstacle('join'), undefined);
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
