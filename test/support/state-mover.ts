/**
 * With `move` moves the state below the root that is its first argument; with `lock` sets one lock after the other there, named
 * after its third argument, and tells each that is on the disk. Begins when a line comes on stdin.
 */
import { readSync, writeSync } from 'node:fs';
import { createMovableLocks } from '../../src/host/adapters/state-dir/movable-locks.ts';
import { moveState } from '../../src/host/adapters/state-dir/move-state.ts';
import { createStateDir } from '../../src/host/adapters/state-dir/state-dir.ts';
import { listStatePlaces } from '../../src/host/state-dir.ts';
import { lockOf } from './locks.ts';

const [, , root = '', act, name = ''] = process.argv;
writeSync(1, 'ready\n');
readSync(0, Buffer.alloc(1));
if (act === 'move') writeSync(1, `${JSON.stringify(moveState(listStatePlaces('', root)))}\n`);
else
  for (let number = 0; number < 40; number += 1) {
    const feature = `${name}${number}`;
    createMovableLocks(createStateDir(listStatePlaces('', root))).add(lockOf({ feature }));
    // Every third goes again.
    if (number % 3 === 0) createMovableLocks(createStateDir(listStatePlaces('', root))).remove(feature);
    writeSync(1, `${feature} ${number % 3 === 0 ? 'removed' : 'set'}\n`);
  }
