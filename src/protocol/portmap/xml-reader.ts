// Reads as much XML as routers write (UPnP): elements and their text. What a document type could do (entities that grow,
// files that are read) does not exist here: a document that has one is refused. Prefixes are dropped, attributes skipped.
import { XML_DEPTH_MAX, XML_ELEMENTS_MAX } from '../limits.ts';

/** Hears a document in its order. */
export interface XmlListener {
  /** Name without prefix. */
  open(name: string): void;
  /** The text that lies directly in the element, without white space around it. */
  close(name: string, text: string): void;
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const TAG =
  /<(?:!--[\s\S]*?--|\?[\s\S]*?\?|!\[CDATA\[([\s\S]*?)\]\]|(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?))>/y;

/** Reads a whole document. Returns whether it is one: what was told of another is not to be used. */
export function readXml(text: string, listener: XmlListener): boolean {
  const open: { readonly tag: string; text: string }[] = [];
  let elements = 0;
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf('<', at);
    const words = text.slice(at, next === -1 ? text.length : next);
    if (!take(open.at(-1), words)) return false;
    if (next === -1) break;
    TAG.lastIndex = next;
    const tag = TAG.exec(text);
    if (tag === null) return false;
    at = TAG.lastIndex;
    const [, cdata, slash, name, , alone] = tag;
    if (cdata !== undefined && open.length > 0) open.at(-1)!.text += cdata;
    if (name === undefined) continue;
    if (slash === '/') {
      const closed = open.pop();
      if (closed?.tag !== name || alone === '/') return false;
      listener.close(localName(name), closed.text.trim());
      continue;
    }
    if (open.length === XML_DEPTH_MAX || ++elements > XML_ELEMENTS_MAX) return false;
    // A second root is none.
    if (open.length === 0 && elements > 1) return false;
    listener.open(localName(name));
    if (alone === '/') listener.close(localName(name), '');
    else open.push({ tag: name, text: '' });
  }
  return open.length === 0 && elements > 0;
}

/** Text outside of the root may be white space alone. Returns whether it can be read. */
function take(into: { text: string } | undefined, words: string): boolean {
  if (into === undefined) return words.trim() === '' || words.trim() === '\ufeff';
  const decoded = decodeEntities(words);
  if (decoded === undefined) return false;
  into.text += decoded;
  return true;
}

function decodeEntities(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let readable = true;
  const decoded = text.replace(/&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]{2,4})?(;?)/g, (_all, name = '', end = '') => {
    const letter = end === ';' ? (NAMED[name] ?? letterOf(name)) : undefined;
    if (letter === undefined) readable = false;
    return letter ?? '';
  });
  return readable ? decoded : undefined;
}

function letterOf(name: string): string | undefined {
  if (!name.startsWith('#')) return undefined;
  const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Text as it stands in an element. */
export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (letter) => `&#${letter.codePointAt(0)};`);
}
