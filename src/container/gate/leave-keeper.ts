import { CtrkitError } from '../../contract/errors.ts';
import type { Owner } from '../../contract/feature/feature.ts';
import type { AgentPresence } from '../../ports/agent-presence.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Keeper, KeeperSign, StartKeeper } from '../../ports/keeper.ts';
import { hasAgent } from './agent-word.ts';

/** Node.js starts in some 100 ms, and in many seconds where fifty containers start at once. Owner local is not kept waiting. */
const SIGN_LIMIT_MS: Readonly<Record<Owner, number>> = { kube: 30_000, local: 1_000 };
/** A process that was killed ends when it is run next. */
const END_LIMIT_MS = 1_000;

export interface LeaveKeeperPorts {
  readonly startKeeper: StartKeeper;
  readonly agentPresence: Pick<AgentPresence, 'read'>;
  readonly clock: Pick<Clock, 'bootMs' | 'schedule' | 'sleep'>;
}

interface LeaveKeeperRequest {
  readonly owner: Owner;
  readonly heartbeatIntervalMs: number;
}

/**
 * Starts a keeper for the claim that was just made, and waits until it works: a process that was forked renews nothing yet.
 * Returns why nobody renews the claim, empty if somebody does. A keeper of owner kube that has not shown in time that it works
 * is ended.
 */
export async function leaveKeeper(ports: LeaveKeeperPorts, request: LeaveKeeperRequest): Promise<string> {
  const { clock, agentPresence } = ports;
  const limitMs = SIGN_LIMIT_MS[request.owner];
  const ended = new AbortController();
  const startedMs = clock.bootMs();
  let settle = (_why: string): void => {};
  const found = new Promise<string>((resolve) => {
    settle = resolve;
  });
  let keeper: Keeper;
  try {
    keeper = await ports.startKeeper({
      onSign: (sign) => {
        const why = judgeSign(sign, request, clock.bootMs() - startedMs);
        if (why !== undefined) settle(why);
      },
      onEnd: (how) => {
        ended.abort();
        settle(hasAgent(agentPresence) ? '' : `the keeper has ended at its start (${how})`);
      },
    });
  } catch (error) {
    if (error instanceof CtrkitError) return error.message;
    throw error;
  }
  const cancel = clock.schedule(limitMs, () =>
    settle(`the keeper has not renewed the claim within ${limitMs / 1000} s`),
  );
  const why = await found;
  cancel();
  if (why !== '' && request.owner === 'kube') {
    keeper.kill();
    if (!ended.signal.aborted) await clock.sleep(END_LIMIT_MS, ended.signal);
  }
  keeper.leave();
  return why;
}

/** Empty: it works. Undefined: it can't be told yet. */
function judgeSign(
  sign: KeeperSign,
  { owner, heartbeatIntervalMs }: LeaveKeeperRequest,
  ageMs: number,
): string | undefined {
  if (sign === 'holds') return '';
  if (sign === 'superseded') return 'another container has claimed the feature';
  // It tries, and the claim is on record for a lease. Later only a heartbeat shows that the claim still stands.
  return owner === 'local' || ageMs <= heartbeatIntervalMs ? '' : undefined;
}
