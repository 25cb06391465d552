/**
 * The Kubernetes objects that deploy a feature on switches (HLD, "Manifests generation"; contract.md, section 9). Pure:
 * no cluster and no database is asked.
 */
import { parseReference } from '../../../../contract/images/image.ts';
import {
  findDnsLabelFault,
  findLabelValueFault,
  toContainerName,
} from '../../../../contract/cluster/kubernetes-names.ts';
import { planPullPolicy, planResources, planSecurityContext } from './container-rights.ts';
import type { Instance, ManifestRequest } from './manifest-request.ts';
import { assertVersionFitsLabels, planNodeSelector, planVersionAffinity } from './node-choice.ts';
import { planInstances } from './plan-instances.ts';
import { encodeEnvironment, planEnvironment, readKitTiming, type Environment } from './pod-environment.ts';
import { parseBatch, planGrace, planMinReadySeconds, planProbes } from './pod-timing.ts';
import { planVolumes } from './pod-volumes.ts';
import { quoteText, refuseRequest } from './manifest-arguments.ts';

/** An object of the Kubernetes API. */
type KubernetesObject = Readonly<Record<string, unknown>>;

/**
 * `kubectl apply` also writes the whole document into an annotation, and all annotations of an object together may have
 * 256 KiB. One KiB is left for the empty fields that kubectl adds.
 */
const MAX_DOCUMENT_BYTES = 255 * 1024;

export interface Manifest {
  /** One object for each instance, the host's first. */
  readonly objects: readonly KubernetesObject[];
  /** What people should know, one line each. */
  readonly notes: readonly string[];
}

/** Throws CtrkitError('usage') for what the API server would refuse, and for what it would accept but never deploy. */
export function planManifest(request: ManifestRequest): Manifest {
  const namespaceFault = findDnsLabelFault(request.namespace);
  if (namespaceFault !== undefined)
    refuseRequest(`--namespace: ${quoteText(request.namespace)} ${namespaceFault}`);
  assertVersionFitsLabels(request);
  assertPackageOfFeature(request);
  assertStaticPodOptions(request);
  const imageNotes = checkImage(request);
  const instances = planInstances(request);
  const planned = instances.map((instance) => planObject(request, instance));
  for (const { object } of planned) assertDocumentSize(object);
  const notes = [...imageNotes, ...planned.flatMap((one) => one.notes), ...describeAsicLimits(instances)];
  return { objects: planned.map(({ object }) => object), notes: [...new Set(notes)] };
}

function planObject(request: ManifestRequest, instance: Instance) {
  const environment = planEnvironment(request, instance);
  const labels = planLabels(request, instance);
  const { spec, notes } = planPodSpec(request, instance, environment);
  const metadata = { name: instance.objectName, namespace: request.namespace, labels };
  // No scheduler selects a node for it, and kubelet would refuse the pod for a selector that its node does not fit.
  if (request.isStaticPod) return { object: { apiVersion: 'v1', kind: 'Pod', metadata, spec }, notes };
  const { timeToGolden } = request;
  const nodeSelector = planNodeSelector(request, instance);
  const affinity = planVersionAffinity(request);
  const object = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata,
    spec: {
      // A selector can never be changed: it holds nothing of the version, of the switches or of the options.
      selector: { matchLabels: { app: instance.objectName } },
      updateStrategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxUnavailable: parseBatch(request.batch) },
      },
      ...(timeToGolden === undefined
        ? {}
        : { minReadySeconds: planMinReadySeconds(timeToGolden, readKitTiming(environment)) }),
      template: { metadata: { labels }, spec: { nodeSelector, affinity, ...spec } },
    },
  };
  return { object, notes };
}

function planLabels({ feature, version }: ManifestRequest, { objectName, containerName, asic }: Instance) {
  const labels = {
    app: objectName,
    feature,
    version,
    // SONiC's scripts find the pod by it, where the pod's container has another name than the feature (D24).
    raw_container_name: containerName,
    ...(asic === '' ? {} : { asic }),
  };
  for (const [key, value] of Object.entries(labels)) {
    const fault = findLabelValueFault(value);
    if (fault !== undefined)
      refuseRequest(`FEATURE: ${quoteText(value)} can't be the value of the pod's label ${key}: ${fault}`);
  }
  return labels;
}

function planPodSpec(request: ManifestRequest, instance: Instance, environment: Environment) {
  const grace = planGrace(request.grace, readKitTiming(environment));
  const { volumes, volumeMounts, notes } = planVolumes(request, instance);
  const securityContext = planSecurityContext(request);
  const resources = planResources(request);
  const container = {
    name: toContainerName(instance.containerName),
    image: request.image,
    imagePullPolicy: planPullPolicy(request),
    env: encodeEnvironment(new Map([...environment, ...grace.variables])),
    ...(resources === undefined ? {} : { resources }),
    ...(securityContext === undefined ? {} : { securityContext }),
    volumeMounts,
    ...planProbes(request.startupGrace),
  };
  const spec = {
    hostNetwork: true,
    // The switch's own resolv.conf: a switch can't reach the DNS of its cluster.
    dnsPolicy: 'Default',
    // No feature talks to the API server, and none needs the namespace's services in its environment.
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // No tolerations: the DaemonSet controller adds those by which a node that is not ready, unreachable, cordoned or
    // short of something keeps its pods, and kubelet those of a static pod. A taint of somebody's own is meant.
    terminationGracePeriodSeconds: grace.seconds,
    containers: [container],
    volumes,
  };
  return { spec, notes: [...grace.notes, ...notes] };
}

function assertDocumentSize(object: KubernetesObject): void {
  const bytes = new TextEncoder().encode(JSON.stringify(object)).length;
  if (bytes > MAX_DOCUMENT_BYTES)
    refuseRequest(
      `the document would be ${bytes} bytes long: kubectl apply takes ${MAX_DOCUMENT_BYTES} at most: hand long values of the environment in by files`,
    );
}

/** Refuses the image of another feature, which would run under this feature's name. */
function assertPackageOfFeature({ feature, packageManifest }: ManifestRequest): void {
  const { serviceName = '' } = packageManifest ?? {};
  if (serviceName !== '' && serviceName !== feature)
    refuseRequest(
      `by its package manifest the image is of the feature ${quoteText(serviceName)}, not of ${feature}: mend the name, or --no-package-manifest`,
    );
}

/** Refuses options of a scheduler or a rollout, which a static pod has not. */
function assertStaticPodOptions(request: ManifestRequest): void {
  if (!request.isStaticPod) return;
  const { osVersion, deviceType, selectors, batch, timeToGolden } = request;
  const given = [
    ['--os-version', osVersion],
    ['--device-type', deviceType],
    ['--select', selectors[0]],
    ['--batch', batch],
    ['--time-to-golden', timeToGolden],
  ].filter(([, value]) => value !== undefined);
  if (given.length > 0)
    refuseRequest(
      `--static-pod: ${given.map(([option]) => option).join(', ')} would say nothing: no cluster chooses nodes or rolls out; leave it away`,
    );
  // Here they name folders. A text that a label can hold is harmless in a path.
  for (const [option, value] of [
    ['--platform', request.platform],
    ['--hwsku', request.hwsku],
  ] as const) {
    const fault = value === '' ? 'is empty' : findLabelValueFault(value ?? '');
    if (fault !== undefined) refuseRequest(`${option}: ${quoteText(value ?? '')} ${fault}`);
  }
}

function checkImage({ image }: ManifestRequest): string[] {
  const reference = parseReference(image);
  if (reference === undefined)
    return refuseRequest(
      `--image is ${quoteText(image)}: write it as it is to be pulled, registry.example:5000/docker-snmp:20230531.11 say`,
    );
  if (reference.digest !== '' || (reference.tag !== '' && reference.tag !== 'latest')) return [];
  return [
    `--image ${image} has no tag of its own: a newer one of that name is not deployed where one is, and an update to it is none`,
  ];
}

const describeAsicLimits = (instances: readonly Instance[]): string[] =>
  instances.some(({ asic }) => asic !== '')
    ? [
        "an ASIC's pod runs in the host's network: Kubernetes can't put it into that of the ASIC's database container, where the feature's own container is",
      ]
    : [];
