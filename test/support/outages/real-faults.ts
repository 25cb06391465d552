/** What may happen to the Redis of a switch; each returns how it is over. */
import type { ProxyMode } from './redis-proxy.ts';
import type { RealSwitch } from './real-switch.ts';

type Mend = () => Promise<void>;

export interface RealFault {
  readonly name: string;
  readonly begin: (where: RealSwitch) => Promise<Mend>;
}

/** Nobody listens there: a replica of it serves what it has, and takes no writes. */
const NO_MASTER = ['127.0.0.1', '1'] as const;

const behindProxy = (name: string, mode: ProxyMode): RealFault => ({
  name,
  begin: async ({ containers }) => {
    for (const { proxy } of containers) proxy.mode = mode;
    return async () => {
      for (const { proxy } of containers) proxy.mode = 'pass';
    };
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
    begin: async (where) => {
      await where.restartEmpty();
      return async () => undefined;
    },
  },
  {
    name: 'moves to another port, empty',
    begin: async (where) => {
      await where.moveElsewhere();
      return async () => undefined;
    },
  },
  behindProxy('takes no connections', 'refuse'),
  behindProxy('drops every connection after one answer', 'drop-after-answer'),
  behindProxy('loses every answer', 'lose-answer'),
];
