// The border between names that strangers chose and the user's disk. Everything that leaves here is a relative path of
// plain names: it cannot leave the download folder, name a device, or hide its end from the reader. Names are changed
// rather than refused, always in the same way, as libtorrent does: old torrents are full of them.
//
//   removed   / \ and the marks that reverse or hide text (U+202A-202E, U+2066-2069, …)
//   to `_`    control characters; the colon of a drive letter; with `portable` also < > : " | ? *
//   cut       trailing dots and spaces (Windows drops them, so `a.` and `a` would be one file): with `portable` only
//   prefixed  CON, NUL, COM1 and their like, with `_`: with `portable` only
//   dropped   names of which nothing is left, and `.` and `..`
//
// `posix` rules are for systems other than Windows, where other clients write such names unchanged, so that data that
// is there already is found.
import { InputError } from '../../base/errors.ts';
import { utf8Length } from '../../base/utf8.ts';
import { NAME_BYTES_MAX, PATH_BYTES_MAX } from '../limits.ts';
import type { NameRules } from './metainfo.ts';

/** Stands for a name of which nothing is left. */
const NAMELESS = '_';

/** A longer one is not an extension but a dot in a long name. */
const EXTENSION_BYTES_MAX = 16;

const INVISIBLE = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;
const CONTROL = /[\p{Cc}\u2028\u2029]/gu;
const LONE_SURROGATE = /\p{Cs}/gu;
const WINDOWS_RESERVED = /[<>:"|?*]/g;
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;

/** Names that every rule leaves as they are; most are such, and a torrent may have 400,000 of them. */
const PLAIN = /^[\w !#$%&'()+,;=@[\]^`{}~.-]{0,200}[\w!#$%&'()+,;=@[\]^`{}~-]$/;

/** Makes a single name safe, or answers '' when nothing is left of it. */
export function safeName(name: string, rules: NameRules): string {
  if (PLAIN.test(name) && !WINDOWS_DEVICE.test(name)) return name;
  let safe = name
    .replace(/[/\\]/g, '')
    .replace(INVISIBLE, '')
    .replace(CONTROL, '_')
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(/^([A-Za-z]):/, '$1_');
  if (rules === 'portable') safe = trimEnd(safe.replace(WINDOWS_RESERVED, '_'));
  safe = shortenName(safe, '');
  if (rules === 'portable' && WINDOWS_DEVICE.test(safe)) safe = shortenName(`_${safe}`, '');
  // Only now, because every step above may have left nothing but dots.
  return /^\.{0,2}$/.test(safe) ? '' : safe;
}

/** Makes the parts of a path safe. Never answers an empty path. */
export function safeParts(parts: readonly string[], rules: NameRules): readonly string[] {
  const safe = parts.map((part) => safeName(part, rules)).filter((part) => part !== '');
  return safe.length === 0 ? [NAMELESS] : safe;
}

/** Joins safe parts; refuses a path that no file system takes. */
export function joinParts(parts: readonly string[]): string {
  const path = parts.join('/');
  const length = utf8Length(path);
  if (length <= PATH_BYTES_MAX) return path;
  throw new InputError(
    'ERR_METAINFO_PATH',
    `The torrent has a path of ${length} bytes, more than the ${PATH_BYTES_MAX} that can be written: ${path.slice(0, 80)}…`,
  );
}

/** Puts `suffix` before the extension and shortens the name so that both fit into a file name. */
export function shortenName(name: string, suffix: string): string {
  const dot = name.lastIndexOf('.');
  let extension = dot > 0 ? name.slice(dot) : '';
  if (utf8Length(extension) > EXTENSION_BYTES_MAX) extension = '';
  let stem = name.slice(0, name.length - extension.length);
  const stemBytesMax = NAME_BYTES_MAX - utf8Length(suffix + extension);
  if (utf8Length(stem) > stemBytesMax) stem = trimEnd(cutToBytes(stem, stemBytesMax));
  return stem + suffix + extension;
}

/** Cuts trailing dots and spaces. A loop, because a regular expression takes quadratic time for dots before an `x`. */
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '.' || text[end - 1] === ' ')) end--;
  return text.slice(0, end);
}

/** The longest beginning of `text` whose UTF-8 form has at most `bytesMax` bytes: never half a character. */
function cutToBytes(text: string, bytesMax: number): string {
  let bytes = 0;
  let length = 0;
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > bytesMax) break;
    length += character.length;
  }
  return text.slice(0, length);
}
