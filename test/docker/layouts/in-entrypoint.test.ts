import { playKube, playLocal } from './course.ts';
import { asksInEntrypoint, asksTwice, gatedEntrypoint } from './layout-images.ts';

for (const layout of [asksInEntrypoint, asksTwice, gatedEntrypoint]) {
  playKube(layout);
  playLocal(layout);
}
