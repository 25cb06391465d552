import sax, { type SAXOptions, type SAXParser } from 'sax';
import { createAnswerError, quoteText, refuseAnswer } from './broken-answer.ts';
import { MAX_ELEMENTS, MAX_RESPONSE_BYTES, type XmlRpcValue } from './xml-rpc-value.ts';

/** Deepest nesting: supervisord's deepest answer, a list of structs, has 11. Bounds every reader's recursion. */
const MAX_DEPTH = 32;
/** An element of the answer; `text` is all the text directly in it, character references resolved. */
export interface XmlElement {
  readonly name: string;
  children: XmlElement[];
  text: string;
  /** The value of a complete element that was read; its children and text are dropped then. */
  value: XmlRpcValue | undefined;
}

/** Reads a complete element; undefined leaves it as it is. */
type ElementReader = (element: XmlElement) => XmlRpcValue | undefined;

// Without strictEntities sax knows the 250 names of HTML; XML has five. (The type package lacks the option.)
// Without `position: false`, counting lines and columns takes a third of the time and 3 MB of memory.
const SAX_OPTIONS: SAXOptions & { strictEntities: boolean } = { strictEntities: true, position: false };

function createElement(name: string): XmlElement {
  return { name, children: [], text: '', value: undefined };
}

/** Creates handlers that build the tree under `document`. Each throws on what is refused: sax itself would go on. */
function createTreeHandlers(document: XmlElement, read: ElementReader): Partial<SAXParser> {
  const open = [document];
  const findOpenElement = (): XmlElement => open.at(-1) ?? document;
  let elements = 0;
  const appendText = (text: string): void => {
    findOpenElement().text += text;
  };
  return {
    onerror: (error) => refuseAnswer(quoteText(error.message)),
    ondoctype: () => refuseAnswer('a document type'),
    onsgmldeclaration: () => refuseAnswer('a declaration'),
    onattribute: ({ name }) => refuseAnswer(`an attribute ${quoteText(name)}`),
    onopentag: ({ name }) => {
      elements += 1;
      if (elements > MAX_ELEMENTS) refuseAnswer(`more than ${MAX_ELEMENTS} elements`);
      if (open.length > MAX_DEPTH) refuseAnswer(`nested deeper than ${MAX_DEPTH}`);
      const element = createElement(name);
      findOpenElement().children.push(element);
      open.push(element);
    },
    onclosetag: () => {
      const element = open.pop() ?? document;
      element.value = read(element);
      if (element.value !== undefined) Object.assign(element, { children: [], text: '' });
    },
    ontext: appendText,
    oncdata: appendText,
  };
}

/**
 * Returns the root element of an XML document without attributes and document type, which is all XML-RPC needs.
 * Every element is given to `read` as soon as it is complete, inner ones first, and its value replaces its children: the
 * tree of a whole answer would leave 4 MB of garbage in a resident process.
 * Throws CtrkitError('supervisor') if it is not well-formed or exceeds a limit above.
 */
export function parseXmlTree(xml: string, read: ElementReader): XmlElement {
  if (xml.length > MAX_RESPONSE_BYTES)
    throw createAnswerError(`longer than ${MAX_RESPONSE_BYTES} characters`);
  const document = createElement('the document');
  const parser = sax.parser(true, SAX_OPTIONS);
  Object.assign(parser, createTreeHandlers(document, read));
  parser.write(xml).close();
  return assertOnlyChild(document);
}

/** Returns the child of an element that must have exactly one (of that name, if given) and no text; throws otherwise. */
export function assertOnlyChild(element: XmlElement, name?: string): XmlElement {
  const [child, ...more] = readChildren(element);
  if (child === undefined || more.length > 0) {
    throw createAnswerError(`${element.children.length} elements in ${quoteText(element.name)}, 1 expected`);
  }
  if (name !== undefined && child.name !== name) {
    throw createAnswerError(`${quoteText(child.name)} where ${quoteText(name)} belongs`);
  }
  return child;
}

/** Returns the children of an element that may hold nothing else but blanks; throws otherwise. */
export function readChildren(element: XmlElement): XmlElement[] {
  const text = element.text.trim();
  if (text !== '') throw createAnswerError(`text ${quoteText(text)} in ${quoteText(element.name)}`);
  return element.children;
}

/** Returns the text of an element that may hold nothing else; throws otherwise. */
export function readElementText(element: XmlElement): string {
  if (element.children.length > 0)
    throw createAnswerError(`an element in ${quoteText(element.name)}, text expected`);
  return element.text;
}
