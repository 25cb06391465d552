import type { Redis } from 'ioredis';

const isTerminal = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const paint = (code: number, text: string) => (isTerminal ? `\u001b[${code}m${text}\u001b[0m` : text);

const say = (text: string): void => void process.stdout.write(`${text}\n`);

export const heading = (text: string): void => say(`\n${paint(1, text)}`);
export const act = (text: string): void => say(`  ${paint(36, '$')} ${text}`);
export const see = (text: string): void => say(`  ${paint(32, '✓')} ${text}`);

/** Says what is awaited, and how long it took once it is there. */
export async function awaiting<T>(what: string, work: () => Promise<T>): Promise<T> {
  if (isTerminal) process.stdout.write(`  … ${what}`);
  const startMs = performance.now();
  try {
    const result = await work();
    if (isTerminal) process.stdout.write('\r\u001b[K');
    see(`${what}: ${formatMs(performance.now() - startMs)}`);
    return result;
  } catch (error) {
    if (isTerminal) process.stdout.write('\n');
    throw error;
  }
}

const formatMs = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** Of each row, what tells the story; the rest is one `container_state FEATURE show --json` away. */
const SHOWN: readonly (readonly [db: number, name: string, key: string, fields: readonly string[]])[] = [
  [4, 'CONFIG_DB', 'FEATURE|snmp', ['set_owner', 'state']],
  [
    6,
    'STATE_DB',
    'FEATURE|snmp',
    ['current_owner', 'docker_id', 'container_version', 'remote_state', 'system_state', 'update_time'],
  ],
  [6, 'STATE_DB', 'CONTAINER_HEALTH|snmp', ['status', 'version', 'seq']],
  [6, 'STATE_DB', 'CONTAINER_HOLD|snmp|*', ['version', 'reason', 'text']],
  [6, 'STATE_DB', 'KUBE_LABELS|SET', ['snmp_local', 'snmp_2.0.0_enabled']],
];

/** What is in the databases now. */
export async function showDatabases(redis: Redis): Promise<void> {
  for (const [db, name, pattern, fields] of SHOWN) {
    await redis.select(db);
    const keys = pattern.endsWith('*') ? await redis.keys(pattern) : [pattern];
    for (const key of keys) {
      const row = await redis.hgetall(key);
      const shown = fields
        .filter((field) => row[field] !== undefined)
        .map((field) => `${field}=${row[field] || '""'}`);
      if (shown.length > 0) say(`    ${paint(2, name.padEnd(9))} ${paint(33, key)}  ${shown.join('  ')}`);
    }
  }
}
