// A network without sockets: implements the engine's PeerPort over virtual time. Who is behind an address is told
// beforehand; nobody else answers.
import { assert } from '../../base/assert.ts';
import {
  BLOCK_BEGIN,
  BLOCK_LENGTH,
  BLOCK_LINK,
  BLOCK_OUTCOME,
  BLOCK_PIECE,
  BLOCK_STRIDE,
  type LinkId,
  type PeerAddress,
  type PeerPort,
  type PeerSink,
  REQUEST_BEGIN,
  REQUEST_LENGTH,
  REQUEST_PIECE,
  REQUEST_PLACE,
  REQUEST_STRIDE,
  SERVE_BEGIN,
  SERVE_LENGTH,
  SERVE_OFFSET,
  SERVE_PIECE,
  SERVE_PLACE,
  SERVE_STRIDE,
  type Transport,
} from '../../engine/ports.ts';
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';
import { REQUEST } from '../../protocol/wire/message-id.ts';
import { type BlockRange, decodeMessage } from '../../protocol/wire/messages.ts';
import type { EventQueue } from '../simulator/event-queue.ts';
import { type RemoteHabits, RemotePeer } from './remote-peer.ts';
import type { SimulatedArena } from './simulated-arena.ts';

export interface NetworkParts {
  readonly queue: EventQueue;
  readonly arena: SimulatedArena;
  /** How long the next thing is on its way. */
  readonly latencyMs: () => number;
}

export class SimulatedNetwork implements PeerPort {
  /** Every link there ever was, oldest first. */
  readonly remotes: RemotePeer[] = [];
  /** Addresses that the engine dialled, oldest first. */
  readonly dialled: PeerAddress[] = [];
  readonly #parts: NetworkParts;
  readonly #links = new Map<LinkId, RemotePeer>();
  readonly #listeners = new Map<string, RemoteHabits>();
  readonly #names = new Map<string, string>();
  #sink: PeerSink | undefined;
  #nextIncoming = 1;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
  }

  start(sink: PeerSink): void {
    this.#sink = sink;
  }

  /** Somebody accepts connections at this address from now on. */
  listen(address: PeerAddress, habits: RemoteHabits): void {
    this.#listeners.set(`${address.host}|${address.port}`, habits);
  }

  /** The name stands for this address; the engine learns it when it is connected. */
  resolve(name: string, host: string): void {
    this.#names.set(name, host);
  }

  /** Nobody accepts connections there any more. */
  silence(address: PeerAddress): void {
    this.#listeners.delete(`${address.host}|${address.port}`);
  }

  /** Somebody connects to the engine's port. */
  dialIn(address: PeerAddress, habits: RemoteHabits, transport?: Transport): RemotePeer {
    const remote = this.#open(this.#nextIncoming, address, habits);
    this.#nextIncoming += 2;
    remote.knock(() => {
      this.#sink!.incoming(remote.link, address, transport);
      habits.connected?.(remote);
    });
    return remote;
  }

  /** Links that are not closed. */
  get open(): readonly RemotePeer[] {
    return [...this.#links.values()];
  }

  /** Nothing is encrypted here, so strangers name a torrent by its info hash. */
  share(infoHash: Uint8Array): void {
    assert(infoHash.length === 20, 'an info hash has 20 bytes');
  }

  unshare(infoHash: Uint8Array): void {
    assert(infoHash.length === 20, 'an info hash has 20 bytes');
  }

  connect(link: LinkId, address: PeerAddress, timeoutMs: number): void {
    this.dialled.push(address);
    const { queue, latencyMs } = this.#parts;
    const habits = this.#listeners.get(`${address.host}|${address.port}`);
    const remote = this.#open(link, address, habits ?? {});
    if (habits === undefined) {
      queue.plan(Math.min(timeoutMs, latencyMs()), () => remote.end({ code: 'ECONNREFUSED', message: 'refused' }));
      return;
    }
    queue.plan(latencyMs(), () => {
      if (remote.closed) return;
      this.#sink!.connected(link, this.#names.get(address.host) ?? address.host);
      habits.connected?.(remote);
    });
  }

  send(link: LinkId, bytes: Uint8Array): void {
    this.#links.get(link)?.deliver(bytes);
  }

  limitMessages(_link: LinkId, bytesMax: number): void {
    assert(bytesMax > 0, 'a peer may say something');
  }

  request(link: LinkId, batch: Int32Array, count: number): void {
    for (let at = 0; at < count * REQUEST_STRIDE; at += REQUEST_STRIDE) {
      const range = {
        piece: batch[at + REQUEST_PIECE]!,
        begin: batch[at + REQUEST_BEGIN]!,
        length: batch[at + REQUEST_LENGTH]!,
      };
      this.#links.get(link)?.expect(range, batch[at + REQUEST_PLACE]!);
    }
  }

  revoke(link: LinkId, piece: number, begin: number, cancel: boolean): void {
    this.#links.get(link)?.revoke(piece, begin, cancel);
  }

  revokeAll(link: LinkId, cancel: boolean): void {
    this.#links.get(link)?.revokeAll(cancel);
  }

  serve(link: LinkId, batch: Int32Array, count: number): void {
    for (let at = 0; at < count * SERVE_STRIDE; at += SERVE_STRIDE) {
      const place = batch[at + SERVE_PLACE]! + Math.floor(batch[at + SERVE_OFFSET]! / BLOCK_BYTES);
      const range = {
        piece: batch[at + SERVE_PIECE]!,
        begin: batch[at + SERVE_BEGIN]!,
        length: batch[at + SERVE_LENGTH]!,
      };
      this.#links.get(link)?.serve({ ...range, place });
    }
  }

  move(fromPlace: number, toPlace: number): void {
    this.#parts.arena.move(fromPlace, toPlace);
  }

  close(link: LinkId): void {
    this.#links.get(link)?.closeHere();
  }

  #open(link: LinkId, address: PeerAddress, habits: RemoteHabits): RemotePeer {
    const sink = this.#sink!;
    const remote = new RemotePeer(link, address, habits, {
      ...this.#parts,
      handshake: (bytes) => sink.handshake(link, bytes),
      message: (id, payload) => {
        const request = id === REQUEST ? decodeMessage(id, payload) : undefined;
        if (request?.type === 'request') sink.requests(link, askedBatch(request), 1);
        else sink.message(link, id, payload);
        sink.messagesDone(link);
      },
      keepAlive: () => sink.keepAlive(link),
      blocks: (ranges, outcome) => sink.blocks(batchOf(link, ranges, outcome), ranges.length),
      served: () => sink.served(link, 1),
      closed: (end) => {
        this.#links.delete(link);
        sink.closed(link, end);
      },
    });
    this.#links.set(link, remote);
    this.remotes.push(remote);
    return remote;
  }
}

function askedBatch({ piece, begin, length }: BlockRange): Int32Array {
  return Int32Array.of(piece, begin, length);
}

function batchOf(link: LinkId, ranges: readonly BlockRange[], outcome: number): Int32Array {
  const batch = new Int32Array(ranges.length * BLOCK_STRIDE);
  ranges.forEach(({ piece, begin, length }, index) => {
    const at = index * BLOCK_STRIDE;
    batch[at + BLOCK_LINK] = link;
    batch[at + BLOCK_PIECE] = piece;
    batch[at + BLOCK_BEGIN] = begin;
    batch[at + BLOCK_LENGTH] = length;
    batch[at + BLOCK_OUTCOME] = outcome;
  });
  return batch;
}
