/**
 * Explains one feature in plain lines: what is wanted, what runs, what keeps it from running or from becoming golden, and
 * what lifts that (contract.md, sections 2 to 4 and 8). What can't be read is reported, and does not stop the rest.
 */
import { removeLockCommand, startUnitCommand } from '../../../../text/operator-commands.ts';
import { FAILURE_DETECTION_FIELDS, type ImagePolicy } from '../../../../contract/images/image-policy.ts';
import { describeDuration } from '../../../../text/duration-text.ts';
import {
  explainCertification,
  explainFallback,
  explainFallbacksDone,
  explainGolden,
} from './explain-images.ts';
import {
  areRead,
  findView,
  listValues,
  type ExplainSnapshot,
  type Explanation,
  type FeatureRows,
  type Topic,
} from '../reading/explain-item.ts';
import { explainBlocks } from './explain-blocks.ts';
import { explainHeartbeat } from './explain-heartbeat.ts';
import { explainHolds } from './explain-holds.ts';
import { explainReady } from './explain-ready.ts';
import { explainRuns, explainWanted, findHolder } from './explain-run.ts';
import { explainSwitchOver } from './explain-switch.ts';
import { explainTarget } from './explain-target.ts';
import type { LadderFacts } from '../../../../decide/images/ladder.ts';
import { decideLock } from '../../../../decide/feature/decide-lock.ts';

/** The topics in the order in which people read them. */
export function explainFeature(snapshot: ExplainSnapshot): Explanation[] {
  const { rows, ledger, feature } = snapshot;
  return [
    ...('found' in rows ? explainRows(rows.found, snapshot) : [explainProblem('database', rows.problem)]),
    ...('found' in ledger
      ? explainGolden(ledger.found, findFacts(snapshot))
      : [explainProblem('disk', ledger.problem)]),
    ...explainDaemon(snapshot),
    ...('found' in rows && isPolicyRead(rows.found) ? explainTarget(rows.found, snapshot) : []),
    ...('found' in ledger ? explainFallbacksDone(ledger.found, feature) : []),
    ...explainBlocks('found' in rows ? rows.found.labels : [], snapshot),
    ...explainLastAct(snapshot),
    ...explainLocks(snapshot),
    ...('found' in rows && isPolicyRead(rows.found) ? explainPolicy(rows.found) : []),
    ...('found' in snapshot.containers ? [] : [explainProblem('engine', snapshot.containers.problem)]),
    ...snapshot.diskProblems.map((problem) => explainProblem('disk', problem)),
  ];
}

const findFacts = ({ images, blocks }: ExplainSnapshot): LadderFacts => ({
  blockedVersions: new Set('found' in blocks ? blocks.found.map(({ version }) => version) : []),
  imageIds: 'found' in images ? new Set(images.found.map(({ id }) => id)) : undefined,
});

const isPolicyRead = ({ config, ownPolicy, globalPolicy }: FeatureRows): boolean =>
  areRead(config, ownPolicy, globalPolicy);

const explainProblem = (topic: Topic, text: string): Explanation => ({ topic, text, values: [] });

/** Of a row that could not be read nothing is said but that. */
function explainRows(rows: FeatureRows, snapshot: ExplainSnapshot): Explanation[] {
  const { config, status, health, master, labels } = rows;
  return [
    ...rows.problems.map((problem) => explainProblem('database', problem)),
    ...(areRead(config) ? explainWanted(rows, snapshot) : []),
    ...(areRead(status) ? explainRuns(rows, snapshot) : []),
    ...(areRead(health) ? explainHeartbeat(rows, snapshot) : []),
    ...explainHolds(rows, snapshot),
    ...(areRead(config, status, master, ...labels) ? explainReady(rows, snapshot) : []),
    ...(areRead(config, status, master) ? explainSwitchOver(rows, findHolder(rows, snapshot), snapshot) : []),
  ];
}

function explainDaemon(snapshot: ExplainSnapshot): Explanation[] {
  const { daemon, now } = snapshot;
  if ('problem' in daemon) {
    const text = `${daemon.problem}; nothing is certified and nothing falls back meanwhile`;
    return [{ topic: 'daemon', text, lifts: startUnitCommand('ctrkitd'), values: [] }];
  }
  const { isShadow, problems } = daemon.found;
  const view = findView(snapshot);
  const shadow = 'ctrkitd runs as a shadow: what it would do it only logs';
  return [
    ...(isShadow ? [explainProblem('daemon', shadow)] : []),
    ...problems.map((problem) => explainProblem('daemon', problem)),
    ...(view?.problems ?? []).map((problem) => explainProblem('daemon', problem)),
    ...(view === undefined ? [explainProblem('daemon', 'ctrkitd does not look after this feature')] : []),
    ...(view === undefined ? [] : explainCertification(view.certification, now.bootMs)),
    ...(view === undefined ? [] : explainFallback(view.fallback, now.bootMs)),
  ];
}

function explainLastAct(snapshot: ExplainSnapshot): Explanation[] {
  const lastAct = findView(snapshot)?.lastAct;
  return lastAct ? [explainProblem('daemon', `did last: ${lastAct}`)] : [];
}

function explainLocks({ locks, feature, now }: ExplainSnapshot): Explanation[] {
  if ('problem' in locks) return [explainProblem('lock', locks.problem)];
  return locks.found
    .filter((lock) => lock.feature === feature)
    .flatMap((lock): Explanation[] => {
      const verdict = decideLock(lock, now);
      if (verdict.kind === 'expired') return [];
      const text = `${verdict.text}: no switching, no fallback, no clean-up`;
      return [{ topic: 'lock', text, lifts: removeLockCommand(feature), values: [] }];
    });
}

function explainPolicy({ policy, ownPolicy, globalPolicy, config }: FeatureRows): Explanation[] {
  const values = [
    ...listValues(ownPolicy, Object.keys(ownPolicy.values)),
    ...listValues(globalPolicy, Object.keys(globalPolicy.values)),
    ...listValues(config, FAILURE_DETECTION_FIELDS),
  ].filter(({ value }) => value !== undefined);
  const { table, row } = ownPolicy.address;
  const lifts = `sonic-db-cli CONFIG_DB HSET "${table}|${row}" FIELD VALUE`;
  const lines = [...policy.problems, ...describePolicy(policy)];
  // The values that were read go with the first line, the command that changes them with the last.
  return lines.map((text, i) => ({
    topic: 'policy',
    text,
    ...(i === lines.length - 1 ? { lifts } : {}),
    values: i === 0 ? values : [],
  }));
}

/** One line for each part of the policy, with the names of the fields that it comes from. */
function describePolicy(policy: ImagePolicy): string[] {
  if (policy.isDisabled) return ['images are left alone (Disable is true)'];
  const { activeTimeToMarkGoodMs, failTimeToFallbackMs, kubeFailureDetectionMs } = policy;
  const describeAfter = (ms: number, text: string, never: string): string =>
    ms === 0 ? never : `${text} ${describeDuration(ms)}`;
  const golden = describeAfter(activeTimeToMarkGoodMs, 'golden when healthy for', 'never golden by time');
  const failing = describeAfter(
    failTimeToFallbackMs,
    'falls back when failing for',
    'never falls back by failing',
  );
  const missing = describeAfter(
    kubeFailureDetectionMs,
    'falls back when not deployed for',
    'never falls back by not being deployed',
  );
  const purge = policy.purgeOlderImage ? 'older images are removed' : 'older images stay';
  const tag = policy.tagNewAsLocal
    ? 'the local image is the highest rung that stands'
    : 'the shipped image is the only local one';
  const original = policy.purgeLocalCopy ? 'older local copies are removed' : 'local copies stay';
  return [
    `${golden} (active_time_to_mark_good)`,
    `${failing} (fail_time_to_fallback), ${missing} (kube_failure_detection)`,
    `${tag} (tag_new_as_local), ${purge} (purge_older_image), ${original} (purge_local_copy)`,
  ];
}
