/** `container_state`: shows the record, or changes it by hand (contract.md, section 7; HLD, "Proposed behavior at high level"). */
import {
  ownRecord,
  planClaim,
  planLocalLabel,
  planRelease,
  planReleases,
  type Claim,
} from '../../contract/gate/claim.ts';
import { CtrkitError } from '../../contract/errors.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import { decodeStatus, STATUS_FIELDS } from '../../contract/feature/feature.ts';
import { STATUS_FIELD } from '../../contract/feature/status-fields.ts';
import { decodeHeartbeat } from '../../contract/health/heartbeat.ts';
import {
  featureStatusRow,
  hostStatusRow,
  type FieldValues,
  type RowFields,
  type RowValues,
} from '../../contract/rows.ts';
import { isMirrored, planHostStop } from '../../decide/gate/host-mirror.ts';
import { findLiveHolder, isSelf } from '../../decide/gate/live-holder.ts';
import { HOST_FIELDS, selectHolderRows } from '../../decide/gate/startup-snapshot.ts';
import type { Clock } from '../../ports/clock.ts';
import { CONFLICT, retryOnConflict } from '../../loop/retry-on-conflict.ts';
import { readTimestamps } from '../../loop/timestamps.ts';
import { writeFirst } from '../../loop/write-first.ts';
import { mirrorClaim } from '../gate/host-mirror.ts';
import type { StateOptions } from './state-options.ts';
import type { StatePorts } from './state-ports.ts';
import { showState } from './state-show.ts';

/** Returns the exit code. Throws CtrkitError('database'). */
export async function runState(options: StateOptions, ports: StatePorts): Promise<number> {
  switch (options.verb) {
    case 'up':
      return runUp(options, ports);
    case 'down':
      return runDown(options, ports);
    case 'show':
      return showState(options, ports);
  }
}

async function runUp(options: Extract<StateOptions, { verb: 'up' }>, ports: StatePorts): Promise<number> {
  const { feature, owner, version } = options;
  const { store, databases, clock, self, printNotice } = ports;
  const claim: Claim = { feature, owner, version, dockerId: self.dockerId, token: self.token };
  const exitCode = await retryOnConflict(async () => {
    const rows = await store.read(selectUpRows(feature, databases.asic));
    const other = findOther(rows, claim, clock);
    if (other !== undefined && owner === 'kube' && !options.force) {
      printNotice(`${feature}: refused: ${other}. Stop that container first, or use --force`);
      return EXIT.refused;
    }
    const hasHost = databases.hostState !== undefined;
    const hostsLabel = owner === 'local' && hasHost ? [planLocalLabel(claim, 'hostState')] : [];
    const writes = [...planClaim(claim, readTimestamps(clock)), ...hostsLabel];
    if (!(await store.write(rows, writes, printLeftOut(printNotice)))) return CONFLICT;
    const takesPart = owner === 'kube' && isMirrored(rows);
    await leaveClaim({ claim, redisUrl: options.redisUrl, isMirrored: takesPart }, ports);
    const problem = takesPart ? await mirrorClaim(ports, claim, rows) : '';
    if (problem !== '') printNotice(`${feature}: the host's own row does not tell of the claim: ${problem}`);
    printNotice(`${feature}: up: ${owner}, version ${version}, container ${claim.dockerId}`);
    return EXIT.ok;
  });
  if (exitCode !== CONFLICT) return exitCode;
  printNotice(`${feature}: refused: its record changes all the time. Try again`);
  return EXIT.refused;
}

const selectUpRows = (feature: string, asic: string): RowFields[] => [
  ...selectHolderRows(feature),
  ...(asic === '' ? [] : [{ address: hostStatusRow(feature, asic), fields: HOST_FIELDS }]),
];

/** Leaves the claim for the agent. Where that fails nobody would renew the record: it is taken back. Throws CtrkitError('disk'). */
async function leaveClaim(
  left: { readonly claim: Claim; readonly redisUrl: string; readonly isMirrored: boolean },
  { store, clock, self, claimFile }: StatePorts,
): Promise<void> {
  const { claim, redisUrl } = left;
  const { containerStart } = self;
  const isNew = { isRecorded: true, hasStarted: false, isReplaced: false, isReleased: false };
  const state = { ...isNew, isMirrored: left.isMirrored, isOutside: false };
  try {
    claimFile.write({ ...claim, ...state, startedMs: clock.bootMs(), containerStart, redisUrl });
  } catch (error) {
    if (!(error instanceof CtrkitError)) throw error;
    await writeFirst(store, planReleases(ownRecord(claim), claim, clock.wallMs()));
    const message = `${claim.feature}: not up, the record is taken back: ${error.message}`;
    throw new CtrkitError('disk', message, { cause: error });
  }
}

async function runDown(options: Extract<StateOptions, { verb: 'down' }>, ports: StatePorts): Promise<number> {
  const { feature, force } = options;
  const { store, clock, claimFile, printNotice } = ports;
  const stored = claimFile.read();
  const own = stored?.feature === feature && !stored.isReleased ? stored : undefined;
  if (own === undefined && !force) {
    printNotice(
      `${feature}: refused: this container has no claim of it. To clear another container's record use --force`,
    );
    return EXIT.refused;
  }
  const [row] = await store.read([{ address: featureStatusRow(feature), fields: STATUS_FIELDS }]);
  const status = decodeStatus(row?.values ?? {});
  const isOwn = own !== undefined && status.claimToken === own.token;
  if (!isOwn && !force) {
    printNotice(
      `${feature}: refused: the record is container ${status.dockerId || '(none)'}'s, not this one's. Use --force`,
    );
    return EXIT.refused;
  }
  const owner = status.currentOwner === 'kube' ? 'kube' : 'local';
  const { dockerId, claimToken: token, containerVersion: version } = status;
  const isRunning = status.remoteState === 'running';
  const release = planRelease({ feature, owner, dockerId, token, version }, clock.wallMs(), isRunning);
  // The file goes first: an agent that still finds the claim would make the record again.
  if (own !== undefined) claimFile.write({ ...own, isReleased: true });
  const asRead = row === undefined ? [] : [{ ...row, values: selectHolderFields(row.values) }];
  const isDown = await store.write(asRead, [release]).catch((error: unknown) => {
    if (own !== undefined) claimFile.write(own);
    throw error;
  });
  if (!isDown) {
    if (own !== undefined) claimFile.write(own);
    printNotice(`${feature}: refused: the record has just changed. Look at it with show, then try again`);
    return EXIT.refused;
  }
  printNotice(`${feature}: down`);
  if (owner === 'kube') await mirrorRelease(feature, ports);
  return EXIT.ok;
}

/** Multi-ASIC: the record is released whatever becomes of this, as the host's row is on another server. */
async function mirrorRelease(feature: string, { store, databases, printNotice }: StatePorts): Promise<void> {
  const { hostState, asic } = databases;
  if (hostState !== undefined)
    await store.write([], [planHostStop({ feature, asic })], printLeftOut(printNotice));
}

/** The record stands without what could not be written beside it. */
const printLeftOut =
  (print: (text: string) => void) =>
  (problem: string): void =>
    print(`not written: ${problem}`);

/** The fields that make a record this holder's. The host may change the others at any time, so they are no guard. */
const HOLDER_FIELDS = [
  STATUS_FIELD.currentOwner,
  STATUS_FIELD.claimToken,
  STATUS_FIELD.containerId,
  STATUS_FIELD.remoteState,
];

const selectHolderFields = (values: FieldValues): FieldValues =>
  Object.fromEntries(HOLDER_FIELDS.map((field) => [field, values[field]]));

function findOther(rows: readonly RowValues[], claim: Claim, clock: Clock): string | undefined {
  const [status, beat] = rows.map((row) => row.values);
  const now = readTimestamps(clock);
  const holder = findLiveHolder(decodeStatus(status ?? {}), decodeHeartbeat(beat ?? {}), now);
  if (holder === undefined || isSelf(holder, claim)) return undefined;
  return `container ${holder.dockerId}, owner ${holder.owner}, version ${holder.version}, runs it`;
}
