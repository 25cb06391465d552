import { readdirSync } from 'node:fs';
import { removeIfExists } from '../../../adapters/disk/replace-file.ts';
import type { AgentEntry } from '../../../ports/agent-entry.ts';
import { isStillRunning, readProcessStat } from '../proc/process-stat.ts';
import { readIfExists, writeAtomically } from './files.ts';

/** `agent.PID.START_TICKS.new`: no two processes of a boot have one name, so one that is left over is removed by anybody. */
const NAME = /^agent\.([1-9]\d{0,9})\.(\d{1,15})\.new$/;

/** A file in `folder` for each process of this `containerStart` that is about to become the agent. */
export function createAgentEntry(folder: string, containerStart: string): AgentEntry {
  const self = { pid: process.pid, startTicks: readProcessStat('self')?.startTicks ?? 0 };
  const ownName = `agent.${self.pid}.${self.startTicks}.new`;
  return {
    self,
    announce: () => writeAtomically(folder, ownName, containerStart, 0o644),
    withdraw: () => removeIfExists(`${folder}/${ownName}`),
    listOthers: () =>
      listNames(folder).flatMap((name) => {
        const [, pid, startTicks] = (NAME.exec(name) ?? []).map(Number);
        if (name === ownName || pid === undefined || startTicks === undefined) return [];
        if (!isOfStart(`${folder}/${name}`, containerStart)) return [];
        if (isStillRunning(pid, startTicks)) return [{ pid, startTicks }];
        removeIfExists(`${folder}/${name}`);
        return [];
      }),
  };
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A folder that containers share has those of others too, whose processes this one does not see. */
function isOfStart(path: string, containerStart: string): boolean {
  try {
    return readIfExists(path) === containerStart;
  } catch {
    return false;
  }
}
