import { playKube, playLocal } from './course.ts';
import { withoutSupervisord } from './layout-images.ts';

for (const layout of [withoutSupervisord]) {
  playKube(layout);
  playLocal(layout);
}
