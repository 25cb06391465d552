import type { ProcessEntry } from '../../../contract/health/process-list.ts';
import { formatProcessKey, type ProcessStatus } from '../../../contract/health/process.ts';
import { findUnknownEntries, selectProcesses } from '../../../decide/health/process-selection.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ProcessEvent, ProcessTable } from '../../../ports/process-table.ts';

/** supervisord's programs at one instant: at least all that the wanted entries mean. */
export type ProcessView =
  | { readonly kind: 'known'; readonly processes: readonly ProcessStatus[] }
  /** supervisord did not answer: nothing it said before counts. */
  | { readonly kind: 'unknown'; readonly message: string };

/**
 * All programs are listed again, in case an event was lost: which there are changes by hand only, and not without one. Of
 * each such answer, 50 kB where forty programs run, garbage stays for long.
 */
const LIST_AGAIN_MS = 1_800_000;
/** Checks that look at about the same time share a look, if nothing has happened since. */
const SHARED_MS = 1_000;

interface PendingReading {
  readonly view: Promise<ProcessView>;
  readonly startedMs: number;
  /** How many events there had been when it began. */
  readonly events: number;
}

interface Listing {
  readonly programs: readonly Pick<ProcessStatus, 'name' | 'group'>[];
  readonly ms: number;
  /** The entries that named nothing, as one text. */
  readonly unknown: string;
}

export interface WatchPorts {
  /** Its time limit is half of the checks' or less: a look may take two calls. */
  readonly table: Pick<ProcessTable, 'getAllProcessInfo' | 'findProcesses'>;
  readonly clock: Clock;
}

/**
 * What is known of supervisord's programs. Only supervisord's answer counts; an event says that what was known is
 * known no more. So there is one truth, and no order between events and answers to get wrong. Asked are the programs
 * that matter, in one call: all of them would be five times the work where forty programs run.
 */
export class ProcessWatch {
  readonly #ports: WatchPorts;
  readonly #listWanted: () => readonly ProcessEntry[];
  #events = 0;
  #groupEvents = 0;
  #last: PendingReading | undefined;
  #listing: Listing | undefined;

  constructor(ports: WatchPorts, listWanted: () => readonly ProcessEntry[]) {
    this.#ports = ports;
    this.#listWanted = listWanted;
  }

  /** An event about a program that is wanted, or about a group. */
  applyEvent({ name }: ProcessEvent): void {
    this.#events += 1;
    if (!name.startsWith('PROCESS_GROUP_')) return;
    this.#groupEvents += 1;
    this.#listing = undefined;
  }

  /** Never rejects; resolves within twice the table's time limit. */
  readProcesses(): Promise<ProcessView> {
    const nowMs = this.#ports.clock.bootMs();
    const last = this.#last;
    if (last !== undefined && last.events === this.#events && nowMs < last.startedMs + SHARED_MS)
      return last.view;
    const view = this.#readWanted(nowMs).catch((error: Error) => ({
      kind: 'unknown' as const,
      message: error.message,
    }));
    this.#last = { view, startedMs: nowMs, events: this.#events };
    return view;
  }

  async #readWanted(nowMs: number): Promise<ProcessView> {
    const wanted = this.#listWanted();
    const listing = this.#listing;
    if (listing === undefined || mustList(listing, wanted, nowMs)) return await this.#readAll(wanted, nowMs);
    const names = selectProcesses(wanted, listing.programs).map(formatProcessKey);
    const processes = await this.#ports.table.findProcesses(names);
    const found = processes.filter((process) => process !== undefined);
    return found.length === names.length
      ? { kind: 'known', processes: found }
      : await this.#readAll(wanted, nowMs);
  }

  async #readAll(wanted: readonly ProcessEntry[], nowMs: number): Promise<ProcessView> {
    const groupEvents = this.#groupEvents;
    const processes = await this.#ports.table.getAllProcessInfo();
    const programs = processes.map(({ name, group }) => ({ name, group }));
    const unknown = describeUnknown(wanted, programs);
    if (groupEvents === this.#groupEvents) this.#listing = { programs, ms: nowMs, unknown };
    return { kind: 'known', processes };
  }
}

function mustList(listing: Listing, wanted: readonly ProcessEntry[], nowMs: number): boolean {
  return nowMs >= listing.ms + LIST_AGAIN_MS || describeUnknown(wanted, listing.programs) !== listing.unknown;
}

const describeUnknown = (wanted: readonly ProcessEntry[], programs: Listing['programs']): string =>
  findUnknownEntries(wanted, programs)
    .map(({ kind, name }) => `${kind}:${name}`)
    .join(' ');
