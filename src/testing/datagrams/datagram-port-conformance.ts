// What every DatagramPort must do, whatever carries its packets. Run against real sockets and against the simulator.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { DatagramPort, DatagramPorts, DatagramSink } from '../../engine/datagram-port.ts';
import type { PeerAddress } from '../../engine/ports.ts';

/** Two hosts that can reach each other. */
export interface DatagramSubject {
  readonly a: DatagramPorts;
  readonly b: DatagramPorts;
  /** Resolves when the condition holds, which packets on their way may bring about. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** Keeps what a protocol hears. */
export class DatagramRecorder implements DatagramSink {
  readonly heard: { readonly bytes: Uint8Array; readonly from: PeerAddress }[] = [];
  readonly refused: { readonly to: PeerAddress; readonly code: string }[] = [];
  drains = 0;

  datagram(bytes: Uint8Array, from: PeerAddress): void {
    this.heard.push({ bytes, from });
  }

  undelivered(to: PeerAddress, code: string): void {
    this.refused.push({ to, code });
  }

  drained(): void {
    this.drains++;
  }
}

const KRPC: Uint8Array = new TextEncoder().encode('d1:y1:qe');

function utpPacket(length: number): Uint8Array {
  const packet = new Uint8Array(length).fill(7);
  packet[0] = 0x41;
  return packet;
}

/** Defines the tests. */
export function describeDatagramPort(name: string, make: () => Promise<DatagramSubject>): void {
  const play = (title: string, scene: (subject: DatagramSubject) => Promise<void>): void => {
    test(`${name}: ${title}`, { timeout: 20_000 }, async () => {
      const subject = await make();
      try {
        await scene(subject);
      } finally {
        await subject.close();
      }
    });
  };

  play('each protocol hears its own packets, from the address that answers', async ({ a, b, until }) => {
    const [sender, krpc, utp] = [new DatagramRecorder(), new DatagramRecorder(), new DatagramRecorder()];
    const from = a.attach('krpc', sender);
    const to = b.attach('krpc', krpc);
    b.attach('utp', utp);
    const target = localOf(to);
    for (const packet of [KRPC, utpPacket(20), utpPacket(1400)]) assert.equal(from.send(packet, target), true);
    await until(() => krpc.heard.length + utp.heard.length === 3);
    assert.deepEqual([...krpc.heard[0]!.bytes], [...KRPC]);
    assert.deepEqual(
      utp.heard.map(({ bytes }) => bytes.length).sort((x, y) => x - y),
      [20, 1400],
    );
    assert.deepEqual(krpc.heard[0]!.from, localOf(from));
    to.send(KRPC, krpc.heard[0]!.from);
    await until(() => sender.heard.length === 1);
    assert.deepEqual(sender.heard[0]!.from, target);
  });

  play('what is nobody’s is nobody’s', async ({ a, b, until }) => {
    const [krpc, utp] = [new DatagramRecorder(), new DatagramRecorder()];
    const from = a.attach('krpc', new DatagramRecorder());
    const target = localOf(b.attach('krpc', krpc));
    b.attach('utp', utp);
    const strange = [Uint8Array.of(), Uint8Array.of(0x41), new Uint8Array(40), new Uint8Array(40).fill(0x51)];
    for (const packet of [...strange, new Uint8Array(40).fill(0x42), KRPC]) from.send(packet, target);
    await until(() => krpc.heard.length === 1);
    assert.equal(utp.heard.length, 0);
  });

  play('there is no port 0 and no socket of a family that was not opened', async ({ a, b }) => {
    const from = a.attach('utp', new DatagramRecorder());
    assert.equal(from.send(utpPacket(20), { ...localOf(b.attach('utp', new DatagramRecorder())), port: 0 }), false);
    assert.equal(from.local(6), undefined);
    assert.equal(from.send(utpPacket(20), { host: '::1', port: 6881 }), false);
    // Nobody waits for room that would never come.
    assert.equal(from.full, false);
  });

  play('a packet that is too long for the system is refused by name', async ({ a, b, until }) => {
    const recorder = new DatagramRecorder();
    const target = localOf(b.attach('utp', new DatagramRecorder()));
    assert.equal(a.attach('utp', recorder).send(utpPacket(66_000), target), true);
    await until(() => recorder.refused.length === 1);
    assert.deepEqual(recorder.refused, [{ to: target, code: 'EMSGSIZE' }]);
  });
}

function localOf(port: DatagramPort): PeerAddress {
  const local = port.local(4);
  assert.ok(local !== undefined, 'the subjects have IPv4');
  return local;
}
