// A node of the DHT in one address family (BEP 5; BEP 32: the two families are two networks): its id, its table, what it
// asks and what it answers. When to ask for what is decided in upkeep.ts and dht.ts.
import { equalBytes } from '../../base/bytes.ts';
import type { Clock, Random } from '../../base/clock.ts';
import type { NodeContact } from '../../protocol/krpc/compact-nodes.ts';
import { encodeKrpc } from '../../protocol/krpc/krpc-encoder.ts';
import {
  KRPC_ERROR_PROTOCOL,
  type KrpcErrorMessage,
  type KrpcFault,
  type KrpcQuery,
  type KrpcQueryMessage,
  type KrpcReply,
  type KrpcReplyMessage,
} from '../../protocol/krpc/krpc-message.ts';
import { boundId, isBoundTo } from '../../protocol/krpc/node-id.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import type { PeerAddress } from '../ports.ts';
import { scopeOf } from '../swarm/address-scope.ts';
import { GREETINGS_MAX } from './limits.ts';
import { QueryBook, type QueryListener } from './query-book.ts';
import type { Answer } from './responder.ts';
import { endpointKey, RoutingTable } from './routing-table.ts';
import { randomBytes } from './write-tokens.ts';

/** How a node calls its program: `MR` and a version (BEP 5, `v`). */
const VERSION: Uint8Array = Uint8Array.of(0x4d, 0x52, 0, 1);

/** What a node works with. */
export interface NodeParts {
  readonly family: AddressFamily;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: (packet: Uint8Array, to: PeerAddress) => boolean;
  /** We answer no questions, and say so (BEP 43). */
  readonly readOnly: boolean;
  /** Whether a host is filtered: nobody there is asked. */
  readonly refuses: (host: string) => boolean;
  /** Somebody sees us at this address. */
  readonly seenAs: (host: string, voter: string) => void;
}

export class DhtNode {
  readonly family: AddressFamily;
  readonly #parts: NodeParts;
  readonly #queries: QueryBook;
  /** Nodes that asked us and may be worth a place in the table. */
  readonly #greetings = new Map<string, NodeContact>();
  #table: RoutingTable;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.family = parts.family;
    this.#queries = new QueryBook(parts.random);
    this.#table = new RoutingTable(randomBytes(parts.random, 20));
  }

  get table(): RoutingTable {
    return this.#table;
  }

  get id(): Uint8Array {
    return this.#table.id;
  }

  /** Nodes that ask to be asked back. */
  takeGreeting(): NodeContact | undefined {
    for (const [key, contact] of this.#greetings) {
      this.#greetings.delete(key);
      if (this.#table.wants(contact)) return contact;
    }
    return undefined;
  }

  /** Takes the id of an earlier run, before anybody was asked. */
  restore(id: Uint8Array): void {
    if (this.#table.size === 0) this.#table = new RoutingTable(id);
  }

  /** Takes an id that fits our address (BEP 42), unless ours does. Returns whether it is another one now. */
  bindTo(host: string): boolean {
    if (this.fits(host)) return false;
    const id = boundId(host, randomBytes(this.#parts.random, 20));
    if (id === undefined) return false;
    const before = this.#table;
    this.#table = new RoutingTable(id);
    for (const node of before.nodes()) this.#table.answered(node, node.seenMs);
    return true;
  }

  /** Whether our id fits an address (BEP 42). */
  fits(host: string): boolean {
    return isBoundTo(this.id, host);
  }

  /** Whether a node is one that may be asked. */
  admits(contact: PeerAddress): boolean {
    return this.scopeOf(contact) > 0;
  }

  /** How far its address reaches; 0 when it is not to be asked: filtered, of the other family, or nobody's. */
  scopeOf({ host, port }: PeerAddress): number {
    const fits = host.includes(':') === (this.family === 6) && port > 0 && port < 65_536;
    return fits && !this.#parts.refuses(host) ? scopeOf(host) : 0;
  }

  /** Asks; the listener hears of it later, never at once. Returns whether the question left. */
  ask(to: PeerAddress, query: KrpcQuery, listener: QueryListener): boolean {
    const { clock, send, readOnly } = this.#parts;
    const nowMs = clock.nowMs();
    const heard: QueryListener = {
      answered: (reply, seenAs) => {
        const contact = { id: reply.id, host: to.host, port: to.port };
        if (this.admits(contact)) this.#table.answered(contact, clock.nowMs());
        listener.answered(reply, seenAs);
      },
      failed: (code) => listener.failed(code),
      slow: () => listener.slow?.(),
    };
    const transaction = this.#queries.begin(to, heard, nowMs);
    if (transaction === undefined) return false;
    const message: KrpcQueryMessage = { type: 'query', transaction, version: VERSION, id: this.id, readOnly, query };
    // What could not be sent is not answered, and fails as such: the queue of the socket is short.
    send(encodeKrpc(message), to);
    return true;
  }

  /** Somebody answered. */
  heard(message: KrpcReplyMessage | KrpcErrorMessage, from: PeerAddress): void {
    const listener = this.#queries.settle(message.transaction, from, this.#parts.clock.nowMs());
    if (listener === undefined) return;
    if (message.yourAddress !== undefined) this.#parts.seenAs(message.yourAddress.host, from.host);
    if (message.type === 'reply') listener.answered(message.reply, message.yourAddress?.host);
    else listener.failed(message.code);
  }

  /** Somebody asked, and is worth an answer. */
  reply(message: KrpcQueryMessage, from: PeerAddress, answer: Answer): void {
    const { transaction } = message;
    const common = { transaction, version: VERSION, yourAddress: from };
    if ('code' in answer) this.#parts.send(encodeKrpc({ type: 'error', ...common, ...answer }), from);
    else this.#parts.send(encodeKrpc({ type: 'reply', ...common, reply: { id: this.id, ...answer } }), from);
    const contact = { id: message.id, host: from.host, port: from.port };
    if (message.readOnly || equalBytes(message.id, this.id) || !this.admits(contact)) return;
    if (this.#greetings.size < GREETINGS_MAX && this.#table.wants(contact)) {
      this.#greetings.set(endpointKey(contact), contact);
    }
  }

  /** Somebody asked for what makes no sense. */
  refuse(fault: KrpcFault, from: PeerAddress): void {
    const { transaction, text } = fault;
    const error = { type: 'error', transaction, version: VERSION, yourAddress: from, code: KRPC_ERROR_PROTOCOL, text };
    this.#parts.send(encodeKrpc(error as KrpcErrorMessage), from);
  }

  /** Gives up on answers that did not come. */
  tick(): void {
    if (this.#queries.idle) return;
    for (const silent of this.#queries.tick(this.#parts.clock.nowMs())) this.#table.failed(silent);
  }
}

/** The nodes of a reply that are of this family. */
export function nodesOf(reply: KrpcReply, family: AddressFamily): readonly NodeContact[] {
  return (family === 4 ? reply.nodes : reply.nodes6) ?? [];
}
