import assert from 'node:assert/strict';
import { request as requestHttps } from 'node:https';
import { test, type TestContext } from 'node:test';
import { readKubeconfig } from '../../src/host/adapters/kubernetes/kubeconfig.ts';
import { KubernetesNode } from '../../src/host/adapters/kubernetes/kubernetes-node.ts';
import type { NodeState } from '../../src/ports/cluster-node.ts';
import { until } from '../support/until.ts';

/** What somebody else does to the cluster. */
export async function ask(path: string, method: string, target: string, body?: object): Promise<void> {
  const { host, port, options } = await readKubeconfig(path);
  await new Promise<void>((resolve, reject) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const headers = { ...options.headers, 'Content-Type': type };
    const asked = requestHttps(
      { ...options, host, port, method, path: target, agent: false, headers },
      (answer) => {
        answer.resume();
        answer.on('end', () => {
          if ((answer.statusCode ?? 500) < 300) resolve();
          else reject(new Error(`${method} ${target}: ${answer.statusCode}`));
        });
      },
    );
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

export interface Place {
  readonly kubeconfig: string;
  readonly name: string;
  readonly node: KubernetesNode;
  create(labels?: Readonly<Record<string, string>>): Promise<void>;
  relabel(labels: Readonly<Record<string, string | null>>): Promise<void>;
  remove(): Promise<void>;
}

let lastNode = 0;

export function openPlace(t: TestContext, kubeconfig: string): Place {
  lastNode += 1;
  const name = `ctrkit-test-${process.pid}-${lastNode}`;
  const node = new KubernetesNode({ kubeconfigs: [kubeconfig], nodeName: () => name });
  const target = `/api/v1/nodes/${name}`;
  t.after(async () => {
    node.close();
    await ask(kubeconfig, 'DELETE', target).catch(() => undefined);
  });
  return {
    kubeconfig,
    name,
    node,
    create: (labels = {}) =>
      ask(kubeconfig, 'POST', '/api/v1/nodes', {
        apiVersion: 'v1',
        kind: 'Node',
        // By this label tests that look for the real node leave it out.
        metadata: { name, labels: { 'ctrkit-test': String(process.pid), ...labels } },
        spec: { unschedulable: true },
      }),
    relabel: (labels) =>
      ask(kubeconfig, 'PATCH', `${target}?fieldManager=somebody`, { metadata: { labels } }),
    remove: () => ask(kubeconfig, 'DELETE', target),
  };
}

async function readNode({ node }: Place): Promise<NodeState> {
  const reading = await node.read();
  assert.ok(reading.kind === 'found');
  return reading.node;
}

/** Keeps what a watch tells. */
export async function follow(t: TestContext, { node }: Place, timeoutS = 60) {
  const told: (NodeState | 'deleted' | 'sign')[] = [];
  const ends: string[] = [];
  const reading = await node.read();
  assert.ok(reading.kind === 'found');
  const { resourceVersion } = reading.node;
  const stop = await node.watch(
    { resourceVersion, timeoutS },
    {
      onChange: (changed) => told.push(changed ?? 'deleted'),
      onSign: () => told.push('sign'),
      onEnd: (why) => ends.push(why),
    },
  );
  t.after(stop);
  return { told, ends, stop };
}

/** What holds on the fake server and on a real one. */
/** One suite, on a fake API server and on a real one. */
export function suite(open: (t: TestContext) => Promise<Place>): void {
  test('a node that is not there is missing, for reading and for writing', async (t) => {
    const { node } = await open(t);
    assert.deepEqual(await node.read(), { kind: 'missing' });
    assert.deepEqual(await node.writeLabel({ key: 'a', value: '1' }), { kind: 'missing' });
  });

  test('a label that is written is on the node and ours; others’ labels are not ours', async (t) => {
    const place = await open(t);
    await place.create({ theirs: '1' });
    const written = await place.node.writeLabel({ key: 'worker.sonic/hwsku', value: 'S6000' });
    assert.ok(written.kind === 'written');
    await place.node.writeLabel({ key: 'snmp_1.0_enabled', value: 'false' });
    const { labels, owned } = await readNode(place);
    assert.equal(labels['worker.sonic/hwsku'], 'S6000');
    assert.equal(labels['theirs'], '1');
    assert.deepEqual([...owned].toSorted(), ['snmp_1.0_enabled', 'worker.sonic/hwsku']);
    await place.relabel({ 'worker.sonic/hwsku': 'other' });
    assert.deepEqual([...(await readNode(place)).owned], ['snmp_1.0_enabled']);
  });

  test('a label that is taken away is gone; to take it away again is nothing', async (t) => {
    const place = await open(t);
    await place.create({ theirs: '1' });
    await place.node.writeLabel({ key: 'mine', value: '1' });
    for (let times = 0; times < 2; times += 1) {
      const { resourceVersion } = await readNode(place);
      const result = await place.node.writeLabel({ key: 'mine', value: undefined, resourceVersion });
      assert.equal(result.kind, 'written');
    }
    const { labels, owned } = await readNode(place);
    assert.deepEqual([labels['mine'], labels['theirs'], owned.size], [undefined, '1', 0]);
  });

  test('an illegal label is refused with the server’s reason, and the node stays (D23)', async (t) => {
    const place = await open(t);
    await place.create();
    const result = await place.node.writeLabel({ key: 'bad', value: 'a b' });
    assert.ok(result.kind === 'refused');
    assert.match(result.text, /nvalid/);
    assert.equal((await readNode(place)).labels['bad'], undefined);
  });

  test('a node that has changed since it was read is a conflict for who asks for it (409)', async (t) => {
    const place = await open(t);
    await place.create();
    await place.node.writeLabel({ key: 'mine', value: '1' });
    const { resourceVersion } = await readNode(place);
    await place.relabel({ mine: 'theirs' });
    const result = await place.node.writeLabel({ key: 'mine', value: undefined, resourceVersion });
    assert.deepEqual(result, { kind: 'conflict' });
    assert.equal((await readNode(place)).labels['mine'], 'theirs');
  });

  test('a watch tells of changes and of the end of the node, of no other node, and ends at its time', async (t) => {
    const place = await open(t);
    await place.create();
    const { told, ends } = await follow(t, place, 5);
    await place.relabel({ rack: 'r7' });
    await until('the change is told', () =>
      told.some((one) => typeof one === 'object' && one.labels['rack'] === 'r7'),
    );
    await place.remove();
    await until('the end is told', () => told.includes('deleted'));
    await until('the watch has ended', () => ends.length > 0);
    assert.equal(ends.length, 1);
  });

  test('who stops a watch is told nothing more', async (t) => {
    const place = await open(t);
    await place.create();
    const { told, ends, stop } = await follow(t, place);
    stop();
    const other = await follow(t, place);
    await place.relabel({ rack: 'r7' });
    await until('the other one is told', () => other.told.length > 0);
    assert.deepEqual([told, ends], [[], []]);
  });
}
