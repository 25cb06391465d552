import type { BlockStore } from '../../../ports/block-store.ts';
import { createBlockFiles } from '../blocks/block-file.ts';
import type { StateDir } from './state-dir.ts';

/** The blocks of a state folder that a daemon may be moving. */
export const createMovableBlocks = (state: StateDir): BlockStore => ({
  list: () => state.read((folder) => openBlocks(folder).list()),
  add: (feature, block) => state.write((folder) => openBlocks(folder).add(feature, block)),
  remove(feature, version) {
    let isRemoved = false;
    state.write((folder) => {
      isRemoved = openBlocks(folder).remove(feature, version) || isRemoved;
    });
    return isRemoved;
  },
});

const openBlocks = (folder: string): BlockStore => createBlockFiles(`${folder}/blocks`);
