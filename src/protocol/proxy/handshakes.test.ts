// Both handshakes as state machines: whole, byte by byte and at random splits they come to the same, and they never want a
// byte that is the target's.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { HttpConnectHandshake } from './http-connect.ts';
import type { ProxyHandshake, ProxyTarget } from './proxy-handshake.ts';
import { Socks5Handshake, type Socks5Request } from './socks5-handshake.ts';

const target: ProxyTarget = { host: 'peer.example', port: 6881 };
const credentials = { user: 'me', password: 'sésame' };
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** What came of a handshake: what was said, what is left of the input for the target, or the code it failed with. */
interface Trace {
  readonly said: readonly string[];
  readonly rest: string;
  readonly failure: string;
  readonly asked: boolean;
}

/** Feeds it as a socket does: never more than it wants, and perhaps less. */
function trace(
  handshake: ProxyHandshake,
  input: Uint8Array,
  portion: () => number = () => Number.POSITIVE_INFINITY,
): Trace {
  const said = [hex(handshake.opening)];
  let at = 0;
  let failure = '';
  try {
    while (handshake.wants > 0 && at < input.length) {
      const count = Math.min(handshake.wants, Math.max(1, portion()), input.length - at);
      const answer = handshake.take(input.subarray(at, at + count));
      at += count;
      if (answer !== undefined) said.push(hex(answer));
    }
  } catch (error) {
    failure = (error as { code: string }).code;
  }
  return { said, rest: hex(input.subarray(at)), failure, asked: handshake.asked };
}

const socks = (more: Partial<Socks5Request> = {}): Socks5Handshake =>
  new Socks5Handshake({ command: 'connect', target, ...more });
const NAMED = `0500${'01'}`;

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

test('SOCKS5: without credentials it offers none, and asks for the name, which the proxy resolves', () => {
  const handshake = socks();
  assert.deepEqual(trace(handshake, bytes('0500 05000001 7f000001 1ae1 aabb')), {
    said: ['050100', `05010003${hex(Uint8Array.of(12))}${hex(Buffer.from('peer.example'))}1ae1`],
    rest: 'aabb',
    failure: '',
    asked: true,
  });
  assert.deepEqual(handshake.bound, { host: '127.0.0.1', port: 6881 });
});

test('SOCKS5: numeric addresses go as numbers, IPv6 too', () => {
  const said = (host: string): string | undefined => trace(socks({ target: { host, port: 1 } }), bytes('0500')).said[1];
  assert.equal(said('1.2.3.4'), '05010001010203040001');
  assert.equal(said('2001:db8::1'), '0501000420010db80000000000000000000000010001');
  assert.equal(said('::ffff:1.2.3.4'), '05010001010203040001');
});

test('SOCKS5: user and password are said in UTF-8, when the proxy wants them', () => {
  const { said, failure } = trace(socks({ credentials }), bytes('0502 0100'));
  assert.deepEqual(said.slice(0, 2), ['05020002', `0102${hex(Buffer.from('me'))}07${hex(Buffer.from('sésame'))}`]);
  assert.equal(said.length, 3);
  assert.equal(failure, '');
  assert.equal(trace(socks({ credentials }), bytes('0500')).said.length, 2, 'a proxy may want none after all');
});

test('SOCKS5: an association names no address, and is told where the relay is', () => {
  const handshake = socks({ command: 'udp-associate', target: { host: '0.0.0.0', port: 0 } });
  const { said } = trace(handshake, bytes('0500 05000004 20010db8000000000000000000000001 1000'));
  assert.equal(said[1], '05030001000000000000');
  assert.deepEqual(handshake.bound, { host: '2001:db8::1', port: 4096 });
});

for (const [what, input, code, more] of [
  ['wants credentials that there are none', '05ff', 'ERR_PROXY_AUTH', {}],
  ['wants no such credentials', '05ff', 'ERR_PROXY_AUTH', { credentials }],
  ['refuses the password', '0502 0101', 'ERR_PROXY_AUTH', { credentials }],
  ['chooses what it was not offered', '0502', 'ERR_PROXY_REPLY', {}],
  ['speaks SOCKS4', '0400', 'ERR_PROXY_REPLY', {}],
  ['speaks HTTP', '485454502f', 'ERR_PROXY_REPLY', {}],
  ['makes no connections', '0500 0507', 'ERR_PROXY_REPLY', {}],
  ['has no relays', '0500 0507', 'ERR_PROXY_UDP', { command: 'udp-associate' as const }],
  ['allows no relays', '0500 0502', 'ERR_PROXY_UDP', { command: 'udp-associate' as const }],
  ['cannot reach the target', '0500 0501', 'EHOSTUNREACH', {}],
  ['may not reach the target', '0500 0502', 'EACCES', {}],
  ['has no way to the network', '0500 0503', 'ENETUNREACH', {}],
  ['has no way to the host', '0500 0504', 'EHOSTUNREACH', {}],
  ['was refused by the target', '0500 0505', 'ECONNREFUSED', {}],
  ['waited for the target too long', '0500 0506', 'ETIMEDOUT', {}],
  ['knows no such addresses', '0500 0508', 'EAFNOSUPPORT', {}],
  ['has reasons of its own', '0500 0599', 'EHOSTUNREACH', {}],
  ['answers with an address of no type', '0500 05000002', 'ERR_PROXY_REPLY', {}],
] as const) {
  test(`SOCKS5: a proxy that ${what} is ${code}`, () => {
    assert.equal(trace(socks(more), bytes(input)).failure, code);
  });
}

test('names that no proxy can be told are refused before anything is said', () => {
  for (const host of ['', 'x'.repeat(256), 'two words', 'new\r\nline', 'a/b', 'fe80::1%eth0', 'ü.example', 'a:b']) {
    const code = { code: 'ENOTFOUND' };
    assert.throws(() => socks({ target: { host, port: 1 } }), code, host);
    assert.throws(() => new HttpConnectHandshake({ host, port: 1 }, undefined), code, host);
  }
  assert.equal(socks({ target: { host: 'x'.repeat(255), port: 1 } }).opening.length, 3);
});

test('HTTP: CONNECT names the target, in brackets where it has colons', () => {
  const opening = (host: string): string => text(new HttpConnectHandshake({ host, port: 80 }, undefined).opening);
  assert.equal(opening('a.example'), 'CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n');
  assert.match(opening('2001:db8::1'), /^CONNECT \[2001:db8::1\]:80 HTTP\/1\.1\r\n/);
});

test('HTTP: credentials are Base64 of UTF-8, of any length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.string({ maxLength: 40 }), (user, password) => {
      const { opening } = new HttpConnectHandshake(target, { user, password });
      const [, token = ''] = /Proxy-Authorization: Basic (\S*)\r\n/.exec(text(opening)) ?? [];
      assert.equal(Buffer.from(token, 'base64').toString(), Buffer.from(`${user}:${password}`).toString());
      assert.equal(token, Buffer.from(`${user}:${password}`).toString('base64'));
    }),
  );
});

for (const [what, input, code] of [
  ['connects', 'HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n', ''],
  ['connects with other words', 'HTTP/1.0 204 \r\n\r\n', ''],
  ['ends its lines as it likes', 'HTTP/1.1 200 OK\n\n', ''],
  ['asks who we are', 'HTTP/1.1 407 Who\r\n\r\n', 'ERR_PROXY_AUTH'],
  ['does not like who we are', 'HTTP/1.1 401 Unauthorized\r\n\r\n', 'ERR_PROXY_AUTH'],
  ['does not allow it', 'HTTP/1.1 403 Forbidden\r\n\r\n', 'EACCES'],
  ['knows no such method', 'HTTP/1.1 405 No\r\n\r\n', 'ERR_PROXY_REPLY'],
  ['has not built it', 'HTTP/1.1 501 No\r\n\r\n', 'ERR_PROXY_REPLY'],
  ['cannot reach the target', 'HTTP/1.1 502 Bad Gateway\r\n\r\n', 'EHOSTUNREACH'],
  ['waited for the target', 'HTTP/1.1 504 Late\r\n\r\n', 'ETIMEDOUT'],
  ['waited for somebody', 'HTTP/1.1 408 Request Timeout\r\n\r\n', 'ETIMEDOUT'],
  ['knows no such target', 'HTTP/1.1 404 Not Found\r\n\r\n', 'EHOSTUNREACH'],
  ['redirects', 'HTTP/1.1 302 Found\r\n\r\n', 'ERR_PROXY_REPLY'],
  ['speaks something else', 'SSH-2.0-OpenSSH', 'ERR_PROXY_REPLY'],
  ['has no status', 'HTTP/1.1 OK\r\n\r\n', 'ERR_PROXY_REPLY'],
  ['never ends', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(10_000)}`, 'ERR_PROXY_REPLY'],
] as const) {
  test(`HTTP: a proxy that ${what}${code === '' ? '' : ` is ${code}`}`, () => {
    const { failure } = trace(new HttpConnectHandshake(target, undefined), Buffer.from(input));
    assert.equal(failure, code);
  });
}

test('however the words of a proxy are split, they come to the same, and what is the target’s is left alone', () => {
  const ends = fc.constantFrom('aabbcc', '', '0500', '0d0a0d0a', '00');
  const socksReplies = fc.constantFrom(
    `${NAMED.slice(0, 4)}0500000100000000ffff`,
    `0502010005000003${hex(Uint8Array.of(4))}${hex(Buffer.from('name'))}0001`,
    `0500050000040000000000000000000000000000000a0001`,
  );
  const headers = fc.constantFrom('', 'Via: nobody\r\n', 'a: b\nc: d\r\n');
  const cases = fc.oneof(
    fc.tuple(fc.constant('socks' as const), socksReplies),
    headers.map((lines) => ['http' as const, hex(Buffer.from(`HTTP/1.1 200 OK\r\n${lines}\r\n`))] as const),
  );
  fc.assert(
    fc.property(
      cases,
      ends,
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      ([kind, reply], end, portions) => {
        const make = (): ProxyHandshake =>
          kind === 'socks' ? socks({ credentials }) : new HttpConnectHandshake(target, credentials);
        const input = bytes(reply + end);
        const whole = trace(make(), input);
        assert.equal(whole.failure, '');
        assert.equal(whole.rest, end);
        assert.deepEqual(
          trace(make(), input, () => 1),
          whole,
        );
        let turn = 0;
        assert.deepEqual(
          trace(make(), input, () => portions[turn++ % portions.length]!),
          whole,
        );
      },
    ),
  );
});
