// Which packets an acknowledgement says have arrived, and which it shows to be lost.
import assert from 'node:assert/strict';
import test from 'node:test';
import { UTP_PACKETS_IN_FLIGHT_MAX } from '../limits.ts';
import { SendWindow } from './send-window.ts';
import { LOST, PacketPool, type SentPacket } from './sent-packet.ts';
import { UTP_HEADER_BYTES, UtpHeader } from './utp-packet.ts';

const PACKET_BYTES = 100;
const MASK_AT = UTP_HEADER_BYTES + 2;

class Flight {
  readonly window: SendWindow;
  readonly #pool = new PacketPool();

  constructor(first = 1) {
    this.window = new SendWindow(first, this.#pool);
  }

  /** Sends `count` packets, one every microsecond. */
  send(count: number, atUs: number, padding = 0): SentPacket[] {
    return Array.from({ length: count }, (_, at) => {
      const packet = this.#pool.take();
      packet.bytes = PACKET_BYTES;
      packet.padding = padding;
      this.window.add(packet, atUs + at);
      return packet;
    });
  }

  resend(sequence: number, atUs: number): void {
    this.window.resend(this.window.at(sequence), atUs);
  }

  /** Acknowledges everything up to a packet and, bit by bit, some behind it; returns what came of it. */
  ack(acknowledged: number, nowUs: number, bits: readonly number[] = [], payloadBytes = 0) {
    const header = new UtpHeader();
    const packet = new Uint8Array(MASK_AT + 4 + payloadBytes);
    for (const bit of bits) packet[MASK_AT + (bit >> 3)]! |= 1 << (bit & 7);
    const mask = bits.length > 0 ? { maskAt: MASK_AT, maskBytes: 4 } : {};
    Object.assign(header, { acknowledged, payloadAt: packet.length - payloadBytes, ...mask });
    this.window.acknowledge(header, packet, nowUs);
    return { ...this.window.outcome };
  }

  get lost(): number[] {
    const { oldest, count } = this.window;
    const all = Array.from({ length: count }, (_, at) => (oldest + at) & 0xffff);
    return all.filter((sequence) => this.window.at(sequence).state === LOST);
  }
}

test('an acknowledgement tells what arrived, how long the quickest took, and nothing twice', () => {
  const flight = new Flight();
  flight.send(5, 1000);
  assert.equal(flight.window.bytesInFlight, 5 * PACKET_BYTES);
  const first = flight.ack(3, 1500);
  assert.deepEqual([first.ackedBytes, first.roundTripUs, first.lostSentUs], [300, 498, 0]);
  assert.deepEqual([flight.window.oldest, flight.window.count, flight.window.bytesInFlight], [4, 2, 200]);
  const again = flight.ack(3, 1600);
  assert.deepEqual([again.ackedBytes, again.roundTripUs], [0, 0]);
  assert.equal(flight.ack(9, 1700).ackedBytes, 0, 'what was never sent');
  assert.equal(flight.ack(5, 1700).ackedBytes, 200);
});

test('bits stand for packets behind the first that is missing, each counted once', () => {
  const flight = new Flight();
  flight.send(6, 0);
  assert.equal(flight.ack(1, 100, [0, 1]).ackedBytes, 300, '1 itself, 3 and 4');
  assert.equal(flight.ack(1, 100, [0, 1]).ackedBytes, 0);
  assert.deepEqual(flight.lost, [], 'two later ones may have overtaken it');
  assert.equal(flight.window.bytesInFlight, 300);
  assert.equal(flight.ack(4, 100).ackedBytes, 100, '2 alone is new');
  assert.equal(flight.ack(5, 100, [0, 1, 5]).ackedBytes, 100, 'bits of what was never sent say nothing');
  assert.equal(flight.window.count, 1);
  assert.equal(flight.ack(5, 100, [7]).ackedBytes, 0);
});

test('three later ones that arrived show that a packet is lost', () => {
  const flight = new Flight();
  flight.send(7, 1000);
  flight.ack(1, 1100, [0, 1]);
  const { lostSentUs } = flight.ack(1, 1100, [0, 1, 3]);
  assert.deepEqual(flight.lost, [2], 'of 5 only one later one has arrived');
  assert.equal(lostSentUs, 1001);
  assert.deepEqual([flight.window.lostCount, flight.window.bytesInFlight], [1, 200]);
  assert.equal(flight.window.firstLost(flight.window.oldest), 2);
  assert.equal(flight.window.firstLost(3), flight.window.next);
  flight.resend(2, 1200);
  assert.deepEqual([flight.lost, flight.window.lostCount, flight.window.bytesInFlight], [[], 0, 300]);
});

test('the same acknowledgement three times over shows it, too, where the other side tells no more', () => {
  const flight = new Flight();
  flight.send(6, 0);
  flight.ack(1, 100);
  const ack = (payloadBytes = 0): number => {
    flight.ack(1, 100, [], payloadBytes);
    return flight.lost.length;
  };
  assert.deepEqual([ack(), ack(), ack(50), ack(50)], [0, 0, 0, 0], 'data is sent for its own sake');
  assert.equal(ack(), 1);
  assert.deepEqual(flight.lost, [2]);
  assert.equal(ack(), 1, 'it is not lost twice');
  const other = new Flight();
  other.send(6, 0);
  for (const acknowledged of [1, 1, 1, 2, 2, 2]) other.ack(acknowledged, 100);
  assert.deepEqual(other.lost, [], 'something new begins the count anew');
  for (let at = 0; at < 9; at++) other.ack(6, 100);
  assert.equal(other.window.lostCount, 0, 'nothing is on its way');
});

test('what was sent again is lost again only when something that was sent later has arrived', () => {
  const flight = new Flight();
  flight.send(8, 0);
  flight.ack(1, 100, [0, 1, 2]);
  flight.resend(2, 200);
  flight.ack(1, 210, [0, 1, 2, 3]);
  assert.deepEqual(flight.lost, [], 'those were sent before it');
  flight.send(1, 300);
  flight.ack(1, 400, [0, 1, 2, 3, 6]);
  assert.deepEqual(flight.lost, [2]);
});

test('a path that changes the order of packets is given a quarter of a round trip for it', () => {
  const flight = new Flight();
  flight.send(1, 0);
  flight.ack(1, 400);
  flight.send(5, 1000);
  flight.ack(1, 1400, [0, 1, 2]);
  assert.deepEqual(flight.lost, [2]);
  assert.equal(flight.ack(6, 1500).ackedBytes, 200, 'it was only late');
  assert.equal(flight.window.lostCount, 0);
  flight.send(5, 2000);
  flight.ack(6, 2400, [0, 1, 2]);
  assert.deepEqual(flight.lost, [], 'they were sent too close to each other');
  for (let at = 0; at < 3; at++) flight.ack(6, 2450);
  assert.deepEqual(flight.lost, []);
  flight.send(1, 2200);
  flight.ack(6, 2600, [0, 1, 2, 4]);
  assert.deepEqual(flight.lost, [7], 'of 11 only one later one has arrived');
});

test('sequence numbers go round, and the window grows while they do', () => {
  const flight = new Flight(0xffe0);
  flight.send(300, 0);
  assert.equal(flight.window.count, 300);
  assert.equal(flight.ack(0xffff, 500).ackedBytes, 32 * PACKET_BYTES);
  assert.equal(flight.ack(0, 500, [0, 1, 2]).ackedBytes, 4 * PACKET_BYTES);
  assert.deepEqual(flight.lost, [1]);
  assert.equal(flight.ack(300 - 33, 500).ackedBytes, 264 * PACKET_BYTES);
  assert.deepEqual([flight.window.count, flight.window.lostCount, flight.window.bytesInFlight], [0, 0, 0]);
});

test('acknowledgements of what is old are believed, and those of what was never sent are not', () => {
  const flight = new Flight(10);
  const believed = (...answers: number[]): boolean[] =>
    answers.map((acknowledged) => flight.window.plausible(acknowledged & 0xffff));
  assert.deepEqual(believed(8, 9, 10), [false, true, false], 'nothing was sent: there is one right answer');
  flight.send(3, 0);
  assert.deepEqual(believed(5, 9, 12, 13), [false, true, true, false]);
  flight.ack(12, 500);
  assert.deepEqual(believed(8, 9, 10, 12, 13), [false, true, true, true, false]);
  for (let sent = 3; sent < 2 * UTP_PACKETS_IN_FLIGHT_MAX; sent++) {
    flight.send(1, sent);
    flight.ack(10 + sent, sent + 1);
  }
  const oldest = flight.window.oldest - 1;
  const answers = [oldest, oldest - UTP_PACKETS_IN_FLIGHT_MAX, oldest - UTP_PACKETS_IN_FLIGHT_MAX - 1];
  assert.deepEqual(believed(...answers), [true, true, false]);
});

test('a packet that tried a size tells of the size, and goes again without its padding', () => {
  const flight = new Flight();
  const [probe] = flight.send(1, 0, 30);
  probe!.buffer.fill(7, UTP_HEADER_BYTES + 30, PACKET_BYTES);
  flight.send(4, 1);
  const lost = flight.ack(0, 100, [0, 1, 2]);
  assert.deepEqual([lost.probeLostBytes, lost.lostSentUs], [PACKET_BYTES, 0], 'no sign of a queue that is full');
  assert.deepEqual([probe!.bytes, probe!.padding], [PACKET_BYTES - 30, 0]);
  assert.deepEqual([...probe!.buffer.subarray(UTP_HEADER_BYTES, PACKET_BYTES - 30)], new Array(50).fill(7));
  assert.equal(flight.window.bytesInFlight, PACKET_BYTES);
  flight.resend(1, 200);
  assert.equal(flight.ack(5, 300).probeArrivedBytes, 0);
  flight.send(1, 400, 30);
  assert.equal(flight.ack(6, 500).probeArrivedBytes, PACKET_BYTES);
  flight.send(1, 600, 30);
  assert.equal(flight.window.loseAll(), false, 'nothing but a trial was on its way');
  assert.equal(flight.window.outcome.probeLostBytes, PACKET_BYTES);
  flight.send(1, 700);
  assert.equal(flight.window.loseAll(), true);
  assert.deepEqual([flight.window.lostCount, flight.window.bytesInFlight], [2, 0]);
  flight.window.clear();
  assert.deepEqual([flight.window.count, flight.window.lostCount], [0, 0]);
});
