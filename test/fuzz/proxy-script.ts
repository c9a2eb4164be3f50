// A fuzzing script for what proxies say: its first byte chooses the handshake, the rest is what the proxy says. Whole and byte
// by byte it must come to the same, in a bounded number of steps, and nothing may be read that is the target's.
import assert from 'node:assert/strict';
import { SourceError } from '#src/base/errors.ts';
import { HttpConnectHandshake } from '#src/protocol/proxy/http-connect.ts';
import type { ProxyHandshake } from '#src/protocol/proxy/proxy-handshake.ts';
import { decodeSocksDatagram, socksDatagramHead } from '#src/protocol/proxy/socks5-datagram.ts';
import { Socks5Handshake } from '#src/protocol/proxy/socks5-handshake.ts';

const target = { host: 'target.example', port: 6881 };
const credentials = { user: 'me', password: 'secret' };

const MAKERS: readonly (() => ProxyHandshake)[] = [
  () => new Socks5Handshake({ command: 'connect', target }),
  () => new Socks5Handshake({ command: 'connect', target, credentials }),
  () => new Socks5Handshake({ command: 'udp-associate', target, credentials }),
  () => new HttpConnectHandshake(target, credentials),
];

export function runProxyScript(input: Uint8Array): void {
  const make = MAKERS[(input[0] ?? 0) % MAKERS.length]!;
  const words = input.subarray(1);
  assert.deepEqual(hear(make(), words, 1), hear(make(), words, Number.POSITIVE_INFINITY));
  const datagram = decodeSocksDatagram(words);
  if (datagram === undefined) return;
  assert.ok(datagram.offset <= words.length && datagram.from.port <= 0xffff);
  if (/^[\w.:-]+$/.test(datagram.from.host)) {
    const again = decodeSocksDatagram(socksDatagramHead(datagram.from));
    assert.deepEqual(again?.from, datagram.from);
  }
}

/** What a handshake makes of words that come in portions of at most so many bytes. */
function hear(handshake: ProxyHandshake, words: Uint8Array, portion: number): unknown {
  let at = 0;
  let failure: string | undefined;
  const said: string[] = [];
  try {
    while (handshake.wants > 0 && at < words.length) {
      const count = Math.min(handshake.wants, portion, words.length - at);
      const answer = handshake.take(words.slice(at, at + count));
      at += count;
      if (answer !== undefined) said.push(Buffer.from(answer).toString('hex'));
    }
  } catch (error) {
    assert.ok(error instanceof SourceError, error instanceof Error ? error : String(error));
    failure = error.code;
  }
  // A failure may be seen earlier or later in the portion that shows it.
  return { failure, said, read: failure === undefined ? at : 0, asked: handshake.asked };
}
