// What strangers can do to a uTP endpoint without being anybody's peer: floods of first packets, packets for connections that
// there are not, resets in another's name. Played on a port of the test's making, in a time of the test's making.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { DatagramPort, DatagramPorts, DatagramSink } from '../../engine/datagram-port.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import {
  readUtpPacket,
  UTP_DATA,
  UTP_HEADER_BYTES,
  UTP_RESET,
  UTP_STATE,
  UTP_SYN,
  UtpHeader,
  writeUtpHeader,
} from '../../protocol/utp/utp-packet.ts';
import { UTP_HALF_OPEN_MAX, UTP_LINGERING_MAX, UTP_RESETS_PER_TICK_MAX } from '../limits.ts';
import { UtpEndpoint } from './utp-endpoint.ts';
import type { UtpSocket } from './utp-socket.ts';

const TIMEOUT = { timeout: 60_000 };
const LINGER_US = 11_000_000;

class Stage implements DatagramPorts, DatagramPort {
  readonly endpoint: UtpEndpoint;
  readonly arrived: UtpSocket[] = [];
  readonly sent: { readonly header: UtpHeader; readonly to: PeerAddress }[] = [];
  readonly overheadBytes = 0;
  readonly idle = true;
  readonly full = false;
  nowUs = 1_000_000;
  #sink: DatagramSink | undefined;

  constructor() {
    this.endpoint = new UtpEndpoint(this, () => this.nowUs);
    this.endpoint.onIncoming = (socket) => this.arrived.push(socket);
  }

  attach(_: string, sink: DatagramSink): DatagramPort {
    this.#sink = sink;
    return this;
  }

  send(bytes: Uint8Array, to: PeerAddress): boolean {
    const header = new UtpHeader();
    assert.ok(readUtpPacket(bytes, header));
    if (to.port === 0) return false;
    this.sent.push({ header, to });
    return true;
  }

  /** The system refuses what was sent. */
  refuse(to: PeerAddress, code: string): void {
    this.#sink!.undelivered(to, code);
  }

  local(): PeerAddress {
    return { host: '127.0.0.1', port: 6881 };
  }

  /** A packet comes in. */
  packet(from: PeerAddress, fields: Partial<UtpHeader>, payloadBytes = 0): void {
    const packet = new Uint8Array(UTP_HEADER_BYTES + payloadBytes);
    writeUtpHeader(packet, Object.assign(new UtpHeader(), fields), 0);
    this.#sink!.datagram(packet, from);
  }

  /** A stranger is answered, and shows that it hears us. */
  async meet(from: PeerAddress, connectionId: number): Promise<UtpSocket> {
    this.packet(from, { type: UTP_SYN, connectionId, sequence: 1 });
    await this.turn();
    const { header } = this.sent.findLast(({ to }) => to.host === from.host)!;
    const id = (connectionId + 1) & 0xffff;
    const acknowledged = (header.sequence - 1) & 0xffff;
    this.packet(from, { type: UTP_DATA, connectionId: id, sequence: 2, acknowledged, windowBytes: 1 << 20 }, 5);
    await this.turn();
    return this.arrived.at(-1)!;
  }

  /** What is due in this turn of the event loop has been sent. */
  async turn(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const stranger = (k: number): PeerAddress => ({ host: `10.0.${k >> 8}.${k & 0xff}`, port: 1000 + k });

test('strangers who never come back are forgotten, and nobody hears of them', TIMEOUT, async () => {
  const stage = new Stage();
  for (let k = 0; k < 100; k++) stage.packet(stranger(k), { type: UTP_SYN, connectionId: k, sequence: 1 });
  assert.equal(stage.endpoint.connections, 100);
  stage.nowUs += LINGER_US;
  // An error that is emitted to nobody would fail this test from outside.
  await stage.until(() => stage.endpoint.connections === 0);
  assert.equal(stage.arrived.length, 0);
  await stage.endpoint.close();
});

test('a stranger who resets what it began is forgotten, and nobody hears of it', TIMEOUT, async () => {
  const stage = new Stage();
  stage.packet(stranger(1), { type: UTP_SYN, connectionId: 7, sequence: 1 });
  await stage.turn();
  const acknowledged = (stage.sent[0]!.header.sequence - 1) & 0xffff;
  stage.packet(stranger(1), { type: UTP_RESET, connectionId: 8, acknowledged });
  assert.equal(stage.endpoint.connections, 0);
  await stage.endpoint.close();
});

test('a stranger to whom the system sends nothing is forgotten; whoever dials there hears of it', TIMEOUT, async () => {
  const stage = new Stage();
  stage.packet(stranger(1), { type: UTP_SYN, connectionId: 7, sequence: 1 });
  await stage.turn();
  const dialled = stage.endpoint.connect(stranger(1));
  const codes: (string | undefined)[] = [];
  dialled.on('error', ({ code }) => codes.push(code));
  await stage.turn();
  stage.refuse(stranger(2), 'EPERM');
  stage.refuse(stranger(1), 'EMSGSIZE');
  assert.deepEqual([stage.endpoint.connections, codes], [2, []]);
  // An error that is emitted to nobody would fail this test from outside.
  stage.refuse(stranger(1), 'EPERM');
  assert.deepEqual([stage.endpoint.connections, codes], [0, ['EPERM']]);
  // A stranger whom somebody knows already is not given up for one packet.
  const socket = await stage.meet(stranger(3), 20);
  stage.refuse(stranger(3), 'EPERM');
  assert.equal(socket.destroyed, false);
  await stage.endpoint.close();
});

test('who cannot be answered holds up nobody else', TIMEOUT, async () => {
  const stage = new Stage();
  stage.packet({ ...stranger(1), port: 0 }, { type: UTP_SYN, connectionId: 7, sequence: 1 });
  await stage.turn();
  stage.packet(stranger(2), { type: UTP_SYN, connectionId: 9, sequence: 1 });
  await stage.turn();
  assert.deepEqual(
    stage.sent.map(({ to }) => to),
    [stranger(2)],
  );
  await stage.endpoint.close();
});

test('a flood of first packets costs a bounded memory, and a real stranger gets through it', TIMEOUT, async () => {
  const stage = new Stage();
  const flood = (from: number, to: number): void => {
    for (let k = from; k < to; k++) stage.packet(stranger(k), { type: UTP_SYN, connectionId: k & 0xffff, sequence: 1 });
  };
  flood(0, 5000);
  assert.equal(stage.endpoint.connections, UTP_HALF_OPEN_MAX);
  const real = { host: '192.0.2.1', port: 6881 };
  stage.packet(real, { type: UTP_SYN, connectionId: 77, sequence: 1 });
  flood(5000, 5000 + UTP_HALF_OPEN_MAX / 2);
  await stage.turn();
  const { header } = stage.sent.findLast(({ to }) => to.host === real.host)!;
  assert.equal(header.type, UTP_STATE);
  const acknowledged = (header.sequence - 1) & 0xffff;
  stage.packet(real, { type: UTP_DATA, connectionId: 78, sequence: 2, acknowledged, windowBytes: 9999 }, 3);
  assert.deepEqual(stage.arrived[0]!.address, real);
  assert.equal(stage.endpoint.connections, UTP_HALF_OPEN_MAX);
  await stage.endpoint.close();
});

test('packets of no connection are answered by a reset, but only so many', TIMEOUT, async () => {
  const stage = new Stage();
  for (let k = 0; k < 2000; k++) stage.packet(stranger(k), { type: UTP_DATA, connectionId: k, sequence: 5 }, 100);
  assert.equal(stage.sent.length, UTP_RESETS_PER_TICK_MAX);
  assert.ok(stage.sent.every(({ header }) => header.type === UTP_RESET));
  // What says nothing of a connection is not answered at all: two endpoints would answer each other for ever.
  const before = stage.sent.length;
  stage.packet(stranger(1), { type: UTP_RESET, connectionId: 1 });
  stage.packet(stranger(1), { type: UTP_STATE, connectionId: 1 });
  assert.equal(stage.sent.length, before);
  assert.equal(stage.endpoint.connections, 0);
  await stage.endpoint.close();
});

test('nobody else can reset a connection, nor speak in it', TIMEOUT, async () => {
  const stage = new Stage();
  const peer = { host: '192.0.2.7', port: 6881 };
  const socket = await stage.meet(peer, 500);
  const closed: string[] = [];
  socket.on('error', ({ code }) => closed.push(code!));
  let heard = 0;
  socket.onPayload = (_, from, to) => {
    heard += to - from;
  };
  const { header } = stage.sent.at(-1)!;
  const acknowledged = (header.sequence - 1) & 0xffff;
  for (const other of [stranger(9), { ...peer, port: 6882 }, { ...peer, host: '192.0.2.8' }]) {
    for (const connectionId of [500, 501]) {
      stage.packet(other, { type: UTP_RESET, connectionId, acknowledged });
      stage.packet(other, { type: UTP_DATA, connectionId, sequence: 3, acknowledged }, 9);
    }
  }
  assert.deepEqual([heard, closed, socket.destroyed], [0, [], false]);
  stage.packet(peer, { type: UTP_DATA, connectionId: 501, sequence: 3, acknowledged, windowBytes: 9999 }, 9);
  assert.equal(heard, 9);
  stage.packet(peer, { type: UTP_RESET, connectionId: 501, acknowledged });
  assert.deepEqual([closed, socket.destroyed], [['ECONNRESET'], true]);
  await stage.endpoint.close();
});

test('who forges the address that it calls from does not get in by a guess', TIMEOUT, async () => {
  const stage = new Stage();
  for (let k = 0; k < 50; k++) {
    const victim = stranger(k);
    stage.packet(victim, { type: UTP_SYN, connectionId: k, sequence: 1 });
    await stage.turn();
    const { header } = stage.sent.findLast(({ to }) => to.host === victim.host)!;
    // All that a guess can name but the right one, near it first.
    for (const miss of [-4000, -100, -2, -1, 1, 2, 100, 4000, 30_000]) {
      const acknowledged = (header.sequence - 1 + miss) & 0xffff;
      stage.packet(
        victim,
        { type: UTP_DATA, connectionId: k + 1, sequence: 2, acknowledged, windowBytes: 1 << 20 },
        68,
      );
    }
  }
  assert.equal(stage.arrived.length, 0);
  await stage.endpoint.close();
});

test('strangers who are shown out and say nothing more cost a bounded memory', TIMEOUT, async () => {
  const stage = new Stage();
  stage.endpoint.onIncoming = (socket) => socket.destroy();
  for (let k = 0; k < 2000; k++) {
    const from = stranger(k);
    stage.packet(from, { type: UTP_SYN, connectionId: 7, sequence: 1 });
    if (k % 100 === 99) await stage.turn();
  }
  await stage.turn();
  for (const { header, to } of stage.sent.slice()) {
    const acknowledged = (header.sequence - 1) & 0xffff;
    stage.packet(to, { type: UTP_DATA, connectionId: 8, sequence: 2, acknowledged, windowBytes: 1 << 20 }, 68);
  }
  assert.ok(stage.endpoint.connections <= UTP_LINGERING_MAX + UTP_HALF_OPEN_MAX, `${stage.endpoint.connections}`);
  await stage.endpoint.close();
});
