// Lists of address ranges that nobody wants to meet, as they go around: PeerGuardian's p2p text, eMule's ipfilter.dat,
// CIDR lists. Every line is recognised by itself, so that lists can be put together; what is none of these is counted.

import { IP_LIST_LINE_CHARS_MAX } from '../limits.ts';
import { encodeAddress } from '../tracker/compact-address.ts';
import { parseIpv4 } from './ipv4-text.ts';

/** Who takes the ranges; both ends belong to them. */
export interface IpRangeSink {
  ipv4(first: number, last: number): void;
  /** 16 bytes each, in network order. */
  ipv6(first: Uint8Array, last: Uint8Array): void;
}

const NEW_LINE = 0x0a;
const SPACE = 0x20;
/** An ipfilter.dat line of a higher access level is let through (eMule's rule). */
const ACCESS_LEVEL_BLOCKED_MAX = 127;

const COMMENT = /^(?:#|;|\/\/)/;
const REMARK = '(?:\\s*(?:[#;].*|//.*)|\\s.*)?';
const PREFIX = new RegExp(`^([0-9a-fA-F:.]+)/(\\d{1,3})${REMARK}$`);
const RANGE = new RegExp(
  `^([0-9a-fA-F:.]+)\\s*-\\s*([0-9a-fA-F:.]+)\\s*(?:,\\s*(\\d{1,9})\\s*(?:,.*)?|${REMARK.slice(0, -1)})?$`,
);
const NAMED_RANGE = /:\s*([0-9.]+)\s*-\s*([0-9.]+)$/;
const SINGLE = new RegExp(`^([0-9a-fA-F:.]+)${REMARK}$`);

/** Reads a list piece by piece, however it is cut. Throws nothing. */
export class IpListParser {
  /** Ranges that were passed on. */
  ranges = 0;
  /** Lines that were left out because nobody can read them. */
  malformed = 0;
  /** Number of the first of them, counted from 1; 0 when there is none. */
  firstMalformed = 0;
  readonly #sink: IpRangeSink;
  #line = 0;
  #rest = '';
  /** The line that is being read is too long to mean anything. */
  #overlong = false;

  constructor(sink: IpRangeSink) {
    this.#sink = sink;
  }

  /** Takes in the next bytes of the list. Text around the addresses may have any encoding: it is not looked at. */
  push(bytes: Uint8Array): void {
    let from = 0;
    for (let end = bytes.indexOf(NEW_LINE); end >= 0; end = bytes.indexOf(NEW_LINE, from)) {
      this.#append(bytes, from, end);
      this.#endLine();
      from = end + 1;
    }
    this.#append(bytes, from, bytes.length);
  }

  /** The list is over: its last line may lack an end. */
  end(): void {
    if (this.#rest !== '' || this.#overlong) this.#endLine();
  }

  #append(bytes: Uint8Array, from: number, to: number): void {
    if (this.#overlong || from === to) return;
    if (this.#rest.length + to - from > IP_LIST_LINE_CHARS_MAX) this.#overlong = true;
    else this.#rest += plainText(bytes, from, to);
  }

  #endLine(): void {
    this.#line++;
    // A mark of UTF-8 before the first line is no part of it.
    const line = (this.#line === 1 ? this.#rest.replace('\xef\xbb\xbf', '') : this.#rest).trim();
    const understood = !this.#overlong && (line === '' || COMMENT.test(line) || this.#read(line));
    this.#rest = '';
    this.#overlong = false;
    if (understood) return;
    this.malformed++;
    if (this.firstMalformed === 0) this.firstMalformed = this.#line;
  }

  /** Passes on what the line names. Returns false when it means nothing. */
  #read(line: string): boolean {
    const prefix = PREFIX.exec(line);
    if (prefix !== null) return this.#prefix(prefix[1]!, Number(prefix[2]));
    const range = RANGE.exec(line);
    if (range !== null && this.#range(range[1]!, range[2]!, Number(range[3] ?? 0))) return true;
    const named = NAMED_RANGE.exec(line);
    if (named !== null) return this.#range(named[1]!, named[2]!, 0);
    const single = SINGLE.exec(line);
    return single !== null && this.#range(single[1]!, single[1]!, 0);
  }

  #range(first: string, last: string, level: number): boolean {
    const low = parseIpv4(first);
    const high = parseIpv4(last);
    if (low >= 0 && high >= low) {
      if (level <= ACCESS_LEVEL_BLOCKED_MAX) {
        this.ranges++;
        this.#sink.ipv4(low, high);
      }
      return true;
    }
    const from = ipv6Bytes(first);
    const to = ipv6Bytes(last);
    if (from === undefined || to === undefined || !inOrder(from, to)) return false;
    if (level <= ACCESS_LEVEL_BLOCKED_MAX) {
      this.ranges++;
      this.#sink.ipv6(from, to);
    }
    return true;
  }

  #prefix(address: string, bits: number): boolean {
    const ipv4 = parseIpv4(address);
    if (ipv4 >= 0) {
      if (bits > 32) return false;
      const size = 2 ** (32 - bits);
      const first = Math.floor(ipv4 / size) * size;
      this.ranges++;
      this.#sink.ipv4(first, first + size - 1);
      return true;
    }
    const first = ipv6Bytes(address);
    if (first === undefined || bits > 128) return false;
    const last = first.slice();
    for (let at = 0; at < first.length; at++) {
      const host = 255 >> Math.min(8, Math.max(0, bits - at * 8));
      first[at]! &= ~host;
      last[at]! |= host;
    }
    this.ranges++;
    this.#sink.ipv6(first, last);
    return true;
  }
}

/** An IPv6 address; one of IPv4 in its clothes stays one of IPv6 here. */
function ipv6Bytes(text: string): Uint8Array | undefined {
  if (!text.includes(':')) return undefined;
  const bytes = encodeAddress(text);
  if (bytes?.length !== 4) return bytes;
  const mapped = new Uint8Array(16);
  mapped.fill(255, 10, 12);
  mapped.set(bytes, 12);
  return mapped;
}

function inOrder(a: Uint8Array, b: Uint8Array): boolean {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return a[at]! < b[at]!;
  return true;
}

/** Text of which only ASCII is of interest; control characters, a carriage return among them, become spaces. */
function plainText(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    text += String.fromCharCode(Math.max(byte, SPACE));
  }
  return text;
}
