// A small UDP tracker for tests (BEP 15, BEP 41): swarms in memory, connection ids that expire, and packet loss on demand.
import { randomBytes } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { concatBytes, fromLatin1, readUint16, readUint32, toHex, toLatin1, writeUint32 } from '../../base/bytes.ts';
import type { AnnounceEvent } from '../../protocol/tracker/announce.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { ACTION_ANNOUNCE, ACTION_CONNECT, ACTION_ERROR, ACTION_SCRAPE } from '../../protocol/tracker/udp-packets.ts';
import { SeededRandom } from '../seeded-random.ts';
import { encodeCompactPeers, familyOf, plainAddress } from './compact-encoding.ts';
import { type ReceivedAnnounce, SwarmRegistry } from './swarm-registry.ts';
import { type Refusal, SYSTEM_CLOCK, type TrackerSettings } from './tracker-settings.ts';

const PROTOCOL_ID = '0000041727101980';
const EVENTS: readonly AnnounceEvent[] = ['none', 'completed', 'started', 'stopped'];

export class UdpTracker {
  /** Every announce that was understood, oldest first. */
  readonly announces: ReceivedAnnounce[] = [];
  /** Packets that arrived, the lost ones too. */
  packets = 0;
  /** Connect requests that were answered. */
  connects = 0;
  /** How many of the next packets get lost on their way here. */
  losePackets = 0;
  /** While set, every announce is refused with it. */
  refusal: Refusal | undefined;
  /** Called for every packet that arrives, so that a test can wait for one. */
  onPacket: (() => void) | undefined;
  readonly #intervalSeconds: number;
  readonly #registry: SwarmRegistry;
  readonly #connectionIds = new Set<string>();
  #socket: Socket | undefined;

  constructor(settings: TrackerSettings = {}) {
    this.#intervalSeconds = settings.intervalSeconds ?? 1800;
    const lifeMs = (settings.peerLifeSeconds ?? this.#intervalSeconds * 2) * 1000;
    this.#registry = new SwarmRegistry(settings.clock ?? SYSTEM_CLOCK, new SeededRandom(1), lifeMs);
  }

  /** Starts to listen on a numeric address; port 0 picks a free one. */
  async listen(host = '127.0.0.1', port = 0): Promise<void> {
    const socket = createSocket(familyOf(host) === 4 ? 'udp4' : 'udp6');
    this.#socket = socket;
    socket.on('message', (packet, from) => this.#receive(packet, from));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, host, () => {
        socket.off('error', reject);
        resolve();
      });
    });
  }

  /** What goes into a torrent. Only known once it listens. */
  get announceUrl(): string {
    const { address, port } = this.#socket!.address();
    return `udp://${familyOf(address) === 6 ? `[${address}]` : address}:${port}/announce`;
  }

  /** Makes every connection id that was given out invalid, as time would. */
  expireConnections(): void {
    this.#connectionIds.clear();
  }

  /** May be called again. */
  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket !== undefined) await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  #receive(packet: Uint8Array, from: RemoteInfo): void {
    this.packets++;
    this.onPacket?.();
    if (this.losePackets > 0) {
      this.losePackets--;
      return;
    }
    const answer = this.#answer(packet, from);
    if (answer !== undefined) this.#socket?.send(answer, from.port, from.address);
  }

  #answer(packet: Uint8Array, from: RemoteInfo): Uint8Array | undefined {
    if (packet.length < 16) return undefined;
    const action = readUint32(packet, 8);
    const transactionId = readUint32(packet, 12);
    const connectionId = toHex(packet.subarray(0, 8));
    if (action === ACTION_CONNECT) {
      return connectionId === PROTOCOL_ID ? this.#connect(transactionId) : undefined;
    }
    if (!this.#connectionIds.has(connectionId)) return encodeError(transactionId, 'connection id unknown or expired');
    if (action === ACTION_ANNOUNCE && packet.length >= 98) return this.#announce(packet, from, transactionId);
    if (action === ACTION_SCRAPE) return this.#scrape(packet, transactionId);
    return encodeError(transactionId, 'not understood');
  }

  #connect(transactionId: number): Uint8Array {
    this.connects++;
    const connectionId = new Uint8Array(randomBytes(8));
    this.#connectionIds.add(toHex(connectionId));
    return concatBytes([words(ACTION_CONNECT, transactionId), connectionId]);
  }

  #announce(packet: Uint8Array, from: RemoteInfo, transactionId: number): Uint8Array {
    const announce = readAnnounce(packet, plainAddress(from.address));
    this.announces.push(announce);
    if (this.refusal !== undefined) return encodeError(transactionId, this.refusal.reason);
    const { peers, seeds, leeches } = this.#registry.announce(announce);
    const family: AddressFamily = familyOf(announce.host);
    const head = words(ACTION_ANNOUNCE, transactionId, this.#intervalSeconds, leeches, seeds);
    return concatBytes([head, encodeCompactPeers(peers, family)]);
  }

  #scrape(packet: Uint8Array, transactionId: number): Uint8Array {
    const parts = [words(ACTION_SCRAPE, transactionId)];
    for (let offset = 16; offset + 20 <= packet.length; offset += 20) {
      const { seeds, downloads, leeches } = this.#registry.scrape(packet.subarray(offset, offset + 20));
      parts.push(words(seeds, downloads, leeches));
    }
    return concatBytes(parts);
  }
}

function readAnnounce(packet: Uint8Array, host: string): ReceivedAnnounce {
  return {
    host,
    path: readUrlData(packet.subarray(98)),
    infoHash: new Uint8Array(packet.subarray(16, 36)),
    peerId: new Uint8Array(packet.subarray(36, 56)),
    downloaded: readUint64(packet, 56),
    left: readUint64(packet, 64),
    uploaded: readUint64(packet, 72),
    event: EVENTS[readUint32(packet, 80)] ?? 'none',
    key: readUint32(packet, 88),
    numWant: readUint32(packet, 92) | 0,
    port: readUint16(packet, 96),
  };
}

/** Joins the URL data options (BEP 41); 0 ends the list, 1 fills a byte. */
function readUrlData(options: Uint8Array): string {
  let text = '';
  for (let offset = 0; offset < options.length && options[offset] !== 0; ) {
    if (options[offset] === 1) {
      offset++;
      continue;
    }
    const length = options[offset + 1] ?? 0;
    if (options[offset] === 2) text += toLatin1(options.subarray(offset + 2, offset + 2 + length));
    offset += 2 + length;
  }
  return text;
}

function readUint64(bytes: Uint8Array, offset: number): number {
  return readUint32(bytes, offset) * 2 ** 32 + readUint32(bytes, offset + 4);
}

function encodeError(transactionId: number, message: string): Uint8Array {
  return concatBytes([words(ACTION_ERROR, transactionId), fromLatin1(message)]);
}

function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, index) => {
    writeUint32(bytes, index * 4, value);
  });
  return bytes;
}
