import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GatePorts, GateRequest, GateResult } from '../../../../src/container/gate/gate.ts';
import { runLocalGate } from '../../../../src/container/gate/local-gate.ts';
import { CtrkitError } from '../../../../src/contract/errors.ts';
import type { StoredClaim } from '../../../../src/contract/gate/claim-file.ts';
import { labelsRow } from '../../../../src/contract/cluster/feature-labels.ts';
import { featureStatusRow } from '../../../../src/contract/rows.ts';
import type { RowStore } from '../../../../src/ports/row-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { FakeLog } from '../../../support/fake-log.ts';
import { FakeDatabases } from '../../../support/fake-row-store.ts';
import { until } from '../../../support/until.ts';

const CLAIM = {
  feature: 'snmp',
  owner: 'local',
  version: '1.2.0',
  dockerId: 'aaaaaaaaaaaa',
  token: 'token-a',
} as const;
const STATUS = featureStatusRow('snmp');
const REQUEST: GateRequest = {
  claim: CLAIM,
  containerStart: 'start-1',
  redisUrl: '',
  isOutside: false,
  once: false,
  localDbWaitMs: 60_000,
  heartbeatIntervalMs: 10_000,
};

type AgentWord = ReturnType<GatePorts['agentPresence']['read']>;

/** A gate of owner local; `open` may put something between the gate and its store. */
class TestGate {
  readonly clock = new FakeClock();
  readonly databases = new FakeDatabases(this.clock.bootMs);
  readonly log = new FakeLog();
  claim: StoredClaim | undefined;
  result: GateResult | undefined;
  isOrphaned = false;
  isResumed = false;
  /** What the agent was told; undefined is a notice taken back. */
  readonly notices: (string | undefined)[] = [];
  /** Thrown by the notice's file, if set. */
  noticeFailure: Error | undefined;
  readAgent: () => AgentWord = () => undefined;
  isSupervisorStopping = false;
  readonly #open: (store: RowStore) => RowStore;

  constructor(open = (store: RowStore): RowStore => store) {
    this.#open = open;
  }

  /** Resolves when the gate has ended. */
  async start(): Promise<void> {
    this.result = await runLocalGate({ ...REQUEST, isResumed: this.isResumed }, this.ports());
  }

  private ports(): GatePorts {
    const location = { endpoint: { path: '/fake' }, id: 6, separator: '|' };
    return {
      findDatabases: () => ({ config: location, state: location, asic: '', source: 'a test', warnings: [] }),
      openStore: () => this.#open(this.databases.open()),
      claimIntentFile: { write: () => {}, remove: () => {} },
      claimFile: {
        read: () => this.claim,
        write: (claim) => {
          this.claim = claim;
        },
        remove: () => {
          this.claim = undefined;
        },
      },
      gateNoticeFile: {
        read: () => undefined,
        readLast: () => undefined,
        isOwn: () => true,
        write: ({ state }) => {
          if (this.noticeFailure !== undefined) throw this.noticeFailure;
          this.notices.push(state);
        },
        remove: () => {
          this.notices.push(undefined);
        },
      },
      agentPresence: { read: () => this.readAgent() },
      isSupervisorStopping: async () => this.isSupervisorStopping,
      clock: this.clock,
      log: this.log,
      isOrphaned: () => this.isOrphaned,
      random: () => 0,
    };
  }
}

test('the claim of owner local is recorded where the key of the labels is no hash, which is named (F8)', async () => {
  const gate = new TestGate();
  gate.databases.putText(labelsRow('state'));
  await gate.start();
  assert.deepEqual([gate.result, gate.claim?.isRecorded], ['go', true]);
  assert.equal(gate.databases.row(STATUS)?.['claim_token'], CLAIM.token);
  assert.match(gate.log.lines.join('\n'), /snmp: not written: WRONGTYPE KUBE_LABELS\|SET is a string/);
});

describe('the gate of owner local in a container that stops', () => {
  test('claims nothing, until the stop is called off (G13)', async () => {
    const gate = new TestGate();
    let isStopping = true;
    gate.readAgent = () => ({ isAlive: true, isStopping });
    const ended = gate.start();
    await gate.clock.pass(600_000);
    assert.equal(gate.databases.row(STATUS), undefined);
    assert.deepEqual([gate.claim, gate.result], [undefined, undefined]);
    assert.deepEqual(
      gate.log.lines.filter((line) => /not started: the container stops/.test(line)).length,
      1,
    );
    isStopping = false;
    await gate.clock.pass(1_000);
    await ended;
    assert.equal(gate.result, 'go');
    assert.equal(gate.databases.row(STATUS)?.['claim_token'], CLAIM.token);
  });

  test('gives back what it claimed while the word came (G13)', async () => {
    let isStopping = false;
    const gate = new TestGate((store) => ({
      ...store,
      isWatching: false,
      close: () => store.close(),
      write: async (guards, writes) => {
        const isDone = await store.write(guards, writes);
        isStopping = true;
        return isDone;
      },
    }));
    gate.readAgent = () => ({ isAlive: true, isStopping });
    const ended = gate.start();
    await gate.clock.pass(600_000);
    assert.deepEqual([gate.claim, gate.result], [undefined, undefined]);
    assert.equal(gate.databases.row(STATUS)?.['current_owner'], 'none');
    gate.isOrphaned = true;
    await gate.clock.pass(1_000);
    await ended;
    assert.equal(gate.result, 'orphaned');
  });

  test('goes where nobody stops any more, and where the word can’t be read (F6)', async () => {
    const refusal = new CtrkitError('defect', 'agent.json can’t be read');
    const words: (() => AgentWord)[] = [
      () => ({ isAlive: false, isStopping: true }),
      () => {
        throw refusal;
      },
    ];
    for (const readAgent of words) {
      const gate = new TestGate();
      gate.readAgent = readAgent;
      await gate.start();
      assert.equal(gate.result, 'go');
    }
  });
});

/** Takes every call, and answers none. */
const hang = (store: RowStore): RowStore => ({
  ...store,
  isWatching: false,
  close: () => store.close(),
  write: () => new Promise(() => {}),
});

describe('the gate of owner local without a database', () => {
  test('tells the agent after a second that it waits, and takes that back when it goes', async () => {
    const gate = new TestGate();
    gate.databases.goDown();
    const ended = gate.start();
    await gate.clock.pass(999);
    assert.deepEqual(gate.notices, []);
    await gate.clock.pass(1);
    // What writes it is loaded now, and fake time does not wait for that.
    await until('it is told', () => gate.notices.length > 0);
    assert.deepEqual([gate.notices, gate.result], [['waiting'], undefined]);
    await gate.clock.pass(59_000);
    await ended;
    assert.deepEqual([gate.notices, gate.result], [['waiting', undefined], 'go']);
    assert.equal(gate.claim?.isRecorded, false);
  });

  test('goes in time where that can’t be told, and says so once', async () => {
    for (const failure of [new CtrkitError('defect', 'no space left'), new Error('no space left')]) {
      const gate = new TestGate();
      gate.databases.goDown();
      gate.noticeFailure = failure;
      const ended = gate.start();
      await gate.clock.pass(1_000);
      await until('it is told', () => gate.log.lines.some((line) => /the probe can't tell/.test(line)));
      await gate.clock.pass(59_000);
      await ended;
      assert.equal(gate.result, 'go');
      assert.equal(
        gate.log.lines.filter((line) => /the probe can't tell.*no space left/.test(line)).length,
        1,
      );
    }
  });

  test('writes nothing where it goes at once, and takes away what a killed one has left', async () => {
    const gate = new TestGate();
    await gate.start();
    await gate.clock.pass(10_000);
    assert.deepEqual([gate.result, gate.notices], ['go', [undefined]]);
  });

  test('goes at once where this start holds the claim already: the agent keeps it', async () => {
    const gate = new TestGate();
    gate.isResumed = true;
    gate.databases.goDown();
    const ended = gate.start();
    await gate.clock.pass(0);
    await ended;
    assert.deepEqual([gate.result, gate.claim?.token], ['go', CLAIM.token]);
    assert.equal(gate.notices.includes('waiting'), false);
  });

  test('so it does within half a second where the database hangs', async () => {
    const gate = new TestGate(hang);
    gate.isResumed = true;
    const ended = gate.start();
    await gate.clock.pass(500);
    await ended;
    assert.equal(gate.result, 'go');
    assert.match(gate.log.lines.join('\n'), /not answered within 500 ms/);
  });
});
