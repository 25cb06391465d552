/** What removes images that nothing uses: `docker image prune -af`, and kubelet's collection by way of the engine. */
import type { FakeEngine } from './fake-engine.ts';

/** Never by force, all names one by one, then the image by its id (kubernetes: dockershim, RemoveImage; moby: ImagePrune). */
export function collectImages(engine: FakeEngine): void {
  for (const { id, tags, digests } of engine.images()) {
    for (const reference of [...tags, ...digests]) engine.removeReference(reference);
    engine.removeUnnamedImage(id);
  }
}
