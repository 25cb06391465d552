import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FeatureMemory } from '../../../../src/decide/feature/feature-memory.ts';
import type { ContainerEnd } from '../../../../src/decide/feature/seen-holder.ts';
import { NO_MEMORY } from '../../../../src/decide/feature/feature-memory.ts';
import type { HostStep } from '../../../../src/decide/feature/host-step.ts';
import { decideFeature, type FeatureDecision } from '../../../../src/decide/feature/decide-feature.ts';
import type { FeatureInput } from '../../../../src/decide/feature/feature-input.ts';
import { goldenOf, imageIdOf } from '../../../support/beats.ts';
import {
  AT,
  BEAT_ROW,
  CONFIG,
  containerOf,
  fallbackOf,
  HEALTHY,
  LABELS,
  POLICY,
  ledgerOf,
  readRows,
  inputOf,
  STATUS,
  withRows,
  type RawTables,
} from '../../../support/feature-inputs.ts';

const kindsOf = ({ steps }: FeatureDecision): string[] => steps.map(({ kind }) => kind);

/** The same switch so much later, with a heartbeat of its own. */
function later(ms: number, rows: RawTables = {}, changes: Partial<FeatureInput> = {}): FeatureInput {
  const now = { ...AT, bootMs: AT.bootMs + ms };
  const seq = 6 + ms / 10_000;
  const beat = { [BEAT_ROW]: { seq: `${seq}`, beat_ms: `${now.bootMs - 100}` } };
  return { ...inputOf({ rows: withRows(beat, rows) }), now, ...changes };
}

/** One reconcile after the other. */
function decideAll(inputs: readonly FeatureInput[], before: FeatureMemory = NO_MEMORY): FeatureDecision[] {
  let memory = before;
  return inputs.map((input) => {
    const found = decideFeature(memory, input);
    ({ memory } = found);
    return found;
  });
}
const decide = (input: FeatureInput, before: FeatureMemory = NO_MEMORY): FeatureDecision =>
  decideFeature(before, input);

const SICK: RawTables = {
  [BEAT_ROW]: { status: 'unhealthy', reason: 'snmpd is not running', healthy_since_ms: '' },
};
const endOf = (changes: Partial<ContainerEnd> = {}): ContainerEnd => ({
  containerId: containerOf().id,
  exitCode: 137,
  hadOomKill: false,
  atMs: AT.bootMs - 5,
  ...changes,
});
const ofKind = <Kind extends HostStep['kind']>(found: FeatureDecision | undefined, kind: Kind) =>
  found?.steps.find((step): step is Extract<HostStep, { kind: Kind }> => step.kind === kind);

describe('one reconcile of one feature', () => {
  test('what was watched for its full time is certified, and not a heartbeat sooner (D18)', () => {
    const found = decideAll([0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000].map((ms) => later(ms)));
    const certified = found.map((one) => kindsOf(one).includes('certify'));
    assert.deepEqual(certified, [false, false, false, false, false, false, true]);
    assert.equal(ofKind(found.at(-1), 'certify')?.image.imageId, imageIdOf(2));
    assert.equal(ofKind(found.at(-1), 'certify')?.image.version, '2.0');
    assert.equal(found[0]?.view.certification.kind, 'counting');
  });

  test('health that was claimed for the time before the daemon watched is not counted (D18)', () => {
    assert.equal(decide(inputOf()).view.certification.kind, 'counting');
  });

  test('the view says which fields of the policy do not count (H15)', () => {
    const rows = { 'config IMAGE_MGMT|snmp': { fail_time_to_fallback: '5 min' } };
    assert.match(
      decide(inputOf({ rows })).view.policyProblems?.join() ?? '',
      /^CONFIG_DB IMAGE_MGMT\|snmp fail_time/,
    );
    assert.ok(!('policyProblems' in decide(inputOf()).view));
  });

  test('the view names the image that runs, and none where none does', () => {
    const { imageId, version } = decide(inputOf()).view;
    assert.deepEqual([imageId, version], [imageIdOf(2), '2.0']);
    const stopped = decide(inputOf({ engine: { containers: [containerOf({ state: 'exited' })] } }));
    assert.deepEqual([stopped.view.imageId, stopped.view.version], ['', '']);
  });

  test('while the engine is away nothing is certified, adopted, reaped, fallen back from or restarted', () => {
    // Everything there is to do at once: a golden image that is gone, a mirror that lags, a repository.
    const ledger = ledgerOf({
      golden: goldenOf(9),
      repositories: [],
    });
    const ailments: RawTables[] = [{}, SICK, { [CONFIG]: { set_owner: 'local' } }];
    for (const rows of ailments) {
      const inputs = [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 120_000, 180_000].map((ms) => {
        const here = later(ms, rows, { ledger });
        return { ...here, engine: { ...here.engine, isAway: true } };
      });
      for (const found of decideAll(inputs)) {
        assert.deepEqual(kindsOf(found), []);
        assert.notEqual(found.view.certification.kind, 'counting');
        assert.notEqual(found.view.certification.kind, 'certified');
      }
    }
  });

  test('an engine that is away for a moment costs that moment only: the time goes on where it was (D18, H7)', () => {
    const inputs = [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 70_000].map((ms) => later(ms));
    const away = later(30_000);
    inputs[3] = { ...away, engine: { ...away.engine, isAway: true, containers: [] } };
    const certified = decideAll(inputs).map((one) => kindsOf(one).includes('certify'));
    assert.deepEqual(certified, [false, false, false, false, false, false, false, false]);
    const more = decideAll([...inputs, later(80_000)]);
    const [last] = more.slice(-1);
    assert.ok(
      last !== undefined && kindsOf(last).includes('certify'),
      'the 20 s beside the outage were watched by nobody',
    );
  });

  test('after a cold boot the pod of a blocked version, which asked first, does not end the local image', () => {
    const ledger = ledgerOf({ fallbacks: [fallbackOf(3)] });
    const local = { current_owner: 'local', container_id: 'snmp', docker_id: '', claim_token: '' };
    const asked = { [STATUS]: { ...local, remote_state: 'pending', container_version: '3.0' } };
    assert.deepEqual(kindsOf(decide(inputOf({ ledger, rows: asked }))), ['block-version']);
  });

  test('a block that was lifted by True is as one that was lifted by true: its pod may take over', () => {
    const ledger = ledgerOf({ fallbacks: [fallbackOf(3)] });
    const asked = { [STATUS]: { remote_state: 'pending', container_version: '3.0' } };
    const decideLifted = (value: string) => {
      const rows = { ...asked, [LABELS]: { 'snmp_3.0_enabled': value } };
      const reading = readRows(withRows(HEALTHY, rows), ['3.0']);
      return decide({ ...inputOf({ ledger, rows }), reading }).view.switchOver;
    };
    assert.deepEqual(decideLifted('True'), decideLifted('true'));
    assert.match(decideLifted('False')?.text ?? '', /blocked/);
  });

  test('a reboot that was prepared excuses, whatever STATE_DB says and however long the switch has been up', () => {
    const prepared = inputOf({ rows: SICK, isRebootPrepared: true });
    assert.match(decideFeature(NO_MEMORY, prepared).view.fallback.text, /reboot/);
    const none = inputOf({ rows: SICK });
    assert.doesNotMatch(decideFeature(NO_MEMORY, none).view.fallback.text, /reboot/);
  });

  test('a warm reboot that is announced and does not come is none after ten minutes', () => {
    const rows = { ...SICK, 'state WARM_RESTART_ENABLE_TABLE|system': { enable: 'true' } };
    const at = (ms: number) => later(ms, rows);
    const [, first, soon, late] = decideAll([later(-1, SICK), at(0), at(590_000), at(600_000)]);
    for (const one of [first, soon]) assert.match(one?.view.fallback.text ?? '', /reboot/);
    assert.equal(late?.view.fallback.kind, 'failing');
  });

  test('an announcement that was there before the first look counts from the boot: left on, it blinds no new daemon (HF11)', () => {
    const rows = { ...SICK, 'state WARM_RESTART_ENABLE_TABLE|system': { enable: 'true' } };
    assert.equal(decide(inputOf({ rows })).view.fallback.kind, 'failing', 'the boot is hours ago');
    const early = inputOf({ rows, now: { ...AT, bootMs: 590_000 } });
    assert.match(decide(early).view.fallback.text, /reboot/);
    const off = inputOf({ rows: SICK });
    const again = decide(inputOf({ rows }), decide(off, decide(inputOf({ rows })).memory).memory);
    assert.match(again.view.fallback.text, /reboot/, 'announced anew');
  });

  test('`config reload` takes nothing from an account and adds nothing to it (H10)', () => {
    const at = (ms: number) => later(ms, SICK);
    const reload = (ms: number, rows: RawTables) => {
      const empty = (key: string) =>
        Object.fromEntries(Object.keys(HEALTHY[key] ?? {}).map((field) => [field, '']));
      return later(ms, {
        ...SICK,
        [POLICY]: empty(POLICY),
        ...rows,
        ...(rows === NO_TABLE ? { [CONFIG]: empty(CONFIG) } : {}),
      });
    };
    const NO_TABLE: RawTables = {};
    const rowBack: RawTables = { [CONFIG]: HEALTHY[CONFIG] ?? {} };
    const found = decideAll([
      at(0),
      at(60_000),
      reload(61_000, NO_TABLE),
      reload(90_000, NO_TABLE),
      reload(91_000, rowBack),
      at(92_000),
      at(122_000),
      at(150_999),
      at(151_000),
    ]);
    // 61 s before, and 59 s after it.
    assert.deepEqual(
      found.map((one) => kindsOf(one).includes('fall-back')),
      [...Array<boolean>(8).fill(false), true],
    );
  });

  test('a paused container can’t beat: that is no failure', () => {
    const engine = { containers: [containerOf({ state: 'paused' })] };
    const silent = { [BEAT_ROW]: { beat_ms: `${AT.bootMs - 100_000}` }, [STATUS]: { claim_ms: '1' } };
    const { fallback } = decide(inputOf({ engine, rows: silent })).view;
    assert.equal(fallback.kind, 'well');
    assert.equal(decide(inputOf({ rows: silent })).view.fallback.kind, 'failing');
  });

  test('the first reconcile mends a label that was written for another owner, and leaves one that was set by hand', () => {
    const labelled = (value: string, writtenFor: string) =>
      inputOf({
        rows: { 'state KUBE_LABELS|SET': { snmp_enabled: value }, [STATUS]: { label_owner: writtenFor } },
      });
    assert.equal(ofKind(decide(labelled('false', 'local')), 'write-label')?.value, 'true');
    for (const writtenFor of ['kube', ''])
      assert.ok(!kindsOf(decide(labelled('false', writtenFor))).includes('write-label'));
    const right = decide(labelled('true', 'local'));
    assert.ok(!kindsOf(right).includes('write-label'));
    assert.ok(
      !kindsOf(decide(labelled('false', 'local'), right.memory)).includes('write-label'),
      'set by hand',
    );
  });

  test('the node’s label follows a change of the owner, as soon as it may; `config reload` is no change', () => {
    const [first] = decideAll([inputOf({ rows: { [CONFIG]: { set_owner: 'local' } } })]);
    const locked = decide(inputOf({ lockText: 'locked by alice' }), first?.memory);
    assert.ok(!kindsOf(locked).includes('write-label'));
    assert.equal(ofKind(decide(inputOf(), locked.memory), 'write-label')?.value, 'true');
    const labelled = inputOf({ rows: { 'state KUBE_LABELS|SET': { snmp_enabled: 'true' } } });
    const done = decide(labelled, locked.memory);
    assert.ok(!kindsOf(done).includes('write-label'));
    const reloaded = decide(inputOf({ rows: { [CONFIG]: { set_owner: '', state: '' } } }), done.memory);
    assert.ok(!kindsOf(decide(inputOf(), reloaded.memory)).includes('write-label'));
  });

  test('a fallback that was cut short waits for an engine that is away: it alone knows which image runs now', () => {
    const ledger = ledgerOf({ fallbacks: [fallbackOf(3, { isDone: false })] });
    const away = inputOf({ ledger, engine: { isAway: true, containers: [], images: [] } });
    assert.deepEqual(kindsOf(decide(away)), []);
    const back = decide(inputOf({ ledger }));
    assert.equal(ofKind(back, 'finish-fallback')?.isRestartDue, false, 'another image runs by now');
  });

  test('an image that fails for as long as the policy says is fallen back from, and named', () => {
    const inputs = [0, 30_000, 60_000, 90_000, 120_000].map((ms) => later(ms, SICK));
    const found = decideAll(inputs);
    assert.deepEqual(
      found.map((one) => kindsOf(one).includes('fall-back')),
      [false, false, false, false, true],
    );
    const step = ofKind(found.at(-1), 'fall-back');
    assert.equal(step?.fallback?.imageId, imageIdOf(2));
    assert.equal(step?.fallback?.version, '2.0');
    assert.deepEqual(step?.target, { imageId: imageIdOf(1), version: '1.0', rung: 'golden' });
    assert.deepEqual(step?.guards[0]?.values, {
      system_state: 'up',
      claim_token: 'token-a',
      current_owner: 'kube',
    });
    assert.deepEqual(step?.guards[1]?.values, { set_owner: 'kube' });
    assert.equal(step?.isServiceDown, false);
  });

  test('an image that crashed until systemd gave its service up is fallen back from, if it still is so then', () => {
    const rows = {
      [STATUS]: { system_state: 'down', current_owner: 'none', docker_id: '', container_id: '' },
    };
    const inputs = [30_000, 60_000, 90_000, 120_000].map((ms) => later(ms, rows, { unit: 'failed' }));
    const found = decideAll([inputOf(), inputOf({ ends: [endOf({ exitCode: 139 })] }), ...inputs]);
    assert.equal(ofKind(found.at(-2), 'fall-back'), undefined);
    const step = ofKind(found.at(-1), 'fall-back');
    assert.equal(step?.fallback?.imageId, imageIdOf(2));
    assert.equal(step?.isServiceDown, true);
  });

  test('an operator’s lock keeps a fallback, one that was cut short, and a switch-over', () => {
    const lockText = 'locked by alice';
    const inputs = [0, 30_000, 60_000, 90_000, 120_000].map((ms) => later(ms, SICK, { lockText }));
    const last = decideAll(inputs).at(-1);
    assert.equal(last?.view.fallback.kind, 'refused');
    assert.ok(last !== undefined && !kindsOf(last).includes('fall-back'));
    const ledger = ledgerOf({ fallbacks: [fallbackOf(2, { isDone: false })] });
    assert.deepEqual(kindsOf(decide(inputOf({ ledger, lockText }))), []);
    const toLocal = { rows: { [CONFIG]: { set_owner: 'local' } } };
    assert.ok(kindsOf(decide(inputOf(toLocal))).includes('restart'));
    const locked = decide(inputOf({ ...toLocal, lockText }));
    assert.ok(!kindsOf(locked).includes('restart'));
    assert.equal(locked.view.switchOver?.kind, 'none');
    assert.match(locked.view.switchOver.text, /set_owner is local.*, but /);
  });

  test('a fallback that is on its way is not joined by a restart', () => {
    const ledger = ledgerOf({ fallbacks: [fallbackOf(2, { isDone: false })] });
    const found = decide(inputOf({ ledger, rows: { [CONFIG]: { set_owner: 'local' } } }));
    assert.ok(kindsOf(found).includes('finish-fallback'));
    assert.ok(!kindsOf(found).includes('restart'));
  });

  test('a restart that did not help is tried again after a while, and not at once', () => {
    const input = inputOf({ rows: { [CONFIG]: { set_owner: 'local' } } });
    const restarts = [{ edge: 'kube-to-local', atMs: AT.bootMs - 1_000 }] as const;
    const found = decide(input, { ...NO_MEMORY, restarts });
    assert.ok(!kindsOf(found).includes('restart'));
    const { kind, restartAtMs } = found.view.switchOver ?? {};
    assert.deepEqual([kind, restartAtMs], ['restart', AT.bootMs - 1_000 + 30_000]);
    assert.equal(found.requeueAtMs, AT.bootMs + 29_000);
    const then = decide({ ...input, now: { ...AT, bootMs: AT.bootMs + 29_000 } }, found.memory);
    assert.ok(kindsOf(then).includes('restart'));
  });

  test('it looks again when an announced reboot that has not come is no longer to be expected', () => {
    const announced = { 'state WARM_RESTART_ENABLE_TABLE|system': { enable: 'true' } };
    const rebootSinceMs = AT.bootMs - 60_000;
    const silent = { [BEAT_ROW]: { beat_ms: `${AT.bootMs - 50_000}` } };
    const input = inputOf({ rows: { ...announced, ...silent } });
    const found = decide(input, { ...NO_MEMORY, rebootSinceMs });
    assert.equal(found.view.fallback.kind, 'well');
    // A silent container writes nothing that would be a reason to look.
    assert.equal(found.requeueAtMs, rebootSinceMs + 600_000);
    const then = decide({ ...input, now: { ...AT, bootMs: rebootSinceMs + 600_000 } }, found.memory);
    assert.equal(then.view.fallback.kind, 'failing');
  });

  test('the record of a container that was seen to end is released by the reconcile that sees the end (D10)', () => {
    const containers = [containerOf({ state: 'exited' })];
    const first = decide(inputOf());
    const found = decide(
      { ...inputOf({ engine: { containers } }), ends: [endOf({ atMs: AT.bootMs })] },
      first.memory,
    );
    assert.equal(ofKind(found, 'release')?.claim.token, 'token-a');
  });

  test('an end by signal 9 that nobody asked for is a crash, whether or not the engine says it was for memory', () => {
    const engine = { ...inputOf().engine, containers: [containerOf({ state: 'exited' as const })] };
    for (const hadOomKill of [false, true]) {
      const before = decide(inputOf()).memory;
      const found = decide(
        { ...later(1_000), engine, ends: [endOf({ atMs: AT.bootMs, hadOomKill })] },
        before,
      );
      const { fallback } = found.view;
      assert.equal(fallback.kind === 'failing' && fallback.cause, 'crash-looping');
      assert.equal(fallback.text.includes('out-of-memory'), hadOomKill, fallback.text);
    }
  });

  test('an end that the engine reported while the databases were away counts once they are back (D10)', () => {
    const first = decide(inputOf());
    // The container is gone from the engine's list as well.
    const found = decide(
      {
        ...later(1_000),
        engine: { ...inputOf().engine, containers: [] },
        ends: [endOf({ atMs: AT.bootMs })],
      },
      first.memory,
    );
    assert.ok(ofKind(found, 'release'));
  });

  test('a container of the shipped kit, known by its name alone, is released when it has ended (D10, D25)', () => {
    const local = containerOf({ names: ['snmp'] });
    const rows = {
      [CONFIG]: { set_owner: 'local' },
      [STATUS]: {
        current_owner: 'local',
        docker_id: '',
        container_id: 'snmp',
        claim_token: '',
        claim_boot_id: '',
        claim_ms: '',
      },
    };
    const first = decide(inputOf({ rows, engine: { containers: [local] } }));
    assert.deepEqual(
      kindsOf(first).filter((kind) => kind === 'release'),
      [],
    );
    const ended = [containerOf({ names: ['snmp'], state: 'exited' })];
    const found = decide(
      { ...inputOf({ rows, engine: { containers: ended } }), ends: [endOf({ atMs: AT.bootMs })] },
      first.memory,
    );
    assert.ok(ofKind(found, 'release'));
  });

  test('a container that ended and came back between two reconciles counts by its new start (D10)', () => {
    const first = decide(inputOf());
    const again = {
      [STATUS]: { claim_token: 'token-b', claim_ms: `${AT.bootMs + 4_000}` },
      [BEAT_ROW]: {
        token: 'token-b',
        seq: '1',
        beat_ms: `${AT.bootMs + 4_900}`,
        healthy_since_ms: `${AT.bootMs + 4_900}`,
      },
    };
    const ends = [endOf({ atMs: AT.bootMs + 1_000 })];
    const found = decide({ ...later(5_000, again), ends }, first.memory);
    assert.equal(found.memory.lastEnd?.token, 'token-a', 'it was the start before that ended');
    assert.equal(found.view.fallback.kind, 'well');
    assert.equal(ofKind(found, 'release'), undefined);
  });

  test('golden, fallen back from, adopted: what the ledger says is in the verdicts', () => {
    const golden = decide(inputOf({ ledger: ledgerOf({ golden: goldenOf(2) }) }));
    assert.equal(golden.view.certification.kind, 'golden');
    const fallen = decide(inputOf({ ledger: ledgerOf({ fallbacks: [fallbackOf(2)] }) }));
    assert.equal(fallen.view.certification.kind, 'not-counting');
    const empty = decide(inputOf({ ledger: ledgerOf({ golden: undefined }) }));
    assert.equal(ofKind(empty, 'adopt-shipped')?.image.imageId, imageIdOf(1));
  });

  test('garbage in every row makes nothing throw, and nothing happen', () => {
    const junk = ['\u0000\u00ff', '9'.repeat(400), '-1', 'NaN', '{"a":', 'x'.repeat(70_000), '1e999', ' '];
    for (const text of junk) {
      const rows = Object.fromEntries(
        Object.entries(withRows(HEALTHY, { [CONFIG]: { no_fallback_to_local: '' } })).map(([key, values]) => [
          key,
          Object.fromEntries(Object.keys(values).map((field) => [field, text])),
        ]),
      );
      const found = decideAll(
        [0, 60_000, 600_000].map((ms) => ({
          ...inputOf({ rows }),
          now: { ...AT, bootMs: AT.bootMs + ms },
        })),
      );
      for (const one of found)
        assert.deepEqual(
          kindsOf(one).filter((kind) => kind !== 'write-versions'),
          [],
          JSON.stringify(text.slice(0, 20)),
        );
    }
    assert.ok(readRows({}));
  });
});
