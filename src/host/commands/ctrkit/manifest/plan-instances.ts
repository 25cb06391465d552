/** Which instances of the feature are deployed, and their names (HLD, "Multi-ASIC support", "Manifests"). */
import { findDnsLabelFault, toContainerName } from '../../../../contract/cluster/kubernetes-names.ts';
import type { Instance, ManifestRequest } from './manifest-request.ts';
import { quoteText, refuseRequest } from './manifest-arguments.ts';

/** The host's instance first, where it is asked for, then one for each ASIC. Throws CtrkitError('usage'). */
export function planInstances(request: ManifestRequest): Instance[] {
  const { feature, asics, isForHost, isStaticPod } = request;
  for (const asic of asics)
    if (!/^(0|[1-9]\d{0,2})$/.test(asic))
      refuseRequest(
        `--asic is ${quoteText(asic)}: write the number of an ASIC, as in its container's name, from 0`,
      );
  if (new Set(asics).size < asics.length)
    refuseRequest('--asic names one ASIC twice: leave one of them away');
  assertPackageAllows(request);
  const numbers = [...(isForHost || asics.length === 0 ? [''] : []), ...asics];
  if (isStaticPod && numbers.length > 1)
    refuseRequest(
      '--static-pod: kubelet reads one pod from a file: ask for one ASIC, or the host, at a time',
    );
  return numbers.map((asic) => ({
    asic,
    containerName: `${feature}${asic}`,
    knownAsics: asic === '' ? asics : [asic],
    objectName: nameObject(request, asic),
  }));
}

/** The name of the object and its pods, which is also the value of a label. */
function nameObject({ feature, name }: ManifestRequest, asic: string): string {
  const objectName = `${name ?? toContainerName(feature)}${asic}`;
  const fault = findDnsLabelFault(objectName);
  if (fault === undefined) return objectName;
  return refuseRequest(
    `${name === undefined ? 'FEATURE' : '--name'}: the name ${quoteText(objectName)} ${fault}`,
  );
}

function assertPackageAllows({ packageManifest, asics, isForHost }: ManifestRequest): void {
  if (packageManifest?.isAsicService === false && asics.length > 0)
    refuseRequest(
      "--asic: by the image's package manifest it runs for the host only; to have it still: --no-package-manifest",
    );
  if (packageManifest?.isHostService === false && isForHost && asics.length > 0)
    refuseRequest(
      "--host: by the image's package manifest it runs for ASICs only; to have it still: --no-package-manifest",
    );
}
