/**
 * The cluster that KUBECONFIG names, and what the tests leave on it: a namespace a process, removed when it ends or, after
 * a killed run, by the next one. Where the cluster is one of this machine's own (CTRKIT_TEST_CLUSTER, see
 * test/support/machine/cluster), its parts can be stopped and started too.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isRunning } from '../../support/docker.ts';
import { until } from '../../support/until.ts';

const LABEL = 'ctrkit-test';
const CONFIG = process.env['KUBECONFIG'] ?? '';
const SCRIPTS = process.env['CTRKIT_TEST_CLUSTER'] ?? '';
const FOLDER = process.env['CTRKIT_TEST_CLUSTER_DIR'] ?? '';

/** Why there is nothing to run on; undefined where there is. */
export const NO_CLUSTER = CONFIG === '' ? 'KUBECONFIG names no cluster' : undefined;
/** Why parts of the cluster can't be stopped; undefined where they can. */
export const NO_CONTROL =
  NO_CLUSTER ?? (SCRIPTS === '' || FOLDER === '' ? 'this cluster is not ours to stop' : undefined);

/** The folder that this cluster's kubelet takes static pods from. */
export const STATIC_PODS = `${FOLDER}/state/manifests`;

export const NAMESPACE = `ctrkit-test-${process.pid}`;

export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
}

interface ContainerStatus {
  readonly ready: boolean;
  readonly started?: boolean;
  readonly restartCount: number;
  readonly containerID?: string;
  readonly state: { readonly running?: { readonly startedAt: string } };
}

export interface Pod extends KubernetesObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly image: string; readonly name: string }[];
  };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime: string;
    }[];
  };
}

/** A kubectl command that has to succeed; returns its standard output. */
export function kubectl(args: readonly string[], input?: string, limitMs = 60_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: 64 << 20 } as const;
    const child = execFile('kubectl', [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}`, { cause: error }));
    });
    child.stdin?.on('error', () => undefined).end(input);
  });
}

export const getJson = async <T>(...words: string[]): Promise<T> =>
  JSON.parse(await kubectl(['get', ...words, '-o', 'json', '--request-timeout=10s'])) as T;

/** The one node that has this machine's engine: on another, nothing of what a pod mounts would be there. */
export async function readNodeName(): Promise<string> {
  const { items } = await getJson<{ items: KubernetesObject[] }>('nodes');
  const real = items.filter(({ metadata }) => metadata.labels?.[LABEL] === undefined);
  assert.equal(real.length, 1, 'a cluster of one node, this machine');
  return real[0]?.metadata.name ?? '';
}

/** The kubelet's own credentials, which ctrkitd has on a switch; the administrator's where the kubelet's are not known. */
export function findKubeletConfig(): string {
  const own = `${dirname(CONFIG)}/kubelet.conf`;
  return existsSync(own) ? own : CONFIG;
}

export async function createNamespace(): Promise<void> {
  for (const kind of ['namespace', 'node']) {
    const { items } = await getJson<{ items: KubernetesObject[] }>(kind, '-l', LABEL);
    for (const { metadata } of items)
      if (!isRunning(Number(metadata.labels?.[LABEL])))
        await kubectl(['delete', kind, metadata.name, '--wait=false']);
  }
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { [LABEL]: String(process.pid) } },
  };
  await kubectl(['apply', '-f', '-'], JSON.stringify(namespace));
  // Pods are refused before it has one.
  await until('the namespace is ready', () => getJson('serviceaccount', 'default', '-n', NAMESPACE), {
    everyMs: 300,
    retriesErrors: true,
  });
}

export async function deleteNamespace(): Promise<void> {
  if (NO_CLUSTER === undefined)
    await kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
}

type Part = 'kube-apiserver' | 'kubelet';

/** Ends a part of the cluster by its process id; returns when it is gone. */
export async function stopPart(part: Part, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const [word = ''] = readFileSync(`${FOLDER}/state/pid/${part}`, 'utf8').split(' ');
  const pid = Number(word);
  assert.ok(pid > 1, `${part} has no process id`);
  process.kill(pid, signal);
  await until(`${part} has ended`, () => !isAlive(pid));
}

/** Starts what does not run, and returns when the node is Ready. */
export function startParts(): Promise<void> {
  return new Promise((resolve, reject) => {
    // Its output goes nowhere: what it starts would keep a pipe open.
    const child = execFile(
      'bash',
      ['-c', 'exec bash "$1/up.sh" "$2" >"$2/state/log/up.log" 2>&1', 'up', SCRIPTS, FOLDER],
      { timeout: 240_000 },
      (error) => (error === null ? resolve() : reject(error)),
    );
    child.stdin?.end();
  });
}

/** A zombie of a process that nobody waits for has ended too. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
