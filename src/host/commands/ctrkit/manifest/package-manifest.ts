/**
 * Decodes the package manifest of an image (src/contract/cluster/package-manifest.ts). Unknown fields are left out: SONiC's
 * manifest has more. A field that ctrkit uses is refused if it makes no sense, because the container would run without it.
 */
import * as v from 'valibot';
import { CtrkitError } from '../../../../contract/errors.ts';
import {
  MAX_PACKAGE_MANIFEST_BYTES,
  type PackageManifest,
} from '../../../../contract/cluster/package-manifest.ts';
import { toPlainLine } from '../../../../text/printable.ts';

const MAX_ENTRIES = 128;
const MAX_TEXT_LENGTH = 16_384;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT_LENGTH));
const texts = v.optional(v.pipe(v.array(text), v.maxLength(MAX_ENTRIES)), []);
/** SONiC writes booleans as such and as texts. */
const flag = v.union([
  v.boolean(),
  v.pipe(v.string(), v.regex(/^(?:true|false)$/i), v.transform(isTrueText)),
]);
const value = v.union([text, v.pipe(v.union([v.number(), v.boolean()]), v.transform(String))]);
const environment = v.pipe(
  v.record(text, value),
  v.check((found) => Object.keys(found).length <= MAX_ENTRIES, `more than ${MAX_ENTRIES} entries`),
);

/** valibot takes an array for an object without fields: this schema refuses it. */
const createObjectSchema = <const Entries extends v.ObjectEntries>(entries: Entries) =>
  v.pipe(
    v.custom<object>(
      (found) => typeof found === 'object' && found !== null && !Array.isArray(found),
      'is no object',
    ),
    v.object(entries),
  );

const SERVICE = createObjectSchema({
  name: v.optional(text, ''),
  'host-service': v.optional(flag),
  'asic-service': v.optional(flag),
});
const CONTAINER = createObjectSchema({
  privileged: v.optional(flag, false),
  volumes: texts,
  mounts: v.optional(
    v.pipe(
      v.array(createObjectSchema({ source: v.optional(text, ''), target: text, type: text })),
      v.maxLength(MAX_ENTRIES),
    ),
    [],
  ),
  tmpfs: texts,
  environment: v.optional(environment, {}),
});
const MANIFEST = createObjectSchema({
  service: v.optional(SERVICE, {}),
  container: v.optional(CONTAINER, {}),
});

/** `source` says for people where the text is from. Throws CtrkitError('usage'). */
export function decodePackageManifest(json: string, source: string): PackageManifest {
  if (json.length > MAX_PACKAGE_MANIFEST_BYTES)
    refuseManifest(source, `is longer than ${MAX_PACKAGE_MANIFEST_BYTES} bytes`);
  const parsed = v.safeParse(MANIFEST, parseJson(json, source));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return refuseManifest(source, `makes no sense: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
  }
  const { service, container } = parsed.output;
  return {
    serviceName: service.name,
    isHostService: service['host-service'],
    isAsicService: service['asic-service'],
    isPrivileged: container.privileged,
    volumes: container.volumes,
    mounts: container.mounts,
    tmpfs: container.tmpfs,
    environment: container.environment,
  };
}

function isTrueText(found: string): boolean {
  return found.toLowerCase() === 'true';
}

function parseJson(json: string, source: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return refuseManifest(source, 'is not JSON');
  }
}

function refuseManifest(source: string, what: string): never {
  throw new CtrkitError(
    'usage',
    toPlainLine(
      `the package manifest (${source}) ${what}: mend it, or leave it away with --no-package-manifest`,
    ),
  );
}
