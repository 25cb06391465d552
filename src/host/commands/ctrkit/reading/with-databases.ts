import type { CtrkitPorts, SwitchDatabases } from './ports.ts';

/** Runs `work` on the databases, and closes them then, whatever came of it: nothing keeps the process. */
export async function withDatabases<T>(
  { openDatabases }: Pick<CtrkitPorts, 'openDatabases'>,
  redisUrl: string,
  work: (databases: SwitchDatabases) => Promise<T>,
): Promise<T> {
  const databases = openDatabases(redisUrl);
  try {
    return await work(databases);
  } finally {
    databases.close();
  }
}
