/** The manifest of an export as JSON, with field names in the style of the databases. */
import * as v from 'valibot';
import { isImageId, parseReference } from '../../../contract/images/image.ts';
import { EXPORT_FORMAT, type ExportManifest } from '../../../contract/rebuild/node-export.ts';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const line = v.pipe(v.string(), v.regex(/^[!-~]{1,253}$/));
const isName = (text: string): boolean => (parseReference(text)?.tag ?? '') !== '';

const MANIFEST = v.object({
  format: v.literal(EXPORT_FORMAT),
  created_ts: count,
  boot_id: line,
  switch_name: line,
  files: v.array(
    v.object({ path: line, size: count, sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
  ),
  images: v.array(
    v.object({
      image_id: v.pipe(v.string(), v.check(isImageId)),
      names: v.array(v.pipe(v.string(), v.check(isName))),
    }),
  ),
  links: v.record(line, line),
  services: v.array(line),
});

export const encodeManifest = (manifest: ExportManifest): string =>
  `${JSON.stringify(
    {
      format: manifest.format,
      created_ts: manifest.createdTs,
      boot_id: manifest.bootId,
      switch_name: manifest.switchName,
      files: manifest.files,
      images: manifest.images.map(({ imageId, names }) => ({ image_id: imageId, names })),
      links: manifest.links,
      services: manifest.services,
    },
    undefined,
    2,
  )}\n`;

/** Throws Error, one line, for what is no manifest, and for one of a newer format. */
export function decodeManifest(text: string): ExportManifest {
  const content = parseJson(text);
  const parsed = v.safeParse(MANIFEST, content);
  if (parsed.success) {
    const { format, created_ts, boot_id, switch_name, files, images, links, services } = parsed.output;
    return {
      format,
      createdTs: created_ts,
      bootId: boot_id,
      switchName: switch_name,
      files,
      images: images.map(({ image_id: imageId, names }) => ({ imageId, names })),
      links,
      services,
    };
  }
  const format = (content as { readonly format?: unknown } | undefined)?.format;
  if (typeof format === 'number' && format > EXPORT_FORMAT)
    throw new Error(
      `it is of format ${format}, which a newer ctrkit has written: this one knows ${EXPORT_FORMAT}`,
    );
  throw new Error('its manifest makes no sense');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
