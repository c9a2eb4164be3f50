// The handshake with a SOCKS5 proxy (RFC 1928), with a user name and a password where there are any (RFC 1929): it asks for
// a connection, or for an association over which UDP goes. Every reply says how long it is before it ends, so that not a
// byte behind it is read.
import { concatBytes } from '../../base/bytes.ts';
import { SourceError } from '../../base/errors.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { SOCKS_CREDENTIAL_BYTES_MAX } from '../limits.ts';
import {
  type ProxyCredentials,
  type ProxyHandshake,
  type ProxyTarget,
  proxyNonsense,
  targetFailure,
} from './proxy-handshake.ts';
import { decodeSocksAddress, encodeSocksAddress, socksAddressBytes } from './socks5-address.ts';

const VERSION = 5;
const AUTH_VERSION = 1;
const NO_AUTH = 0;
const USER_AND_PASSWORD = 2;
const NONE_OF_THEM = 0xff;
const COMMANDS = { connect: 1, 'udp-associate': 3 } as const;

/** Where the address begins in a reply; and its second byte, by which its length is known. */
const ADDRESS_AT = 3;
const LENGTH_KNOWN = 5;
const REPLY_BYTES_MAX: number = ADDRESS_AT + 2 + 255 + 2;

/** What the proxy says of a target, by its number, as the system would say it. */
const TARGET_FAILURES: Readonly<Record<number, readonly [errno: string, text: string]>> = {
  1: ['EHOSTUNREACH', 'cannot be reached'],
  2: ['EACCES', 'not allowed'],
  3: ['ENETUNREACH', 'network unreachable'],
  4: ['EHOSTUNREACH', 'host unreachable'],
  5: ['ECONNREFUSED', 'connection refused'],
  6: ['ETIMEDOUT', 'no answer in time'],
  8: ['EAFNOSUPPORT', 'address type not supported'],
};
const COMMAND_UNKNOWN = 7;

export interface Socks5Request {
  readonly command: keyof typeof COMMANDS;
  /** Whom to connect to; for an association, where our packets will come from, all zero when we do not know. */
  readonly target: ProxyTarget;
  readonly credentials?: ProxyCredentials | undefined;
}

export class Socks5Handshake implements ProxyHandshake {
  readonly opening: Uint8Array;
  readonly #request: Uint8Array;
  readonly #command: keyof typeof COMMANDS;
  readonly #credentials: Uint8Array | undefined;
  readonly #reply = new Uint8Array(REPLY_BYTES_MAX);
  #length = 0;
  #phase: 'method' | 'credentials' | 'reply' | 'done' = 'method';
  #bound: ProxyTarget | undefined;

  /** Throws SourceError ENOTFOUND for a target that cannot be told, ERR_PROXY_AUTH for credentials that are too long. */
  constructor({ command, target, credentials }: Socks5Request) {
    this.#command = command;
    this.#request = concatBytes([Uint8Array.of(VERSION, COMMANDS[command], 0), encodeSocksAddress(target)]);
    this.#credentials = credentials && encodeCredentials(credentials);
    this.opening = Uint8Array.from(
      credentials === undefined ? [VERSION, 1, NO_AUTH] : [VERSION, 2, NO_AUTH, USER_AND_PASSWORD],
    );
  }

  get asked(): boolean {
    return this.#phase === 'reply' || this.#phase === 'done';
  }

  /** Where the proxy bound what we asked for: for an association, where our packets go. Known when all is said. */
  get bound(): ProxyTarget | undefined {
    return this.#bound;
  }

  get wants(): number {
    if (this.#phase === 'done') return 0;
    if (this.#phase !== 'reply') return 2 - this.#length;
    const whole = this.#length < LENGTH_KNOWN ? undefined : socksAddressBytes(this.#reply, ADDRESS_AT);
    return (whole === undefined ? LENGTH_KNOWN : ADDRESS_AT + whole) - this.#length;
  }

  take(bytes: Uint8Array): Uint8Array | undefined {
    this.#reply.set(bytes, this.#length);
    this.#length += bytes.length;
    const at = this.#phase;
    if (this.#reply[0] !== (at === 'credentials' ? AUTH_VERSION : VERSION) && this.#length > 0) {
      throw proxyNonsense('does not speak SOCKS5');
    }
    if (at === 'reply') this.#judgeReply();
    if (this.wants > 0) return undefined;
    this.#length = 0;
    if (at === 'method') return this.#heardMethod(this.#reply[1]!);
    if (at === 'credentials') return this.#heardVerdict(this.#reply[1]!);
    this.#bound = decodeSocksAddress(this.#reply, ADDRESS_AT);
    this.#phase = 'done';
    return undefined;
  }

  #heardMethod(method: number): Uint8Array {
    if (method === NO_AUTH) return this.#ask();
    if (method === USER_AND_PASSWORD && this.#credentials !== undefined) {
      this.#phase = 'credentials';
      return this.#credentials;
    }
    if (method !== NONE_OF_THEM) throw proxyNonsense('chose an authentication that it was not offered');
    const missing = this.#credentials === undefined;
    throw new SourceError(
      'ERR_PROXY_AUTH',
      missing ? 'wants a user name and a password' : 'takes no user name and password',
    );
  }

  #heardVerdict(status: number): Uint8Array {
    if (status !== 0) throw new SourceError('ERR_PROXY_AUTH', 'does not take this user name and password');
    return this.#ask();
  }

  #ask(): Uint8Array {
    this.#phase = 'reply';
    return this.#request;
  }

  /** As soon as the reply's number is there: some proxies hang up right after a refusal. */
  #judgeReply(): void {
    if (this.#length < 2) return;
    const reply = this.#reply[1]!;
    if (reply === COMMAND_UNKNOWN || (reply !== 0 && this.#command === 'udp-associate')) {
      if (this.#command === 'connect') throw proxyNonsense('does not make connections');
      throw new SourceError('ERR_PROXY_UDP', 'does not carry UDP');
    }
    if (reply !== 0) {
      const [errno, text] = TARGET_FAILURES[reply] ?? ['EHOSTUNREACH', `refused for reason ${reply}`];
      throw targetFailure(errno, text);
    }
    const typed = this.#length > ADDRESS_AT;
    if (typed && socksAddressBytes(this.#reply, ADDRESS_AT) === undefined) {
      throw proxyNonsense('answers with an address of no known type');
    }
  }
}

function encodeCredentials({ user, password }: ProxyCredentials): Uint8Array {
  const [name, secret] = [encodeUtf8(user), encodeUtf8(password)];
  if (name.length === 0 || Math.max(name.length, secret.length) > SOCKS_CREDENTIAL_BYTES_MAX) {
    throw new SourceError(
      'ERR_PROXY_AUTH',
      'takes no user name that is empty, and none and no password that is longer than 255 bytes',
    );
  }
  return concatBytes([Uint8Array.of(AUTH_VERSION, name.length), name, Uint8Array.of(secret.length), secret]);
}
