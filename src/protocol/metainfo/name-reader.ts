// Text of torrents that were made before everybody wrote UTF-8. A name is, in this order: its `.utf-8` twin, strict
// UTF-8, what the torrent's `encoding` says, what detection says, or UTF-8 with its broken bytes replaced.
//
// Detection looks at all non-UTF-8 names of the torrent together, because one name alone is too short:
//   windows-1252  bytes above 0x7F stand alone between ASCII letters, as accents do in western words
//   shift_jis     decodes, with no half-width katakana: Chinese and Cyrillic text is full of those when read this way
//   windows-1251  most high bytes are 0xE0 and above, the small Cyrillic letters; Chinese spreads over 0xA1-0xFE
//   gb18030       decodes; so do Big5 and EUC-KR mostly, which only frequency tables could tell apart
import { decodeUtf8, decodeUtf8Lossy } from '../../base/utf8.ts';
import { NAME_BYTES_READ_MAX, TEXT_BYTES_READ_MAX } from '../limits.ts';
import type { MetainfoPorts } from './metainfo.ts';
import { decodeWindows1252, isWindows1252 } from './windows-1252.ts';

/** Reads the names of one torrent, all non-UTF-8 ones in the same encoding. */
export class NameReader {
  readonly #ports: MetainfoPorts;
  readonly #labels: readonly string[];

  /** `samples` are names of the torrent, of which the well-formed UTF-8 ones teach nothing; `declared` its `encoding`. */
  constructor(ports: MetainfoPorts, samples: readonly Uint8Array[], declared: string | undefined) {
    this.#ports = ports;
    const odd = samples
      .map((sample) => cut(sample, NAME_BYTES_READ_MAX))
      .filter((sample) => decodeUtf8(sample) === undefined);
    const detected = odd.length === 0 ? undefined : detectEncoding(ports, odd);
    this.#labels = [declared, detected].filter((label) => label !== undefined);
  }

  /** A name: of one that no file system takes the beginning will do. */
  readName(bytes: Uint8Array, utf8Twin?: Uint8Array): string {
    return this.#read(cut(bytes, NAME_BYTES_READ_MAX), utf8Twin && cut(utf8Twin, NAME_BYTES_READ_MAX));
  }

  /** Text of any other kind. */
  read(bytes: Uint8Array, utf8Twin?: Uint8Array): string {
    return this.#read(cut(bytes, TEXT_BYTES_READ_MAX), utf8Twin && cut(utf8Twin, TEXT_BYTES_READ_MAX));
  }

  /** Never fails: what no encoding fits has U+FFFD for each broken byte. */
  #read(bytes: Uint8Array, utf8Twin: Uint8Array | undefined): string {
    const text = (utf8Twin && decodeUtf8(utf8Twin)) ?? decodeUtf8(bytes);
    if (text !== undefined) return text;
    for (const label of this.#labels) {
      const decoded = decode(this.#ports, bytes, label);
      if (decoded !== undefined) return decoded;
    }
    return decodeUtf8Lossy(bytes);
  }
}

/** No more than is worth reading, and no half of a character where it is UTF-8. */
function cut(bytes: Uint8Array, bytesMax: number): Uint8Array {
  if (bytes.length <= bytesMax) return bytes;
  let end = bytesMax;
  while (end > bytesMax - 4 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

function decode(ports: MetainfoPorts, bytes: Uint8Array, label: string): string | undefined {
  return isWindows1252(label) ? decodeWindows1252(bytes) : ports.decodeText?.(bytes, label);
}

/** Names an encoding that all `samples`, none of them UTF-8, can be read in; `undefined` when none is plausible. */
function detectEncoding(ports: MetainfoPorts, samples: readonly Uint8Array[]): string | undefined {
  const decodeAll = (label: string): string | undefined => {
    const texts = samples.map((sample) => decode(ports, sample, label));
    return texts.includes(undefined) ? undefined : texts.join('');
  };
  const shares = highByteShares(samples);
  const japanese = decodeAll('shift_jis');
  const candidates: [label: string, plausible: boolean][] = [
    ['windows-1252', shares.alone === 1 && shares.accents > 0.5],
    ['shift_jis', japanese !== undefined && !/[\uff61-\uff9f\ue000-\uf8ff]/.test(japanese)],
    ['windows-1251', shares.smallCyrillic > 0.6],
    ['gb18030', true],
    ['windows-1252', true],
  ];
  return candidates.find(([label, plausible]) => plausible && decodeAll(label) !== undefined)?.[0];
}

/** Of the bytes above 0x7F: how many stand alone, are accented letters in windows-1252, small letters in 1251. */
function highByteShares(samples: readonly Uint8Array[]): { alone: number; accents: number; smallCyrillic: number } {
  let high = 0;
  let alone = 0;
  let accents = 0;
  let smallCyrillic = 0;
  for (const sample of samples) {
    for (const [i, byte] of sample.entries()) {
      if (byte < 0x80) continue;
      high++;
      if ((sample[i - 1] ?? 0) < 0x80 && (sample[i + 1] ?? 0) < 0x80) alone++;
      if (byte >= 0xc0) accents++;
      if (byte >= 0xe0) smallCyrillic++;
    }
  }
  return { alone: alone / high, accents: accents / high, smallCyrillic: smallCyrillic / high };
}
