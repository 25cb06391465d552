import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { DaemonView } from '../../../../../src/contract/feature/daemon-view.ts';
import { CtrkitError } from '../../../../../src/contract/errors.ts';
import { EMPTY_FEATURE_LEDGER, type Fallback } from '../../../../../src/contract/images/ledger.ts';
import { featureConfigRow, featureStatusRow, healthRow, holdRow } from '../../../../../src/contract/rows.ts';
import { labelsRow } from '../../../../../src/contract/cluster/feature-labels.ts';
import { masterStatusRow } from '../../../../../src/contract/cluster/master-status.ts';
import { runCtrkit } from '../../../../../src/host/commands/ctrkit/program.ts';
import { FakeCtrkit } from '../../../../support/fake-ctrkit.ts';
import { lockOf } from '../../../../support/locks.ts';

let kit = new FakeCtrkit();
beforeEach(() => {
  kit = new FakeCtrkit();
  kit.addFeatures('lldp', 'snmp');
});

const run = (...args: readonly string[]): Promise<number> => runCtrkit(args, kit.ports);
const fails = (args: readonly string[], message: RegExp): Promise<void> =>
  assert.rejects(run(...args), (error) => {
    assert.ok(error instanceof CtrkitError);
    assert.equal(error.code, 'usage');
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n|secret/);
    return true;
  });
const json = (): unknown => JSON.parse(kit.stdout);
const LABELS = labelsRow('state');
const VIEW: DaemonView = {
  pid: 1,
  isShadow: false,
  bootId: 'boot-1',
  startedMs: 1,
  problems: [],
  features: {},
};
const FALLBACK: Fallback = {
  imageId: `sha256:${'3'.repeat(64)}`,
  version: '3.0',
  reason: 'unhealthy',
  sinceTs: 1,
  bootId: 'boot-1',
  bootMs: 1,
  isDone: true,
};

describe('the command line', () => {
  test('that makes no sense is wrong usage, in one line, without a secret', async () => {
    await fails(['statu'], /unknown command 'statu'.*status/);
    await fails(['explain'], /missing required argument 'feature'/);
    await fails(['explain', 'snmp', 'lldp'], /too many arguments/);
    await fails(['status', '--jso'], /unknown option '--jso'.*--json/);
    await fails(['status', 'redis://a:secret@host/'], /"\(a URL\)" is not legal/);
    await fails(['redis://a:secret@host/'], /unknown command '\(a URL\)'/);
    await fails(['status', '../../etc'], /is not legal: write 1 to 32 letters/);
    await fails(['unblock', 'snmp', '1|2'], /the version "1\|2" is not legal/);
    await fails(['lock', 'add', 'snmp'], /required option '--reason <text>'/);
    await fails(['lock', 'add', 'snmp', '--reason', '\u001b\n '], /--reason is empty/);
    for (const time of ['soon', '0', '-1h', '9999d', '1e9', '999999999d'])
      await fails(
        ['lock', 'add', 'snmp', '--reason', 'x', `--for=${time}`],
        /--for is ".*": write N\[s\|m\|h\|d\]/,
      );
    assert.equal(kit.stdout, '');
    assert.deepEqual(kit.locks.list().locks, []);
  });

  test('of --help is an answer, and needs no database', async () => {
    kit.breakDatabases('away');
    for (const args of [['--help'], ['status', '-h'], ['lock', 'add', '--help'], ['help', 'explain']]) {
      kit.stdout = '';
      assert.equal(await run(...args), 0);
      assert.match(kit.stdout, /^Usage: ctrkit/);
      assert.match(kit.stdout, /--redis <url>/);
    }
    assert.match((await run('--help'), kit.stdout), /64 +wrong usage/);
  });
});

describe('every command', () => {
  const COMMANDS = [
    ['status'],
    ['status', 'snmp', '--json'],
    ['explain', 'snmp'],
    ['images'],
    ['images', 'snmp', '--json'],
    ['lock', 'add', 'snmp', '--reason', 'x'],
    ['lock', 'list'],
    ['unblock', 'snmp', '1.0'],
  ];

  test('closes what it opened, whether it was done, refused or failed', async () => {
    for (const args of [...COMMANDS, ['status', 'nope'], ['explain', 'nope'], ['unblock', 'nope', '1']]) {
      await run(...args);
      assert.equal(kit.openDatabases, 0, args.join(' '));
    }
    kit.databases.goDown();
    for (const args of COMMANDS) {
      await run(...args).catch(() => undefined);
      assert.equal(kit.openDatabases, 0, args.join(' '));
    }
  });

  test('says of a feature that is not there which one is near, and ends with 1', async () => {
    for (const args of [
      ['status', 'snpm'],
      ['explain', 'snpm'],
      ['images', 'snpm'],
      ['unblock', 'snpm', '1.0'],
      ['lock', 'add', 'snpm', '--reason', 'x'],
    ]) {
      kit.reported.length = 0;
      assert.equal(await run(...args), 1, args.join(' '));
      assert.deepEqual(kit.reported, ['CONFIG_DB has no feature snpm: do you mean snmp?']);
    }
    assert.equal(kit.stdout, '');
  });
});

describe('ctrkit status', () => {
  test('shows all features, or one, with what is to be said of it on stderr', async () => {
    kit.locks.add(lockOf({ reason: 'bug' }));
    kit.ledgerProblems = ['the ledger is torn'];
    kit.locks.problems = ['a lock is broken'];
    assert.equal(await run('status'), 0);
    assert.match(kit.stdout, /^Feature .*\n-+ .*\nlldp .*\nsnmp .*\n$/);
    assert.deepEqual(kit.reported, [
      'snmp is locked by bob (bug) until the lock is removed',
      'ctrkitd does not run: systemctl start ctrkitd starts it',
      'the ledger is torn',
      'a lock is broken',
    ]);
    kit.stdout = '';
    await run('status', 'lldp0', '--json');
    const { features } = json() as { features: { feature: string; state: string }[] };
    assert.deepEqual(
      features.map(({ feature, state }) => [feature, state]),
      [['lldp0', 'enabled']],
      '(D28)',
    );
  });

  test('can’t be told without the database', async () => {
    kit.databases.goDown();
    await assert.rejects(run('status'), { code: 'database' });
    await assert.rejects(run('status', '--watch'), { code: 'database' });
    assert.equal(kit.isCatchingSignals, false);
  });
});

describe('--json of any command', { timeout: 600_000 }, () => {
  const NASTY = 'n\u001b[31m\u007f\u009b31m\u0085\u2028\u202e\u00e9';
  const WATCHED: readonly (readonly string[])[] = [['status', '--watch', '--json']];
  const commands: readonly (readonly string[])[] = [
    ['status', '--json'],
    ['explain', 'snmp', '--json'],
    ['images', '--json'],
    ['lock', 'list', '--json'],
    ['kube', 'status', '--json'],
  ];
  for (const words of [...commands, ...WATCHED])
    test(`is ASCII by JSON's escapes, whatever a row, an image or a lock says: ctrkit ${words.join(' ')} (S10)`, async () => {
      kit.databases.put(featureConfigRow('snmp'), { set_owner: 'kube', state: NASTY });
      kit.databases.put(featureStatusRow('snmp'), { container_version: NASTY, remote_state: NASTY });
      kit.databases.put(masterStatusRow, { ip: NASTY, connected: NASTY });
      kit.databases.putText(healthRow('snmp'));
      kit.ledger = { snmp: { ...EMPTY_FEATURE_LEDGER, fallbacks: [{ ...FALLBACK, reason: NASTY }] } };
      kit.engine.putImage('v1', ['docker-snmp:latest', `docker-snmp:${NASTY}`]);
      kit.locks.add(lockOf({ feature: 'snmp', owner: NASTY, reason: NASTY }));
      const ended = run(...words);
      if (WATCHED.includes(words)) await kit.clock.pass(0);
      kit.interrupt(0);
      assert.equal(await ended, 0);
      assert.match(kit.stdout, /^[ -~\n]+$/);
      assert.match(JSON.stringify(json()), /\u00e9/);
    });
});

/** After a change, the watch waits this long for more. */
const SETTLE_MS = 100;

describe('ctrkit status --watch', { timeout: 600_000 }, () => {
  const blocks = (): number => kit.stdout.split('Feature ').length - 1;

  test('tells each change in a block, a heartbeat that changes nothing in none, and ends with the signal’s code', async () => {
    const ended = run('status', '--watch');
    await kit.clock.pass(0);
    assert.equal(blocks(), 1);
    kit.databases.put(featureStatusRow('snmp'), { claim_ms: '5' });
    kit.databases.put(featureStatusRow('snmp'), { remote_state: 'pending' });
    await kit.clock.pass(SETTLE_MS);
    assert.equal(blocks(), 2);
    assert.match(kit.stdout, /\n\nFeature.*\n-.*\nlldp.*\nsnmp.* pending /);
    kit.interrupt(130);
    assert.equal(await ended, 130);
    assert.equal(kit.isCatchingSignals, false);
    assert.equal(kit.openDatabases, 0);
  });

  test('sees a feature that comes new, in a line of JSON a change', async () => {
    const ended = run('status', '--watch', '--json');
    const lines = (): string[] => kit.stdout.split('\n').filter((line) => line !== '');
    await kit.clock.pass(0);
    assert.equal(lines().length, 1);
    kit.addFeatures('radv');
    await kit.clock.pass(SETTLE_MS);
    assert.ok(lines().some((line) => line.includes('"radv"')));
    for (const line of lines())
      assert.ok(Array.isArray((JSON.parse(line) as { features: unknown }).features));
    kit.interrupt(143);
    assert.equal(await ended, 143);
  });

  test('waits for a database that goes away later, and says so once', async () => {
    const ended = run('status', '--watch');
    await kit.clock.pass(0);
    assert.equal(blocks(), 1);
    kit.reported.length = 0;
    kit.databases.goDown();
    await kit.clock.pass(SETTLE_MS);
    assert.match(kit.reported[0] ?? '', /ECONNREFUSED; trying again$/);
    kit.databases.comeBack();
    await kit.clock.pass(2_000 + SETTLE_MS);
    assert.deepEqual(kit.reported.slice(1), ['the database is back']);
    assert.equal(blocks(), 1);
    kit.interrupt(130);
    await ended;
  });

  test('ends when the feature it watches is removed', async () => {
    const ended = run('status', 'snmp', '--watch');
    await kit.clock.pass(0);
    assert.equal(blocks(), 1);
    kit.databases.open();
    kit.databases.apply([{ kind: 'delete', address: featureConfigRow('snmp') }]);
    await kit.clock.pass(SETTLE_MS);
    assert.equal(await ended, 1);
    assert.match(kit.reported.at(-1) ?? '', /CONFIG_DB has no feature snmp/);
  });

  test('on a terminal draws over, says what changed, and leaves it as it was', async () => {
    Object.assign(kit.ports.terminal, { isTerminal: true });
    const ended = run('status', '--watch');
    await kit.clock.pass(0);
    assert.ok(kit.stdout.includes('changed 0 times'));
    kit.databases.put(featureStatusRow('snmp'), { remote_state: 'pending' });
    await kit.clock.pass(SETTLE_MS);
    assert.ok(kit.stdout.includes('changed 1 times'));
    kit.databases.goDown();
    await kit.clock.pass(SETTLE_MS);
    assert.ok(kit.stdout.includes('ECONNREFUSED; trying again'));
    assert.deepEqual(kit.reported, []);
    kit.interrupt(130);
    assert.equal(await ended, 130);
    assert.ok(kit.stdout.startsWith('\u001b[?1049h'));
    assert.ok(kit.stdout.endsWith('\u001b[?25h\u001b[?1049l'));
  });
});

describe('ctrkit explain', () => {
  test('says for people what holds a container, what lifts it, and what was read', async () => {
    kit.databases.put(holdRow('snmp', 'bbbbbbbbbbbb', '|'), {
      version: '3.0',
      reason: 'version-blocked',
      text: 'it is\nblocked',
      boot_id: 'boot-1',
    });
    kit.databases.put(holdRow('snmp-sub', 'cccccccccccc', '|'), { reason: 'superseded', boot_id: 'boot-1' });
    kit.databases.put(LABELS, { 'snmp_3.0_enabled': 'false' });
    assert.equal(await run('explain', 'snmp'), 0);
    assert.match(kit.stdout, /^snmp\n/);
    assert.match(
      kit.stdout,
      / {2}held +container bbbbbbbbbbbb of version 3\.0 waits, version-blocked: it is blocked\n +-> ctrkit unblock snmp 3\.0\n/,
    );
    assert.match(kit.stdout, /\nRead:\n {2}CONFIG_DB FEATURE\|snmp: set_owner = "kube", /);
    assert.match(kit.stdout, /KUBE_LABELS\|SET: .*snmp_3\.0_enabled = "false"/);
    assert.doesNotMatch(kit.stdout, /cccccccccccc/);
  });

  test('names the image that a fallback starts, by what the engine has', async () => {
    kit.engine.putImage('v1', ['docker-snmp:latest', 'docker-snmp:1.0']);
    assert.equal(await run('explain', 'snmp'), 0);
    assert.match(
      kit.stdout,
      /a fallback starts version 1\.0 \(docker-snmp:latest, docker-snmp:1\.0, [0-9a-f]{12}\), the local image/,
    );
  });

  test('says the same for machines', async () => {
    assert.equal(await run('explain', 'snmp', '--json'), 0);
    const { items, ...about } = json() as Record<string, unknown> & { items: Record<string, unknown>[] };
    assert.deepEqual(about, {
      feature: 'snmp',
      now_ms: kit.clock.bootMs(),
      boot_id: 'boot-1',
      is_database_read: true,
      is_engine_read: true,
      is_daemon_running: false,
    });
    for (const item of items) assert.deepEqual(Object.keys(item), ['topic', 'text', 'lifts', 'values']);
    assert.deepEqual(items[0]?.['values'], [
      { row: 'CONFIG_DB FEATURE|snmp', field: 'set_owner', value: 'kube' },
      { row: 'CONFIG_DB FEATURE|snmp', field: 'state', value: 'enabled' },
      { row: 'CONFIG_DB FEATURE|snmp', field: 'no_fallback_to_local', value: null },
    ]);
  });

  test('answers with what is on the disk while database, engine and daemon are away', async () => {
    kit.ledger = { snmp: { ...EMPTY_FEATURE_LEDGER, fallbacks: [FALLBACK] } };
    kit.engine.goDown();
    kit.breakDatabases('database_config.json is torn');
    assert.equal(await run('explain', 'snmp'), 0);
    assert.match(kit.stdout, /database +database_config\.json is torn/);
    assert.match(kit.stdout, /engine +.+/);
    assert.match(kit.stdout, /fell back from version 3\.0/);
    kit.locks.breakDown('the disk is gone');
    kit.stdout = '';
    assert.equal(await run('explain', 'snmp'), 0);
    assert.match(kit.stdout, /lock +the disk is gone/);
  });
});

describe('ctrkit images', () => {
  test('shows each image of a feature with what clean-up would do, and needs the engine', async () => {
    const v2 = kit.engine.putImage('v2', ['registry/snmp:2.0', 'docker-snmp:latest'], 1_700_000_100);
    kit.engine.putImage('v1', ['registry/snmp:1.0'], 1_700_000_000);
    kit.engine.putImage('other', ['registry/snmp-sub:1.0']);
    const golden = { imageId: v2, references: [], version: '2.0', source: 'certified' as const, sinceTs: 1 };
    kit.ledger = { snmp: { ...EMPTY_FEATURE_LEDGER, golden, repositories: ['registry/snmp'] } };
    kit.databases.put({ db: 'config', table: 'IMAGE_MGMT', row: 'GLOBAL' }, { purge_older_image: 'true' });
    assert.equal(await run('images', 'snmp'), 0);
    assert.match(kit.stdout, / 2\.0 +.* golden +keep: golden +registry\/snmp:2\.0, docker-snmp:latest\n/);
    assert.match(
      kit.stdout,
      / 1\.0 .* remove: version 1\.0 is lower than the golden 2\.0 +registry\/snmp:1\.0\n/,
    );
    assert.doesNotMatch(kit.stdout, /snmp-sub/);
    assert.deepEqual(kit.engine.acts, []);

    kit.locks.add(lockOf({ owner: 'b' }));
    kit.stdout = '';
    await run('images', '--json');
    const { features } = json() as { features: { feature: string; clean_up: { is_allowed: boolean } }[] };
    assert.deepEqual(
      features.map(({ feature, clean_up }) => [feature, clean_up.is_allowed]),
      [
        ['lldp', false],
        ['snmp', false],
      ],
    );
    kit.engine.goDown();
    await assert.rejects(run('images'), { code: 'engine' });
  });

  test('shows the images where the key of a row is no hash, which is named once (F8)', async () => {
    kit.engine.putImage('v2', ['registry/snmp:2.0']);
    kit.ledger = { snmp: { ...EMPTY_FEATURE_LEDGER, repositories: ['registry/snmp'] } };
    kit.databases.putText({ db: 'state', table: 'KUBE_LABELS', row: 'SET' });
    kit.databases.putText({ db: 'state', table: 'FEATURE', row: 'snmp' });
    assert.equal(await run('images'), 0);
    assert.match(kit.stdout, /registry\/snmp:2\.0/);
    const named = kit.reported.flatMap((line) => /^WRONGTYPE (\S+) is a string/.exec(line)?.[1] ?? []);
    assert.deepEqual(named.toSorted(), ['FEATURE|snmp', 'KUBE_LABELS|SET']);
    kit.stdout = '';
    await run('images', '--json');
    assert.equal((json() as { problems: string[] }).problems.length, 2);
  });

  test('says so where a feature has none', async () => {
    assert.equal(await run('images', 'lldp'), 0);
    assert.deepEqual(kit.reported, ['lldp: no image of its repositories is on this switch']);
  });
});

describe('ctrkit lock', () => {
  test('locks for a time, in the user’s name or another’s, with all that is needed to judge it later', async () => {
    assert.equal(await run('lock', 'add', 'snmp', '--reason', 'a\u001b[1mbug', '--for', '2h'), 0);
    assert.deepEqual(kit.locks.list().locks, [
      {
        feature: 'snmp',
        owner: 'alice',
        reason: 'a [1mbug',
        sinceTs: Math.floor(kit.clock.wallMs() / 1_000),
        forMs: 7_200_000,
        bootId: 'boot-1',
        bootMs: kit.clock.bootMs(),
      },
    ]);
    assert.match(
      kit.reported[0] ?? '',
      /^snmp is now locked by alice \(a \[1mbug\) for 2 h still: no switching/,
    );
    await run('lock', 'add', 'lldp', '--reason', 'x', '--owner', 'bob');
    assert.deepEqual(
      kit.locks.list().locks.map(({ owner, forMs }) => [owner, forMs]),
      [
        ['bob', 0],
        ['alice', 7_200_000],
      ],
    );
  });

  test('is refused over one that holds, with whose it is, unless it is to replace it', async () => {
    await run('lock', 'add', 'snmp', '--reason', 'mine', '--for', '1h');
    kit.reported.length = 0;
    assert.equal(await run('lock', 'add', 'snmp', '--reason', 'other', '--owner', 'bob'), 1);
    assert.match(
      kit.reported[0] ?? '',
      /^snmp is locked by alice \(mine\) for 1 h still\. To lift it: .*--replace$/,
    );
    assert.equal(kit.locks.list().locks[0]?.owner, 'alice');
    assert.equal(await run('lock', 'add', 'snmp', '--reason', 'other', '--owner', 'bob', '--replace'), 0);
    assert.equal(kit.locks.list().locks[0]?.owner, 'bob');
  });

  test('needs no replacing where the one before is over', async () => {
    await run('lock', 'add', 'snmp', '--reason', 'mine', '--for', '1h');
    kit.clock.advance(3_600_000);
    assert.equal(await run('lock', 'add', 'snmp', '--reason', 'again'), 0);
    assert.equal(kit.locks.list().locks[0]?.reason, 'again');
  });

  test('is possible while the database is away, which is said', async () => {
    kit.databases.goDown();
    assert.equal(await run('lock', 'add', 'snmq', '--reason', 'x'), 0);
    assert.match(
      kit.reported[0] ?? '',
      /ECONNREFUSED: whether there is a feature snmq could not be looked up/,
    );
    assert.equal(kit.locks.list().locks[0]?.feature, 'snmq');
    kit.breakDatabases('database_config.json is torn');
    assert.equal(await run('lock', 'add', 'lldp', '--reason', 'x'), 0);
  });

  test('that is not on the disk is an error, not a lock', async () => {
    kit.locks.breakDown('no space left on device');
    await assert.rejects(run('lock', 'add', 'snmp', '--reason', 'x'), { code: 'disk' });
    assert.ok(!kit.reported.some((text) => text.includes('is now locked')));
  });

  test('is lifted by its feature’s name; where there is none the nearest one is told', async () => {
    await run('lock', 'add', 'snmp', '--reason', 'x');
    kit.reported.length = 0;
    assert.equal(await run('lock', 'rm', 'snpm'), 1);
    assert.equal(await run('lock', 'rm', 'snmp'), 0);
    assert.equal(await run('lock', 'rm', 'snmp'), 1);
    assert.deepEqual(kit.reported, [
      'snpm has no lock: do you mean snmp?',
      'snmp is no longer locked',
      'snmp has no lock: ctrkit lock list shows all locks',
    ]);
  });

  test('is listed with its end, for people and for machines, also when it is over or broken', async () => {
    assert.equal(await run('lock', 'list'), 0);
    assert.deepEqual(kit.reported, ['nothing is locked']);
    await run('lock', 'add', 'lldp', '--reason', 'x', '--for', '10m');
    await run('lock', 'add', 'snmp', '--reason', 'y', '--for', '1h');
    kit.locks.add(lockOf({ feature: 'radv', owner: 'unknown', reason: 'broken' }));
    kit.locks.problems = ['radv.json is no lock'];
    kit.clock.advance(600_000);
    await run('lock', 'list');
    assert.match(kit.stdout, /lldp +alice +[-0-9]{10} [:0-9]{8} +over +x\n/);
    assert.match(kit.stdout, /radv +unknown +until removed +broken\n/);
    assert.match(kit.stdout, /snmp +alice +.* 50 min +y\n/);
    assert.equal(kit.reported.at(-1), 'radv.json is no lock');
    kit.stdout = '';
    await run('lock', 'list', '--json');
    const { locks, problems } = json() as { locks: Record<string, unknown>[]; problems: string[] };
    assert.deepEqual(
      locks.map((lock) => [lock['feature'], lock['is_held'], lock['remaining_ms']]),
      [
        ['lldp', false, 0],
        ['radv', true, null],
        ['snmp', true, 3_000_000],
      ],
    );
    assert.deepEqual(problems, ['radv.json is no lock']);
  });
});

describe('ctrkit block', () => {
  const BLOCK = { version: '3.0', reason: 'crashes', owner: 'alice', sinceTs: 1 };

  test('writes label and file, over an earlier true as well, and names who, why and how to lift it', async () => {
    kit.databases.put(LABELS, { 'snmp_3.0_enabled': 'true' });
    assert.equal(await run('block', 'snmp', '3.0', '--reason', 'crashes'), 0);
    assert.equal(kit.databases.row(LABELS)?.['snmp_3.0_enabled'], 'false');
    const [block] = kit.blocks.list().blocks.get('snmp') ?? [];
    assert.deepEqual({ ...block, sinceTs: 1 }, BLOCK);
    assert.match(
      kit.reported[0] ?? '',
      /^version 3\.0 of snmp is now blocked .*\(crashes\)\. To lift it: ctrkit unblock snmp 3\.0$/,
    );
  });

  test('needs a feature of CONFIG_DB and a legal version, and a disk: else nothing says that it is blocked', async () => {
    assert.equal(await run('block', 'snpm', '3.0'), 1);
    await fails(['block', 'snmp', '1|2'], /the version "1\|2" is not legal/);
    await fails(['block', 'snmp', '--reason', 'x'], /--reason is for a version/);
    kit.blocks.breakDown('the disk is full');
    await assert.rejects(run('block', 'snmp', '3.0'), { code: 'disk' });
    assert.equal(kit.reported.length, 1);
  });

  test('lists operators’ blocks and those of fallbacks, of all features or of one', async () => {
    kit.blocks.add('lldp', { ...BLOCK, version: '1.0' });
    kit.blocks.add('snmp', BLOCK);
    kit.ledger = { snmp: { ...EMPTY_FEATURE_LEDGER, fallbacks: [FALLBACK] } };
    assert.equal(await run('block'), 0);
    assert.match(kit.stdout, /^lldp +1\.0 +alice .* crashes\s*\n/m);
    assert.match(kit.stdout, /^snmp +3\.0 +a fallback /m);
    kit.stdout = '';
    assert.equal(await run('block', 'snmp', '--json'), 0);
    const { blocks } = JSON.parse(kit.stdout) as { blocks: { kind: string; owner: string | null }[] };
    assert.deepEqual(
      blocks.map(({ kind, owner }) => [kind, owner]),
      [
        ['operator', 'alice'],
        ['fallback', null],
      ],
    );
  });

  test('is lifted by unblock, label first, also where STATE_DB has lost the label', async () => {
    kit.blocks.add('snmp', BLOCK);
    assert.equal(await run('unblock', 'snmp', '3.0'), 0);
    assert.equal(kit.databases.row(LABELS)?.['snmp_3.0_enabled'], 'true');
    assert.equal(kit.blocks.list().blocks.size, 0);
    assert.equal(await run('unblock', 'snmp', '3.0'), 1, 'nothing is left to lift');
  });
});

describe('ctrkit unblock', () => {
  test('writes true where it said false, and tells what follows', async () => {
    kit.databases.put(LABELS, { 'snmp_3.0_enabled': 'False', snmp_enabled: 'true' });
    assert.equal(await run('unblock', 'snmp', '3.0'), 0);
    assert.deepEqual(kit.databases.row(LABELS), { 'snmp_3.0_enabled': 'true', snmp_enabled: 'true' });
    assert.match(
      kit.reported[0] ?? '',
      /^version 3\.0 of snmp is no longer blocked: a container of it that is held goes on/,
    );
  });

  test('lifts what only the ledger knows, as after a cold boot, and tells of the daemon', async () => {
    kit.ledger = { snmp: { ...EMPTY_FEATURE_LEDGER, fallbacks: [FALLBACK] } };
    assert.equal(await run('unblock', 'snmp', '3.0'), 0);
    assert.equal(kit.databases.row(LABELS)?.['snmp_3.0_enabled'], 'true');
    assert.match(kit.reported[0] ?? '', /ctrkitd does not run: start it/);
    kit.view = VIEW;
    await run('unblock', 'snmp', '3.0');
    assert.match(kit.reported[1] ?? '', /ctrkitd forgets that it fell back/);
  });

  test('of a version that is not blocked is refused, with those that are', async () => {
    kit.databases.put(LABELS, { 'snmp_3.0_enabled': 'false', 'lldp_1.0_enabled': 'false' });
    assert.equal(await run('unblock', 'snmp', '2.0'), 1);
    assert.equal(await run('unblock', 'lldp', '2.0'), 1);
    assert.deepEqual(kit.reported, [
      'version 2.0 of snmp is not blocked; these are: 3.0',
      'version 2.0 of lldp is not blocked; these are: 1.0',
    ]);
    assert.deepEqual(Object.keys(kit.databases.row(LABELS) ?? {}).length, 2);
  });

  test('that meets another writer looks again: what somebody else lifted is not lifted twice', async () => {
    kit.databases.put(LABELS, { 'snmp_3.0_enabled': 'false' });
    const { openDatabases } = kit.ports;
    let writes = 0;
    Object.assign(kit.ports, {
      openDatabases: (url: string) => {
        const databases = openDatabases(url);
        const write = databases.store.write.bind(databases.store);
        const writeAfterAnother: typeof write = (guards, changes) => {
          writes += 1;
          if (writes === 1) kit.databases.put(LABELS, { 'snmp_3.0_enabled': 'true' });
          return write(guards, changes);
        };
        Object.assign(databases.store, { write: writeAfterAnother });
        return databases;
      },
    });
    assert.equal(await run('unblock', 'snmp', '3.0'), 1);
    assert.equal(writes, 1);
    assert.match(kit.reported[0] ?? '', /is not blocked; none is/);
  });
});
