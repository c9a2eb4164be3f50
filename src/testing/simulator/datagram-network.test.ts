import assert from 'node:assert/strict';
import test from 'node:test';
import { DatagramRecorder, describeDatagramPort } from '../datagrams/datagram-port-conformance.ts';
import { SeededRandom } from '../seeded-random.ts';
import { DatagramNetwork } from './datagram-network.ts';
import { EventQueue } from './event-queue.ts';

const A = { host: '10.0.0.1', port: 6881 };
const B = { host: '10.0.0.2', port: 6881 };

function network(): { readonly queue: EventQueue; readonly network: DatagramNetwork } {
  const queue = new EventQueue();
  return { queue, network: new DatagramNetwork(queue, new SeededRandom(1)) };
}

describeDatagramPort('DatagramNetwork', async () => {
  const { queue, network: simulated } = network();
  return {
    a: simulated.host(A),
    b: simulated.host(B),
    until: async (condition) => {
      for (let ms = 0; ms < 1000 && !condition(); ms++) queue.runUntil(queue.nowMs + 1);
      assert.ok(condition(), 'nothing more is on its way');
    },
    close: async () => undefined,
  };
});

test('packets are lost at the rate that was asked for, and offline hosts hear none', () => {
  const { queue, network: simulated } = network();
  const recorder = new DatagramRecorder();
  const port = simulated.host(A).attach('krpc', new DatagramRecorder());
  const host = simulated.host(B);
  host.attach('krpc', recorder);
  simulated.troubles.lossShare = 0.2;
  for (let sent = 0; sent < 1000; sent++) port.send(Uint8Array.of(0x64), B);
  queue.runUntil(1000);
  assert.ok(recorder.heard.length > 750 && recorder.heard.length < 850, `${recorder.heard.length} of 1000 arrived`);
  const before = recorder.heard.length;
  host.online = false;
  port.send(Uint8Array.of(0x64), B);
  queue.runUntil(2000);
  assert.equal(recorder.heard.length, before);
});

test('a blocked host says so, and tells when it is not any more', () => {
  const { queue, network: simulated } = network();
  const recorder = new DatagramRecorder();
  const host = simulated.host(A);
  const port = host.attach('krpc', recorder);
  host.blocked = true;
  assert.equal(port.send(Uint8Array.of(0x64), B), false);
  host.blocked = false;
  queue.runUntil(1);
  assert.equal(recorder.drains, 1);
});
