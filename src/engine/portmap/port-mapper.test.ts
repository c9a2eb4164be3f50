// Port mapping at routers that work, forget and are silent, in virtual time. Those that refuse and lie: port-mapper-refusals.
import assert from 'node:assert/strict';
import test from 'node:test';
import { service } from '../../testing/portmap/fake-gateway.ts';
import { MapperRig, ROUTER, ROUTER_6 } from '../../testing/portmap/mapper-rig.ts';
import { GATEWAY_REST_FIRST_MS, GATEWAY_REST_MAX_MS, MAPPING_RENEWAL_MS_MAX } from './limits.ts';
import type { MappingProtocol } from './mapping-client.ts';
import { PortMapper } from './port-mapper.ts';

const MINUTE = 60_000;
const ALL: readonly MappingProtocol[] = ['pcp', 'nat-pmp', 'upnp'];

for (const protocol of ALL) {
  test(`${protocol} alone opens both ports, renews them, and takes them away`, () => {
    const rig = new MapperRig([protocol]);
    rig.run(20_000);
    assert.deepEqual(rig.open, [`tcp 6881 ${protocol}`, `udp 6881 ${protocol}`]);
    assert.equal(rig.mapper.externalPort(4, 'tcp'), 6881);
    assert.deepEqual(rig.mapper.status.troubles, []);
    assert.ok(rig.votes.includes('198.51.100.7 says 192.168.1.1'), 'the gateway has a vote about our address');
    const asked = rig.router.asked.length;
    rig.run(4 * 60 * MINUTE);
    assert.deepEqual(rig.mapped, ['tcp 6881', 'udp 6881']);
    const perHour = (rig.router.asked.length - asked) / 4;
    assert.ok(perHour >= 2 * 6 * 0.75 && perHour <= 2 * 2 * 8, `${perHour} questions an hour`);
    let closed = false;
    rig.mapper.close(() => {
      closed = true;
    });
    rig.run(500);
    assert.ok(closed);
    assert.deepEqual(rig.mapped, []);
  });
}

test('the latest protocol that a router speaks is used, and it alone', () => {
  const rig = new MapperRig(ALL);
  rig.run(10_000);
  assert.deepEqual(rig.open, ['tcp 6881 pcp', 'udp 6881 pcp']);
  assert.deepEqual(new Set(rig.router.asked), new Set(['pcp']));
});

test('a router that says at once that it speaks neither PCP nor NAT-PMP is asked by UPnP at once', () => {
  const rig = new MapperRig(['upnp']);
  rig.router.refusesPackets = true;
  rig.run(1500);
  assert.equal(rig.open.length, 2);
});

test('a router of which nothing comes is left alone for longer and longer, and found when it begins to answer', () => {
  const rig = new MapperRig([]);
  rig.run(30_000);
  const once = rig.router.asked.length;
  assert.ok(once <= 4 + 4 + 1, `asked ${once} times`);
  rig.run(GATEWAY_REST_FIRST_MS * 0.7);
  assert.equal(rig.router.asked.length, once, 'it rests');
  assert.deepEqual(rig.open, []);
  assert.equal(rig.mapper.status.troubles[0]?.message, 'offers no UPnP');
  rig.run(12 * 60 * MINUTE);
  assert.ok(rig.router.asked.length <= once * 18, 'hardly more than once an hour');
  rig.router.speaks.add('nat-pmp');
  rig.run(GATEWAY_REST_MAX_MS + MINUTE);
  assert.deepEqual(rig.open, ['tcp 6881 nat-pmp', 'udp 6881 nat-pmp']);
});

test('lost packets are sent again', () => {
  const rig = new MapperRig(['pcp']);
  let packets = 0;
  rig.router.distort = (bytes) => (packets++ % 3 === 2 ? bytes : undefined);
  rig.run(5000);
  assert.equal(rig.open.length, 2);
});

test('a router gives another port than we like: both transports get the same one', () => {
  for (const protocol of ALL) {
    const rig = new MapperRig([protocol]);
    rig.router.taken.add(6881);
    rig.router.services = [service('WANIPConnection', 2)];
    rig.run(20_000);
    assert.deepEqual(rig.open, [`tcp 6882 ${protocol}`, `udp 6882 ${protocol}`]);
    assert.equal(rig.mapper.externalPort(4, 'tcp'), 6882);
  }
});

for (const protocol of ['pcp', 'nat-pmp'] as const) {
  test(`a router that started anew is asked again as soon as ${protocol} shows it`, () => {
    const rig = new MapperRig([protocol]);
    rig.run(9 * MINUTE);
    rig.router.reboot();
    assert.deepEqual(rig.mapped, []);
    // One renewal notices, and the other mapping does not wait for its own.
    rig.run(MAPPING_RENEWAL_MS_MAX * 1.25);
    assert.deepEqual(rig.mapped, ['tcp 6881', 'udp 6881']);
  });
}

test('a router that announces its new start is asked within two seconds', () => {
  const rig = new MapperRig(['pcp']);
  rig.run(5 * MINUTE);
  rig.mapper.announcement(ROUTER.host, rig.router.announcement());
  const asked = rig.router.asked.length;
  rig.run(5000);
  assert.equal(rig.router.asked.length, asked, 'an announcement that nothing is new changes nothing');
  rig.router.reboot();
  rig.mapper.announcement('192.168.1.99', rig.router.announcement());
  rig.run(5000);
  assert.deepEqual(rig.mapped, [], 'a stranger announces nothing');
  rig.mapper.announcement(ROUTER.host, rig.router.announcement());
  rig.run(2500);
  assert.deepEqual(rig.mapped, ['tcp 6881', 'udp 6881']);
});

test('what a router announces comes without the zone of its address', () => {
  const rig = new MapperRig(['pcp'], [ROUTER_6]);
  rig.run(5 * MINUTE);
  rig.router.reboot();
  rig.mapper.announcement(ROUTER_6.host.replace('%lan', ''), rig.router.announcement());
  rig.run(2500);
  assert.deepEqual(rig.mapped, ['tcp 6881', 'udp 6881']);
});

test('a router that started anew on one of its addresses has forgotten the others, too', () => {
  const rig = new MapperRig(['pcp'], [ROUTER, ROUTER_6]);
  rig.run(5 * MINUTE);
  const asked = rig.router.asked.length;
  rig.router.reboot();
  rig.mapper.announcement(ROUTER.host, rig.router.announcement());
  rig.run(2500);
  assert.ok(rig.router.asked.length >= asked + 4, 'both families and both transports');
});

test('an announcement wakes us while a router is left alone, once a minute at most', () => {
  const rig = new MapperRig([]);
  rig.run(MINUTE);
  rig.router.speaks.add('pcp');
  const asked = rig.router.asked.length;
  rig.mapper.announcement(ROUTER.host, rig.router.announcement());
  rig.run(2500);
  assert.equal(rig.open.length, 2);
  assert.ok(rig.router.asked.length - asked <= 4);
});

test('a mapping that vanishes from a UPnP router comes back with the next renewal', () => {
  const rig = new MapperRig(['upnp']);
  rig.run(MINUTE);
  rig.router.mappings.clear();
  rig.run(MAPPING_RENEWAL_MS_MAX * 1.3);
  assert.deepEqual(rig.mapped, ['tcp 6881', 'udp 6881']);
});

test('a short life is renewed in time', () => {
  const rig = new MapperRig(['pcp']);
  rig.router.lifetimeSecondsMax = 120;
  rig.run(30 * MINUTE);
  assert.ok(rig.router.asked.length >= 2 * 20 && rig.router.asked.length <= 2 * 31, `${rig.router.asked.length}`);
  assert.equal(rig.changes, 2, 'nothing changed for anybody');
});

test('a router that goes silent loses its mappings when they expire, and other protocols are tried', () => {
  const rig = new MapperRig(['pcp', 'upnp']);
  rig.run(MINUTE);
  rig.router.speaks.delete('pcp');
  rig.run(40 * MINUTE);
  assert.equal(rig.open.length, 2, 'what was granted holds');
  rig.run(40 * MINUTE);
  assert.deepEqual(rig.open, ['tcp 6881 upnp', 'udp 6881 upnp']);
});

test('a router behind another one is told so', () => {
  const rig = new MapperRig(['nat-pmp']);
  rig.router.externalHost = '100.64.3.4';
  rig.run(20_000);
  assert.ok(rig.mapper.status.open.every(({ behindAnother }) => behindAnother));
});

test('a router without a connection is asked again', () => {
  const rig = new MapperRig(['upnp']);
  rig.router.externalHost = '0.0.0.0';
  rig.run(20_000);
  assert.deepEqual(rig.open, []);
  rig.router.externalHost = '198.51.100.7';
  rig.run(11 * MINUTE);
  assert.equal(rig.open.length, 2);
});

test('holes in the firewall of IPv6 are opened, kept and closed', () => {
  for (const protocol of ['pcp', 'upnp'] as const) {
    const rig = new MapperRig([protocol], [ROUTER_6]);
    rig.router.services = [service('WANIPConnection', 2), service('WANIPv6FirewallControl', 1)];
    rig.run(20_000);
    assert.deepEqual(rig.open, [`tcp 6881 ${protocol}`, `udp 6881 ${protocol}`]);
    assert.equal(rig.mapper.externalPort(4, 'tcp'), undefined);
    assert.equal(rig.mapper.externalPort(6, 'udp'), 6881);
    rig.router.reboot();
    rig.run(MAPPING_RENEWAL_MS_MAX * 1.3);
    assert.deepEqual(rig.mapped, ['tcp 6881', 'udp 6881']);
    rig.mapper.close(() => undefined);
    rig.run(500);
    assert.deepEqual(rig.mapped, []);
  }
});

test('another gateway means new mappings, and a gateway that is gone takes its own along', () => {
  const rig = new MapperRig(['pcp']);
  rig.run(1000);
  rig.mapper.gateways([{ ...ROUTER, local: '192.168.1.77' }]);
  assert.deepEqual(rig.open, []);
  rig.run(1000);
  assert.equal(rig.open.length, 2);
  rig.mapper.gateways([]);
  assert.deepEqual(rig.open, []);
  assert.equal(rig.changes, 6);
});

test('of several gateways the one that the internet reaches says the port', () => {
  const rig = new MapperRig(['pcp'], [ROUTER, ROUTER_6, { family: 4, host: '10.0.0.1', local: '10.0.0.2' }]);
  rig.run(1000);
  assert.equal(rig.mapper.status.open.length, 6);
});

test('closing while a question is under way takes away what its answer brings', () => {
  for (const protocol of ALL) {
    const rig = new MapperRig([protocol]);
    rig.router.refusesPackets = protocol === 'upnp';
    let closed = false;
    while (rig.mapped.length === 0) {
      rig.mapper.tick();
      rig.clock.advance(50);
      if (rig.mapped.length === 0) rig.router.deliver();
    }
    rig.mapper.close(() => {
      closed = true;
    });
    rig.run(1000);
    assert.ok(closed, protocol);
    assert.deepEqual(rig.mapped, [], protocol);
  }
});

test('closing ends when nobody answers', () => {
  const rig = new MapperRig(['pcp']);
  rig.run(1000);
  rig.router.speaks.clear();
  let closed = false;
  rig.mapper.close(() => {
    closed = true;
  });
  rig.run(5000);
  assert.ok(closed);
});

test('without a gateway nothing is asked and closing is at once', () => {
  const rig = new MapperRig(ALL, []);
  rig.run(10_000);
  assert.deepEqual(rig.router.asked, []);
  let closed = false;
  rig.mapper.close(() => {
    closed = true;
  });
  assert.ok(closed);
});

test('without ports of ours nothing is asked', () => {
  const rig = new MapperRig(ALL, []);
  const parts = { clock: rig.clock, random: { next: () => 0 }, port: rig.router, changed: () => undefined };
  const mapper = new PortMapper({ ...parts, own: () => [], external: { vote: () => undefined } });
  mapper.gateways([ROUTER]);
  mapper.tick();
  assert.deepEqual(rig.router.asked, []);
});
