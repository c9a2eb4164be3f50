// Port mapping at routers that refuse, and at those whose answers are none, in virtual time.
import assert from 'node:assert/strict';
import test from 'node:test';
import { writeUint16 } from '../../base/bytes.ts';
import { service } from '../../testing/portmap/fake-gateway.ts';
import { MapperRig, ROUTER_6 } from '../../testing/portmap/mapper-rig.ts';
import { MAPPING_RENEWAL_MS_MAX } from './limits.ts';

const MINUTE = 60_000;

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
    const rig = new MapperRig(['pcp', 'nat-pmp', 'upnp']);
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
