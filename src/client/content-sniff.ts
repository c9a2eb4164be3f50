// What a file that should have been a torrent file looks like instead: said in the error, because the usual cause is a
// web site that answered with a page, or a link that was saved in place of what it leads to.

/** Bytes at the start of a file that are looked at. */
const SNIFFED_BYTES = 512;

const MARKS: readonly (readonly [mark: string, what: string])[] = [
  ['magnet:', 'a magnet link saved as text'],
  ['<!doctype html', 'an HTML page'],
  ['<html', 'an HTML page'],
  ['<?xml', 'an XML document'],
  ['<', 'an HTML or XML page'],
  ['{', 'a JSON document'],
  ['http://', 'a web address saved as text'],
  ['https://', 'a web address saved as text'],
  ['pk\u0003\u0004', 'a ZIP archive'],
  ['\u001f\u008b', 'a gzip archive'],
  ['%pdf', 'a PDF document'],
  ['rar!', 'a RAR archive'],
  ['\u007felf', 'a program'],
];

/** In words, what `bytes` look like; `undefined` when they may well be a torrent file: bencode that opens a dictionary. */
export function looksLike(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'an empty file';
  const head = Buffer.from(bytes.subarray(0, SNIFFED_BYTES)).toString('latin1');
  if (/^d(\d|e)/.test(head)) return undefined;
  const start = head
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()
    .toLowerCase();
  const found = MARKS.find(([mark]) => start.startsWith(mark));
  if (found !== undefined) return found[1];
  return /^[\t\n\r\x20-\x7e]*$/.test(head) ? 'plain text' : 'something else';
}
