import type { LayoutReport } from '../../decide/gate/image-layout.ts';
import type { StartProgram } from '../../decide/health/start-check.ts';
import type { CheckKind, CheckTiming } from '../../contract/health/check.ts';
import { EXIT } from '../../contract/exit-codes.ts';
import {
  findTiming,
  type BuiltinCheckConfig,
  type ChecksConfig,
  type ChecksConfigResult,
  type ListedHook,
} from '../health/checks-config/checks-config.ts';

export interface CheckCommandPorts {
  readonly readConfig: (path: string) => Promise<ChecksConfigResult>;
  readonly listHooks: () => { readonly hooks: readonly ListedHook[]; readonly warnings: readonly string[] };
  /** How the image comes to the gate; `startProgram` is that of the file. */
  readonly describeLayout: (startProgram: StartProgram) => LayoutReport;
  /** Prints a line on stdout: a check that the agent would run. */
  readonly print: (line: string) => void;
  /** Prints a line on stderr: an error or a warning. */
  readonly printError: (line: string) => void;
}

export interface CheckCommandOptions {
  /** Path of checks.toml. */
  readonly path: string;
  /** Whether the file was named on the command line: then it is an error if it does not exist. */
  readonly isNamed: boolean;
}

/**
 * `ctrkit_agent --check [FILE]`, for a line in a Dockerfile: prints each check that the agent would run, or each error
 * with its path; and how the image comes to the gate. Returns EXIT.ok, or EXIT.usage if the file is wrong or a hook would not be run.
 */
export async function runCheckConfig(
  { path, isNamed }: CheckCommandOptions,
  { readConfig, listHooks, describeLayout, print, printError }: CheckCommandPorts,
): Promise<number> {
  const { config, errors, warnings, isThere } = await readConfig(path);
  const { hooks, warnings: hookWarnings } = listHooks();
  const wrong = [
    ...errors.map((error) => `${path}: ${error}`),
    ...(isNamed && !isThere ? [`${path}: no such file`] : []),
    ...hooks.flatMap(({ name, problem }) => (problem === '' ? [] : [`${name}: not run: ${problem}`])),
  ];
  for (const warning of [...warnings, ...hookWarnings]) printError(`warning: ${warning}`);
  for (const name of findNamesWithoutHook(config, hooks))
    printError(`warning: ${path}: hooks.${JSON.stringify(name)}: there is no such hook`);
  for (const error of wrong) printError(`error: ${error}`);
  if (wrong.length > 0) return EXIT.usage;
  for (const describeCheck of describeConfig(config, hooks)) print(describeCheck);
  const layout = describeLayout({ name: config.startProgram, isNamed: config.isStartNamed });
  for (const line of layout.lines) print(line);
  for (const warning of layout.warnings) printError(`warning: ${warning}`);
  return EXIT.ok;
}

/** SONiC's own hook is left out: it is outside the folders, so a missing one can't be found here. */
const findNamesWithoutHook = (config: ChecksConfig, hooks: readonly ListedHook[]): string[] =>
  [...config.hookTimings.keys()].filter(
    (name) => name !== 'readiness_probe_hook' && !hooks.some((hook) => hook.name === name),
  );

function describeConfig(config: ChecksConfig, hooks: readonly ListedHook[]): string[] {
  const { startProgram, startupGraceMs, timing, builtin } = config;
  const line = (name: string, kind: CheckKind, what: string, how: CheckTiming) =>
    `${name} (${kind}): ${what}; ${describeTiming(how)}`;
  const condition = config.isStartNamed ? '' : ', where supervisord has it';
  const start = `the program ${startProgram} has ended with 0${condition}`;
  return [
    `start-up: what fails counts after ${startupGraceMs / 1000} s`,
    ...(startProgram === '' ? [] : [line('start', 'required', start, timing)]),
    line('critical-processes', 'required', 'each of them runs', timing),
    line('process-heartbeats', 'required', 'each of them beats in time', timing),
    ...builtin.map((check) => line(check.name, check.kind, describeSubject(check), check.timing)),
    ...hooks.map(({ name, kind }) => line(name, kind, 'the hook ends with 0', findTiming(config, name))),
  ];
}

function describeSubject(check: BuiltinCheckConfig): string {
  const restart = check.isMendedByRestart ? '' : ', no restart mends it';
  switch (check.what) {
    case 'tcp': {
      const host = check.host.includes(':') ? `[${check.host}]` : check.host;
      return `${host}:${check.port} accepts${restart}`;
    }
    case 'unix':
      return `${check.path} accepts${restart}`;
    case 'file':
      return `${check.path} has changed within ${check.maxAgeMs / 1000} s${restart}`;
    case 'memory':
      return `the container uses less than ${check.limitPercent} % of its memory${restart}`;
  }
}

function describeTiming(timing: CheckTiming): string {
  const { initialDelayMs, periodMs, timeoutMs, failureThreshold, successThreshold } = timing;
  const delay = initialDelayMs === 0 ? '' : `first after ${initialDelayMs / 1000} s, `;
  const limit = `limit ${timeoutMs / 1000} s`;
  return `${delay}every ${periodMs / 1000} s, ${limit}, failing after ${failureThreshold}, ok after ${successThreshold}`;
}
