/** What may happen to the Redis of a switch, or to the way there; each returns how it is over. */
import { bootMs } from '../boot-clock.ts';
import type { PrivateRedis } from '../private-redis.ts';
import type { ProxiedContainer } from './proxied-container.ts';
import type { ProxyMode } from './redis-proxy.ts';
import { restartEmpty, restartWithOldData, type RealSwitch } from './real-switch.ts';

type Mend = () => Promise<void>;

export interface RealFault {
  readonly name: string;
  /** Records are lost, or old: a container of the shipped kit, which never records itself again, is forgotten. */
  readonly losesData?: true;
  readonly begin: (where: RealSwitch) => Promise<Mend>;
}

/** Nobody listens there: a replica of it serves what it has, and takes no writes. */
const NO_MASTER = ['127.0.0.1', '1'] as const;

/** Whom a fault of the way hits. */
const REACHES: Readonly<Record<string, (where: RealSwitch) => readonly ProxiedContainer[]>> = {
  everybody: ({ everybody }) => everybody,
  'the holder': ({ running }) => running,
  'all but the holder': ({ everybody }) => everybody.filter((one) => !one.isApplicationRunning),
  'the first': ({ containers }) => containers.slice(0, 1),
};

const hit = (name: string, reach: string, begin: (one: ProxiedContainer) => Promise<Mend>): RealFault => ({
  name: `${name} of ${reach}`,
  begin: async (where) => {
    const hitOnes = REACHES[reach]?.(where) ?? [];
    const isPartial = hitOnes.length < where.everybody.length;
    if (isPartial) for (const one of hitOnes) one.hinderedUntilMs = Infinity;
    const ends = await Promise.all(hitOnes.map(begin));
    return async () => {
      for (const end of ends) await end();
      if (isPartial) for (const one of hitOnes) one.hinderedUntilMs = bootMs();
    };
  },
});

const inMode = (name: string, mode: ProxyMode): RealFault[] =>
  Object.keys(REACHES).map((reach) =>
    hit(name, reach, async ({ proxy }) => {
      proxy.mode = mode;
      return async () => void (proxy.mode = 'pass');
    }),
  );

const nothing: Mend = async () => undefined;

/** At one instant; what the host wants is there again when it is over. */
const losing = (name: string, lose: (redis: PrivateRedis) => Promise<unknown>): RealFault => ({
  name,
  losesData: true,
  begin: async (where) => {
    await lose(where.redis);
    return () => where.redis.wantKube();
  },
});

export const REAL_FAULTS: readonly RealFault[] = [
  {
    name: 'refuses writes for want of memory',
    begin: async ({ redis }) => {
      await redis.state.config('SET', 'maxmemory', '1');
      return async () => void (await redis.state.config('SET', 'maxmemory', '0'));
    },
  },
  {
    name: 'becomes a replica that is read only',
    begin: async ({ redis }) => {
      await redis.state.replicaof(...NO_MASTER);
      return async () => void (await redis.state.replicaof('NO', 'ONE'));
    },
  },
  {
    name: 'refuses subscriptions',
    begin: async ({ redis }) => {
      await redis.state.acl('SETUSER', 'default', 'resetchannels');
      return async () => void (await redis.state.acl('SETUSER', 'default', 'allchannels'));
    },
  },
  {
    name: 'is frozen',
    begin: async ({ redis }) => {
      redis.freeze();
      return async () => redis.thaw();
    },
  },
  {
    name: 'comes back empty',
    losesData: true,
    begin: async (where) => {
      await where.redis.kill();
      return async () => {
        await where.redis.start();
        await where.redis.wantKube();
      };
    },
  },
  {
    name: 'comes back empty at once',
    losesData: true,
    begin: async (where) => {
      await restartEmpty(where.redis);
      return nothing;
    },
  },
  {
    name: 'moves to another port, empty',
    losesData: true,
    begin: async (where) => {
      await where.moveElsewhere();
      return nothing;
    },
  },
  {
    name: 'moves to another port, with all that is in it',
    begin: async (where) => {
      for (const container of where.everybody) await container.moveProxy();
      return nothing;
    },
  },
  {
    name: 'comes back with old data',
    losesData: true,
    begin: async ({ redis }) => {
      await restartWithOldData(redis);
      return () => redis.wantKube();
    },
  },
  losing('loses everything at one instant (FLUSHALL)', ({ state }) => state.flushall()),
  losing('loses the row of the feature (DEL)', ({ state }) => state.del('FEATURE|snmp')),
  losing('loses the rows of the feature but what the host wants', ({ state }) =>
    state
      .multi()
      .del('FEATURE|snmp', 'CONTAINER_HEALTH|snmp')
      .hset('FEATURE|snmp', 'system_state', 'up')
      .exec(),
  ),
  ...inMode('takes no connections', 'refuse'),
  ...inMode('drops every connection after one answer', 'drop-after-answer'),
  ...inMode('loses every answer', 'lose-answer'),
  ...inMode('is out of reach without a word, and hears what was said afterwards: that', 'stall'),
];
