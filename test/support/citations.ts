/**
 * Citations of the project's documents, as source, tests and documents write them: `docs/checks.md`, `(contract.md,
 * section 8)`, `(sonic.md, "Image tags")`, `(D28)`, `(HLD, "Self-mitigation")`, and the links of Markdown.
 */
import { posix } from 'node:path';

/** A file of the project: its path from the top, with slashes, and its text. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export interface Citation {
  readonly kind: 'page' | 'section' | 'quote' | 'defect' | 'hld' | 'link' | 'anchor';
  /** As it is written. */
  readonly text: string;
  /** Why it leads nowhere; undefined where it resolves. */
  readonly fault: string | undefined;
}

/** What can be cited. Paths are from the project's top. */
export interface Pages {
  /** All files. */
  readonly paths: ReadonlySet<string>;
  /** By path of a page, what of it a link can lead to. */
  readonly anchors: ReadonlyMap<string, ReadonlySet<string>>;
  /** By path of a page, its headings and bold lead-ins. */
  readonly quotes: ReadonlyMap<string, ReadonlySet<string>>;
  /** Numbers of the contract's sections. */
  readonly sections: ReadonlySet<string>;
  /** Ids of the rows of known-defects.md. */
  readonly defects: ReadonlySet<string>;
  /** Headings of the HLD, as sonic.md lists them. */
  readonly hldHeadings: ReadonlySet<string>;
}

const CONTRACT_PAGE = 'docs/contract.md';
const SONIC_PAGE = 'docs/sonic.md';
const DEFECTS_PAGE = 'docs/known-defects.md';

export function collectPages(files: readonly TextFile[]): Pages {
  const pages = files.filter(({ path }) => path.endsWith('.md'));
  const textOf = (path: string): string => pages.find((page) => page.path === path)?.text ?? '';
  const hld = /^## The HLD$([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(textOf(SONIC_PAGE))?.[1] ?? '';
  return {
    paths: new Set(files.map(({ path }) => path)),
    anchors: new Map(pages.map(({ path, text }) => [path, listAnchors(text)])),
    quotes: new Map(pages.map(({ path, text }) => [path, listQuotes(text)])),
    sections: new Set(listAll(textOf(CONTRACT_PAGE), /^## (\d+)\. \S/gm)),
    defects: new Set(listAll(textOf(DEFECTS_PAGE), /^### ([A-Z]\d{1,2})\. \S/gm)),
    hldHeadings: new Set(listAll(hld, /^\| \[([^\]]+)\]\(https:/gm)),
  };
}

/** All citations of a text, the dangling ones with their fault. */
export function findCitations({ path, text }: TextFile, pages: Pages): Citation[] {
  const isPage = path.endsWith('.md');
  const links = isPage ? findLinks({ path, text: withoutCode(text) }, pages) : [];
  const line = toOneLine(isPage ? text.replaceAll(LINK, withoutTarget) : text);
  return [
    ...links,
    ...findPageNames(path, line, pages),
    ...findSections(path, line, pages),
    ...findQuotes(line, pages),
    ...findDefects(path, line, pages),
    ...findHldHeadings(line, pages),
  ];
}

/** A citation may go on in the next line of a comment. Addresses elsewhere are not looked at. */
const toOneLine = (text: string): string =>
  text
    .replaceAll(/\n[ \t]*(?:\*(?!\*)|\/\/|#+|;)?[ \t]*/g, ' ')
    .replaceAll(/https?:\/\/[^\s)"'`>]+/g, '(address)');

const withoutCode = (text: string): string =>
  text
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]]/g, ' '));

/** What a link elsewhere is called is no citation. */
const withoutTarget = (_link: string, words: string, target: string): string =>
  isElsewhere(target) ? '' : `[${words}]`;
const isElsewhere = (target: string): boolean => /^[a-z]+:/.test(target);

const LINK = /\[([^\]]*)\]\(([^)\s]+)\)/g;

function findLinks({ path, text }: TextFile, pages: Pages): Citation[] {
  return [...text.matchAll(LINK)].flatMap(([written, , target = '']) => {
    if (isElsewhere(target)) return [];
    const [file = '', anchor] = target.split('#', 2);
    const page = file === '' ? path : posix.join(posix.dirname(path), file);
    const link: Citation = {
      kind: 'link',
      text: written,
      fault: pages.paths.has(page) ? undefined : `there is no ${page}`,
    };
    if (anchor === undefined) return [link];
    const isThere = pages.anchors.get(page)?.has(anchor) === true;
    return [
      link,
      { kind: 'anchor', text: written, fault: isThere ? undefined : `${page} has no heading #${anchor}` },
    ];
  });
}

/** Written with its folder it is where it says, from the top or from the file; by its bare name also in docs/. */
function findPageNames(from: string, line: string, pages: Pages): Citation[] {
  return [...line.matchAll(/(?<![\w./*<{$-])((?:[\w.-]+\/)*[\w-]+\.md)\b/g)].map(([, name = '']) => {
    const places = [
      name,
      posix.join(posix.dirname(from), name),
      ...(name.includes('/') ? [] : [`docs/${name}`]),
    ];
    const isThere = places.some((place) => pages.paths.has(place));
    return { kind: 'page', text: name, fault: isThere ? undefined : 'there is no such document' };
  });
}

const NUMBERS = String.raw`\d+(?:(?:,| to| and|, and) \d+)*`;

/** In the contract itself a section needs no page's name. */
function findSections(path: string, line: string, pages: Pages): Citation[] {
  const pattern = path === CONTRACT_PAGE ? `sections? (${NUMBERS})` : `contract\\.md, sections? (${NUMBERS})`;
  const cited = [...line.matchAll(new RegExp(`\\b${pattern}`, 'gi'))].flatMap(([text, numbers = '']) =>
    numbers.split(/\D+/).map((number): Citation => {
      const fault = pages.sections.has(number) ? undefined : `the contract has no section ${number}`;
      return { kind: 'section', text, fault };
    }),
  );
  if (path.endsWith('.md')) return cited;
  const nameless = [...line.matchAll(/(?<!\.md, )\bsections? \d+\b/g)].map(([text]): Citation => ({
    kind: 'section',
    text,
    fault: 'it does not say of which page: (contract.md, section N)',
  }));
  return [...cited, ...nameless];
}

const QUOTED = String.raw`"[^"]+"(?:(?:,| and|, and) "[^"]+")*`;

/** A page and a heading or lead-in of it; a section of the contract may stand between. */
function findQuotes(line: string, pages: Pages): Citation[] {
  const pattern = new RegExp(`([\\w-]+\\.md),(?: sections? ${NUMBERS},)? (${QUOTED})`, 'g');
  return [...line.matchAll(pattern)].flatMap(([text, page = '', quotes = '']) =>
    listAll(quotes, /"([^"]+)"/g).map((quote): Citation => {
      const isThere = pages.quotes.get(`docs/${page}`)?.has(quote) === true;
      return {
        kind: 'quote',
        text,
        fault: isThere ? undefined : `docs/${page} has no heading or lead-in "${quote}"`,
      };
    }),
  );
}

/**
 * D1 to D30 anywhere; the other letters stand for defects only where they are cited, in brackets. A test's title may also end
 * with the id of the review's finding that it stands for, `(G1)` or `(S5)`, which no page lists.
 */
function findDefects(path: string, line: string, pages: Pages): Citation[] {
  const isTest = path.startsWith('test/');
  const bracketed = listAll(line, /\(([A-Z]{1,2}\d{1,2}(?:, [A-Z]{1,2}\d{1,2})*)[):;]/g)
    .flatMap((ids) => ids.split(', '))
    .filter((id) => !(isTest && /^(?:[FGHS]|HF)\d/.test(id)));
  return [...listAll(line, /\b(D\d{1,2})\b/g), ...bracketed.filter((id) => !id.startsWith('D'))].map(
    (id) => ({
      kind: 'defect',
      text: id,
      fault: pages.defects.has(id) ? undefined : 'known-defects.md has no such row',
    }),
  );
}

function findHldHeadings(line: string, pages: Pages): Citation[] {
  const cited = [...line.matchAll(new RegExp(`\\bHLD, (${QUOTED})`, 'g'))].flatMap(([text, quotes = '']) =>
    listAll(quotes, /"([^"]+)"/g).map((quote): Citation => {
      const isListed = pages.hldHeadings.has(quote);
      return {
        kind: 'hld',
        text,
        fault: isListed ? undefined : `sonic.md lists no heading "${quote}" of the HLD`,
      };
    }),
  );
  const headless = [...line.matchAll(/[(;] ?HLD(?:\)|; |, (?!")[^)]*\))/g)].map(([text]): Citation => ({
    kind: 'hld',
    text,
    fault: 'it quotes no heading of the HLD',
  }));
  return [...cited, ...headless];
}

const HEADING = /^#{1,6} (.+)$/gm;

/** As a code host makes them of headings. */
function listAnchors(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const heading of listAll(text.replaceAll(/^```[\s\S]*?^```/gm, ''), HEADING)) {
    const plain = heading.replaceAll(LINK, '$1').toLowerCase();
    const slug = plain.replaceAll(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

const listQuotes = (text: string): Set<string> =>
  new Set([
    ...listAll(text, HEADING).map((heading) => heading.replaceAll('`', '')),
    ...listAll(toOneLine(text), /\*\*([^*]+?)[.:]?\*\*/g).map((words) => words.replaceAll('`', '')),
  ]);

/** The first group of each match. */
const listAll = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found);
