import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readPlainAnswer } from '../../src/container/adapters/supervisor/plain-answer.ts';
import { encodeMethodCall } from '../../src/container/adapters/supervisor/xml-rpc-call.ts';
import { XmlRpcFault, type XmlRpcValue } from '../../src/container/adapters/supervisor/xml-rpc-value.ts';
import { decodeMethodResponse } from '../../src/container/adapters/supervisor/xml-rpc.ts';
import { CtrkitError } from '../../src/contract/errors.ts';
import { runsOf } from '../support/run-counts.ts';

const runs = { ...runsOf(2_000), endOnFailure: true };

/** A value, and one of the ways to write it. */
interface Written {
  readonly value: XmlRpcValue;
  readonly xml: string;
}

// oxlint-disable-next-line no-control-regex
const isXmlText = (text: string): boolean => !/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/.test(text);
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('<', '>', '&', '"', "'", ' ', '\n', ']', '-', ';', '#', 'ü', '€', '🙂'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});
const xmlText = text.filter(isXmlText);
const blanks = fc.constantFrom('', ' ', '\n', '\r\n\t', '<!-- <x> & y -->');

function escaped(plain: string): string {
  return plain.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const writeText: fc.Arbitrary<(plain: string) => string> = fc.constantFrom<(plain: string) => string>(
  escaped,
  (plain) => Array.from(plain, (character) => `&#${character.codePointAt(0)};`).join(''),
  (plain) => Array.from(plain, (character) => `&#x${character.codePointAt(0)?.toString(16)};`).join(''),
  (plain) => (plain.includes(']]>') ? escaped(plain) : `<![CDATA[${plain}]]>`),
);

const scalar: fc.Arbitrary<Written> = fc.oneof(
  fc.tuple(xmlText, writeText).map(([value, write]) => ({ value, xml: `<string>${write(value)}</string>` })),
  fc.tuple(xmlText, writeText).map(([value, write]) => ({ value, xml: write(value) })),
  fc.tuple(fc.integer(), fc.constantFrom('int', 'i4'), blanks).map(([value, type, blank]) => ({
    value,
    xml: `<${type}>${blank}${value}${blank}</${type}>`,
  })),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => ({ value: value === 0 ? 0 : value, xml: `<double>${value}</double>` })),
  fc.boolean().map((value) => ({ value, xml: `<boolean>${value ? 1 : 0}</boolean>` })),
  fc.constant({ value: null, xml: '<nil/>' }),
);

const { written } = fc.letrec<{ written: Written; array: Written; struct: Written }>((tie) => ({
  written: fc.oneof({ maxDepth: 4, depthSize: 'small' }, scalar, tie('array'), tie('struct')),
  array: fc.tuple(fc.array(tie('written'), { maxLength: 5 }), blanks).map(([items, blank]) => ({
    value: items.map(({ value }) => value),
    xml: `<array>${blank}<data>${items.map(({ xml }) => `${blank}<value>${xml}</value>`).join('')}</data></array>`,
  })),
  struct: fc
    .tuple(
      fc.uniqueArray(fc.tuple(xmlText, tie('written')), { maxLength: 5, selector: ([name]) => name }),
      blanks,
    )
    .map(([members, blank]) => ({
      value: Object.fromEntries(members.map(([name, { value }]) => [name, value])),
      xml: `<struct>${members
        .map(
          ([name, { xml }]) =>
            `<member>${blank}<name>${escaped(name)}</name>${blank}<value>${xml}</value></member>`,
        )
        .join(blank)}</struct>`,
    })),
}));

function response(xml: string): string {
  return `<?xml version="1.0"?>\n<methodResponse><params><param><value>${xml}</value></param></params></methodResponse>`;
}

test('whatever way a value is written, it is read as that value', () => {
  fc.assert(
    fc.property(written, ({ value, xml }) => {
      assert.deepEqual(decodeMethodResponse(response(xml)), value);
    }),
    runs,
  );
});

test('a string arrives as it was sent, whatever is in it', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        xmlText,
        xmlText.map((plain) => `\r${plain}\r\n`),
      ),
      (plain) => {
        const call = encodeMethodCall('m', [plain]);
        const value = /<params>.*<\/params>/s.exec(call)?.[0];
        assert.equal(decodeMethodResponse(`<methodResponse>${value}</methodResponse>`), plain);
      },
    ),
    runs,
  );
});

/** As Python's xmlrpc.client.dumps lays it out, references and all. */
const plainStruct = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom('name', 'pid', '__proto__'), xmlText),
      fc.oneof(xmlText, fc.integer(), fc.maxSafeInteger()),
    ),
    { maxLength: 6 },
  )
  .map((members) => {
    const lines = members.map(([name, value]) => {
      const type = typeof value === 'number' ? 'int' : 'string';
      return `<member>\n<name>${escaped(name)}</name>\n<value><${type}>${escaped(String(value))}</${type}></value>\n</member>\n`;
    });
    return `<value><struct>\n${lines.join('')}</struct></value>\n`;
  });
const plainAnswer = fc
  .array(plainStruct, { maxLength: 4 })
  .map(
    (structs) =>
      `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n${structs.join('')}</data></array></value>\n</param>\n</params>\n</methodResponse>\n`,
  );

test('what is read without the XML parser is what the parser reads, and most answers are', () => {
  const part = fc.constantFrom(
    '<',
    '>',
    '&lt;',
    '\r',
    '\n',
    ' ',
    '-',
    '0',
    'int',
    '</',
    '<value>',
    '',
    ']]>',
  );
  const damaged = fc.tuple(plainAnswer, fc.nat(), fc.nat(12), part).map(([whole, at, length, by]) => {
    const from = at % whole.length;
    return whole.slice(0, from) + by + whole.slice(from + length);
  });
  let read = 0;
  fc.assert(
    fc.property(fc.oneof(plainAnswer, damaged), (xml) => {
      const value = readPlainAnswer(xml);
      if (value === undefined) return;
      read += 1;
      assert.deepEqual(value, decodeMethodResponse(xml));
    }),
    runs,
  );
  assert.ok(read > 200, `only ${read} were read without the parser: the test tests nothing`);
});

test('an answer that is too long is left to the parser, which refuses it', () => {
  const one = '<member>\n<name>$</name>\n<value><int>1</int></value>\n</member>\n';
  const answerOf = (members: number) =>
    `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><array><data>\n<value><struct>\n${Array.from({ length: members }, (_, i) => one.replace('$', `${i}`)).join('')}</struct></value>\n</data></array></value>\n</param>\n</params>\n</methodResponse>\n`;
  assert.notEqual(readPlainAnswer(answerOf(7_000)), undefined);
  assert.equal(readPlainAnswer(answerOf(8_200)), undefined);
});

const MARKUP =
  '<methodResponse> </methodResponse> <params> <param> <value> </value> <int> <array> <data> <struct> <member> ' +
  '<name> <fault> <nil/> <!-- --> <![CDATA[ ]]> <! <?xml ?> & &# ; <!DOCTYPE [ <!ENTITY =" constructor __proto__';
const piece = fc.constantFrom(...MARKUP.split(' '), ' ', '\u0000');

test('whatever arrives, it is read, or refused as no answer or a fault, and nothing else happens', () => {
  const soup = fc.array(fc.oneof(piece, text), { maxLength: 40 }).map((pieces) => pieces.join(''));
  // An answer with one piece of it replaced: nearer to the truth than soup.
  const damaged = fc
    .tuple(written, fc.nat(), fc.nat(20), fc.oneof(piece, text))
    .map(([{ xml }, at, length, by]) => {
      const whole = response(xml);
      const from = at % whole.length;
      return whole.slice(0, from) + by + whole.slice(from + length);
    });
  let refused = 0;
  fc.assert(
    fc.property(fc.oneof(soup, damaged), (xml) => {
      try {
        decodeMethodResponse(xml);
      } catch (error) {
        const isRefusal = error instanceof CtrkitError && error.code === 'supervisor';
        assert.ok(isRefusal || error instanceof XmlRpcFault, String(error));
        refused += 1;
      }
    }),
    { ...runs, ...runsOf(5_000) },
  );
  assert.ok(refused > 1_000, `only ${refused} of 5000 were broken: the test tests nothing`);
});
