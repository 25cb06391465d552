import assert from 'node:assert/strict';
import { request as requestHttps } from 'node:https';
import { test, type TestContext } from 'node:test';
import { readKubeconfig } from '../../src/host/adapters/kubernetes/kubeconfig.ts';
import { KubernetesNode } from '../../src/host/adapters/kubernetes/kubernetes-node.ts';
import type { NodeState } from '../../src/ports/cluster-node.ts';
import { until } from '../support/until.ts';

/** A call of another client of the API server. */
export async function callApiServer(
  path: string,
  method: string,
  target: string,
  body?: object,
): Promise<void> {
  const { host, port, options } = await readKubeconfig(path);
  await new Promise<void>((resolve, reject) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { ...options.headers, 'Content-Type': type };
    const outgoing = requestHttps(
      { ...options, host, port, method, path: target, agent: false, headers },
      (answer) => {
        answer.resume();
        answer.on('end', () => {
          if ((answer.statusCode ?? 500) < 300) resolve();
          else reject(new Error(`${method} ${target}: ${answer.statusCode}`));
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export interface NodeFixture {
  readonly kubeconfig: string;
  readonly name: string;
  readonly node: KubernetesNode;
  create(labels?: Readonly<Record<string, string>>): Promise<void>;
  relabel(labels: Readonly<Record<string, string | null>>): Promise<void>;
  remove(): Promise<void>;
}

let lastNode = 0;

export function openNodeFixture(t: TestContext, kubeconfig: string): NodeFixture {
  lastNode += 1;
  const name = `ctrkit-test-${process.pid}-${lastNode}`;
  const node = new KubernetesNode({ kubeconfigs: [kubeconfig], nodeName: () => name });
  const target = `/api/v1/nodes/${name}`;
  t.after(async () => {
    node.close();
    await callApiServer(kubeconfig, 'DELETE', target).catch(() => undefined);
  });
  return {
    kubeconfig,
    name,
    node,
    create: (labels = {}) =>
      callApiServer(kubeconfig, 'POST', '/api/v1/nodes', {
        apiVersion: 'v1',
        kind: 'Node',
        // By this label tests that look for the real node leave it out.
        metadata: { name, labels: { 'ctrkit-test': String(process.pid), ...labels } },
        spec: { unschedulable: true },
      }),
    relabel: (labels) =>
      callApiServer(kubeconfig, 'PATCH', `${target}?fieldManager=somebody`, { metadata: { labels } }),
    remove: () => callApiServer(kubeconfig, 'DELETE', target),
  };
}

async function readNode({ node }: NodeFixture): Promise<NodeState> {
  const reading = await node.read();
  assert.ok(reading.kind === 'found');
  return reading.node;
}

/** Opens a watch, and records its events and its ends. */
export async function recordWatch(t: TestContext, { node }: NodeFixture, timeoutS = 60) {
  const events: (NodeState | 'deleted' | 'sign')[] = [];
  const ends: string[] = [];
  const reading = await node.read();
  assert.ok(reading.kind === 'found');
  const { resourceVersion } = reading.node;
  const stop = await node.watch(
    { resourceVersion, timeoutS },
    {
      onChange: (changed) => events.push(changed ?? 'deleted'),
      onSign: () => events.push('sign'),
      onEnd: (reason) => ends.push(reason),
    },
  );
  t.after(stop);
  return { events, ends, stop };
}

/** The contract of ClusterNode: one suite, for a fake API server and for a real one. */
export function testClusterNode(open: (t: TestContext) => Promise<NodeFixture>): void {
  test('a node that is not there is missing, for reading and for writing', async (t) => {
    const { node } = await open(t);
    assert.deepEqual(await node.read(), { kind: 'missing' });
    assert.deepEqual(await node.writeLabel({ key: 'a', value: '1' }), { kind: 'missing' });
  });

  test('a label that is written is on the node and ours; others’ labels are not ours', async (t) => {
    const fixture = await open(t);
    await fixture.create({ theirs: '1' });
    const written = await fixture.node.writeLabel({ key: 'worker.sonic/hwsku', value: 'S6000' });
    assert.ok(written.kind === 'written');
    await fixture.node.writeLabel({ key: 'snmp_1.0_enabled', value: 'false' });
    const { labels, owned } = await readNode(fixture);
    assert.equal(labels['worker.sonic/hwsku'], 'S6000');
    assert.equal(labels['theirs'], '1');
    assert.deepEqual([...owned].toSorted(), ['snmp_1.0_enabled', 'worker.sonic/hwsku']);
    await fixture.relabel({ 'worker.sonic/hwsku': 'other' });
    assert.deepEqual([...(await readNode(fixture)).owned], ['snmp_1.0_enabled']);
  });

  test('a label that is taken away is gone; to take it away again is nothing', async (t) => {
    const fixture = await open(t);
    await fixture.create({ theirs: '1' });
    await fixture.node.writeLabel({ key: 'mine', value: '1' });
    for (let times = 0; times < 2; times += 1) {
      // The control plane writes new nodes, too: its taints, for instance.
      const kind = await until('nobody writes in between', async () => {
        const { resourceVersion } = await readNode(fixture);
        const result = await fixture.node.writeLabel({ key: 'mine', value: undefined, resourceVersion });
        return result.kind !== 'conflict' && result.kind;
      });
      assert.equal(kind, 'written');
    }
    const { labels, owned } = await readNode(fixture);
    assert.deepEqual([labels['mine'], labels['theirs'], owned.size], [undefined, '1', 0]);
  });

  test('an illegal label is refused with the server’s reason, and the node stays (D23)', async (t) => {
    const fixture = await open(t);
    await fixture.create();
    const result = await fixture.node.writeLabel({ key: 'bad', value: 'a b' });
    assert.ok(result.kind === 'refused');
    assert.match(result.text, /nvalid/);
    assert.equal((await readNode(fixture)).labels['bad'], undefined);
  });

  test('a node that has changed since it was read is a conflict for who asks for it (409)', async (t) => {
    const fixture = await open(t);
    await fixture.create();
    await fixture.node.writeLabel({ key: 'mine', value: '1' });
    const { resourceVersion } = await readNode(fixture);
    await fixture.relabel({ mine: 'theirs' });
    const result = await fixture.node.writeLabel({ key: 'mine', value: undefined, resourceVersion });
    assert.deepEqual(result, { kind: 'conflict' });
    assert.equal((await readNode(fixture)).labels['mine'], 'theirs');
  });

  test('a watch tells of changes and of the end of the node, of no other node, and ends at its time', async (t) => {
    const fixture = await open(t);
    await fixture.create();
    const { events, ends } = await recordWatch(t, fixture, 5);
    await fixture.relabel({ rack: 'r7' });
    await until('the change is told', () =>
      events.some((event) => typeof event === 'object' && event.labels['rack'] === 'r7'),
    );
    await fixture.remove();
    await until('the end is told', () => events.includes('deleted'));
    await until('the watch has ended', () => ends.length > 0);
    assert.equal(ends.length, 1);
  });

  test('who stops a watch is told nothing more', async (t) => {
    const fixture = await open(t);
    await fixture.create();
    const { events, ends, stop } = await recordWatch(t, fixture);
    stop();
    const other = await recordWatch(t, fixture);
    await fixture.relabel({ rack: 'r7' });
    await until('the other one is told', () => other.events.length > 0);
    assert.deepEqual([events, ends], [[], []]);
  });
}
