import assert from 'node:assert/strict';
import { dockerOutput } from '../../support/docker.ts';
import { type Container } from '../../support/images.ts';
import type { Row } from './switch.ts';

const FIND = `
for process in /proc/[0-9]*; do
  tr '\\0' ' ' 2>/dev/null <"$process/cmdline" | grep -q 'load.cjs ctrkit_agent' || continue
  [ "$process" = "/proc/$$" ] || echo "\${process#/proc/} $(grep Private_Dirty "$process/smaps_rollup")"
done`;

/** The resident process of a container: its id in there, and its private dirty memory. Fails if there is not just one. */
export async function inspectAgent(container: Container): Promise<{ pid: number; privateDirtyKb: number }> {
  const found = await dockerOutput(['exec', container.id, 'sh', '-c', FIND]);
  const [, pid, privateDirtyKb] = /^(\d+) Private_Dirty: +(\d+) kB$/.exec(found) ?? [];
  assert.ok(pid !== undefined, `not one agent in ${container.id}: ${found}`);
  return { pid: Number(pid), privateDirtyKb: Number(privateDirtyKb) };
}

/** Each heartbeat's number is the one before and one: none was lost, and none counted anew. */
export function assertCountsOn(heartbeats: readonly Row[]): void {
  const numbers = heartbeats.map(({ seq }) => Number(seq));
  assert.ok(numbers.length > 1, 'no heartbeats were recorded');
  const first = numbers[0] ?? NaN;
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => first + i),
  );
}
