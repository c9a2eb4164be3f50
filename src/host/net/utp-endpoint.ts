// All uTP connections of a client over its UDP sockets (BEP 29): finds the connection that a packet belongs to, answers
// strangers, and sends what the connections owe once for all packets that were read together.
import { randomInt } from 'node:crypto';
import type { DatagramPort, DatagramPorts, DatagramSink } from '../../engine/datagram-port.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import { UTP_IPV6_BYTES, UTP_PACKET_BYTES_MAX, UTP_REORDER_BYTES_MAX } from '../../protocol/limits.ts';
import { ReorderBudget } from '../../protocol/utp/receive-buffer.ts';
import { PacketPool } from '../../protocol/utp/sent-packet.ts';
import { UtpConnection } from '../../protocol/utp/utp-connection.ts';
import {
  readUtpPacket,
  UTP_HEADER_BYTES,
  UTP_RESET,
  UTP_STATE,
  UTP_SYN,
  UtpHeader,
  writeUtpHeader,
} from '../../protocol/utp/utp-packet.ts';
import type { UtpConnectionParts } from '../../protocol/utp/utp-ports.ts';
import { UTP_HALF_OPEN_MAX, UTP_LINGERING_MAX, UTP_RESETS_PER_TICK_MAX, UTP_TICK_MS } from '../limits.ts';
import { nativeCopy } from '../memory/native-copy.ts';
import { UtpSocket, type UtpSocketOwner } from './utp-socket.ts';

/** The shortest that a timer waits. */
const PACE_MS = 1;

const random = { next: (): number => randomInt(2 ** 32) / 2 ** 32 };
const hostNowUs = (): number => performance.now() * 1000;

export class UtpEndpoint implements DatagramSink, UtpSocketOwner {
  /** Takes in a stranger who has shown that it hears us; its first payload follows. */
  onIncoming: ((socket: UtpSocket) => void) | undefined;
  readonly #port: DatagramPort;
  readonly #pool = new PacketPool();
  readonly #budget = new ReorderBudget(UTP_REORDER_BYTES_MAX);
  /** By the number that packets to us bear. Strangers choose it, so that two may have the same. */
  readonly #sockets = new Map<number, UtpSocket[]>();
  readonly #header = new UtpHeader();
  #due: UtpSocket[] = [];
  #spare: UtpSocket[] = [];
  #paced: UtpSocket[] = [];
  #pacing: NodeJS.Timeout | undefined;
  #flushing: NodeJS.Immediate | undefined;
  /** The system takes no more packets for now. */
  #blocked = false;
  /** Strangers who have not shown yet that they hear us, the oldest first. */
  readonly #halfOpen = new Set<UtpSocket>();
  /** Those that nobody needs any more and whose goodbye has not been heard, the oldest first. */
  readonly #lingering = new Set<UtpSocket>();
  #resets = 0;
  #timer: NodeJS.Timeout | undefined;
  #down = false;

  readonly #nowUs: () => number;

  constructor(ports: DatagramPorts, nowUs: () => number = hostNowUs) {
    this.#nowUs = nowUs;
    this.#port = ports.attach('utp', this);
  }

  /** Connections, half-open ones included. */
  get connections(): number {
    let count = 0;
    for (const sockets of this.#sockets.values()) count += sockets.length;
    return count;
  }

  /** Whether there is a UDP socket for this numeric address. */
  reaches(host: string): boolean {
    return !this.#down && this.#port.local(host.includes(':') ? 6 : 4) !== undefined;
  }

  /** Dials a numeric address; the socket tells what comes of it. */
  connect(address: PeerAddress): UtpSocket {
    const receiveId = this.#freeId();
    const socket = new UtpSocket(address, false, this);
    this.#keep(socket, receiveId);
    socket.connection = UtpConnection.connect(this.#parts(socket, receiveId, (receiveId + 1) & 0xffff));
    return socket;
  }

  /** Lets all connections say goodbye, and hears nothing more. The UDP sockets may be closed after. */
  async close(): Promise<void> {
    if (this.#down) return;
    this.#down = true;
    for (const sockets of this.#sockets.values()) for (const socket of sockets) socket.destroy();
    this.#flush();
    clearInterval(this.#timer);
    clearTimeout(this.#pacing);
    clearImmediate(this.#flushing);
    this.#sockets.clear();
    // What was just sent leaves the process at the end of this turn.
    await new Promise((resolve) => setImmediate(resolve));
  }

  // Packets.

  datagram(packet: Uint8Array, from: PeerAddress): void {
    const header = this.#header;
    if (this.#down || !readUtpPacket(packet, header)) return;
    const socket = this.#socketOf(header, from);
    if (socket !== undefined) {
      socket.connection.receive(header, packet);
      this.due(socket);
    } else if (header.type === UTP_SYN) this.#answer(header, from);
    else if (header.type !== UTP_RESET && header.type !== UTP_STATE) this.#reset(header, from);
  }

  undelivered(to: PeerAddress, code: string): void {
    // Too long a packet was one that tried its size; of others, connections learn by silence. But who is being dialled
    // over a network that is not there need not wait.
    if (code === 'EMSGSIZE') return;
    const refused: UtpSocket[] = [];
    for (const sockets of this.#sockets.values()) {
      for (const socket of sockets) {
        const { address, connection } = socket;
        if (connection.halfOpen && address.port === to.port && address.host === to.host) refused.push(socket);
      }
    }
    for (const socket of refused) {
      // Nobody knows yet of a stranger who was answered, nor listens: its address may be forged.
      if (socket.incoming) socket.connection.abandon();
      else socket.fail(Object.assign(new Error(`packets to ${to.host} are refused: ${code}`), { code }));
    }
  }

  drained(): void {
    this.#blocked = false;
    for (const sockets of this.#sockets.values()) for (const socket of sockets) this.due(socket);
  }

  // Sockets.

  due(socket: UtpSocket): void {
    if (socket.due) return;
    socket.due = true;
    this.#due.push(socket);
    this.#flushing ??= setImmediate(this.#flush);
  }

  arrived(socket: UtpSocket): void {
    this.#halfOpen.delete(socket);
    if (this.onIncoming === undefined) socket.destroy();
    else this.onIncoming(socket);
  }

  lingers(socket: UtpSocket): void {
    this.#lingering.add(socket);
    const [oldest] = this.#lingering;
    if (this.#lingering.size > UTP_LINGERING_MAX) oldest!.connection.abandon();
  }

  gone(socket: UtpSocket): void {
    this.#lingering.delete(socket);
    const { receiveId } = socket.connection;
    const sockets = this.#sockets.get(receiveId);
    if (sockets === undefined) return;
    const others = sockets.filter((other) => other !== socket);
    if (others.length > 0) this.#sockets.set(receiveId, others);
    else this.#sockets.delete(receiveId);
    this.#halfOpen.delete(socket);
  }

  readonly #flush = (): void => {
    this.#flushing = undefined;
    if (this.#port.idle) this.#pool.settled();
    const due = this.#due;
    this.#due = this.#spare;
    this.#spare = due;
    for (const socket of due) {
      socket.due = false;
      if (this.#blocked) continue;
      socket.connection.flush();
      this.#pace(socket);
    }
    due.length = 0;
  };

  /** What a connection holds back for the pace of its path goes a moment later. */
  #pace(socket: UtpSocket): void {
    if (socket.connection.pacedUntilUs === 0 || socket.paced) return;
    socket.paced = true;
    this.#paced.push(socket);
    // A timer for all: the system has none that is finer, and bursts are at least as long.
    this.#pacing ??= setTimeout(this.#unpace, PACE_MS);
  }

  readonly #unpace = (): void => {
    this.#pacing = undefined;
    for (const socket of this.#paced) {
      socket.paced = false;
      this.due(socket);
    }
    this.#paced.length = 0;
  };

  readonly #tick = (): void => {
    this.#resets = 0;
    for (const sockets of this.#sockets.values()) {
      for (const socket of sockets) {
        socket.connection.tick();
        this.#pace(socket);
      }
    }
    if (this.#sockets.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  };

  #socketOf(header: UtpHeader, from: PeerAddress): UtpSocket | undefined {
    // A stranger's first packet, sent again, bears the other number.
    const id = header.type === UTP_SYN ? (header.connectionId + 1) & 0xffff : header.connectionId;
    return this.#find(id, from) ?? (header.type === UTP_RESET ? this.#bySendId(id, from) : undefined);
  }

  #find(receiveId: number, { host, port }: PeerAddress): UtpSocket | undefined {
    const sockets = this.#sockets.get(receiveId);
    if (sockets === undefined) return undefined;
    for (const socket of sockets) if (socket.address.port === port && socket.address.host === host) return socket;
    return undefined;
  }

  /** Resets may bear the number of our own packets: who sends them knows no other. */
  #bySendId(sendId: number, from: PeerAddress): UtpSocket | undefined {
    for (const receiveId of [(sendId + 1) & 0xffff, (sendId - 1) & 0xffff]) {
      const socket = this.#find(receiveId, from);
      if (socket !== undefined && socket.connection.sendId === sendId) return socket;
    }
    return undefined;
  }

  #answer(syn: UtpHeader, from: PeerAddress): void {
    if (this.onIncoming === undefined) return;
    // First packets with forged addresses are cheap: whoever waits longest makes room, for who is real answers soon.
    const [oldest] = this.#halfOpen;
    if (this.#halfOpen.size >= UTP_HALF_OPEN_MAX) oldest!.connection.abandon();
    const receiveId = (syn.connectionId + 1) & 0xffff;
    const socket = new UtpSocket(from, true, this);
    this.#halfOpen.add(socket);
    this.#keep(socket, receiveId);
    socket.connection = UtpConnection.accept(this.#parts(socket, receiveId, syn.connectionId), syn);
    this.due(socket);
  }

  #reset(header: UtpHeader, to: PeerAddress): void {
    if (this.#resets++ >= UTP_RESETS_PER_TICK_MAX) return;
    this.#timer ??= setInterval(this.#tick, UTP_TICK_MS);
    const packet = new Uint8Array(UTP_HEADER_BYTES);
    header.type = UTP_RESET;
    header.acknowledged = header.sequence;
    header.sequence = randomInt(0x1_0000);
    writeUtpHeader(packet, header, 0);
    this.#port.send(packet, to);
  }

  #keep(socket: UtpSocket, receiveId: number): void {
    const sockets = this.#sockets.get(receiveId);
    if (sockets === undefined) this.#sockets.set(receiveId, [socket]);
    else sockets.push(socket);
    this.#timer ??= setInterval(this.#tick, UTP_TICK_MS);
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(0x1_0000);
      if (!this.#sockets.has(id)) return id;
    }
  }

  #parts(socket: UtpSocket, receiveId: number, sendId: number): UtpConnectionParts {
    const { address } = socket;
    return {
      sink: socket,
      send: (packet, kept) => this.#send(kept ? packet : packet.slice(), address),
      nowUs: this.#nowUs,
      random,
      pool: this.#pool,
      budget: this.#budget,
      copy: nativeCopy,
      packetBytesMax:
        UTP_PACKET_BYTES_MAX - this.#port.overheadBytes - (address.host.includes(':') ? UTP_IPV6_BYTES : 0),
      receiveId,
      sendId,
    };
  }

  #send(datagram: Uint8Array, to: PeerAddress): void {
    // What is refused is lost like any packet, and sent again when its time has come. To wait is right only for what ends.
    if (!this.#port.send(datagram, to) && this.#port.full) this.#blocked = true;
  }
}
