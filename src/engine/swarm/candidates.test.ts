import assert from 'node:assert/strict';
import test from 'node:test';
import { Candidates } from './candidates.ts';
import {
  CANDIDATES_MAX,
  CANDIDATES_PER_HOST_MAX,
  INTRODUCTIONS_MAX,
  RECONNECT_DELAY_MAX_MS,
  RECONNECT_DELAY_USER_MS,
} from './limits.ts';

const A = { host: '192.0.2.1', port: 6881 };
const B = { host: '192.0.2.2', port: 6881 };

/** Times at which an address that always fails is dialled, in whole seconds. */
function dials(candidates: Candidates, untilMs: number): number[] {
  const times: number[] = [];
  for (let nowMs = 0; nowMs < untilMs; nowMs += 1000) {
    const address = candidates.next(nowMs);
    if (address === undefined) continue;
    times.push(nowMs / 1000);
    candidates.ended(address, nowMs, false);
  }
  return times;
}

test('an address is known once, and dialled once at a time', () => {
  const candidates = new Candidates();
  assert.ok(candidates.add(A, 'tracker'));
  assert.ok(!candidates.add({ ...A }, 'tracker'));
  assert.deepEqual(candidates.next(0), A);
  assert.equal(candidates.next(0), undefined);
  assert.equal(candidates.hopeful, false);
  candidates.ended(A, 0, false);
  assert.equal(candidates.hopeful, true);
});

test('ports that do not exist are refused', () => {
  const candidates = new Candidates();
  for (const port of [0, -1, 65_536]) assert.ok(!candidates.add({ host: A.host, port }, 'tracker'));
  assert.equal(candidates.size, 0);
});

test('patience doubles with each failure, up to its bound', () => {
  const candidates = new Candidates();
  candidates.add(A, 'tracker');
  assert.deepEqual(dials(candidates, 40_000), [0, 1, 3, 7, 15, 31]);
  for (let count = 0; count < 40; count++) candidates.ended(A, 0, false);
  assert.equal(candidates.next(RECONNECT_DELAY_MAX_MS - 1), undefined);
  assert.deepEqual(candidates.next(RECONNECT_DELAY_MAX_MS), A);
});

test("the user's own address is tried at least every five seconds", () => {
  const candidates = new Candidates();
  candidates.add(A, 'user');
  assert.deepEqual(dials(candidates, 24_000), [0, 1, 3, 7, 12, 17, 22]);
});

test('a handshake makes an address as good as new', () => {
  const candidates = new Candidates();
  candidates.add(A, 'tracker');
  for (let count = 0; count < 10; count++) candidates.ended(A, 0, false);
  candidates.succeeded(A);
  candidates.ended(A, 0, false);
  assert.deepEqual(candidates.next(1000), A);
});

test('who had nothing for us is left alone longest, until more is wanted', () => {
  const candidates = new Candidates();
  candidates.add(A, 'tracker');
  candidates.add(B, 'user');
  candidates.ended(A, 0, true);
  candidates.ended(B, 0, true);
  assert.equal(candidates.next(RECONNECT_DELAY_MAX_MS - 1), undefined);
  candidates.reconsider();
  assert.deepEqual(candidates.next(0), B);
  assert.deepEqual(candidates.next(0), A);
});

test('fewest failures first, and among equals whom the user named', () => {
  const candidates = new Candidates();
  candidates.add(A, 'tracker');
  candidates.add(B, 'user');
  assert.deepEqual(candidates.next(0), B);
  candidates.ended(B, 0, false);
  assert.deepEqual(candidates.next(100_000), A);
});

test('an address that the user names after a tracker did is tried at once, and always', () => {
  const candidates = new Candidates();
  candidates.add(A, 'tracker');
  for (let count = 0; count < 20; count++) candidates.ended(A, 0, false);
  assert.equal(candidates.next(1), undefined);
  candidates.add(A, 'user');
  assert.deepEqual(candidates.next(1), A);
  for (let count = 0; count < 20; count++) candidates.ended(A, 0, false);
  assert.deepEqual(candidates.next(RECONNECT_DELAY_USER_MS), A);
});

test('a ban covers every port of its host, in either notation', () => {
  const candidates = new Candidates();
  candidates.add(A, 'tracker');
  candidates.ban({ host: `::ffff:${A.host}`, port: 50_000 });
  assert.ok(candidates.banned(A));
  assert.ok(!candidates.add({ host: A.host, port: 7000 }, 'user'));
  assert.ok(!candidates.banned(B));
});

test('a banned address that was known is not dialled again', () => {
  const candidates = new Candidates();
  candidates.add(A, 'user');
  candidates.ban(A);
  assert.equal(candidates.next(1e9), undefined);
  assert.equal(candidates.hopeful, false);
});

test('a known address is not dialled after another port of its host was banned', () => {
  const candidates = new Candidates();
  candidates.add(A, 'user');
  candidates.ban({ host: A.host, port: 50_000 });
  assert.equal(candidates.next(0), undefined);
  assert.equal(candidates.hopeful, false);
});

test('on loopback a ban covers one port only', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) {
    const candidates = new Candidates();
    candidates.ban({ host, port: 1 });
    assert.ok(candidates.banned({ host, port: 1 }));
    assert.ok(!candidates.banned({ host, port: 2 }));
  }
});

test('an address that is avoided is not dialled; others of its host are', () => {
  const candidates = new Candidates();
  candidates.add(A, 'user');
  candidates.add({ ...A, port: 2 }, 'user');
  candidates.avoid(A);
  assert.ok(!candidates.banned(A));
  assert.deepEqual(candidates.next(0), { ...A, port: 2 });
  assert.equal(candidates.next(1e9), undefined);
});

test('the book is bounded: what failed most makes room, what never failed stays, the user always finds room', () => {
  const candidates = new Candidates();
  const nth = (index: number) => ({ host: `198.51.${index >> 8}.${index & 255}`, port: 6881 });
  for (let index = 0; index < CANDIDATES_MAX; index++) assert.ok(candidates.add(nth(index), 'tracker'));
  assert.ok(!candidates.add(A, 'tracker'));
  assert.ok(candidates.add(B, 'user'));
  assert.equal(candidates.size, CANDIDATES_MAX + 1);
  candidates.ended(nth(7), 0, false);
  candidates.ended(nth(7), 0, false);
  candidates.ended(nth(8), 0, false);
  assert.ok(candidates.add(A, 'tracker'));
  assert.ok(candidates.add(nth(7), 'tracker') === true, 'the worst was forgotten, the second worst makes room now');
  assert.ok(!candidates.add(nth(8), 'tracker'));
});

test('an address of a crowded host waits until there is room, unless the user named it', () => {
  const candidates = new Candidates();
  const crowded = new Set([A.host]);
  const isCrowded = (host: string): boolean => crowded.has(host);
  candidates.add(A, 'tracker');
  assert.equal(candidates.next(0, isCrowded), undefined);
  candidates.add(B, 'pex');
  assert.deepEqual(candidates.next(0, isCrowded), B);
  crowded.clear();
  assert.deepEqual(candidates.next(0, isCrowded), A);
  crowded.add('10.9.9.9');
  candidates.add({ host: '10.9.9.9', port: 1 }, 'user');
  assert.deepEqual(candidates.next(0, isCrowded), { host: '10.9.9.9', port: 1 });
});

test('an address that the filter has is nobody to dial, now or later; the user’s own is again once it is let', () => {
  const filtered = new Set([A.host]);
  const candidates = new Candidates((host) => filtered.has(host));
  assert.ok(!candidates.add(A, 'tracker'));
  candidates.add(A, 'user');
  const seen = (): unknown[] => [candidates.hopeful, candidates.nextMs, candidates.next(0)];
  assert.deepEqual(seen(), [false, Number.POSITIVE_INFINITY, undefined]);
  filtered.clear();
  candidates.sift();
  assert.deepEqual(seen(), [true, 0, A]);
});

test('strangers name a host at few of its ports: nobody has us flood it, or try them all', () => {
  const candidates = new Candidates();
  const victim = (port: number) => ({ host: '192.0.2.9', port });
  for (let port = 2000; port < 4000; port++) candidates.add(victim(port), port % 2 === 0 ? 'pex' : 'dht');
  assert.equal(candidates.size, CANDIDATES_PER_HOST_MAX);
  // They fail, one after the other: others do not come in their place.
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
    const address = candidates.next(nowMs);
    if (address !== undefined) candidates.ended(address, nowMs, false);
    candidates.add(victim(5000 + nowMs / 1000), 'pex');
  }
  assert.equal(candidates.size, CANDIDATES_PER_HOST_MAX);
  assert.ok(candidates.add(victim(6881), 'tracker'), 'whoever is believed more is heard all the same');
  assert.equal(candidates.size, CANDIDATES_PER_HOST_MAX);
  for (let port = 7000; port < 7100; port++) assert.ok(candidates.add(victim(port), 'user'));
});

test('a /64 of IPv6 is one host, and what is forgotten makes room', () => {
  const candidates = new Candidates();
  for (let at = 0; at < 100; at++) candidates.add({ host: `2001:db8::${at.toString(16)}`, port: 6881 }, 'pex');
  assert.equal(candidates.size, CANDIDATES_PER_HOST_MAX);
  for (let at = 0; at < 100; at++) candidates.withdraw({ host: `2001:db8::${at.toString(16)}`, port: 6881 });
  assert.equal(candidates.size, 0);
  assert.ok(candidates.add({ host: '2001:db8::ffff', port: 6881 }, 'pex'));
});

test('peers and the DHT do not send us to the services of a host, trackers and users may', () => {
  const candidates = new Candidates();
  for (const source of ['pex', 'dht'] as const) {
    for (const port of [22, 25, 53, 445, 1023]) assert.ok(!candidates.add({ host: '192.0.2.7', port }, source));
  }
  assert.ok(candidates.add({ host: '192.0.2.7', port: 443 }, 'pex'));
  assert.ok(candidates.add({ host: '192.0.2.7', port: 25 }, 'tracker'));
  assert.ok(candidates.add({ host: '192.0.2.7', port: 22 }, 'user'));
});

test('an address may be introduced a few times, not again and again', () => {
  const candidates = new Candidates();
  let dialled = 0;
  for (let round = 0; round < 100; round++) {
    candidates.introduce(A);
    const address = candidates.next(round);
    if (address === undefined) continue;
    dialled++;
    candidates.ended(address, round, false);
  }
  assert.equal(dialled, INTRODUCTIONS_MAX);
});

test('what is believed more comes first: the user, the own network, trackers, the DHT, who came, who was told of', () => {
  const order = ['user', 'lsd', 'tracker', 'dht', 'incoming', 'pex'] as const;
  const candidates = new Candidates();
  const addresses = order.map((_, at) => ({ host: `198.51.100.${at}`, port: 6881 }));
  for (const [at, source] of [...order.entries()].reverse()) candidates.add(addresses[at]!, source);
  assert.deepEqual(
    order.map(() => candidates.next(0)),
    addresses,
  );
});

test('where strangers are not believed, what they told is forgotten and not heard again, but for who is connected', () => {
  for (const source of ['pex', 'dht', 'lsd'] as const) {
    const candidates = new Candidates();
    candidates.add(A, source);
    candidates.add(B, 'tracker');
    assert.deepEqual([candidates.hearsay(A), candidates.hearsay(B)], [true, false]);
    const connected = { host: '192.0.2.3', port: 6881 };
    candidates.add(connected, source);
    assert.ok(candidates.met(connected));
    candidates.forgetHearsay();
    assert.deepEqual(
      [A, B, connected].map((address) => candidates.sourceOf(address) !== undefined),
      [false, true, true],
    );
    assert.ok(!candidates.add(A, source));
    assert.ok(candidates.add(A, 'tracker'));
  }
});

test('a link that came in stands for its address until it ends, and only the first', () => {
  const candidates = new Candidates();
  assert.equal(candidates.met(A), true);
  assert.equal(candidates.met(A), false);
  assert.equal(candidates.next(0), undefined);
  candidates.ended(A, 0, false);
  assert.equal(candidates.met(A), true);
  assert.equal(candidates.met({ host: A.host, port: 0 }), false, 'where nobody can listen nobody was met');
});

test('one that is introduced is dialled at once and over uTP, unless it is here', () => {
  const candidates = new Candidates();
  candidates.add(A, 'tracker');
  candidates.add(B, 'tracker');
  assert.deepEqual(candidates.next(0), A);
  candidates.ended(A, 0, false);
  candidates.introduce(A);
  assert.deepEqual(candidates.next(0), { ...A, via: 'utp' });
  candidates.introduce(A);
  candidates.ended(A, 0, false);
  assert.deepEqual(candidates.next(RECONNECT_DELAY_MAX_MS), B);
  assert.deepEqual(candidates.next(RECONNECT_DELAY_MAX_MS), A, 'by either way: nobody waits for it over there');
  candidates.ban(A);
  candidates.introduce(A);
  assert.equal(candidates.next(2 * RECONNECT_DELAY_MAX_MS), undefined);
});

test('an address is forgotten when nobody names it any more: unless it was tried, is here, or others told of it', () => {
  const withdrawn = (change: (candidates: Candidates) => void): boolean => {
    const candidates = new Candidates();
    candidates.add(A, 'pex');
    change(candidates);
    candidates.withdraw(A);
    return candidates.size === 0;
  };
  assert.ok(withdrawn(() => undefined));
  assert.ok(!withdrawn((candidates) => candidates.add(A, 'pex')), 'two named it');
  assert.ok(!withdrawn((candidates) => candidates.add(A, 'tracker')));
  assert.ok(!withdrawn((candidates) => candidates.next(0)));
  assert.ok(!withdrawn((candidates) => candidates.ended(candidates.next(0)!, 0, false)));
  assert.ok(!withdrawn((candidates) => candidates.ban(A)), 'or it would be heard of anew');
  const tracked = new Candidates();
  tracked.add(A, 'tracker');
  tracked.withdraw(A);
  assert.equal(tracked.size, 1);
});

test('canonical priorities decide among equals, of those that are known and of those that come', () => {
  const candidates = new Candidates();
  candidates.add(A, 'tracker');
  candidates.prioritize(({ host }) => Number(host.split('.')[3]));
  candidates.add(B, 'tracker');
  const C = { host: '192.0.2.3', port: 6881 };
  candidates.add(C, 'tracker');
  candidates.prioritize(({ host }) => (host === A.host ? 9 : Number(host.split('.')[3])));
  assert.deepEqual([candidates.next(0), candidates.next(0), candidates.next(0)], [A, C, B]);
});

test('the user finds room in a full book at the cost of somebody else', () => {
  const candidates = new Candidates();
  for (let at = 0; at < CANDIDATES_MAX; at++) {
    candidates.add({ host: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, port: 6881 }, 'pex');
  }
  assert.ok(candidates.add(A, 'user'));
  assert.equal(candidates.size, CANDIDATES_MAX);
});

test('bans of an earlier run hold', () => {
  const candidates = new Candidates();
  candidates.restoreBans([A.host]);
  assert.ok(candidates.banned(A));
  assert.ok(!candidates.add(A, 'tracker'));
  assert.deepEqual([...candidates.bans], [A.host]);
});
