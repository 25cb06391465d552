import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { recordLabelTry } from '../../../../src/decide/cluster/label-pace.ts';
import { listLabelProblems, shortenProblems } from '../../../../src/decide/cluster/label-problems.ts';

describe('the problems of labels', () => {
  test('name what is illegal and what was refused, not what only waits', () => {
    const plan = {
      writes: [
        { key: 'a', value: '1' },
        { key: 'b', value: undefined },
        { key: 'c', value: '2' },
      ],
      refused: [{ key: 'x y', value: 'two\nlines', fault: 'its key is none' }],
    };
    const tries = ['a', 'b'].reduce(
      (known, key) =>
        recordLabelTry(known, { key, value: key === 'a' ? '1' : undefined, refusal: 'policy' }, 1_000),
      new Map() as ReturnType<typeof recordLabelTry>,
    );
    assert.deepEqual(listLabelProblems(plan, tries), [
      'label x y=two lines is not brought to the node: its key is none',
      'label a=1 is refused by the Kubernetes master: policy',
      'label b= is refused by the Kubernetes master: policy',
    ]);
    assert.equal(listLabelProblems({ ...plan, writes: [{ key: 'a', value: '9' }] }, tries).length, 1);
  });

  test('are five at most, and how many more there are', () => {
    const problems = ['1', '2', '3', '4', '5', '6', '7'];
    assert.deepEqual(shortenProblems(problems.slice(0, 5)), problems.slice(0, 5));
    assert.deepEqual(shortenProblems(problems), ['1', '2', '3', '4', '5', 'and 2 more labels like these']);
  });
});
