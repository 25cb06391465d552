import { writeAnswer } from '../../adapters/process/write-answer.ts';
import { writeError } from '../../adapters/process/write-error.ts';
import { findOwnIdentity } from '../../decide/gate/own-identity.ts';
import { describeLayout } from '../../decide/gate/image-layout.ts';
import { CRITICAL_KINDS, WATCHDOG_KINDS } from '../../contract/health/process-list.ts';
import type { StartProgram } from '../../decide/health/start-check.ts';
import { readChecksConfig } from '../adapters/checks-file.ts';
import { listHooks } from '../adapters/hooks/list-hooks.ts';
import { readImageLayout } from '../adapters/image/image-layout.ts';
import { readIdentityEvidence } from '../adapters/proc/own-identity.ts';
import { createProcessListReader } from '../adapters/process-lists.ts';
import { assertNothingLeft } from '../commands/arguments.ts';
import { runCheckConfig } from '../commands/check-command.ts';
import { readSettings, type Settings } from '../settings.ts';

/** `ctrkit_agent --check [FILE]`, for whoever builds an image. Returns the exit code. */
export async function checkImage([file, ...rest]: readonly string[]): Promise<number> {
  assertNothingLeft(rest);
  const settings = readSettings(process.env);
  const { configDir } = settings;
  return runCheckConfig(
    { path: file ?? `${configDir}/checks.toml`, isNamed: file !== undefined },
    {
      readConfig: readChecksConfig,
      listHooks: () => listHooks(`${configDir}/checks`),
      describeLayout: (startProgram) => describeImage(settings, startProgram),
      print: (line) => writeAnswer('ctrkit_agent', `${line}\n`),
      printError: (line) => writeError(`ctrkit_agent: ${line}\n`),
    },
  );
}

function describeImage({ configDir, supervisorDir }: Settings, startProgram: StartProgram) {
  const { feature, isVersionSet, problems } = findOwnIdentity(readIdentityEvidence(process.env, configDir));
  const readList = (name: string, kinds: typeof CRITICAL_KINDS) =>
    createProcessListReader({ path: `${supervisorDir}/${name}`, kinds })();
  const critical = readList('critical_processes', CRITICAL_KINDS);
  const watched = readList('watchdog_processes', WATCHDOG_KINDS);
  const { lines, warnings } = describeLayout({
    ...readImageLayout(supervisorDir),
    critical: critical.entries,
    watched: watched.entries,
    startProgram,
    feature,
    isVersionSet,
  });
  return { lines, warnings: [...problems, ...critical.errors, ...watched.errors, ...warnings] };
}
