import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { systemClock } from '../../../../src/adapters/clock.ts';
import { EMPTY_FEATURE_LEDGER } from '../../../../src/contract/images/ledger.ts';
import { findKnownPath } from '../../../../src/decide/rebuild/known-paths.ts';
import { createNodeArchives } from '../../../../src/host/adapters/rebuild/node-archives.ts';
import { createNodeFiles } from '../../../../src/host/adapters/rebuild/node-files.ts';
import { encodeHeader } from '../../../../src/host/adapters/rebuild/tar-header.ts';
import { exportNode } from '../../../../src/host/rebuild/export-node.ts';
import { importNode } from '../../../../src/host/rebuild/import-node.ts';
import type { RebuildPorts } from '../../../../src/host/rebuild/rebuild-ports.ts';
import type { NodeFiles } from '../../../../src/ports/node-archive.ts';
import { FakeEngine } from '../../../support/fake-engine.ts';
import { FakeReboot, Killed } from '../../../support/fake-reboot.ts';

const CURRENT = 'kubelet-client-current.pem';
const STAMPED = 'kubelet-client-2026-11-30.pem';
/** What of a switch goes along. */
const CARRIED: Readonly<Record<string, string>> = {
  'host/ctrkit/ledger.json': 'ledger',
  'host/ctrkit/ledger.previous.json': 'ledger before',
  'host/ctrkit/locks/snmp.json': 'a lock',
  'host/ctrkit/blocks/snmp.json': 'a block',
  'etc/kubernetes/kubelet.conf': 'kubeconfig',
  'etc/kubernetes/pki/ca.crt': 'authority',
  'etc/sonic/kube_admin.conf': 'admin',
  'var/lib/kubelet/config.yaml': 'kubelet',
  [`var/lib/kubelet/pki/${STAMPED}`]: 'certificate and key',
  'usr/lib/systemd/system/snmp.service': 'unit',
  'usr/bin/snmp.sh': 'script',
  'usr/local/bin/snmp.sh': 'service script',
};
const LEFT: Readonly<Record<string, string>> = {
  'host/ctrkit/reboot.json': 'of this boot',
  'host/ctrkit/locks/snmp.json.tmp': 'torn',
  'usr/bin/other.sh': 'of no feature',
  'var/lib/kubelet/pki/kubelet-client-2020-01-01.pem': 'an old certificate',
};

function put(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

function makeSwitch(t: TestContext, isEmpty = false) {
  const root = mkdtempSync(join(tmpdir(), 'ctrkit-node-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  if (!isEmpty) {
    put(root, { ...CARRIED, ...LEFT });
    put(root, { 'etc/sonic/generated_services.conf': 'swss.service\nsnmp.service\n' });
    symlinkSync(
      `/var/lib/kubelet/pki/${STAMPED}`.replace(/^/, root),
      join(root, 'var/lib/kubelet/pki', CURRENT),
    );
  }
  const engine = new FakeEngine();
  const reboot = new FakeReboot();
  reboot.kubeletState = { isEnabled: false, isActive: false };
  const stateDir = join(root, 'host/ctrkit');
  const places = {
    state: stateDir,
    'kubelet-config': join(root, 'etc/kubernetes/kubelet.conf'),
    'admin-config': join(root, 'etc/sonic/kube_admin.conf'),
    ca: join(root, 'etc/kubernetes/pki/ca.crt'),
    root,
    engine: '',
  };
  const files = createNodeFiles({
    root,
    stateDir,
    locate: (path) => {
      const known = findKnownPath(path);
      return (
        known && { path: join(places[known.place], known.below), mode: known.mode, maxBytes: known.maxBytes }
      );
    },
  });
  const said: string[] = [];
  const ports: RebuildPorts = {
    files,
    archives: createNodeArchives((path) => findKnownPath(path)?.maxBytes),
    images: {
      save: async (imageId) => [Buffer.from(imageId)] as unknown as AsyncIterable<Uint8Array>,
      load: async (content) => {
        let text = '';
        for await (const chunk of content) text += Buffer.from(chunk).toString();
        engine.putImage(contents.get(text) ?? 'unknown');
      },
    },
    kubelet: reboot.kubelet,
    nodeName: () => 'switch-1',
    holdDaemon: async () => () => undefined,
    engine: async () => engine.open(),
    listFeatures: async () => ['snmp', 'lldp'],
    listLedgers: () => [],
    clock: systemClock,
    report: (text) => void said.push(text),
    signal: new AbortController().signal,
  };
  const contents = new Map<string, string>();
  return { root, engine, reboot, ports, contents, said };
}

/** Every file and link below, with mode and content. */
function readTree(root: string, below = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(root, below)).toSorted()) {
    const path = join(below, name);
    const stat = lstatSync(join(root, path));
    if (stat.isDirectory()) Object.assign(found, readTree(root, path));
    else if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(root, path)).replace(root, '')}`;
    else found[path] = `${(stat.mode & 0o777).toString(8)} ${readFileSync(join(root, path), 'utf8')}`;
  }
  return found;
}

const exportTo = (from: ReturnType<typeof makeSwitch>, more = {}) =>
  exportNode(
    { path: join(from.root, 'export.tar'), withImages: false, isForced: false, ...more },
    from.ports,
  );
const importFrom = (archive: string, to: ReturnType<typeof makeSwitch>, isForced = false) =>
  importNode({ path: archive, isForced }, to.ports);

describe('export and import of a node', () => {
  test('carry what makes a switch itself, and nothing else, with the modes of their places', async (t) => {
    const from = makeSwitch(t);
    const { path, fileCount, problems } = await exportTo(from);
    assert.deepEqual([fileCount, problems], [Object.keys(CARRIED).length, []]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const to = makeSwitch(t, true);
    put(to.root, { 'etc/sonic/generated_services.conf': 'swss.service\nbgp.service\n' });
    const outcome = await importFrom(path, to);
    assert.ok(outcome.kind === 'imported', JSON.stringify(outcome));
    assert.deepEqual([outcome.kept, outcome.problems], [[], []]);
    const { 'etc/sonic/generated_services.conf': services, ...tree } = readTree(to.root);
    assert.equal(services, '644 swss.service\nbgp.service\nsnmp.service\n');
    assert.equal(tree[`var/lib/kubelet/pki/${CURRENT}`], `-> /var/lib/kubelet/pki/${STAMPED}`);
    const modes = Object.fromEntries(Object.entries(tree).map(([name, text]) => [name, text.split(' ')[0]]));
    assert.equal(modes['etc/kubernetes/kubelet.conf'], '600');
    assert.equal(modes[`var/lib/kubelet/pki/${STAMPED}`], '600');
    assert.equal(modes['usr/bin/snmp.sh'], '755');
    for (const [name, content] of Object.entries(CARRIED))
      assert.ok(tree[name]?.endsWith(` ${content}`), name);
    assert.equal(Object.keys(tree).length, Object.keys(CARRIED).length + 1);
    assert.deepEqual(to.reboot.effects, ['enable kubelet']);
    const again = await importFrom(path, to);
    assert.ok(again.kind === 'imported' && again.written.length === 0 && again.kept.length === 0);
    assert.deepEqual(to.reboot.effects, ['enable kubelet']);
  });

  test('killed at every write, and run again, come out the same', async (t) => {
    const from = makeSwitch(t);
    const { path } = await exportTo(from);
    const whole = makeSwitch(t, true);
    await importFrom(path, whole);
    const wanted = readTree(whole.root);
    const writes = ['write', 'writeLink', 'writeServices'] as const;
    let kills = 0;
    for (let at = 0; ; at += 1) {
      for (const moment of ['before', 'after'] as const) {
        const to = makeSwitch(t, true);
        let left = at;
        const kill = (method: (typeof writes)[number]): NodeFiles[typeof method] => {
          const act = to.ports.files[method] as (...args: unknown[]) => void;
          return (...args: unknown[]) => {
            const isNow = left-- === 0;
            if (isNow && moment === 'before') throw new Killed();
            act(...args);
            if (isNow) throw new Killed();
          };
        };
        const files = { ...to.ports.files, ...Object.fromEntries(writes.map((name) => [name, kill(name)])) };
        const first = await importNode({ path, isForced: false }, { ...to.ports, files }).then(
          () => 'done',
          (error: unknown) => (error instanceof Killed ? 'killed' : String(error)),
        );
        if (first === 'done') return assert.ok(kills > 2 * Object.keys(CARRIED).length, `${kills} kills`);
        assert.equal(first, 'killed');
        kills += 1;
        const again = await importFrom(path, to);
        assert.ok(again.kind === 'imported' && again.kept.length === 0, JSON.stringify(again));
        assert.deepEqual(readTree(to.root), wanted);
      }
    }
  });

  test('an export that is killed leaves the one before, and the next one is whole', async (t) => {
    const from = makeSwitch(t);
    const { path } = await exportTo(from);
    const before = readFileSync(path);
    put(from.root, { 'host/ctrkit/ledger.json': 'newer' });
    for (let at = 0; at <= Object.keys(CARRIED).length; at += 1) {
      let left = at;
      const archives: RebuildPorts['archives'] = {
        ...from.ports.archives,
        create: async (...args) => {
          const writer = await from.ports.archives.create(...args);
          const die = (): void => {
            if (left-- === 0) throw new Killed();
          };
          return {
            ...writer,
            addFile: (...words) => (die(), writer.addFile(...words)),
            finish: (manifest) => (die(), writer.finish(manifest)),
            // A process that is killed discards nothing.
            discard: async () => undefined,
          };
        },
      };
      const options = { path, withImages: false, isForced: false };
      await assert.rejects(exportNode(options, { ...from.ports, archives }), Killed);
      assert.deepEqual(readFileSync(path), before);
    }
    await exportTo(from);
    assert.ok(!existsSync(`${path}.tmp`));
    assert.match(readFileSync(path, 'latin1'), /newer/);
  });

  test('keep what is there, and replace it by force', async (t) => {
    const { path } = await exportTo(makeSwitch(t));
    const to = makeSwitch(t, true);
    put(to.root, { 'etc/kubernetes/kubelet.conf': 'another', 'usr/bin/snmp.sh': 'of the new image' });
    const kept = await importFrom(path, to);
    assert.ok(kept.kind === 'imported');
    assert.ok(kept.kept.includes('cluster/ca.crt') && !existsSync(join(to.root, 'etc/kubernetes/pki')));
    assert.ok(!existsSync(join(to.root, 'var/lib/kubelet/pki', CURRENT)));
    const forced = await importFrom(path, to, true);
    assert.ok(forced.kind === 'imported');
    assert.deepEqual(forced.kept, ['features/bin/snmp.sh']);
    assert.equal(readFileSync(join(to.root, 'etc/kubernetes/kubelet.conf'), 'utf8'), 'kubeconfig');
  });

  test('carry the images of the ladders, by their ids and names', async (t) => {
    const from = makeSwitch(t);
    const golden = from.engine.putImage('golden', ['reg.example/docker-snmp:2.0', 'docker-snmp:latest']);
    const image = {
      imageId: golden,
      version: '2.0',
      references: [],
      source: 'certified' as const,
      sinceTs: 1,
    };
    const gone = { ...image, imageId: `sha256:${'0'.repeat(64)}`, version: '1.0' };
    const listLedgers = () => [{ ...EMPTY_FEATURE_LEDGER, golden: image, previous: gone }];
    const options = { path: join(from.root, 'x.tar'), withImages: true, isForced: false };
    const { path, imageCount, problems } = await exportNode(options, { ...from.ports, listLedgers });
    assert.equal(imageCount, 1);
    assert.deepEqual(problems, ['the image of version 1.0 is not in it: the engine does not have it']);
    const to = makeSwitch(t, true);
    to.contents.set(golden, 'golden');
    const first = await importFrom(path, to);
    assert.ok(first.kind === 'imported' && first.imageCount === 1, JSON.stringify(first));
    const [loaded] = await to.engine.open().listImages();
    assert.deepEqual([loaded?.id, loaded?.tags], [golden, ['reg.example/docker-snmp:2.0']]);
    const again = await importFrom(path, to);
    assert.ok(again.kind === 'imported' && again.imageCount === 0);
  });

  test('are refused: beside a daemon, on another switch, over a file that is no export', async (t) => {
    const from = makeSwitch(t);
    const { path } = await exportTo(from);
    const to = makeSwitch(t, true);
    const busy = await importNode(
      { path, isForced: true },
      { ...to.ports, holdDaemon: async () => undefined },
    );
    assert.ok(busy.kind === 'refused');
    assert.match(busy.text, /systemctl stop ctrkitd/);
    const other = await importNode({ path, isForced: false }, { ...to.ports, nodeName: () => 'switch-2' });
    assert.equal(other.kind, 'refused');
    assert.deepEqual(readTree(to.root), {});
    put(from.root, { 'precious.txt': 'x' });
    await assert.rejects(exportTo(from, { path: join(from.root, 'precious.txt') }), /is no export/);
    assert.equal(readFileSync(join(from.root, 'precious.txt'), 'utf8'), 'x');
    await exportTo(from, { path: join(from.root, 'precious.txt'), isForced: true });
  });
});

describe('an archive', () => {
  const refuse = async (
    t: TestContext,
    change: (bytes: Buffer, path: string) => Buffer | undefined,
    why: RegExp,
  ) => {
    const { path } = await exportTo(makeSwitch(t));
    const changed = change(readFileSync(path), path);
    if (changed !== undefined) writeFileSync(path, changed);
    const to = makeSwitch(t, true);
    await assert.rejects(importFrom(path, to), why);
    assert.deepEqual(readTree(to.root), {}, 'nothing was written');
  };
  /** The header of the first member, as another one. */
  const rehead = (bytes: Buffer, change: (header: Buffer) => void): Buffer => {
    const header = Buffer.from(bytes.subarray(0, 512));
    change(header);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    return Buffer.concat([header, bytes.subarray(512)]);
  };

  for (const [name, change, why] of [
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 3_000), /cut short|damaged/],
    ['cut in its middle', (bytes: Buffer) => bytes.subarray(0, 1_024), /cut short/],
    [
      'with one bit turned',
      (bytes: Buffer) => {
        bytes[512] = (bytes[512] ?? 0) ^ 1;
        return bytes;
      },
      /is damaged/,
    ],
    ['of another kind', () => Buffer.from('hello'.repeat(300)), /damaged, or no tar/],
    ['empty', () => Buffer.alloc(0), /cut short/],
    [
      'with a link in it',
      (bytes: Buffer) => rehead(bytes, (header) => header.write('2', 156)),
      /no regular file/,
    ],
    [
      'with a device in it',
      (bytes: Buffer) => rehead(bytes, (header) => header.write('3', 156)),
      /no regular file/,
    ],
    [
      'with a name that leads out',
      (bytes: Buffer) => rehead(bytes, (header) => header.fill(0, 0, 100).write('../../etc/passwd')),
      /none of an export/,
    ],
    [
      'with a size that there is not',
      (bytes: Buffer) => rehead(bytes, (header) => header.write('77777777777', 124)),
      /longer than/,
    ],
    [
      'with a file more',
      (bytes: Buffer) => Buffer.concat([encodeHeader({ name: 'state/locks/x.json', size: 0 }), bytes]),
      /does not list/,
    ],
    ['with a file twice', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 1_024), bytes]), /twice/],
    [
      'of a newer format',
      (bytes: Buffer) =>
        Buffer.from(bytes.toString('latin1').replace('"format": 1', '"format": 2'), 'latin1'),
      /of format 2, which a newer ctrkit has written/,
    ],
    [
      'that others may write',
      (_bytes: Buffer, path: string) => {
        chmodSync(path, 0o622);
        return undefined;
      },
      /chmod 0600/,
    ],
    [
      'that is a link',
      (_bytes: Buffer, path: string) => {
        cpSync(path, `${path}.2`);
        rmSync(path);
        symlinkSync(`${path}.2`, path);
        return undefined;
      },
      /can't be imported/,
    ],
  ] as const)
    test(`${name} is refused, and nothing is written`, (t) => refuse(t, change, why));
});
