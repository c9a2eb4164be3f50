// What a peer may send over uTP, as bytes that the fuzzer mutates: packets, each behind a byte that says how long it is.
// A connection that was accepted, or one that dials, takes them all in, writes a little itself, and closes. A length of 0
// stops or resumes the taking, and lets seconds pass.
//
// What must hold whatever comes: nothing is thrown; what we send is a uTP packet of no more than the largest size; never
// more is in flight or held back than the limits say; when it is over, once, nothing is held any more.
import assert from 'node:assert/strict';
import {
  UTP_PACKET_BYTES_MAX,
  UTP_RECEIVE_BYTES_MAX,
  UTP_REORDER_BYTES_MAX,
  UTP_WINDOW_BYTES_MAX,
} from '#src/protocol/limits.ts';
import { ReorderBudget } from '#src/protocol/utp/receive-buffer.ts';
import { PacketPool } from '#src/protocol/utp/sent-packet.ts';
import { UtpConnection } from '#src/protocol/utp/utp-connection.ts';
import { readUtpPacket, UtpHeader } from '#src/protocol/utp/utp-packet.ts';
import type { UtpConnectionParts } from '#src/protocol/utp/utp-ports.ts';

/** Our first packet has this number: packets of the corpus acknowledge it. */
const OUR_SEQUENCE_SHARE = 0.5;
const TICK_US = 60_000;
const TICKS_MAX = 4000;

const PAUSE_US = 3_000_000;

/** Runs one script against a connection that was accepted; throws when it broke its word. */
export function runUtpScript(script: Uint8Array): void {
  play(script, true);
}

/** The same for a connection that dials. */
export function runUtpDialScript(script: Uint8Array): void {
  play(script, false);
}

function play(script: Uint8Array, accepted: boolean): void {
  let nowUs = 1_000_000;
  let endings = 0;
  let sends = 0;
  const budget = new ReorderBudget(UTP_REORDER_BYTES_MAX);
  const sent = new UtpHeader();
  const header = Object.assign(new UtpHeader(), { type: 4, connectionId: 100, sequence: 1, windowBytes: 100_000 });
  let paused = false;
  const parts: UtpConnectionParts = {
    sink: {
      connected: () => connection.write(new Uint8Array(5000)),
      received: (packet, from, to) => assert.ok(from >= 20 && from <= to && to <= packet.length),
      ended: () => connection.close(),
      closed: () => endings++,
    },
    send: (packet) => {
      sends++;
      assert.ok(packet.length <= UTP_PACKET_BYTES_MAX && readUtpPacket(packet, sent));
    },
    nowUs: () => nowUs,
    random: { next: () => OUR_SEQUENCE_SHARE },
    pool: new PacketPool(),
    budget,
    packetBytesMax: UTP_PACKET_BYTES_MAX,
    receiveId: 101,
    sendId: 100,
  };
  const connection = accepted ? UtpConnection.accept(parts, header) : UtpConnection.connect(parts);
  for (let at = 0; at < script.length; ) {
    const bytes = script[at]!;
    const packet = script.slice(at + 1, at + 1 + bytes);
    at += 1 + bytes;
    if (bytes === 0) {
      paused = !paused;
      if (paused) connection.pause();
      else connection.resume();
      nowUs += PAUSE_US;
    } else if (readUtpPacket(packet, header)) connection.receive(header, packet);
    connection.flush();
    nowUs += TICK_US;
    connection.tick();
    assert.ok(connection.bytesInFlight >= 0 && connection.heldBytes >= 0);
    assert.ok(connection.heldBytes <= UTP_RECEIVE_BYTES_MAX);
    assert.ok(connection.bytesInFlight <= UTP_WINDOW_BYTES_MAX + UTP_PACKET_BYTES_MAX);
    assert.ok(!connection.closed || connection.heldBytes === 0);
  }
  const before = sends;
  connection.close();
  connection.flush();
  for (let ticks = 0; ticks < TICKS_MAX && !connection.closed; ticks++) {
    nowUs += TICK_US;
    connection.tick();
  }
  assert.ok(connection.closed, 'it ends, whatever the other side does');
  assert.equal(endings, 1);
  assert.ok(sends - before < 40, 'a goodbye is not repeated for ever');
  assert.equal(budget.leftBytes, UTP_REORDER_BYTES_MAX, 'nothing is held back any more');
}
