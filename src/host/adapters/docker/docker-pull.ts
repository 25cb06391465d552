import { parseReference } from '../../../contract/images/image.ts';
import { decodePullError } from './engine-answers.ts';
import type { EngineCalls } from './engine-calls.ts';
import { assertReference } from './engine-names.ts';

/** Resolves when the engine has the image. Throws CtrkitError('engine'). */
export async function pullImage(calls: EngineCalls, reference: string): Promise<void> {
  assertReference(reference);
  const { repository, tag, digest } = parseReference(reference) ?? { repository: '', tag: '', digest: '' };
  const purpose = `pull ${reference}`;
  const call = { path: '/images/create', purpose, query: { fromImage: repository, tag: digest || tag } };
  // The answer is a success as soon as it has begun: what goes wrong afterwards is a line of it.
  await calls.follow(call, (line) => {
    const problem = decodePullError(line);
    if (problem !== undefined) throw calls.explainRefusal(purpose, problem);
  });
}
