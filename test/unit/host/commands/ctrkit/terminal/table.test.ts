import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeTime } from '../../../../../../src/host/commands/ctrkit/terminal/local-time.ts';
import { formatTable } from '../../../../../../src/host/commands/ctrkit/terminal/table.ts';

const plain = (_colour: string, text: string): string => text;

describe('a table', () => {
  test('looks as SONiC’s show feature status does', () => {
    const headers = ['Feature', 'State', 'UpdateTime', 'ContainerId', 'CurrentOwner'];
    const cells = ['snmp', 'enabled', '2020-12-08 22:59:57', 'snmp', 'local'].map((text) => ({ text }));
    assert.equal(
      formatTable(headers, [cells], plain),
      [
        'Feature    State    UpdateTime           ContainerId    CurrentOwner',
        '---------  -------  -------------------  -------------  --------------',
        'snmp       enabled  2020-12-08 22:59:57  snmp           local',
        '',
      ].join('\n'),
    );
  });

  test('keeps its columns where cells are coloured or empty, and ends no line in spaces', () => {
    const paint = (_colour: string, text: string): string => `\u001b[31m${text}\u001b[39m`;
    const rows = [
      [{ text: 'a' }, { text: 'unhealthy', colour: 'red' as const }, { text: 'x' }],
      [{ text: 'b' }, { text: '' }, { text: '' }],
    ];
    const lines = formatTable(['One', 'Two', 'Three'], rows, paint).split('\n');
    assert.equal(lines[2], 'a      \u001b[31munhealthy\u001b[39m  x');
    assert.equal(lines[3], 'b');
  });

  test('is not broken by what a row of the database says', () => {
    const text = 'a\nb\u001b[2J';
    assert.equal(formatTable(['H'], [[{ text }]], plain), 'H\n-------\na b [2J\n');
  });

  test('is a header where there is nothing to show', () => {
    assert.equal(formatTable(['H'], [], plain), 'H\n---\n');
  });
});

test('a time is told as SONiC tells it, and no time is none', () => {
  assert.match(describeTime(1_607_468_397), /^2020-12-0[789] \d\d:\d\d:57$/);
  assert.equal(describeTime(0), '');
  assert.equal(describeTime(1e15), '');
});
