// One socket address of our node (BEP 45). To the outside it is a node by itself: an id that fits its address (BEP 42), a
// table, upkeep and answers of its own. What is stored for others, and the tokens to store it with, all addresses share.
import type { Clock, Random } from '../../base/clock.ts';
import type { KrpcMessage, KrpcQuery, KrpcReply } from '../../protocol/krpc/krpc-message.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import type { DatagramPort } from '../datagram-port.ts';
import type { PeerAddress } from '../ports.ts';
import { DhtNode } from './dht-node.ts';
import type { DhtSearch } from './dht-search.ts';
import type { FamilyState } from './dht-state.ts';
import { NEW_ID_INTERVAL_MS, SAVED_NODES_MAX } from './limits.ts';
import { Responder, type ResponderParts } from './responder.ts';
import { Upkeep, type UpkeepParts } from './upkeep.ts';

/** Where our address is learnt; several voices must agree. */
export interface OutsideView {
  vote(host: string, voter: string): void;
  /** How most see us. */
  of(family: AddressFamily): string | undefined;
  /** How many see us: behind a router with several addresses there may be more than one. */
  all(family: AddressFamily): readonly string[];
}

/** What a branch works with. */
export interface BranchParts
  extends Omit<ResponderParts, 'family'>,
    Pick<UpkeepParts, 'askRouters' | 'wantsOther' | 'other'> {
  readonly family: AddressFamily;
  readonly clock: Clock;
  readonly random: Random;
  readonly port: DatagramPort;
  readonly outside: OutsideView;
  readonly readOnly: boolean;
  readonly refuses: (host: string) => boolean;
  readonly sent: (bytes: number) => void;
}

export class Branch {
  readonly family: AddressFamily;
  readonly node: DhtNode;
  readonly upkeep: Upkeep;
  readonly #parts: BranchParts;
  readonly #responder: Responder;
  #movedMs = Number.NEGATIVE_INFINITY;

  constructor(parts: BranchParts) {
    const { outside, port, sent } = parts;
    this.#parts = parts;
    this.family = parts.family;
    this.node = new DhtNode({
      ...parts,
      send: (packet, to) => {
        const left = port.send(packet, to);
        if (left) sent(packet.length);
        return left;
      },
      seenAs: (host, voter) => outside.vote(host, voter),
    });
    this.upkeep = new Upkeep({ ...parts, node: this.node });
    this.#responder = new Responder(parts);
  }

  /** Where its packets leave from; `undefined` while there is no socket. */
  get local(): PeerAddress | undefined {
    return this.#parts.port.local(this.family);
  }

  /** Look-ups from here lead somewhere. */
  get ready(): boolean {
    return this.local !== undefined && this.upkeep.ready;
  }

  /** How this address is seen from outside. */
  get external(): string | undefined {
    return this.#parts.outside.of(this.family);
  }

  tick(nowMs: number): void {
    if (this.local === undefined) return;
    this.node.tick();
    this.#bind(nowMs);
    this.upkeep.tick();
  }

  /** Somebody asked, and is to be answered; from the address that was asked. */
  answer(message: KrpcMessage & { type: 'query' }, from: PeerAddress, nowMs: number): void {
    this.node.reply(message, from, this.#responder.answer(message.query, from, nowMs));
  }

  /** We may be among the nearest nodes ourselves, and then others have told us what they tell their neighbours. */
  askOurselves(query: KrpcQuery, search: DhtSearch): void {
    const own = { id: this.node.id, host: this.family === 4 ? '127.0.0.1' : '::1', port: 1 };
    const answer = this.#responder.answer(query, own, this.#parts.clock.nowMs());
    if ('code' in answer) return;
    const reply: KrpcReply = { id: this.node.id, ...answer };
    search.heard(reply, own, undefined);
  }

  restore({ id, nodes }: FamilyState): void {
    this.node.restore(id);
    this.upkeep.remember(nodes);
  }

  /** What the next run should know of it. */
  saved(): FamilyState {
    const { table } = this.node;
    const nodes = [...table.nodes()].filter(({ failures }) => failures === 0);
    return { id: table.id, nodes: nodes.sort((a, b) => b.seenMs - a.seenMs).slice(0, SAVED_NODES_MAX) };
  }

  /** Once our address is known our id has to fit it (BEP 42): of several that we are seen at, one. */
  #bind(nowMs: number): void {
    const { outside } = this.#parts;
    const host = outside.of(this.family);
    if (host === undefined || nowMs < this.#movedMs + NEW_ID_INTERVAL_MS) return;
    if (this.node.fits(host) || outside.all(this.family).some((other) => this.node.fits(other))) return;
    if (!this.node.bindTo(host)) return;
    this.#movedMs = nowMs;
    this.upkeep.moved();
  }
}
