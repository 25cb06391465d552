/** What the engine in memory stores, and how it names images. */
import { createHash } from 'node:crypto';
import { parseReference } from '../../src/contract/images/image.ts';
import type { ContainerState } from '../../src/ports/container-engine.ts';

export interface StoredContainer {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly image: string;
  readonly environment: readonly string[];
  readonly keptFor?: string;
  state: ContainerState;
  exitCode: number | undefined;
  hadOomKill: boolean;
}

export interface StoredImage {
  readonly id: string;
  /** `repository:tag` and `repository@sha256:…`. */
  readonly references: Set<string>;
  readonly createdTs: number;
  labels: Readonly<Record<string, string>>;
}

export const isByDigest = (reference: string): boolean => reference.includes('@');
export const repositoryOf = (reference: string): string => parseReference(reference)?.repository ?? '';
export const hexOf = (text: string): string => createHash('sha256').update(text).digest('hex');
export const isRunning = ({ state }: StoredContainer): boolean => state === 'running' || state === 'paused';

/** As the engine counts (moby, isSingleReference): a tag and the digests of its repository are one name. */
export function isSingleName(references: ReadonlySet<string>): boolean {
  const tags = [...references].filter((reference) => !isByDigest(reference));
  const repositories = new Set([...references].map(repositoryOf));
  return references.size <= 1 || (tags.length <= 1 && repositories.size === 1);
}
