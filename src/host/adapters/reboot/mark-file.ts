import * as v from 'valibot';
import { REBOOT_KINDS, type RebootMark } from '../../../contract/reboot/reboot.ts';
import type { RebootMarkStore } from '../../../ports/reboot.ts';
import { createFolder, readWholeFile, removeDurably, writeDurably } from '../disk/durable-file.ts';
import { wrapDiskError } from '../disk/wrap-disk-error.ts';

const FORMAT = 1;
const MAX_BYTES = 4_096;
const MARK_FILE = 'reboot.json';

const count = v.pipe(v.number(), v.finite(), v.minValue(0));
const MARK = v.object({
  format: v.literal(FORMAT),
  kind: v.picklist(REBOOT_KINDS),
  boot_id: v.pipe(v.string(), v.regex(/^[!-~]{1,64}$/)),
  boot_ms: count,
  since_ts: count,
  kubelet_enabled: v.boolean(),
  kubelet_active: v.boolean(),
  is_node: v.boolean(),
});

/** `reboot.json` in `folder`, which outlives the boot. */
export function createRebootMarkFile(folder: string): RebootMarkStore {
  const path = `${folder}/${MARK_FILE}`;
  return {
    read() {
      const reading = wrapDiskError(path, 'read', () => readWholeFile(path, MAX_BYTES));
      if (reading.kind === 'missing') return { mark: undefined, problem: undefined };
      const mark = reading.kind === 'text' ? decodeMark(reading.text) : undefined;
      const why = reading.kind === 'unreadable' ? reading.why : 'it is no record of a reboot';
      return { mark, problem: mark === undefined ? `${path}: ${why}` : undefined };
    },
    write: (mark) =>
      wrapDiskError(path, 'written', () => {
        createFolder(folder);
        writeDurably(path, encodeMark(mark), `${folder}/.reboot.tmp`);
      }),
    remove: () => void wrapDiskError(path, 'removed', () => removeDurably(path)),
  };
}

const encodeMark = ({ kind, bootId, bootMs, sinceTs, kubelet, isNode }: RebootMark): string =>
  `${JSON.stringify(
    {
      format: FORMAT,
      kind,
      boot_id: bootId,
      boot_ms: bootMs,
      since_ts: sinceTs,
      kubelet_enabled: kubelet.isEnabled,
      kubelet_active: kubelet.isActive,
      is_node: isNode,
    },
    undefined,
    2,
  )}\n`;

function decodeMark(text: string): RebootMark | undefined {
  const parsed = v.safeParse(MARK, parseJson(text));
  if (!parsed.success) return undefined;
  const found = parsed.output;
  return {
    kind: found.kind,
    bootId: found.boot_id,
    bootMs: found.boot_ms,
    sinceTs: found.since_ts,
    kubelet: { isEnabled: found.kubelet_enabled, isActive: found.kubelet_active },
    isNode: found.is_node,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
