// What of this network a torrent may make us ask for.
import assert from 'node:assert/strict';
import test from 'node:test';
import { isAfar, maySendTo, sourceRefusal } from './source-guard.ts';

const tracker = { kind: 'tracker', path: '/announce', query: '?key=1', sentFromAfar: false } as const;
const seed = { kind: 'web-seed', path: '/files/a', query: '', sentFromAfar: false } as const;
const NEAR = [
  '127.0.0.1',
  '::1',
  '10.0.0.1',
  '192.168.1.1',
  '172.16.0.1',
  '169.254.169.254',
  'fd00::1',
  '::ffff:127.0.0.1',
];

test('on the internet everything may be asked', () => {
  for (const host of ['1.2.3.4', '2001:db8::1']) {
    assert.equal(sourceRefusal({ ...tracker, path: '/anything' }, host), undefined);
    assert.equal(sourceRefusal({ ...seed, query: '?a=b', sentFromAfar: true }, host), undefined);
    assert.ok(isAfar(host));
  }
});

test('in this network a tracker is asked by its usual path alone', () => {
  for (const host of NEAR) {
    for (const path of ['/announce', '/announce.php', '/announce/key', '/scrape']) {
      assert.equal(sourceRefusal({ ...tracker, path }, host), undefined, host);
    }
    for (const path of ['/', '/reboot', '/api/announce', '/announcements']) {
      assert.match(sourceRefusal({ ...tracker, path }, host) ?? '', /path is \/announce/, `${host} ${path}`);
    }
  }
});

test('in this network a web seed is asked without a query alone', () => {
  for (const host of NEAR) {
    assert.equal(sourceRefusal(seed, host), undefined);
    assert.match(sourceRefusal({ ...seed, query: '?reboot=1' }, host) ?? '', /query/);
  }
});

test('nobody on the internet sends us into this network, and nowhere leads nowhere', () => {
  for (const host of NEAR) assert.match(sourceRefusal({ ...seed, sentFromAfar: true }, host) ?? '', /redirect/);
  for (const host of ['0.0.0.0', '224.0.0.1', 'ff02::1', '::']) assert.ok(sourceRefusal(tracker, host) !== undefined);
});

test('behind a proxy a name is judged by what it looks like, and what hides an address is nobody’s', () => {
  const path = '/reboot';
  for (const host of [
    'router',
    'localhost',
    'a.localhost',
    'nas.local',
    'printer.lan',
    'x.home.arpa',
    'db.internal',
    'NAS.LOCAL.',
  ]) {
    assert.match(sourceRefusal({ ...tracker, path }, host) ?? '', /path is \/announce/, host);
    assert.equal(sourceRefusal(tracker, host), undefined, host);
    assert.ok(!isAfar(host));
  }
  for (const host of ['tracker.example', 'a.b.c.example.', 'local.example']) {
    assert.equal(sourceRefusal({ ...tracker, path, sentFromAfar: true }, host), undefined, host);
    assert.ok(isAfar(host));
  }
  for (const host of ['127.1', '2130706433', '0x7f.0.0.1', '0x7f000001', '']) {
    assert.match(sourceRefusal(tracker, host) ?? '', /nobody can be reached/, host);
  }
});

test('a tracker of the internet sends us to nobody in this network, one of this network to anybody', () => {
  for (const host of [...NEAR, 'localhost', 'printer', 'nas.local', '127.1', '0.0.0.0', '224.0.0.1']) {
    assert.equal(maySendTo('1.2.3.4', host), false, host);
    assert.equal(maySendTo('tracker.example.org', host), false, host);
  }
  assert.ok(maySendTo('1.2.3.4', '5.6.7.8') && maySendTo('1.2.3.4', 'peer.example.org'));
  assert.ok(maySendTo('10.0.0.5', '10.0.0.1') && maySendTo('127.0.0.1', '127.0.0.1') && maySendTo('::1', '10.0.0.1'));
  assert.ok(!maySendTo('10.0.0.5', '127.0.0.1'), 'of this machine only this machine knows');
});
