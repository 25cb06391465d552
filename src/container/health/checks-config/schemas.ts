/** The schemas of the tables in checks.toml. Unknown keys are found elsewhere: see table-decoder.ts. */
import * as v from 'valibot';
import { parseTcpAddress } from './tcp-address.ts';

const MAX_PATH_BYTES = 4095;
/** Longest path of a unix socket, bytes (sun_path without its end mark); Node.js cuts longer ones. */
const MAX_SOCKET_PATH_BYTES = 107;
/** A name of a program as supervisord takes it: no blank, and a colon only after a group. */
const PROGRAM = /^(?:[!-9;-~]{1,64}(?::[!-9;-~]{1,64})?)?$/;

function defineNumber(what: string, least: number, most: number) {
  const says = `write ${what} from ${least} to ${most}`;
  return v.pipe(v.number(says), v.minValue(least, says), v.maxValue(most, says));
}

const defineSeconds = (least: number, most: number) => defineNumber('a number of seconds', least, most);

function defineThreshold() {
  const says = 'write a whole number from 1 to 100';
  return v.pipe(v.number(says), v.integer(says), v.minValue(1, says), v.maxValue(100, says));
}

function definePath(maxBytes: number) {
  const says = `write an absolute path of at most ${maxBytes} printable bytes`;
  const isLegal = (path: string): boolean =>
    /^\/[^\u0000-\u001f\u007f-\u009f]+$/.test(path) && Buffer.byteLength(path) <= maxBytes;
  return v.pipe(v.string(says), v.check(isLegal, says));
}

function defineTcpAddress() {
  const says = 'write ADDRESS:PORT, [IPv6 address]:PORT or localhost:PORT, the port from 1 to 65535';
  return v.pipe(
    v.string(says),
    v.check((text) => parseTcpAddress(text) !== undefined, says),
  );
}

const defineTable = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.object(entries, 'is missing');

/** Any value: it is decoded later. */
const defineAny = () => v.optional(v.unknown());

const TIMING = {
  initialDelaySeconds: v.optional(defineSeconds(0, 3600)),
  periodSeconds: v.optional(defineSeconds(0.5, 3600)),
  timeoutSeconds: v.optional(defineSeconds(0.1, 600)),
  failureThreshold: v.optional(defineThreshold()),
  successThreshold: v.optional(defineThreshold()),
};

const BUILTIN = {
  kind: v.optional(v.picklist(['required', 'wanted'], 'write "required" or "wanted"')),
  restartMends: v.optional(v.boolean('write true or false')),
  ...TIMING,
};

export const DOCUMENT = defineTable({
  startupGraceSeconds: v.optional(defineSeconds(0, 86_400)),
  startProgram: v.optional(
    v.pipe(
      v.string('write the name of a program, or ""'),
      v.regex(PROGRAM, 'write PROGRAM, GROUP:PROGRAM or ""'),
    ),
  ),
  defaults: defineAny(),
  hooks: defineAny(),
  checks: defineAny(),
});

export const TIMING_TABLE = defineTable(TIMING);

/** The schemas of a line of `[checks]`, by the key that names what is checked. */
export const LINES = {
  tcp: defineTable({ tcp: defineTcpAddress(), ...BUILTIN }),
  unix: defineTable({ unix: definePath(MAX_SOCKET_PATH_BYTES), ...BUILTIN }),
  file: defineTable({
    file: definePath(MAX_PATH_BYTES),
    maxAgeSeconds: defineSeconds(1, 604_800),
    ...BUILTIN,
  }),
  memoryPercent: defineTable({ memoryPercent: defineNumber('a percentage', 1, 100), ...BUILTIN }),
};

/** A table whose keys are known. */
export type TableSchema = v.ObjectSchema<v.ObjectEntries, 'is missing'>;
export type TimingValues = v.InferOutput<typeof TIMING_TABLE>;
export type BuiltinValues = Omit<v.InferOutput<typeof LINES.unix>, 'unix'>;
