import type { ManifestRequest } from '../../src/host/commands/ctrkit/manifest/manifest-request.ts';
import { planManifest } from '../../src/host/commands/ctrkit/manifest/plan-manifest.ts';
import type { PackageManifest } from '../../src/contract/cluster/package-manifest.ts';

const REQUEST: ManifestRequest = {
  feature: 'snmp',
  version: '20230531.12',
  image: 'registry.example:5000/docker-snmp:20230531.12',
  isStaticPod: false,
  namespace: 'sonic',
  name: undefined,
  osVersion: undefined,
  platform: undefined,
  hwsku: undefined,
  deviceType: undefined,
  selectors: [],
  environment: [],
  volumes: [],
  withoutVolumes: [],
  asics: [],
  isForHost: false,
  batch: undefined,
  timeToGolden: undefined,
  grace: undefined,
  startupGrace: undefined,
  isPrivileged: false,
  capabilities: [],
  memory: undefined,
  pullPolicy: undefined,
  packageManifest: undefined,
};

export const PACKAGE: PackageManifest = {
  serviceName: '',
  isHostService: undefined,
  isAsicService: undefined,
  isPrivileged: false,
  volumes: [],
  mounts: [],
  tmpfs: [],
  environment: {},
};

interface Probe {
  readonly exec: { readonly command: readonly string[] };
  readonly timeoutSeconds: number;
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

interface PlannedContainer {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly resources?: unknown;
  readonly securityContext?: unknown;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
}

interface PlannedPodSpec {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: unknown;
  readonly hostNetwork: boolean;
  readonly dnsPolicy: string;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly containers: readonly [PlannedContainer];
  readonly volumes: readonly {
    readonly name: string;
    readonly hostPath?: { readonly path: string; readonly type?: string };
    readonly emptyDir?: { readonly medium: string };
  }[];
}

export interface PlannedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly updateStrategy: unknown;
    readonly minReadySeconds?: number;
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: PlannedPodSpec;
    };
  };
}

/** What is planned for this request, taken apart; of the first object where there are more. */
export function plan(changes: Partial<ManifestRequest> = {}) {
  const { objects, notes } = planManifest({ ...REQUEST, ...changes });
  const planned = objects as unknown as readonly PlannedObject[];
  const [object] = planned;
  if (object === undefined) throw new Error('nothing is planned');
  const pod = object.kind === 'Pod' ? (object.spec as unknown as PlannedPodSpec) : object.spec.template.spec;
  const [container] = pod.containers;
  const env = new Map(container.env.map(({ name, value }) => [name, value]));
  /** What is mounted there: `ro`, `rw`, or nothing. */
  const mountOn = (path: string) => {
    const mount = container.volumeMounts.find(({ mountPath }) => mountPath === path);
    if (mount === undefined) return undefined;
    const volume = pod.volumes.find(({ name }) => name === mount.name);
    const { path: from, type } = volume?.hostPath ?? { path: volume?.emptyDir?.medium };
    return { from, type, mode: mount.readOnly === true ? 'ro' : 'rw' };
  };
  return { objects: planned, object, notes, pod, container, env, mountOn };
}
