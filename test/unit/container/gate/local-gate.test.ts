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
  readAgent: () => AgentWord = () => undefined;
  isSupervisorStopping = false;
  readonly #open: (store: RowStore) => RowStore;

  constructor(open = (store: RowStore): RowStore => store) {
    this.#open = open;
  }

  /** Resolves when the gate has ended. */
  async start(): Promise<void> {
    this.result = await runLocalGate(REQUEST, this.ports());
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
        write: () => {},
        remove: () => {},
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
