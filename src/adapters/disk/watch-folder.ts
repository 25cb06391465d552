import { watch } from 'node:fs';

/**
 * Calls `onChange` after each change of one of the files `names` in `folder`; returns how to stop. Never throws, and misses
 * changes where there is no folder yet, or no inotify to be had: the caller reads the files now and then besides.
 */
export function watchFolder(folder: string, names: readonly string[], onChange: () => void): () => void {
  try {
    const watcher = watch(folder, (_event, name) => {
      if (name !== null && names.includes(name)) onChange();
    });
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
}
