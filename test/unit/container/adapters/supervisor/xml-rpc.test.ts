import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeMethodCall } from '../../../../../src/container/adapters/supervisor/xml-rpc-call.ts';
import { XmlRpcFault } from '../../../../../src/container/adapters/supervisor/xml-rpc-value.ts';
import { decodeMethodResponse } from '../../../../../src/container/adapters/supervisor/xml-rpc.ts';
import { CtrkitError } from '../../../../../src/contract/errors.ts';

function response(value: string): string {
  return `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n${value}</param>\n</params>\n</methodResponse>\n`;
}

function fault(value: string): string {
  return `<?xml version='1.0'?>\n<methodResponse>\n<fault>\n${value}</fault>\n</methodResponse>\n`;
}

function struct(...members: string[]): string {
  return `<value><struct>\n${members.map((member) => `<member>${member}</member>\n`).join('')}</struct></value>\n`;
}

function isRefused(pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CtrkitError, `${String(error)} is no CtrkitError`);
    assert.equal(error.code, 'supervisor');
    assert.match(error.message, pattern);
    assert.ok(error.message.length < 250, 'the message quotes too much');
    assert.ok(!error.message.includes('\n'), 'the message has more than one line');
    return true;
  };
}

describe('a method call', () => {
  test('carries its name and its strings, in order', () => {
    assert.equal(
      encodeMethodCall('supervisor.getProcessInfo', ['a', 'b:c']),
      '<?xml version="1.0"?><methodCall><methodName>supervisor.getProcessInfo</methodName><params>' +
        '<param><value><string>a</string></value></param><param><value><string>b:c</string></value></param>' +
        '</params></methodCall>',
    );
  });

  test('carries lists and structs, as system.multicall wants them', () => {
    assert.match(
      encodeMethodCall('system.multicall', [[{ methodName: 'm', params: ['a<b'] }]]),
      new RegExp(
        '<param><value><array><data><value><struct><member><name>methodName</name><value><string>m</string></value></member>' +
          '<member><name>params</name><value><array><data><value><string>a&lt;b</string></value></data></array></value></member>' +
          '</struct></value></data></array></value></param>',
      ),
    );
  });

  test('cannot be broken by what a string holds', () => {
    assert.match(
      encodeMethodCall('m', ['</string>&amp;\r']),
      /<string>&lt;\/string&gt;&amp;amp;&#13;<\/string>/,
    );
    assert.match(encodeMethodCall('<m>', []), /<methodName>&lt;m&gt;<\/methodName>/);
  });

  for (const text of ['\u0000', 'a\u0008', '\u001b[1m', '\uffff', '\ud800', 'x\udc00y']) {
    test(`refuses ${JSON.stringify(text)}, which XML cannot carry`, () => {
      assert.throws(() => encodeMethodCall('m', [text]), isRefused(/XML cannot carry/));
    });
  }
});

describe('the value of a method response', () => {
  const values: readonly [string, string, unknown][] = [
    ['a string', '<value><string>RUNNING</string></value>', 'RUNNING'],
    ['an empty string', '<value><string></string></value>', ''],
    ['an empty string in one tag', '<value><string/></value>', ''],
    ['a string without a type', '<value> a b </value>', ' a b '],
    ['nothing at all, an empty string', '<value/>', ''],
    ['a string with its blanks', '<value><string> a\n b </string></value>', ' a\n b '],
    [
      'a string with references',
      '<value><string>&lt;&amp;&gt;&quot;&apos;&#252;&#x1F642;</string></value>',
      '<&>"\'ü🙂',
    ],
    ['a string in a CDATA section', '<value><string>a<![CDATA[<&b>]]>c</string></value>', 'a<&b>c'],
    ['a string around a comment', '<value><string>a<!-- x -->b</string></value>', 'ab'],
    ['an int', '<value><int>42</int></value>', 42],
    ['a negative i4', '<value><i4>-7</i4></value>', -7],
    ['an int with a plus and blanks', '<value><int> +7\n</int></value>', 7],
    ['a true', '<value><boolean>1</boolean></value>', true],
    ['a false', '<value><boolean>0</boolean></value>', false],
    ['a double', '<value><double>-1.25</double></value>', -1.25],
    ['a double with an exponent', '<value><double>1e-07</double></value>', 1e-7],
    ['a nil', '<value><nil/></value>', null],
    ['base64 as its text', '<value><base64>aGVsbG8=</base64></value>', 'aGVsbG8='],
    [
      'a date as its text',
      '<value><dateTime.iso8601>20261120T10:00:00</dateTime.iso8601></value>',
      '20261120T10:00:00',
    ],
    ['an empty array', '<value><array><data></data></array></value>', []],
    [
      'an array of this and that',
      '<value><array><data><value>a</value> <value><int>1</int></value>' +
        '<value><array><data><value><nil/></value></data></array></value></data></array></value>',
      ['a', 1, [null]],
    ],
    ['an empty struct', '<value><struct></struct></value>', {}],
    [
      'a struct',
      struct('<name>pid</name><value><int>7</int></value>', '<name>a b</name><value/>'),
      { pid: 7, 'a b': '' },
    ],
  ];
  for (const [title, xml, expected] of values) {
    test(`is read: ${title}`, () => assert.deepEqual(decodeMethodResponse(response(xml)), expected));
  }

  test('may name a member __proto__ without harm', () => {
    const value = decodeMethodResponse(response(struct('<name>__proto__</name><value>x</value>')));
    assert.deepEqual(Object.entries(value ?? {}), [['__proto__', 'x']]);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  });
});

describe('a fault', () => {
  const code = '<name>faultCode</name><value><int>10</int></value>';
  const text = '<name>faultString</name><value><string>BAD_NAME: x</string></value>';

  test('is thrown with its code and its text', () => {
    assert.throws(
      () => decodeMethodResponse(fault(struct(code, text))),
      (error) =>
        error instanceof XmlRpcFault && error.faultCode === 10 && error.faultString === 'BAD_NAME: x',
    );
  });

  test('without code or text is no answer', () => {
    for (const broken of [
      struct(code),
      struct(text),
      struct(),
      '<value>x</value>',
      '<value><nil/></value>',
    ]) {
      assert.throws(() => decodeMethodResponse(fault(broken)), isRefused(/a fault without code and text/));
    }
  });
});

describe('what is no answer is refused with a reason', () => {
  const deep = (levels: number): string =>
    '<value><array><data>'.repeat(levels) + '</data></array></value>'.repeat(levels);
  const broken: readonly [string, string, RegExp][] = [
    ['nothing', '', /0 elements in "the document"/],
    ['blanks', ' \n ', /0 elements in "the document"/],
    ['no XML', 'hello', /Non-whitespace before first tag/],
    ['a document cut short', response('<value>x</value>').slice(0, 90), /Unclosed root tag|Unexpected end/],
    ['tags out of order', response('<value><int>1</value></int>'), /Unexpected close tag/],
    ['text after the end', `${response('<value/>')}x`, /Text data outside of root node/],
    [
      'two documents',
      response('<value/>')
        .repeat(2)
        .replaceAll(/<\?.*\?>/g, ''),
      /2 elements in "the document"/,
    ],
    ['a bare ampersand', response('<value>a & b</value>'), /Invalid character in entity name/],
    ['an entity of HTML', response('<value>&nbsp;</value>'), /Invalid character entity/],
    ['a document type', `<!DOCTYPE x [<!ENTITY a "b">]>${response('<value>&a;</value>')}`, /a document type/],
    ['an attribute', response('<value a="b">x</value>'), /an attribute "a"/],
    ['an attribute that trips the parser', response('<value hasOwnProperty="" b="c"/>'), /an attribute/],
    ['a comment without an end', response('<value>x<!-- </value>'), /Unclosed root tag/],
    ['a CDATA section without an end', response('<value><![CDATA[x</value>'), /Unclosed root tag/],
    ['a tag that opens and closes', response('<value></string/></value>'), /Invalid tagname in closing tag/],
    ['a character that is none', response('<value>&#0;</value>'), /Invalid character entity/],
    ['half a character', response('<value>&#xd800;</value>'), /Invalid character entity/],
    ['a character beyond the last', response('<value>&#x110000;</value>'), /Invalid character entity/],
    ['an end too many', `${response('<value/>')}</methodResponse>`, /Unmatched closing tag/],
    ['a call', encodeMethodCall('m', []), /it is a "methodCall"/],
    ['another element', '<html><body/></html>', /it is a "html"/],
    ['no content', '<methodResponse/>', /0 elements in "methodResponse"/],
    ['unknown content', '<methodResponse><x/></methodResponse>', /"x" where params or fault belong/],
    ['no parameter', '<methodResponse><params/></methodResponse>', /0 elements in "params"/],
    ['two parameters', response('<value/></param><param><value/>'), /2 elements in "params"/],
    ['a parameter without a value', response('<int>1</int>'), /"int" where a value belongs/],
    ['text beside the value', response('x<value/>'), /text "x" in "param"/],
    ['text beside the type', response('<value>x<int>1</int></value>'), /text "x" in "value"/],
    ['two types', response('<value><int>1</int><int>2</int></value>'), /2 elements in "value"/],
    ['an unknown type', response('<value><float>1</float></value>'), /unknown type "float"/],
    ['an int that is none', response('<value><int>1x</int></value>'), /"1x" is no int/],
    ['an empty int', response('<value><int></int></value>'), /"" is no int/],
    ['a hexadecimal int', response('<value><int>0x10</int></value>'), /"0x10" is no int/],
    ['an int too large', response(`<value><int>${'9'.repeat(20)}</int></value>`), /is no int/],
    ['a double that is none', response('<value><double>nan</double></value>'), /"nan" is no double/],
    ['a double too large', response('<value><double>1e999</double></value>'), /"1e999" is no double/],
    ['a boolean that is none', response('<value><boolean>true</boolean></value>'), /"true" is no boolean/],
    ['a nil that is none', response('<value><nil>x</nil></value>'), /"x" in a nil/],
    [
      'an element in a string',
      response('<value><string><b>x</b></string></value>'),
      /an element in "string"/,
    ],
    [
      'an array without data',
      response('<value><array><value/></array></value>'),
      /"value" where "data" belongs/,
    ],
    [
      'something else in an array',
      response('<value><array><data><x/></data></array></value>'),
      /"x" where a value/,
    ],
    ['a struct without members', response('<value><struct><value/></struct></value>'), /not a member/],
    ['a member without a name', response(struct('<value/>')), /not a member/],
    ['a member without a value', response(struct('<name>a</name>')), /not a member/],
    ['a member with two values', response(struct('<name>a</name><value/><value/>')), /not a member/],
    [
      'a member twice',
      response(struct('<name>a</name><value>1</value>', '<name>a</name><value>2</value>')),
      /two members "a"/,
    ],
    ['a deep nest', response(deep(10)), /nested deeper than 32/],
    ['a very deep nest', response(deep(10_000)), /nested deeper than 32/],
    ['a crowd of elements', response('<value/>'.repeat(40_000)), /more than 32768 elements/],
    ['a huge text', response(`<value>${'x'.repeat(600_000)}</value>`), /longer than 524288 characters/],
    ['a huge name', `<${'x'.repeat(500_000)}/>`, /it is a "xxx/],
    ['a huge number', response(`<value><int>${'1'.repeat(500_000)}</int></value>`), /is no int/],
    ['a huge tag that never ends', `<${'x'.repeat(500_000)}`, /Unexpected end/],
  ];
  for (const [title, xml, pattern] of broken) {
    test(title, () => assert.throws(() => decodeMethodResponse(xml), isRefused(pattern)));
  }

  test('the deepest nest within the limit is read', () => {
    let value = decodeMethodResponse(response(deep(9)));
    for (let level = 1; level < 9; level += 1) {
      assert.ok(Array.isArray(value) && value.length === 1);
      value = value[0] ?? '';
    }
    assert.deepEqual(value, []);
  });
});
