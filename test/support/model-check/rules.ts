/** The code under the walk: given as functions, so that a known fault can be put back by wrapping one. */
import { ownRecord, planReleases } from '../../../src/contract/gate/claim.ts';
import type { RowValues } from '../../../src/contract/rows.ts';
import { decideStartup } from '../../../src/decide/gate/decide-startup.ts';
import { planBeat, planRecord } from '../../../src/decide/gate/heartbeat-writes.ts';
import { recordLook, recordOutage } from '../../../src/decide/gate/observation.ts';
import { decideRenewal } from '../../../src/decide/gate/renewal.ts';
import { planVerdict } from '../../../src/decide/gate/startup-writes.ts';
import type { Verdict } from '../../../src/decide/gate/startup-types.ts';

export const RULES = {
  recordLook,
  recordOutage,
  decideStartup,
  planVerdict,
  /** What the gate's write of a verdict rests on: all that the decision rested on. */
  guardVerdict: (_verdict: Verdict, rows: readonly RowValues[]): readonly RowValues[] => rows,
  decideRenewal,
  planBeat,
  planRecord,
  /** What a heartbeat rests on. */
  guardBeat: ownRecord,
  planReleases,
};

export type Rules = typeof RULES;
