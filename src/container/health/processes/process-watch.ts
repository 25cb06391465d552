import type { ProcessEntry } from '../../../contract/health/process-list.ts';
import { formatProcessKey, type ProcessStatus } from '../../../contract/health/process.ts';
import { findUnknownEntries, selectProcesses, type Named } from '../../../decide/health/process-selection.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { ProcessEvent, ProcessTable } from '../../../ports/process-table.ts';

/** supervisord's programs at one instant: at least all that the wanted entries mean. */
export type ProcessView =
  | { readonly kind: 'known'; readonly processes: readonly ProcessStatus[] }
  /** supervisord did not answer. An earlier answer does not count. */
  | { readonly kind: 'unknown'; readonly message: string };

/**
 * All programs are listed again after this time, in case an event was lost. Programs are added and removed by hand only,
 * and with an event. The interval is long because such an answer, 50 kB for forty programs, leaves garbage for long.
 */
const LIST_AGAIN_MS = 1_800_000;
/** Checks that run at about the same time share one reading, if no event came since. */
const SHARED_MS = 1_000;

interface PendingReading {
  readonly wanted: readonly ProcessEntry[];
  readonly view: Promise<ProcessView>;
  readonly startedMs: number;
  /** Number of events before the reading began. */
  readonly events: number;
}

interface Listing {
  readonly programs: readonly Named[];
  readonly ms: number;
  /** The entries that named no program, as one text. */
  readonly unknown: string;
}

export interface WatchPorts {
  /** Called with all programs of supervisord, whenever they were listed. */
  readonly onListed?: (programs: readonly Named[]) => void;
  /** Its time limit is at most half of the checks' own: a reading may take two calls. */
  readonly table: Pick<ProcessTable, 'getAllProcessInfo' | 'findProcesses'>;
  readonly clock: Clock;
}

/**
 * Reads the states of supervisord's programs. Only supervisord's answer counts; an event just makes the last answer
 * invalid. So there is one source of truth, and no order between events and answers to get wrong. One call asks for the
 * wanted programs only: to ask for all is five times the work where forty programs run.
 */
export class ProcessWatch {
  readonly #ports: WatchPorts;
  readonly #listWanted: () => readonly ProcessEntry[];
  #events = 0;
  #groupEvents = 0;
  #last: PendingReading | undefined;
  #listing: Listing | undefined;
  #programs: readonly Named[] | undefined;

  constructor(ports: WatchPorts, listWanted: () => readonly ProcessEntry[]) {
    this.#ports = ports;
    this.#listWanted = listWanted;
  }

  /** All programs of supervisord by its last listing, which a later event may have made stale; undefined before any. */
  get programs(): readonly Named[] | undefined {
    return this.#programs;
  }

  /** An event about a program that is wanted, or about a group. */
  applyEvent({ name }: ProcessEvent): void {
    if (name.startsWith('PROCESS_GROUP_')) this.forget();
    else this.#events += 1;
  }

  /** Nothing that is known counts any more: neither a program's state nor which programs there are. */
  forget(): void {
    this.#events += 1;
    this.#groupEvents += 1;
    this.#listing = undefined;
  }

  /** Never rejects; resolves within twice the table's time limit. */
  readProcesses(): Promise<ProcessView> {
    const nowMs = this.#ports.clock.bootMs();
    const wanted = this.#listWanted();
    const last = this.#last;
    const isSame = last !== undefined && last.events === this.#events && isEqual(last.wanted, wanted);
    if (isSame && nowMs < last.startedMs + SHARED_MS) return last.view;
    const view = this.#readWanted(wanted, nowMs).catch((error: Error) => ({
      kind: 'unknown' as const,
      message: error.message,
    }));
    this.#last = { wanted, view, startedMs: nowMs, events: this.#events };
    return view;
  }

  async #readWanted(wanted: readonly ProcessEntry[], nowMs: number): Promise<ProcessView> {
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
    this.#programs = programs;
    this.#ports.onListed?.(programs);
    const unknown = describeUnknown(wanted, programs);
    if (groupEvents === this.#groupEvents) this.#listing = { programs, ms: nowMs, unknown };
    return { kind: 'known', processes };
  }
}

const isEqual = (one: readonly ProcessEntry[], other: readonly ProcessEntry[]): boolean =>
  one.length === other.length &&
  one.every(({ kind, name }, i) => kind === other[i]?.kind && name === other[i]?.name);

function mustList(listing: Listing, wanted: readonly ProcessEntry[], nowMs: number): boolean {
  return nowMs >= listing.ms + LIST_AGAIN_MS || describeUnknown(wanted, listing.programs) !== listing.unknown;
}

const describeUnknown = (wanted: readonly ProcessEntry[], programs: Listing['programs']): string =>
  findUnknownEntries(wanted, programs)
    .map(({ kind, name }) => `${kind}:${name}`)
    .join(' ');
