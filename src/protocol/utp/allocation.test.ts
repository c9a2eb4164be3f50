// The price of a packet in garbage: none but the view of its payload, which whoever owns a datagram makes of it. A million
// packets of blocks go through a connection and its block receiver; headers and messages lie across their borders anywhere.
import assert from 'node:assert/strict';
import test from 'node:test';
import { writeUint16, writeUint32 } from '../../base/bytes.ts';
import { UTP_REORDER_BYTES_MAX } from '../limits.ts';
import { BLOCK_BYTES, PIECE_MESSAGE_BYTES } from '../wire/block.ts';
import { BlockReceiver } from '../wire/block-receiver.ts';
import { Frames } from '../wire/frames.ts';
import { writePieceHeader } from '../wire/message-writer.ts';
import { PieceMemory } from '../wire/piece-memory.ts';
import { ReceiveCounters } from '../wire/receive-counters.ts';
import { receiverCommons } from '../wire/receiver-commons.ts';
import type { ReceiverSink } from '../wire/receiver-sink.ts';
import { ReorderBudget } from './receive-buffer.ts';
import { PacketPool } from './sent-packet.ts';
import { UtpConnection } from './utp-connection.ts';
import { readUtpPacket, UTP_DATA, UTP_HEADER_BYTES, UTP_SYN, UtpHeader, writeUtpHeader } from './utp-packet.ts';

const FRAMES = 64;
const WINDOW = 48;
const PAYLOAD_BYTES = 1452;
/** After so many packets, which are as many blocks as a payload has bytes, a packet begins with a block again. */
const CYCLE_PACKETS = PIECE_MESSAGE_BYTES;
const CYCLE_BLOCKS = PAYLOAD_BYTES;
const PACKETS = 1_000_000;
const PACKETS_TOGETHER = 10;
const PARTS = 20;
/** Growth over one part: the price of asking for the figure. One object a packet would be a hundred times as much. */
const GROWTH_BYTES_MAX = 16 * 1024;

/** Without the flag the collector cannot be called, and the figure means nothing. */
const skip = globalThis.gc === undefined ? 'needs node --expose-gc' : false;

/** The blocks of a cycle, as they go over the wire. */
function stream(): Uint8Array {
  const bytes = new Uint8Array(CYCLE_BLOCKS * PIECE_MESSAGE_BYTES);
  for (let block = 0; block < CYCLE_BLOCKS; block++) {
    writePieceHeader(bytes, block * PIECE_MESSAGE_BYTES, pieceOf(block), beginOf(block), BLOCK_BYTES);
    bytes[block * PIECE_MESSAGE_BYTES + 13] = block;
    bytes[(block + 1) * PIECE_MESSAGE_BYTES - 1] = block + 1;
  }
  return bytes;
}

function pieceOf(block: number): number {
  return Math.floor((block % CYCLE_BLOCKS) / FRAMES);
}

function beginOf(block: number): number {
  return ((block % CYCLE_BLOCKS) % FRAMES) * BLOCK_BYTES;
}

class Downloader {
  readonly counters = new ReceiveCounters();
  readonly receiver: BlockReceiver;
  landed = 0;
  readonly #memory = new PieceMemory(Frames.alone(FRAMES));
  #next = 0;

  constructor() {
    const sink: ReceiverSink = {
      handshake: () => undefined,
      message: () => assert.fail('no message was sent'),
      request: () => assert.fail('no message was sent'),
      keepAlive: () => assert.fail('no message was sent'),
      landed: () => this.#landed(),
      returned: () => assert.fail('nothing was revoked'),
      wasted: () => assert.fail('everything was requested'),
      failed: (code) => assert.fail(code),
    };
    this.receiver = new BlockReceiver(2, sink, receiverCommons(this.#memory, this.counters));
    this.receiver.push(new Uint8Array(68));
    for (let i = 0; i < WINDOW; i++) this.#expect();
  }

  #landed(): void {
    const { frames } = this.#memory;
    const block = this.landed++ % CYCLE_BLOCKS;
    const at = frames.offsetOf((this.landed - 1) % FRAMES);
    assert.ok(frames.bytes[at] === (block & 0xff) && frames.bytes[at + BLOCK_BYTES - 1] === ((block + 1) & 0xff));
    this.#expect();
  }

  #expect(): void {
    const block = this.#next++;
    this.receiver.expect(pieceOf(block), beginOf(block), BLOCK_BYTES, block % FRAMES);
  }
}

/** Growth of the heap in each part of a million, once everything is compiled. */
function growths(run: (packets: number) => void): number[] {
  run(CYCLE_PACKETS * 12);
  globalThis.gc!();
  const grown: number[] = [];
  for (let part = 0; part < PARTS; part++) {
    const before = process.memoryUsage().heapUsed;
    run(PACKETS / PARTS);
    grown.push(process.memoryUsage().heapUsed - before);
  }
  return grown.sort((a, b) => a - b);
}

function assertLevel(grown: readonly number[]): void {
  // The median: the compiler, which works beside us, and a collection spoil a part or two, but not half of them.
  assert.ok(Math.abs(grown[PARTS / 2]!) < GROWTH_BYTES_MAX, `the heap grew by ${grown.join(', ')} bytes`);
}

test('a million payloads of blocks are taken apart without garbage, and each byte is copied once', { skip }, () => {
  const bytes = stream();
  const chunks = Array.from({ length: CYCLE_PACKETS }, (_, k) =>
    bytes.subarray(k * PAYLOAD_BYTES, (k + 1) * PAYLOAD_BYTES),
  );
  const downloader = new Downloader();
  let next = 0;
  const grown = growths((packets) => {
    for (let k = 0; k < packets; k++) {
      downloader.receiver.push(chunks[next]!);
      next = next + 1 === CYCLE_PACKETS ? 0 : next + 1;
    }
  });
  assertLevel(grown);
  const sentBytes = (CYCLE_PACKETS * 12 + PACKETS) * PAYLOAD_BYTES;
  const headerBytes = Math.ceil(sentBytes / PIECE_MESSAGE_BYTES) * 13;
  assert.ok(Math.abs(downloader.counters.copiedBytes - (sentBytes - headerBytes)) <= 13);
  assert.equal(downloader.counters.placedBytes + downloader.counters.wastedBytes, 0);
  assert.equal(downloader.landed, Math.floor(sentBytes / PIECE_MESSAGE_BYTES));
});

test('a million packets are read, put in order, acknowledged and passed on without garbage', { skip }, () => {
  let nowUs = 1_000_000;
  let passedBytes = 0;
  let acknowledgements = 0;
  const header = Object.assign(new UtpHeader(), { type: UTP_SYN, connectionId: 7, sequence: 0 });
  const connection = UtpConnection.accept(
    {
      sink: {
        connected: () => undefined,
        received: (_, from, to) => {
          passedBytes += to - from;
        },
        ended: () => assert.fail('nobody said goodbye'),
        closed: () => assert.fail('nobody left'),
      },
      send: () => {
        acknowledgements++;
      },
      nowUs: () => nowUs,
      random: { next: () => 0.5 },
      pool: new PacketPool(),
      budget: new ReorderBudget(UTP_REORDER_BYTES_MAX),
      packetBytesMax: 1472,
      receiveId: 8,
      sendId: 7,
    },
    header,
  );
  Object.assign(header, { type: UTP_DATA, connectionId: 8, acknowledged: 0x7fff, windowBytes: 1 << 20 });
  const packets = Array.from({ length: PACKETS_TOGETHER }, () => new Uint8Array(UTP_HEADER_BYTES + PAYLOAD_BYTES));
  for (const packet of packets) writeUtpHeader(packet, header, 0);
  const read = new UtpHeader();
  let sequence = 1;
  const grown = growths((count) => {
    for (let k = 0; k < count; k += PACKETS_TOGETHER) {
      for (let i = 0; i < PACKETS_TOGETHER; i++) {
        // Neighbours change places, and the gap closes at once: nothing has to be told of it.
        const packet = packets[i ^ 1]!;
        writeUint32(packet, 4, nowUs);
        writeUint16(packet, 16, (sequence + (i ^ 1)) & 0xffff);
        readUtpPacket(packet, read);
        connection.receive(read, packet);
      }
      sequence += PACKETS_TOGETHER;
      nowUs += 100;
      connection.flush();
    }
  });
  assertLevel(grown);
  assert.ok(passedBytes >= PACKETS * PAYLOAD_BYTES && acknowledgements >= PACKETS / PACKETS_TOGETHER);
});
