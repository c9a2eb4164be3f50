// The handshake with an HTTP proxy: CONNECT (RFC 9110, section 9.3.6), with Basic credentials where there are any (RFC 7617).
// The end of the reply's head is not known before it comes, so that it is read in such small portions that none can reach
// beyond it: one byte at the start of a line, two within one.
import { fromLatin1 } from '../../base/bytes.ts';
import { SourceError } from '../../base/errors.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { PROXY_HEAD_BYTES_MAX } from '../limits.ts';
import { encodeAddress } from '../tracker/compact-address.ts';
import {
  type ProxyCredentials,
  type ProxyHandshake,
  type ProxyTarget,
  proxyNonsense,
  targetFailure,
  unspeakable,
} from './proxy-handshake.ts';
import { isProxyName } from './socks5-address.ts';

const STATUS_LINE_MIN = 'HTTP/1.1 200'.length;
const PREFIX = 'HTTP/1.';
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})(?: |$)/;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export class HttpConnectHandshake implements ProxyHandshake {
  readonly opening: Uint8Array;
  /** It is the first that is said. */
  readonly asked = true;
  #statusLine = '';
  #length = 0;
  #firstLine = true;
  #lineEmpty = false;
  #done = false;

  /** Throws SourceError ENOTFOUND for a target that cannot be told. */
  constructor(target: ProxyTarget, credentials: ProxyCredentials | undefined) {
    const authority = authorityOf(target);
    const authorization = credentials === undefined ? '' : `Proxy-Authorization: Basic ${basicToken(credentials)}\r\n`;
    this.opening = fromLatin1(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`);
  }

  get wants(): number {
    if (this.#done) return 0;
    if (this.#length === 0) return STATUS_LINE_MIN;
    return this.#lineEmpty ? 1 : 2;
  }

  take(bytes: Uint8Array): undefined {
    for (const byte of bytes) this.#takeByte(byte);
    return undefined;
  }

  #takeByte(byte: number): void {
    if (this.#done) throw proxyNonsense('says more than it should');
    if (++this.#length > PROXY_HEAD_BYTES_MAX) throw proxyNonsense('answers with a head that does not end');
    if (byte === LINE_FEED) {
      if (this.#lineEmpty) return this.#finish();
      this.#firstLine = false;
      this.#lineEmpty = true;
      return;
    }
    if (byte === CARRIAGE_RETURN) return;
    this.#lineEmpty = false;
    if (!this.#firstLine) return;
    this.#statusLine += String.fromCharCode(byte);
    const known = Math.min(PREFIX.length, this.#statusLine.length);
    if (this.#statusLine.slice(0, known) !== PREFIX.slice(0, known)) throw proxyNonsense('does not speak HTTP');
  }

  #finish(): void {
    this.#done = true;
    const status = Number(STATUS_LINE.exec(this.#statusLine)?.[1]);
    if (status >= 200 && status < 300) return;
    // tinyproxy says 401 to whoever says something wrong.
    if (status === 407 || status === 401)
      throw new SourceError('ERR_PROXY_AUTH', 'does not let us in: it wants another user name and password');
    // It is no proxy, or none that makes connections: whoever was to be reached has nothing to do with it.
    if (status === 405 || status === 501) throw proxyNonsense(`does not know CONNECT (status ${status})`);
    if (status === 504 || status === 408) throw targetFailure('ETIMEDOUT', `status ${status}`);
    if (status >= 500 || status === 404) throw targetFailure('EHOSTUNREACH', `status ${status}`);
    if (status >= 400) throw targetFailure('EACCES', `status ${status}, not allowed`);
    throw proxyNonsense('gives no answer that makes sense to CONNECT');
  }
}

function authorityOf({ host, port }: ProxyTarget): string {
  const numeric = encodeAddress(host);
  if (numeric === undefined && !isProxyName(host)) throw unspeakable(host);
  return numeric?.length === 16 ? `[${host}]:${port}` : `${host}:${port}`;
}

function basicToken({ user, password }: ProxyCredentials): string {
  const bytes = encodeUtf8(`${user}:${password}`);
  let token = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => BASE64[(group >> shift) & 63]!);
    token += digits
      .slice(0, Math.min(3, bytes.length - at) + 1)
      .join('')
      .padEnd(4, '=');
  }
  return token;
}
