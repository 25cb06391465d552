import type { CheckTiming } from '../../../contract/health/check.ts';
import type { BuiltinCheckConfig } from './checks-config.ts';
import type { ConfigErrors } from './config-errors.ts';
import { decodeTiming } from './decode-timing.ts';
import { LINES, type BuiltinValues } from './schemas.ts';
import { asTable, decodeTable, type Table } from './table-decoder.ts';
import { parseTcpAddress } from './tcp-address.ts';

const CHECK_NAME = /^[a-z0-9][a-z0-9_-]{0,31}$/;
/** The names of the agent's own checks, and of SONiC's hook. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  'start',
  'critical-processes',
  'process-heartbeats',
  'configuration',
  'readiness_probe_hook',
]);

type Subject = keyof typeof LINES;
const SUBJECTS = Object.keys(LINES) as Subject[];

interface Context {
  /** For the values that a line leaves out. */
  readonly base: CheckTiming;
  readonly errors: ConfigErrors;
}

/** Decodes one line of `[checks]`. Returns undefined for a wrong line, and adds its errors to the context's. */
export function decodeBuiltin(name: string, line: unknown, context: Context): BuiltinCheckConfig | undefined {
  const { errors } = context;
  const path = ['checks', name];
  if (!CHECK_NAME.test(name))
    errors.add(
      path,
      'no name of a check: write 1 to 32 of a-z, 0-9, "_" and "-", the first a letter or digit',
    );
  else if (RESERVED_NAMES.has(name)) errors.add(path, 'another check has this name: write another');
  const table = asTable(line, path, errors);
  if (table === undefined) return undefined;
  const [subject, ...more] = SUBJECTS.filter((each) => Object.hasOwn(table, each));
  if (subject === undefined) errors.add(path, `looks at nothing: write one of ${SUBJECTS.join(', ')}`);
  else if (more.length === 0) return decodeLine(name, { subject, table }, context);
  else errors.add(path, `looks at ${[subject, ...more].join(' and ')}: write a line for each`);
  return undefined;
}

function decodeLine(
  name: string,
  { subject, table }: { readonly subject: Subject; readonly table: Table },
  { base, errors }: Context,
): BuiltinCheckConfig | undefined {
  const at = { path: ['checks', name], errors };
  const decodeCommon = (values: BuiltinValues) => ({
    name,
    kind: values.kind ?? 'required',
    timing: decodeTiming(values, base),
    isMendedByRestart: values.restartMends ?? true,
  });
  switch (subject) {
    case 'tcp': {
      const values = decodeTable(LINES.tcp, table, at);
      const address = values && parseTcpAddress(values.tcp);
      return values && address && { ...decodeCommon(values), what: 'tcp', ...address };
    }
    case 'unix': {
      const values = decodeTable(LINES.unix, table, at);
      return values && { ...decodeCommon(values), what: 'unix', path: values.unix };
    }
    case 'file': {
      const values = decodeTable(LINES.file, table, at);
      if (values === undefined) return undefined;
      return {
        ...decodeCommon(values),
        what: 'file',
        path: values.file,
        maxAgeMs: Math.round(values.maxAgeSeconds * 1000),
      };
    }
    case 'memoryPercent': {
      const values = decodeTable(LINES.memoryPercent, table, at);
      return values && { ...decodeCommon(values), what: 'memory', limitPercent: values.memoryPercent };
    }
  }
}
