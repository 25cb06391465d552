import { accessSync, constants, statSync } from 'node:fs';

/** Finds what exec would run: `command` is a path, or a name in the folders of `searched`, a PATH. Undefined if there is none. */
export function findExecutable(command: string, searched: string): string | undefined {
  const paths = command.includes('/')
    ? [command]
    : searched.split(':').map((folder) => `${folder || '.'}/${command}`);
  return paths.find(isExecutable);
}

/** Whether this process may execute that file; false for a folder. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
