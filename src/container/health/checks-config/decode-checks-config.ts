import { isHookName } from '../../../contract/health/hook-name.ts';
import { parse, TomlError } from 'smol-toml';
import type { CheckTiming } from '../../../contract/health/check.ts';
import {
  DEFAULT_CHECKS_CONFIG,
  type BuiltinCheckConfig,
  type ChecksConfig,
  type DecodedChecksConfig,
} from './checks-config.ts';
import { ConfigErrors, showText } from './config-errors.ts';
import { decodeBuiltin } from './decode-builtin.ts';
import { decodeTiming } from './decode-timing.ts';
import { DOCUMENT, TIMING_TABLE } from './schemas.ts';
import { asTable, decodeTable, type Table } from './table-decoder.ts';

/** The same number as hooks of a folder: a report has room for so many. */
const MAX_CHECKS = 64;
const MAX_HOOKS = 128;

/** Decodes the text of checks.toml. Never throws. */
export function decodeChecksConfig(text: string): DecodedChecksConfig {
  try {
    const errors = new ConfigErrors();
    const config = decodeDocument(parse(text), errors);
    return errors.lines.length === 0
      ? { config, errors: [] }
      : { config: DEFAULT_CHECKS_CONFIG, errors: errors.lines };
  } catch (error) {
    return { config: DEFAULT_CHECKS_CONFIG, errors: [describeSyntaxError(error)] };
  }
}

/** Keeps the first line of the parser's message; the others draw the place. */
function describeSyntaxError(error: unknown): string {
  if (!(error instanceof TomlError)) return `can't be read as TOML: ${showText(String(error))}`;
  const [what = ''] = error.message.replace('Invalid TOML document: ', '').split('\n');
  return `line ${error.line}, column ${error.column}: ${showText(what)}`;
}

function decodeDocument(document: Table, errors: ConfigErrors): ChecksConfig {
  const defaults = DEFAULT_CHECKS_CONFIG;
  const values = decodeTable(DOCUMENT, document, { path: [], errors }) ?? document;
  const timing = decodeDefaults(values['defaults'], errors);
  const { startupGraceSeconds: graceSeconds, startProgram } = values;
  return {
    startupGraceMs: typeof graceSeconds === 'number' ? graceSeconds * 1000 : defaults.startupGraceMs,
    startProgram: typeof startProgram === 'string' ? startProgram : defaults.startProgram,
    isStartNamed: typeof startProgram === 'string',
    timing,
    hookTimings: decodeHooks(values['hooks'], timing, errors),
    builtin: decodeChecks(values['checks'], timing, errors),
  };
}

function decodeDefaults(value: unknown, errors: ConfigErrors): CheckTiming {
  const path = ['defaults'];
  const table = value === undefined ? undefined : asTable(value, path, errors);
  const values = table && decodeTable(TIMING_TABLE, table, { path, errors });
  return decodeTiming(values ?? {}, DEFAULT_CHECKS_CONFIG.timing);
}

/** Lists the lines of a table whose keys are names, at most `most` of them. */
function listLines(
  value: unknown,
  { name, most }: { readonly name: string; readonly most: number },
  errors: ConfigErrors,
): [string, unknown][] {
  const lines = Object.entries((value === undefined ? undefined : asTable(value, [name], errors)) ?? {});
  if (lines.length > most) errors.add([name], `${lines.length} lines are too many: write at most ${most}`);
  return lines.slice(0, most);
}

function decodeHooks(value: unknown, base: CheckTiming, errors: ConfigErrors): Map<string, CheckTiming> {
  const timings = new Map<string, CheckTiming>();
  for (const [name, line] of listLines(value, { name: 'hooks', most: MAX_HOOKS }, errors)) {
    const path = ['hooks', name];
    if (!isHookName(name))
      errors.add(path, 'no name of a hook: write "required.d/FILE", "wanted.d/FILE" or readiness_probe_hook');
    const table = asTable(line, path, errors);
    const values = table && decodeTable(TIMING_TABLE, table, { path, errors });
    timings.set(name, decodeTiming(values ?? {}, base));
  }
  return timings;
}

function decodeChecks(value: unknown, base: CheckTiming, errors: ConfigErrors): BuiltinCheckConfig[] {
  const lines = listLines(value, { name: 'checks', most: MAX_CHECKS }, errors);
  return lines.flatMap(([name, line]) => decodeBuiltin(name, line, { base, errors }) ?? []);
}
