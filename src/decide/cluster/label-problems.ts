/** What people are told of labels that are not on the Node. */
import { toOneLine } from '../../text/printable.ts';
import { findRefusal, type LabelTries } from './label-pace.ts';
import type { NodeLabelPlan } from './plan-node-labels.ts';

/** More lines would fill a screen. */
const MAX_SHOWN = 5;

/** A line for each desired label that can't be written, or that the API server refused. */
export const listLabelProblems = ({ writes, refused }: NodeLabelPlan, tries: LabelTries): string[] => [
  ...refused.map(
    ({ key, value, fault }) =>
      `label ${toOneLine(key, 80)}=${toOneLine(value, 80)} is not brought to the node: ${fault}`,
  ),
  ...writes.flatMap((write) => {
    const refusal = findRefusal(tries, write);
    return refusal === undefined
      ? []
      : [`label ${write.key}=${write.value ?? ''} is refused by the Kubernetes master: ${refusal}`];
  }),
];

/** The first few of the problems, and how many more there are. */
export function shortenProblems(problems: readonly string[]): readonly string[] {
  const rest = problems.length - MAX_SHOWN;
  return rest > 0 ? [...problems.slice(0, MAX_SHOWN), `and ${rest} more labels like these`] : problems;
}
