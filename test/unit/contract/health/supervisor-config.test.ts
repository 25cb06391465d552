import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSupervisorConfig } from '../../../../src/contract/health/supervisor-config.ts';

describe('supervisord’s configuration', () => {
  test('names programs, listeners, groups and further files', () => {
    const text = `; a comment
[supervisord]
nodaemon=true
[eventlistener:agent]
command = /usr/bin/agent --x=1 ; why
[program: start]
command=/usr/bin/start.sh
user=nobody
environment=A="b",
    C="d"
[group:pool]
programs=one, two
   , three
[include]
files = conf.d/*.conf
  more.conf
`;
    const { programs, groups, includes } = parseSupervisorConfig(text);
    assert.deepEqual(programs, [
      { name: 'agent', command: '/usr/bin/agent --x=1', isListener: true, user: '' },
      { name: 'start', command: '/usr/bin/start.sh', isListener: false, user: 'nobody' },
    ]);
    assert.deepEqual([...groups], [['pool', ['one', 'two', 'three']]]);
    assert.deepEqual(includes, ['conf.d/*.conf', 'more.conf']);
  });

  test('of any text is something', () => {
    for (const text of ['', 'a=b', '[', '[program:x]\n=\n  y', '[]\n\0', ' indented'])
      assert.ok(Array.isArray(parseSupervisorConfig(text).programs), text);
  });
});
