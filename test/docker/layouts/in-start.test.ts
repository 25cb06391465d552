import { playKube, playLocal } from './course.ts';
import { asksInStart } from './layout-images.ts';

for (const layout of [asksInStart]) {
  playKube(layout);
  playLocal(layout);
}
