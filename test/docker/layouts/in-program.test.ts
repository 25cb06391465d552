import { playKube, playLocal } from './course.ts';
import { asksInOtherProgram, asksInShellOfProgram, runsProgramByGate } from './layout-images.ts';

for (const layout of [asksInOtherProgram, asksInShellOfProgram, runsProgramByGate]) {
  playKube(layout);
  playLocal(layout);
}
