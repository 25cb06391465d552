/** A strict reader of Prometheus' text exposition, format 0.0.4: what it does not throw at, every scraper reads. */
import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HELP = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\\\n]|\\\\\\\\|\\\\n)+)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|summary)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.+)\\})? (-?\\d+(?:\\.\\d+)?(?:e[-+]?\\d+)?)$`, 's');
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/y;

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? assert.fail(`labels: ${text}`);
    assert.ok(!Object.hasOwn(labels, name), `twice: ${name}`);
    labels[name] = value.replaceAll(/\\(.)/gs, (_, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return labels;
}

/** Families by name. Every sample is under its HELP and TYPE, no series is there twice, the last line has its end. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line has no end');
  const families = new Map<string, Family & { samples: Sample[] }>();
  const series = new Set<string>();
  let family: (Family & { samples: Sample[] }) | undefined;
  let help: RegExpExecArray | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    if (line.startsWith('# HELP ')) {
      help = HELP.exec(line) ?? assert.fail(line);
    } else if (line.startsWith('# TYPE ')) {
      const [, name = '', type = ''] = TYPE.exec(line) ?? assert.fail(line);
      assert.equal(help?.[1], name);
      assert.ok(!families.has(name), `twice: ${name}`);
      family = { type, help: help?.[2] ?? '', samples: [] };
      families.set(name, family);
    } else {
      const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? assert.fail(line);
      const sample = { name, labels: parseLabels(labels), value: Number(value) };
      const suffix = family?.type === 'summary' ? /_(?:sum|count)$/ : /$/;
      assert.match(name, suffix, line);
      const key = JSON.stringify([
        name,
        Object.entries(sample.labels).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      ]);
      assert.ok(
        family !== undefined && families.get(name.replace(suffix, '')) === family,
        `outside of its family: ${line}`,
      );
      assert.ok(!series.has(key), `twice: ${line}`);
      series.add(key);
      family.samples.push(sample);
    }
  }
  return families;
}
