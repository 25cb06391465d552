import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProcessNode } from '../../../../src/contract/health/process-node.ts';
import type { ProcessStatus } from '../../../../src/contract/health/process.ts';
import {
  decideUnclaimed,
  isClaimPossible,
  type UnclaimedSettings,
} from '../../../../src/decide/gate/decide-unclaimed.ts';
import {
  confirmSuspicions,
  findSuspicions,
  isTreeNeeded,
  listAway,
  type Suspects,
  type UnclaimedInput,
} from '../../../../src/decide/gate/unclaimed.ts';
import { processStatus } from '../../../support/process-status.ts';

const SUPERVISORD = 7;
const node = (pid: number, over: Partial<ProcessNode> = {}): ProcessNode => ({
  pid,
  parentPid: SUPERVISORD,
  isStopped: false,
  hasEnded: false,
  role: 'program',
  ...over,
});
/** A start.sh that the drop-in has stopped. */
const CALLER = node(10, { isStopped: true, role: 'asker' });
const running = (name: string, pid: number, over: Partial<ProcessStatus> = {}): ProcessStatus =>
  processStatus(name, 'RUNNING', { pid, ...over });

const find = (over: Partial<UnclaimedInput>): string[] =>
  findSuspicions({ owner: 'kube', critical: [], tree: [], gatePid: undefined, ...over }).map(
    ({ kind, name, patienceMs }) => `${kind} ${name} ${patienceMs}`.replace('  ', ' '),
  );

const APP = running('app', 20);
const GATE = node(30, { role: 'gate', parentPid: 10 });
const START = node(10, { role: 'asker' });

const FAILED = { process: processStatus('start', 'EXITED'), message: 'start was ended by a signal' };
const STOPPED = processStatus('app', 'STOPPED');

/** What is so, and what it makes suspicious. */
const CASES: readonly (readonly [string, Partial<UnclaimedInput>, readonly string[]])[] = [
  ['nothing runs', { tree: [START] }, []],
  [
    'a start that failed, and nothing runs',
    { critical: [STOPPED], failedStart: FAILED },
    ['start-failed start was ended by a signal 1000'],
  ],
  [
    'the same, owner local, nothing critical',
    { owner: 'local', failedStart: FAILED },
    ['start-failed start was ended by a signal 1000'],
  ],
  ['the same beside a closed gate', { failedStart: FAILED, gatePid: 30 }, []],
  ['the same beside another script that names the gate', { failedStart: FAILED, tree: [START] }, []],
  [
    'the same beside an application process',
    { failedStart: FAILED, critical: [APP], tree: [node(20)] },
    ['unclaimed app 1000'],
  ],
  ['supervisord does not answer', { critical: undefined, tree: [node(20)] }, []],
  ['the processes can’t be read', { critical: [APP], tree: undefined }, []],
  ['supervisord names a process that is not there', { critical: [APP], tree: [START] }, []],
  ['a process that can’t be told', { critical: [APP], tree: [node(20, { role: 'unknown' })] }, []],
  ['an application process', { critical: [APP], tree: [node(20)] }, ['unclaimed app 1000']],
  [
    'one of a group',
    { critical: [{ ...APP, group: 'pool' }], tree: [node(20)] },
    ['unclaimed pool:app 1000'],
  ],
  ['one that has just ended', { critical: [APP], tree: [node(20, { hasEnded: true })] }, []],
  [
    'one that only starts',
    { critical: [processStatus('app', 'STARTING', { pid: 20 })], tree: [node(20)] },
    [],
  ],
  ['one that is EXITED, owner kube', { critical: [processStatus('app', 'EXITED')], tree: [node(9)] }, []],
  [
    'one that is FATAL beside a script that names the gate, owner local',
    { owner: 'local', critical: [processStatus('app', 'FATAL')], tree: [node(9), START] },
    [],
  ],
  [
    'one that is FATAL, owner local',
    { owner: 'local', critical: [processStatus('app', 'FATAL')], tree: [node(9)] },
    ['unclaimed app 1000'],
  ],
  [
    'a held gate, and no application',
    { critical: [processStatus('app', 'STOPPED')], tree: [START, GATE], gatePid: 30 },
    [],
  ],
  [
    'an application process beside a held gate',
    { critical: [APP], tree: [START, GATE, node(20)], gatePid: 30 },
    ['unclaimed app 1000'],
  ],
  ['the same, owner local', { owner: 'local', critical: [APP], tree: [START, GATE, node(20)] }, []],
  ['owner local, a gate by hand', { owner: 'local', critical: [APP], tree: [node(20)], gatePid: 99 }, []],
  [
    'a program that asks, whose gate is below it',
    {
      critical: [APP],
      tree: [
        node(20, { role: 'asker' }),
        node(21, { parentPid: 20 }),
        node(30, { role: 'gate', parentPid: 21 }),
      ],
    },
    [],
  ],
  [
    'its gate is known by the notice alone',
    { critical: [APP], tree: [node(20), node(30, { parentPid: 20 })], gatePid: 30 },
    [],
  ],
  ['a program that is the gate', { critical: [APP], tree: [node(20, { role: 'gate' })] }, []],
  [
    'a script that has not asked yet',
    { critical: [APP], tree: [node(20, { role: 'asker' })] },
    ['unclaimed app 300000'],
  ],
  ['a shell', { critical: [APP], tree: [node(20, { role: 'shell' })] }, ['unclaimed app 60000']],
  ['a process that stands still', { critical: [APP], tree: [node(20, { isStopped: true })] }, []],
  [
    'a caller that stands still and its dead gate',
    { tree: [CALLER, node(30, { parentPid: 10, hasEnded: true, role: 'gate' })] },
    ['gate-lost 1000'],
  ],
  [
    'a caller that stands still, its gate, and another child that ended',
    {
      tree: [CALLER, node(11, { parentPid: 10, hasEnded: true, role: 'gate' }), GATE],
    },
    [],
  ],
  [
    'the same, with a gate that is known by its notice alone',
    {
      tree: [CALLER, node(11, { parentPid: 10, hasEnded: true, role: 'gate' })],
      gatePid: 31,
    },
    [],
  ],
  ['a process that somebody has stopped', { tree: [CALLER, node(11, { parentPid: 10 })] }, []],
  [
    'a process that somebody has stopped, and a child of it that has ended (G23)',
    { tree: [CALLER, node(11, { parentPid: 10, hasEnded: true, role: 'unknown' })] },
    [],
  ],
  [
    'a program that somebody has stopped, and a child of it, on Node.js, that has ended',
    {
      tree: [node(10, { isStopped: true }), node(11, { parentPid: 10, hasEnded: true, role: 'gate' })],
    },
    [],
  ],
  [
    'the same where the claim is there: it may go on',
    {
      tree: [CALLER, node(11, { parentPid: 10, hasEnded: true, role: 'unknown' })],
      isClaimed: true,
    },
    ['gate-lost 1000'],
  ],
  [
    'a dead child of a caller that goes on',
    { tree: [START, node(11, { parentPid: 10, hasEnded: true, role: 'gate' })] },
    [],
  ],
];

describe('a container without a claim', () => {
  for (const [what, input, wanted] of CASES)
    test(`${what}: ${wanted.join() || 'nothing'}`, () => assert.deepEqual(find(input), wanted));

  test('the processes are not read while a gate is closed and nothing runs', () => {
    const stopped = [processStatus('app', 'STOPPED')];
    assert.equal(isTreeNeeded({ critical: stopped, gatePid: 30 }), false);
    assert.equal(isTreeNeeded({ critical: undefined, gatePid: 30 }), false);
    assert.equal(isTreeNeeded({ critical: [APP], gatePid: 30 }), true);
    assert.equal(isTreeNeeded({ critical: stopped, gatePid: undefined }), true);
  });

  test('a suspicion is confirmed when it was there at each look for as long as it may be', () => {
    const suspicions = findSuspicions({
      owner: 'kube',
      critical: [APP],
      tree: [node(20)],
      gatePid: undefined,
    });
    const first = confirmSuspicions(new Map(), { suspicions }, 5_000);
    assert.deepEqual(first.confirmed, []);
    assert.deepEqual(confirmSuspicions(first.suspects, { suspicions }, 5_999).confirmed, []);
    assert.equal(confirmSuspicions(first.suspects, { suspicions }, 6_000).confirmed.length, 1);
    const gone = confirmSuspicions(first.suspects, { suspicions: [] }, 6_000);
    assert.deepEqual(confirmSuspicions(gone.suspects, { suspicions }, 7_000).confirmed, []);
  });

  test('a script that is started again has its time again; an application has not', () => {
    const look = (pid: number, role: ProcessNode['role'], before: Suspects = new Map(), nowMs = 0) =>
      confirmSuspicions(
        before,
        {
          suspicions: findSuspicions({
            owner: 'kube',
            critical: [running('app', pid)],
            tree: [node(pid, { role })],
            gatePid: undefined,
          }),
        },
        nowMs,
      );
    for (const [role, isConfirmed] of [
      ['asker', false],
      ['program', true],
    ] as const) {
      const { suspects } = look(20, role);
      assert.equal(look(21, role, new Map(suspects), 300_000).confirmed.length > 0, isConfirmed, role);
    }
  });
});

/** Looks at an application of owner kube, each a second after the one before: which of them confirm that it is ungated. */
function lookAgain(looks: readonly Partial<UnclaimedInput>[], everyMs: number): number[] {
  let suspects: Suspects = new Map();
  return looks.flatMap((over, index) => {
    const input: UnclaimedInput = { owner: 'kube', critical: [], tree: [], gatePid: undefined, ...over };
    const look = { suspicions: findSuspicions(input), away: listAway(input) };
    const result = confirmSuspicions(suspects, look, index * everyMs);
    suspects = result.suspects;
    return result.confirmed.length > 0 ? [index] : [];
  });
}

describe('an application that is started again and again', () => {
  const runs = (pid: number, role: ProcessNode['role']) => ({
    critical: [running('app', pid)],
    tree: [node(pid, { role })],
  });
  const AWAY = { critical: [processStatus('app', 'BACKOFF')], tree: [node(9)] };

  test('is found by the second time that it is seen within a minute (G1)', () => {
    assert.deepEqual(lookAgain([runs(20, 'program'), AWAY, AWAY, runs(21, 'program')], 5_000), [3]);
    const seldom = [runs(20, 'program'), ...Array.from({ length: 12 }, () => AWAY), runs(21, 'program')];
    assert.deepEqual(lookAgain(seldom, 5_000), []);
  });

  test('so it is where supervisord does not know yet that it has ended (G1)', () => {
    const ended = { critical: [running('app', 20)], tree: [node(20, { hasEnded: true, role: 'unknown' })] };
    const gone = { critical: [running('app', 20)], tree: [node(9)] };
    assert.deepEqual(lookAgain([runs(20, 'program'), ended, gone, runs(21, 'program')], 5_000), [3]);
  });

  test('so is a shell that was seen for a minute, whichever process it was (G1)', () => {
    const looks = Array.from({ length: 10 }, (_, index) => [runs(20 + index, 'shell'), AWAY]).flat();
    assert.deepEqual(lookAgain(looks, 5_000)[0], 12);
  });

  test('but not one that was seen with its gate, or while supervisord did not answer', () => {
    const shell = runs(20, 'shell');
    const asks = { ...shell, tree: [...shell.tree, node(30, { role: 'gate', parentPid: 20 })] };
    const asking = Array.from({ length: 10 }, () => [shell, asks, AWAY]).flat();
    assert.deepEqual(lookAgain(asking, 5_000), []);
    const silent = { critical: undefined, tree: [node(20)] };
    assert.deepEqual(lookAgain([runs(20, 'program'), silent, runs(20, 'program')], 5_000), []);
  });
});

describe('what is done about a container without a claim', () => {
  const SETTINGS: UnclaimedSettings = {
    owner: 'kube',
    feature: 'snmp',
    isVersionSet: true,
    isReleased: false,
    endedGate: undefined,
    mode: 'end',
  };
  const UNCLAIMED = {
    kind: 'unclaimed',
    key: 'app',
    process: 'app',
    patienceMs: 0,
    pid: 20,
    name: 'app',
    isGateClosed: false,
  } as const;
  const LOST = {
    kind: 'gate-lost',
    key: 'stopped:10',
    process: '',
    patienceMs: 0,
    pid: 10,
    name: '',
    isGateClosed: false,
  } as const;
  const START_FAILED = {
    ...LOST,
    kind: 'start-failed',
    key: 'start-failed:start',
    name: 'start exited with 1',
  } as const;
  const decide = (
    suspicion: typeof UNCLAIMED | typeof LOST | typeof START_FAILED,
    over: Partial<UnclaimedSettings> = {},
  ) => decideUnclaimed([suspicion], { ...SETTINGS, ...over });

  test('nothing where nothing is confirmed', () => {
    assert.deepEqual(decideUnclaimed([], SETTINGS), { kind: 'none' });
  });

  test('owner kube: the container is ended, and the line that makes the image ask is told', () => {
    const decision = decide(UNCLAIMED);
    assert.ok(decision.kind === 'end');
    assert.match(
      decision.text,
      /^ungated: app runs, .*: ENTRYPOINT \["\/usr\/bin\/container_startup", "-f", "snmp", "--", "supervisord"\]$/,
    );
  });

  test('owner kube: what FEATURE stands for is told where nothing names it', () => {
    const { text } = { text: '', ...decide(UNCLAIMED, { feature: undefined }) };
    assert.match(text, /ask \(FEATURE is the feature's name in CONFIG_DB\): ENTRYPOINT .*"FEATURE"/);
    assert.doesNotMatch(text, /IMAGE_VERSION/);
    const local = decide(UNCLAIMED, { owner: 'local', feature: undefined });
    assert.match(JSON.stringify(local), /\(FEATURE is the feature's name in CONFIG_DB\): RUN echo FEATURE /);
  });

  test('owner kube: an unset IMAGE_VERSION is told, as some start.sh ask only with one', () => {
    const { text } = { text: '', ...decide(UNCLAIMED, { isVersionSet: false }) };
    assert.match(
      text,
      /let it go\. IMAGE_VERSION is not set, and a start\.sh .* asks only where it is\. A line/,
    );
    const beside = decideUnclaimed([{ ...UNCLAIMED, isGateClosed: true }], {
      ...SETTINGS,
      isVersionSet: false,
    });
    assert.doesNotMatch(JSON.stringify(beside), /IMAGE_VERSION/);
  });

  test('owner kube beside a closed gate: the program is to wait for it', () => {
    const decision = decideUnclaimed([{ ...UNCLAIMED, isGateClosed: true }], SETTINGS);
    assert.ok(decision.kind === 'end' && decision.text.includes('beside the gate'), JSON.stringify(decision));
  });

  test('a start that failed is told, whoever the owner is, after all else', () => {
    for (const owner of ['kube', 'local'] as const) {
      const decision = decide(START_FAILED, { owner });
      assert.ok(decision.kind === 'start-failed');
      assert.match(
        decision.text,
        /^start exited with 1 before a gate let the application go, .*: restart the container/,
      );
    }
    assert.equal(decideUnclaimed([START_FAILED, UNCLAIMED], SETTINGS).kind, 'end');
    assert.equal(decideUnclaimed([START_FAILED, LOST], { ...SETTINGS, mode: 'report' }).kind, 'report');
    assert.equal(isClaimPossible([START_FAILED], SETTINGS), false);
  });

  test('CTRKIT_UNGATED=report tells only', () => {
    assert.equal(decide(UNCLAIMED, { mode: 'report' }).kind, 'report');
    assert.equal(decide(LOST, { mode: 'report' }).kind, 'report');
  });

  test('a claim that was released by hand is told only, for owner local not even that', () => {
    assert.equal(decide(UNCLAIMED, { isReleased: true }).kind, 'report');
    assert.equal(decide(UNCLAIMED, { isReleased: true, owner: 'local' }).kind, 'none');
  });

  test('owner local: the agent claims, if the feature has a name', () => {
    const decision = decide(UNCLAIMED, { owner: 'local' });
    assert.ok(decision.kind === 'claim' && decision.feature === 'snmp');
    const nameless = decide(UNCLAIMED, { owner: 'local', feature: undefined });
    assert.ok(nameless.kind === 'report' && nameless.text.includes('/etc/ctrkit/feature'));
  });

  test('a lost gate ends the container, whoever owns it', () => {
    for (const owner of ['local', 'kube'] as const) assert.equal(decide(LOST, { owner }).kind, 'end');
  });
});
