// The head of an HTTP/1.1 response (RFC 9112), as far as a download needs it. Strict where leniency would let two readers
// see two different bodies: that is how responses are smuggled.
import { toLatin1 } from '../../base/bytes.ts';
import { SourceError } from '../../base/errors.ts';
import { HTTP_HEAD_LINES_MAX } from '../limits.ts';

/** How the end of a body is found. */
export type BodyFraming = 'none' | 'length' | 'chunked' | 'until-close';

/** Bytes [from, to) of something `totalBytes` long, or of unknown length. */
export interface ContentRange {
  readonly from: number;
  readonly to: number;
  readonly totalBytes: number | undefined;
}

export interface ResponseHead {
  readonly status: number;
  readonly framing: BodyFraming;
  /** Bytes of the body when `framing` is `length`; 0 otherwise. */
  readonly bodyBytes: number;
  /** Another response may follow on the same connection. */
  readonly keepAlive: boolean;
  readonly range: ContentRange | undefined;
  /** As sent: perhaps relative. */
  readonly location: string | undefined;
  /** As sent: seconds or a date. */
  readonly retryAfter: string | undefined;
  /** `identity` unless something else was said. */
  readonly encoding: string;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const WHOLE = /^\d{1,15}$/;

/** Where a head ends, behind its empty line, when it does before `end`; −1 otherwise. */
export function headEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at + 3 < end; at++) {
    if (bytes[at] !== 13 || bytes[at + 1] !== 10) continue;
    if (bytes[at + 2] === 13 && bytes[at + 3] === 10) return at + 4;
  }
  return -1;
}

/** Reads a whole head, its empty line included. Throws SourceError ERR_HTTP_HEAD. */
export function decodeResponseHead(bytes: Uint8Array): ResponseHead {
  const text = toLatin1(bytes);
  if (!text.endsWith('\r\n\r\n')) throw malformed('it has no end');
  const [statusLine = '', ...lines] = text.slice(0, -4).split('\r\n');
  const match = STATUS_LINE.exec(statusLine);
  if (match === null) throw malformed('its first line is none of HTTP/1.1');
  if (lines.length > HTTP_HEAD_LINES_MAX) throw malformed('it has too many lines');
  const status = Number(match[2]);
  const fields = readFields(lines);
  const connection = (fields.get('connection') ?? '').toLowerCase();
  const stays = match[1] === '1' ? !/\bclose\b/.test(connection) : /\bkeep-alive\b/.test(connection);
  const body = bodyOf(status, fields);
  return {
    status,
    ...body,
    keepAlive: stays && body.framing !== 'until-close',
    range: readRange(fields.get('content-range')),
    location: fields.get('location'),
    retryAfter: fields.get('retry-after'),
    encoding: (fields.get('content-encoding') ?? 'identity').toLowerCase(),
  };
}

/** Values by name in small letters. What comes twice is joined, as RFC 9110 says; those who must not differ are checked. */
function readFields(lines: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const match = FIELD.exec(line);
    if (match === null) throw malformed('one of its lines is no field');
    const name = match[1]!.toLowerCase();
    const value = match[2]!;
    const before = fields.get(name);
    if (before === undefined) fields.set(name, value);
    else if (name !== 'content-length' && name !== 'location') fields.set(name, `${before}, ${value}`);
    else if (before !== value) throw malformed(`it says ${name} twice, and not the same`);
  }
  return fields;
}

function bodyOf(status: number, fields: ReadonlyMap<string, string>): { framing: BodyFraming; bodyBytes: number } {
  const coding = fields.get('transfer-encoding')?.toLowerCase();
  const length = fields.get('content-length');
  if (status < 200 || status === 204 || status === 304) return { framing: 'none', bodyBytes: 0 };
  if (coding !== undefined) {
    if (length !== undefined || coding !== 'chunked') throw malformed('nobody can tell where its body ends');
    return { framing: 'chunked', bodyBytes: 0 };
  }
  if (length === undefined) return { framing: 'until-close', bodyBytes: 0 };
  if (!WHOLE.test(length)) throw malformed('its length is no number');
  return { framing: 'length', bodyBytes: Number(length) };
}

/** `bytes 0-99/1234`; anything else is as good as none. */
function readRange(value: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value ?? '');
  if (match === null) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2]) + 1;
  const totalBytes = match[3] === '*' ? undefined : Number(match[3]);
  return to > from && (totalBytes === undefined || to <= totalBytes) ? { from, to, totalBytes } : undefined;
}

function malformed(why: string): SourceError {
  return new SourceError('ERR_HTTP_HEAD', `the answer cannot be read: ${why}`);
}
