import { shortImageId } from '../../../contract/images/image.ts';
import { namePin, PIN_LABEL, PIN_PROGRAM, type ImagePin } from '../../../contract/images/pin.ts';
import type { Pinning } from '../../../ports/container-engine.ts';
import { decodeImageVolumes } from './engine-answers.ts';
import { CONFLICT, MISSING, type EngineCalls } from './engine-calls.ts';
import { assertContainerName, assertImageId } from './engine-names.ts';

/** Creates a container that keeps an image. Throws CtrkitError('engine'). */
export async function pinImage(calls: EngineCalls, pin: ImagePin): Promise<Pinning> {
  const { imageId } = pin;
  const name = namePin(pin);
  assertImageId(imageId);
  assertContainerName(name);
  const purpose = `create container ${name}, which keeps image ${shortImageId(imageId)}`;
  const volumes = await calls.find({ path: `/images/${imageId}/json`, purpose }, decodeImageVolumes);
  if (volumes === undefined) return 'missing';
  const body = describePin(pin, volumes);
  const call = { path: '/containers/create', purpose, query: { name }, body };
  const status = await calls.act(call, [201, MISSING, CONFLICT]);
  if (status === CONFLICT) return 'name-in-use';
  return status === MISSING ? 'missing' : 'pinned';
}

/** `volumes`: without a mount of its own on each the engine makes a volume, and copies the image's files into it. */
const describePin = ({ feature, imageId }: ImagePin, volumes: readonly string[]) => ({
  Image: imageId,
  Labels: { [PIN_LABEL]: feature },
  Entrypoint: [PIN_PROGRAM],
  Cmd: [],
  NetworkDisabled: true,
  HostConfig: {
    NetworkMode: 'none',
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'none' },
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    Mounts: volumes.map((path) => ({ Type: 'tmpfs', Target: path })),
  },
});
