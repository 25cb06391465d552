import { shortImageId } from '../../../contract/images/image.ts';
import type { EngineImage, EngineImages, Removal } from '../../../ports/container-engine.ts';
import { decodeImageLabels, decodeImageNames, decodeImages } from './engine-answers.ts';
import { MISSING, type EngineCalls } from './engine-calls.ts';
import { assertImageId, assertNewTag, assertReference } from './engine-names.ts';

const UNFORCED = { force: 'false', noprune: 'false' };

export class DockerImages implements EngineImages {
  readonly #calls: EngineCalls;

  constructor(calls: EngineCalls) {
    this.#calls = calls;
  }

  listImages(): Promise<EngineImage[]> {
    return this.#calls.read({ path: '/images/json', purpose: 'list the images' }, decodeImages);
  }

  async readImageLabels(reference: string): Promise<Readonly<Record<string, string>> | undefined> {
    assertReference(reference);
    const call = { path: `/images/${reference}/json`, purpose: `look at image ${reference}` };
    return this.#calls.find(call, decodeImageLabels);
  }

  async tagImage(imageId: string, repository: string, tag: string): Promise<void> {
    assertImageId(imageId);
    assertNewTag(repository, tag);
    const purpose = `tag image ${shortImageId(imageId)} as ${repository}:${tag}`;
    const call = { path: `/images/${imageId}/tag`, purpose, query: { repo: repository, tag } };
    const status = await this.#calls.act(call, [201, MISSING]);
    if (status === MISSING) throw this.#calls.explainRefusal(purpose);
  }

  async removeReference(reference: string): Promise<Removal> {
    assertReference(reference);
    const purpose = `remove image ${reference}`;
    return this.#calls.remove({ path: `/images/${reference}`, purpose, query: UNFORCED });
  }

  async removeUnnamedImage(imageId: string): Promise<Removal> {
    assertImageId(imageId);
    const purpose = `remove image ${shortImageId(imageId)}`;
    const names = await this.#calls.find({ path: `/images/${imageId}/json`, purpose }, decodeImageNames);
    if (names === undefined) return 'missing';
    // Removal by id removes an image with its name, if it has just one.
    if (names.length > 0) return 'in-use';
    return this.#calls.remove({ path: `/images/${imageId}`, purpose, query: UNFORCED });
  }
}
