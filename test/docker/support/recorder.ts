import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RedisMonitor, type MonitoredCommand } from '../../support/redis-monitor.ts';
import { until } from '../../support/until.ts';
import type { Row } from './switch.ts';

/** One command that may change something, as the server carried it out. */
export interface Write {
  /** Wall clock of the server as it ran the command, milliseconds with fractions. */
  readonly atMs: number;
  readonly db: number;
  /** Lower case: `hset`, `hdel`, `del`, … */
  readonly name: string;
  readonly key: string;
  /** What an `hset` sets; empty for any other command. */
  readonly fields: Row;
  /** True for the kit, which writes by scripts only, false for the test and its host stand-in. */
  readonly isByScript: boolean;
}

/**
 * Everything that a Redis is told to write, by everybody, with the server's own time of it (MONITOR): how late an
 * observer sees it changes no measurement.
 */
export class Recorder {
  readonly writes: Write[] = [];
  /** Names of the commands that the server itself knows to write. */
  readonly #writing = new Set<string>();
  readonly #client: Redis;
  readonly #echoes = new Set<string>();
  #monitor: RedisMonitor | undefined;

  private constructor(client: Redis) {
    this.#client = client;
  }

  static async start(client: Redis, socketPath: string): Promise<Recorder> {
    const recorder = new Recorder(client);
    const commands = (await client.call('command')) as [name: string, arity: number, flags: string[]][];
    for (const [name, , flags] of commands) if (flags.includes('write')) recorder.#writing.add(name);
    recorder.#monitor = await RedisMonitor.start(socketPath, (command) => recorder.add(command));
    return recorder;
  }

  /** Every write of the feature's status, in order. */
  get statusWrites(): Write[] {
    return this.writes.filter(({ db, key }) => db === 6 && key === 'FEATURE|snmp');
  }

  /** Every heartbeat that was written, in order. */
  get heartbeats(): Row[] {
    const ofHealth = this.writes.filter(
      ({ name, key }) => name === 'hset' && key.startsWith('CONTAINER_HEALTH|'),
    );
    return ofHealth.map(({ fields }) => fields);
  }

  /** The values that `remote_state` was given, in order. */
  get remoteStates(): string[] {
    return this.statusWrites.flatMap(({ fields }) => fields['remote_state'] ?? []);
  }

  /** MONITOR tells of a write a moment later: resolves when all are here that were made before this call. */
  async settle(): Promise<void> {
    const word = `settle-${randomUUID()}`;
    await this.#client.echo(word);
    await until('MONITOR has told of all', () => this.#echoes.has(word));
  }

  close(): void {
    this.#monitor?.close();
  }

  private add(line: MonitoredCommand): void {
    const [command = '', key = '', ...rest] = line.words;
    const name = command.toLowerCase();
    if (name === 'echo') this.#echoes.add(key);
    if (!this.#writing.has(name)) return;
    const fields: Record<string, string> = {};
    if (name === 'hset') rest.forEach((word, i) => i % 2 === 0 && (fields[word] = rest[i + 1] ?? ''));
    this.writes.push({
      atMs: Number(line.time) * 1000,
      db: Number(line.db),
      name,
      key,
      fields,
      isByScript: line.source === 'lua',
    });
  }
}

/** The gate asks the host. */
export const isPending = ({ fields, isByScript }: Write): boolean =>
  isByScript && fields['remote_state'] === 'pending';

export const isClaim = ({ fields, isByScript }: Write): boolean =>
  isByScript && (fields['claim_token'] ?? '') !== '';

export const isRelease = ({ fields, isByScript }: Write): boolean =>
  isByScript && fields['current_owner'] === 'none';

/** The time between two writes, milliseconds. */
export function elapsedMs(from: Write | undefined, to: Write | undefined): number {
  assert.ok(from !== undefined && to !== undefined, 'one of the two was never written');
  return Math.round((to.atMs - from.atMs) * 10) / 10;
}
