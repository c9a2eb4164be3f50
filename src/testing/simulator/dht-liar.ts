// A node of a simulated DHT that wants to be in the way: it names nodes right beside whatever is looked for, at addresses
// where nobody is, and takes every announce without keeping it.
import { type Random, randomBelow } from '../../base/clock.ts';
import type { DatagramPort, DatagramSink } from '../../engine/datagram-port.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import { decodeKrpc } from '../../protocol/krpc/krpc-decoder.ts';
import { encodeKrpc } from '../../protocol/krpc/krpc-encoder.ts';
import type { KrpcQuery } from '../../protocol/krpc/krpc-message.ts';

const NODES_NAMED = 8;

export class DhtLiar implements DatagramSink {
  readonly #port: DatagramPort;
  readonly #id: Uint8Array;
  readonly #random: Random;

  constructor(port: DatagramPort, id: Uint8Array, random: Random) {
    this.#port = port;
    this.#id = id;
    this.#random = random;
  }

  datagram(packet: Uint8Array, from: PeerAddress): void {
    const message = decodeKrpc(packet);
    if (message?.type !== 'query') return;
    const target = targetOf(message.query);
    const nodes = target && Array.from({ length: NODES_NAMED }, (_, index) => this.#invent(target, index));
    const token = Uint8Array.of(1, 2, 3);
    const reply = { id: this.#id, token, ...(nodes && { nodes }) };
    this.#port.send(encodeKrpc({ type: 'reply', transaction: message.transaction, reply }), from);
  }

  undelivered(): void {
    return;
  }

  drained(): void {
    return;
  }

  #invent(target: Uint8Array, index: number): { id: Uint8Array; host: string; port: number } {
    const id = target.slice();
    id[19]! ^= index + 1;
    const [a, b, c] = [100, 256, 256].map((bound) => randomBelow(this.#random, bound));
    return { id, host: `${90 + a!}.${b}.${c}.7`, port: 6881 };
  }
}

function targetOf(query: KrpcQuery): Uint8Array | undefined {
  if (query.method === 'find_node' || query.method === 'get') return query.target;
  return query.method === 'get_peers' ? query.infoHash : undefined;
}
