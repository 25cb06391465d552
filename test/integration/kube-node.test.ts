import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { CtrkitError } from '../../src/contract/errors.ts';
import { readKubeconfig } from '../../src/host/adapters/kubernetes/kubeconfig.ts';
import { KubernetesNode } from '../../src/host/adapters/kubernetes/kubernetes-node.ts';
import { FakeApiServer, sendStatus } from '../support/fake-api-server.ts';
import {
  callApiServer,
  recordWatch,
  openNodeFixture,
  testClusterNode,
  type NodeFixture,
} from '../contract/cluster-node.ts';
import { until } from '../support/until.ts';

describe('the node, on a fake API server', () => {
  testClusterNode(async (t) => openNodeFixture(t, (await FakeApiServer.start(t)).writeKubeconfig()));
});

const isCluster =
  (pattern: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof CtrkitError, String(error));
    assert.equal(error.code, 'cluster');
    assert.match(error.message, pattern);
    assert.doesNotMatch(error.message, /\n/);
    return true;
  };

async function broken(t: TestContext, timeLimitMs = 60_000) {
  const server = await FakeApiServer.start(t);
  const kubeconfig = server.writeKubeconfig();
  const node = new KubernetesNode({ kubeconfigs: [kubeconfig], nodeName: () => 'one', timeLimitMs });
  t.after(() => node.close());
  await callApiServer(kubeconfig, 'POST', '/api/v1/nodes', { metadata: { name: 'one' } });
  return { server, node, kubeconfig };
}

/** It answers: whether it is away, readings say. */
const SAID_BY_AN_API_SERVER = /credentials|rights|database|too much/;

describe('an API server that is not as it should be', () => {
  const answers: readonly (readonly [string, (response: ServerResponse) => void, RegExp])[] = [
    ['refuses the credentials', (r) => sendStatus(r, 401, 'Unauthorized', 'x'), /credentials .*\(401\)/],
    ['grants no rights', (r) => sendStatus(r, 403, 'Forbidden', 'cannot patch resource "nodes"'), /403/],
    ['has lost its database', (r) => sendStatus(r, 500, 'InternalError', 'etcd is away'), /etcd is away/],
    ['has too much to do', (r) => sendStatus(r, 429, 'TooManyRequests', 'later'), /429/],
    ['is a web server', (r) => r.writeHead(404).end('<html>no</html>'), /not as an API server does/],
    ['is a web server that finds everything', (r) => r.writeHead(200).end('<html>'), /makes no sense/],
    ['sends one elsewhere', (r) => r.writeHead(302, { Location: 'https://x/' }).end(), /answers 302/],
    ['names another node', (r) => r.end(nodeText('two')), /another node/],
    [
      'cuts its answer',
      (r) => r.writeHead(200, { 'Content-Length': '9' }).write('{', () => r.destroy()),
      /abort|cut|reset|hang up/,
    ],
    ['never ends its answer', (r) => void sendForEver(r), /more than 4194304 bytes/],
  ];
  for (const [title, answer, pattern] of answers) {
    test(`one that ${title}: reading and writing fail in one line`, async (t) => {
      const { server, node } = await broken(t);
      server.fault = (_request, response) => {
        answer(response);
        return true;
      };
      await assert.rejects(node.read(), isCluster(pattern));
      const write = node.writeLabel({ key: 'a', value: '1' });
      if (!SAID_BY_AN_API_SERVER.test(title)) return assert.rejects(write, isCluster(pattern));
      const result = await write;
      assert.ok(result.kind === 'failed', result.kind);
      assert.match(result.text, title.includes('credentials') ? /401/ : pattern);
      assert.equal(result.isBusy, title.includes('too much'));
    });
  }

  test('one that says nothing, in the answer or in the middle of it, takes no longer than the time limit', async (t) => {
    const { server, node } = await broken(t, 300);
    for (const fault of [() => undefined, (response: ServerResponse) => response.writeHead(200).write('{')]) {
      server.fault = (_request, response) => {
        fault(response);
        return true;
      };
      await assert.rejects(node.read(), isCluster(/answer within 0.3 s/));
    }
    server.fault = () => true;
    const watch = { onChange: () => {}, onSign: () => {}, onEnd: () => {} };
    await assert.rejects(
      node.watch({ resourceVersion: '1', timeoutS: 9 }, watch),
      isCluster(/answer within 0.3 s/),
    );
  });

  test('one that is gone is told at once, and a call under way ends with who asked', async (t) => {
    const { server, node } = await broken(t);
    server.fault = () => true;
    const reading = assert.rejects(node.read(), isCluster(/./));
    await until('it is asked', () => server.requests.some((line) => line.startsWith('GET')));
    node.close();
    await reading;
    await server.close();
    const other = new KubernetesNode({ kubeconfigs: [server.writeKubeconfig()], nodeName: () => 'one' });
    await assert.rejects(other.read(), isCluster(/ECONNREFUSED/));
  });

  test('one whose certificate nobody vouches for is not spoken to, unless the kubeconfig says so', async (t) => {
    const { server } = await broken(t);
    server.makeCertificate('other', '/CN=other');
    const read = (cluster: object) => {
      const kubeconfigs = [server.writeKubeconfig({ cluster: { ...cluster } })];
      return new KubernetesNode({ kubeconfigs, nodeName: () => 'one' }).read();
    };
    const before = server.requests.length;
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    t.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    await assert.rejects(read({ 'certificate-authority': 'other.crt' }), isCluster(/self.signed|verify/));
    await assert.rejects(read({ 'tls-server-name': 'elsewhere' }), isCluster(/altnames|verify/));
    assert.equal(server.requests.length, before);
    const insecure = { 'certificate-authority': undefined, 'insecure-skip-tls-verify': true };
    assert.equal((await read(insecure)).kind, 'found');
  });

  test('no proxy of the environment comes in between', async (t) => {
    const { node } = await broken(t);
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']) {
      process.env[name] = name.startsWith('NODE') ? '1' : 'http://127.0.0.1:1';
      t.after(() => delete process.env[name]);
    }
    assert.equal((await node.read()).kind, 'found');
  });
});

describe('a watch that is not as it should be', () => {
  const faults: readonly (readonly [string, (server: FakeApiServer) => void, RegExp])[] = [
    [
      'too old (410 Gone)',
      (s) => s.sendEvent('ERROR', { kind: 'Status', code: 410, message: 'too old resource version' }),
      /too old/,
    ],
    ['cut', (s) => s.cutWatches(), /abort|cut/],
    [
      'cut in the middle of an event',
      (s) => (s.sendText('{"type":"MODI'), setImmediate(() => s.cutWatches())),
      /abort|cut/,
    ],
    ['no JSON', (s) => s.sendText('<html>\n'), /makes no sense/],
    ['of another node', (s) => s.sendEvent('MODIFIED', JSON.parse(nodeText('two'))), /another node/],
    ['of an unknown type', (s) => s.sendEvent('NEWS', {}), /unknown type/],
    ['endless', (s) => s.sendText('x'.repeat(5_000_000)), /too large/],
  ];
  for (const [title, act, pattern] of faults) {
    test(`one that is ${title} ends once, with a reason`, async (t) => {
      const { server, node, kubeconfig } = await broken(t);
      const fixture = { node, kubeconfig, name: 'one' } as NodeFixture;
      const { ends } = await recordWatch(t, fixture);
      act(server);
      await until('it has ended', () => ends.length > 0);
      assert.match(ends[0] ?? '', pattern);
      server.sendEvent('BOOKMARK', {});
      await until('it is closed', () => server.watchCount === 0);
      assert.equal(ends.length, 1);
    });
  }

  test('one that is refused with 410 is an error in one line', async (t) => {
    const { server, node } = await broken(t);
    server.fault = (_request, response) => (sendStatus(response, 410, 'Expired', 'too old'), true);
    const watch = { onChange: () => {}, onSign: () => {}, onEnd: () => assert.fail('it never began') };
    await assert.rejects(node.watch({ resourceVersion: '1', timeoutS: 9 }, watch), isCluster(/410: too old/));
  });

  test('bookmarks are signs of life, and an event that comes in pieces is one event', async (t) => {
    const { server, node, kubeconfig } = await broken(t);
    const { events } = await recordWatch(t, { node, kubeconfig, name: 'one' } as NodeFixture);
    server.sendEvent('BOOKMARK', { metadata: { resourceVersion: '7' } });
    const text = `${JSON.stringify({ type: 'MODIFIED', object: JSON.parse(nodeText('one')) })}\n`;
    for (const piece of [text.slice(0, 30), text.slice(30, 31), text.slice(31)]) server.sendText(piece);
    await until('both are reported', () => events.length === 2);
    assert.equal(events[0], 'sign');
  });
});

describe('the kubeconfig', () => {
  test('a certificate that is renewed in place is used from the next call on', async (t) => {
    const { server, node } = await broken(t);
    await node.read();
    server.makeCertificate('client', '/O=system:nodes/CN=renewed');
    await node.read();
    assert.deepEqual(server.callers.slice(-2), ['system:node:one', 'renewed']);
  });

  test('one file with certificate and key, as kubelet keeps it, is fine', async (t) => {
    const { server } = await broken(t);
    const read = (name: string) => readFileSync(`${server.folder}/${name}`, 'utf8');
    const path = `${server.folder}/kubelet-client-current.pem`;
    writeFileSync(path, read('client.crt') + read('client.key'));
    const user = { 'client-certificate': path, 'client-key': path };
    const kubeconfigs = [server.writeKubeconfig({ user })];
    assert.equal((await new KubernetesNode({ kubeconfigs, nodeName: () => 'one' }).read()).kind, 'found');
    assert.equal(server.callers.at(-1), 'system:node:one');
  });

  test('a token, and a file with one, are read anew with each call', async (t) => {
    const { server } = await broken(t);
    const open = (user: object) => {
      const kubeconfigs = [server.writeKubeconfig({ user })];
      return new KubernetesNode({ kubeconfigs, nodeName: () => 'one' });
    };
    await open({ token: 'abc' }).read();
    assert.equal(server.callers.at(-1), 'Bearer abc');
    const node = open({ tokenFile: 'token' });
    for (const token of ['first', 'second']) {
      writeFileSync(`${server.folder}/token`, `${token}\n`);
      await node.read();
      assert.equal(server.callers.at(-1), `Bearer ${token}`);
    }
  });

  test('one that is not there is no error: the switch has not joined; the next one in the list counts', async (t) => {
    const { server, kubeconfig } = await broken(t);
    const missing = `${server.folder}/none`;
    const open = (...kubeconfigs: string[]) => new KubernetesNode({ kubeconfigs, nodeName: () => 'one' });
    assert.equal(await open(missing).findServer(), undefined);
    const found = await open(missing, kubeconfig).findServer();
    assert.deepEqual(found, { host: '127.0.0.1', port: Number(new URL(server.url).port) });
    copyFileSync(kubeconfig, missing);
    assert.notEqual(await open(missing).findServer(), undefined);
  });

  test('what can’t be used says why in one line, and nothing of what is in it', async (t) => {
    const { server } = await broken(t);
    const path = `${server.folder}/x.conf`;
    const secret = 'c2VjcmV0';
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /it is no kubeconfig/],
      ['[]', /it is no kubeconfig/],
      [`users:\n - name: u\n  token: ${secret}\n`, /x\.conf can't be used/],
      [`token: "${secret}`, /x\.conf can't be used/],
      ['\u0000', /x\.conf can't be used/],
      ['x'.repeat(1_100_000), /more than 1048576 bytes/],
    ];
    for (const [text, pattern] of cases) {
      writeFileSync(path, text);
      await assert.rejects(readKubeconfig(path), (error) => {
        assert.doesNotMatch((error as Error).message, new RegExp(secret));
        return isCluster(pattern)(error);
      });
    }
    const changes: readonly (readonly [object, RegExp])[] = [
      [{ cluster: { server: 'http://127.0.0.1:1' } }, /https/],
      [{ cluster: { server: 'nonsense' } }, /https/],
      [{ cluster: { 'proxy-url': 'http://proxy:1' } }, /proxy/],
      [{ cluster: { 'certificate-authority': 'gone.crt' } }, /gone\.crt/],
      [{ user: { exec: { command: '/bin/true' } } }, /program to log in/],
      [{ user: { 'auth-provider': { name: 'oidc' } } }, /program to log in/],
      [{ user: { tokenFile: 'gone.token' } }, /gone\.token/],
    ];
    for (const [change, pattern] of changes)
      await assert.rejects(readKubeconfig(server.writeKubeconfig(change, 'x.conf')), isCluster(pattern));
  });

  test('a certificate and a key that don’t belong together are an error like others, for a watch too', async (t) => {
    const { server, node } = await broken(t);
    server.makeCertificate('other', '/CN=other');
    copyFileSync(`${server.folder}/other.key`, `${server.folder}/client.key`);
    const watch = { onChange: () => {}, onSign: () => {}, onEnd: () => assert.fail('it never began') };
    await assert.rejects(node.read(), isCluster(/key/));
    await assert.rejects(node.watch({ resourceVersion: '1', timeoutS: 9 }, watch), isCluster(/key/));
  });

  test('a host whose name can be no node’s is told how to name it', async (t) => {
    const { kubeconfig } = await broken(t);
    for (const name of ['', 'a_b', 'UPPER', '../x']) {
      const node = new KubernetesNode({ kubeconfigs: [kubeconfig], nodeName: () => name });
      await assert.rejects(node.read(), isCluster(/CTRKIT_NODE_NAME/));
    }
  });

  test('something that is no TLS server is told as such', async (t) => {
    const { server } = await broken(t);
    const plain: Server = createServer((socket) => socket.end('SSH-2.0\r\n'));
    t.after(() => plain.close());
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const address = plain.address();
    assert.ok(typeof address === 'object' && address !== null);
    connect(address.port, '127.0.0.1').destroy();
    const cluster = { server: `https://127.0.0.1:${address.port}` };
    const kubeconfigs = [server.writeKubeconfig({ cluster })];
    await assert.rejects(
      new KubernetesNode({ kubeconfigs, nodeName: () => 'one' }).read(),
      isCluster(/can't be used: ./),
    );
  });
});

function nodeText(name: string): string {
  return JSON.stringify({ metadata: { name, uid: 'u', resourceVersion: '9', labels: {} } });
}

async function sendForEver(response: ServerResponse): Promise<void> {
  response.writeHead(200);
  const chunk = Buffer.alloc(65_536, 0x20);
  while (!response.destroyed && response.writable) {
    if (!response.write(chunk)) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
