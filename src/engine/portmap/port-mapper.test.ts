// Port mapping at routers that work, refuse, forget, lie and are silent, in virtual time.
import assert from 'node:assert/strict';
import test from 'node:test';
import { writeUint16 } from '../../base/bytes.ts';
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

test('garbage, and answers about something else, are no answers', () => {
  const rig = new MapperRig(['pcp']);
  let kind = 0;
  rig.router.distort = (bytes) => {
    kind++;
    if (kind % 4 === 1) return bytes.fill(0x5a);
    // Another port, another nonce, a request.
    if (kind % 4 === 2) writeUint16(bytes, 40, 7000);
    if (kind % 4 === 3) bytes[30]! ^= 1;
    if (kind % 4 === 0) bytes[1] = 1;
    return bytes;
  };
  rig.run(10 * MINUTE);
  assert.deepEqual(rig.open, []);
});

test('an answer about another port is no answer by NAT-PMP either', () => {
  const rig = new MapperRig(['nat-pmp']);
  rig.router.distort = (bytes) => {
    if (bytes.length === 16) writeUint16(bytes, 8, 7000);
    return bytes;
  };
  rig.run(MINUTE);
  assert.deepEqual(rig.open, []);
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

test('a port that is somebody else’s is given up for another one (UPnP 718)', () => {
  const rig = new MapperRig(['upnp']);
  rig.router.taken.add(6881);
  rig.run(20_000);
  const [tcp, udp] = rig.mapper.status.open;
  assert.ok(tcp!.externalPort >= 49_152 && tcp!.externalPort === udp!.externalPort, rig.open.join());
  assert.equal(tcp!.internalPort, 6881);
});

test('when all ports are somebody else’s, that is asked again later', () => {
  const rig = new MapperRig(['upnp']);
  rig.router.faults.set('AddPortMapping', 718);
  rig.run(60_000);
  assert.deepEqual(rig.open, []);
  assert.match(rig.mapper.status.troubles[0]!.message, /718/);
  const adds = rig.router.asked.filter((words) => words.startsWith('AddPortMapping')).length;
  assert.ok(adds <= 10, `${adds} tries`);
  rig.router.faults.clear();
  rig.run(20 * MINUTE);
  assert.equal(rig.open.length, 2);
});

test('a router that keeps mappings for ever gets them for ever, and they are taken away at the end (UPnP 725)', () => {
  const rig = new MapperRig(['upnp']);
  rig.router.faults.set('AddPortMapping', 725);
  rig.run(20_000);
  assert.deepEqual(
    rig.mapper.status.open.map(({ lifetimeSeconds }) => lifetimeSeconds),
    [0, 0],
  );
  rig.mapper.close(() => undefined);
  rig.run(500);
  assert.deepEqual(rig.mapped, []);
});

test('a router that wants the same port outside and inside gets its will (UPnP 724)', () => {
  const rig = new MapperRig(['upnp']);
  rig.run(20_000);
  rig.router.faults.set('AddPortMapping', 724);
  rig.router.reboot();
  rig.run(MAPPING_RENEWAL_MS_MAX * 1.3);
  assert.match(rig.mapper.status.troubles[0]!.message, /724/, 'that it is the same already does not help: no loop');
});

test('a gateway that says it picks ports and does not is asked for one', () => {
  const rig = new MapperRig(['upnp']);
  rig.router.services = [service('WANIPConnection', 2)];
  rig.router.faults.set('AddAnyPortMapping', 401);
  rig.run(20_000);
  assert.deepEqual(rig.open, ['tcp 6881 upnp', 'udp 6881 upnp']);
});

for (const [result, remedy] of [
  [1, 'way'],
  [2, 'way'],
  [3, 'way'],
  [4, 'way'],
  [5, 'way'],
  [6, 'way'],
  [7, 'time'],
  [8, 'time'],
  [9, 'way'],
  [10, 'time'],
  [11, 'port'],
  [12, 'way'],
  [99, 'way'],
] as const) {
  test(`PCP result ${result}: another ${remedy} may help`, () => {
    const rig = new MapperRig(ALL);
    rig.router.pcpResult = result;
    rig.run(20_000);
    if (remedy === 'way') return assert.deepEqual(rig.open, ['tcp 6881 nat-pmp', 'udp 6881 nat-pmp']);
    assert.deepEqual(rig.open, []);
    assert.ok(rig.router.asked.length <= (remedy === 'port' ? 12 : 2), 'it is not hurried');
    rig.router.pcpResult = 0;
    rig.run(remedy === 'port' ? 15 * MINUTE : 70_000);
    assert.equal(rig.open.length, 2);
    assert.ok(rig.mapper.status.open.every(({ protocol }) => protocol === 'pcp'));
  });
}

for (const [result, remedy] of [
  [1, 'way'],
  [2, 'way'],
  [3, 'time'],
  [4, 'time'],
  [5, 'way'],
] as const) {
  test(`NAT-PMP result ${result}: another ${remedy} may help`, () => {
    const rig = new MapperRig(['nat-pmp', 'upnp']);
    rig.router.natPmpResult = result;
    rig.run(20_000);
    assert.equal(rig.open.length, remedy === 'way' ? 2 : 0);
    rig.router.natPmpResult = 0;
    rig.run(11 * MINUTE);
    const by = remedy === 'way' ? 'upnp' : 'nat-pmp';
    assert.deepEqual(rig.open, [`tcp 6881 ${by}`, `udp 6881 ${by}`]);
  });
}

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

test('a firewall that is off lets everything through, and one that lets nobody open it says so', () => {
  const off = new MapperRig(['upnp'], [ROUTER_6]);
  off.router.services = [service('WANIPv6FirewallControl', 1)];
  off.router.faults.set('AddPinhole', 702);
  off.run(20_000);
  assert.equal(off.open.length, 2);
  const full = new MapperRig(['upnp'], [ROUTER_6]);
  full.router.services = [service('WANIPv6FirewallControl', 1)];
  full.router.faults.set('AddPinhole', 701);
  full.run(20_000);
  assert.match(full.mapper.status.troubles[0]!.message, /701/);
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
