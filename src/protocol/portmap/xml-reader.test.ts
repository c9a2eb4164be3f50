// As much XML as routers write.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { XML_DEPTH_MAX, XML_ELEMENTS_MAX } from '../limits.ts';
import { escapeXml, readXml } from './xml-reader.ts';

function trace(text: string): string[] | undefined {
  const told: string[] = [];
  const whole = readXml(text, {
    open: (name) => told.push(`<${name}`),
    close: (name, said) => told.push(`${name}>${said}`),
  });
  return whole ? told : undefined;
}

test('elements are told in their order, with the text that is their own', () => {
  const text = `<?xml version="1.0"?><!-- hm --><a x="1>2">1<s:b y='"'/> 2 <c> x &lt;&#65;&#x42;&amp; </c><![CDATA[<d>]]></a>\n`;
  assert.deepEqual(trace(text), ['<a', '<b', 'b>', '<c', 'c>x <AB&', 'a>1 2 <d>']);
});

for (const [name, text] of [
  ['a document type', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
  ['an entity of its own', '<a>&x;</a>'],
  ['an entity without an end', '<a>&lt</a>'],
  ['no such letter', '<a>&#x110000;</a>'],
  ['an element left open', '<a><b></b>'],
  ['elements that cross', '<a><b></a></b>'],
  ['two roots', '<a/><b/>'],
  ['nothing', ''],
  ['text alone', 'hello'],
  ['half a tag', '<a><b</a>'],
  ['an attribute without quotes', '<a b=c></a>'],
  ['a comment without an end', '<a><!-- </a>'],
] as const) {
  test(`${name} is refused`, () => assert.equal(trace(text), undefined));
}

test('too deep and too many elements are refused', () => {
  const nested = (depth: number): string => '<a>'.repeat(depth) + '</a>'.repeat(depth);
  assert.ok(trace(nested(XML_DEPTH_MAX)));
  assert.equal(trace(nested(XML_DEPTH_MAX + 1)), undefined);
  assert.ok(trace(`<r>${'<a/>'.repeat(XML_ELEMENTS_MAX - 1)}</r>`));
  assert.equal(trace(`<r>${'<a/>'.repeat(XML_ELEMENTS_MAX)}</r>`), undefined);
});

test('text survives being written and read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.deepEqual(trace(`<a>${escapeXml(text)}</a>`), ['<a', `a>${text.trim()}`]);
    }),
  );
});
