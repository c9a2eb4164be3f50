// The links of a session: whose each one is, and how many more there may be. Strangers have a bound of their own until their
// handshake says what they came for (strangers.ts), or they could keep us from dialling.
import type { LinkId } from '../ports.ts';
import type { Peer } from '../swarm/peer.ts';
import { placesForStrangers } from '../swarm/swarm.ts';
import type { Member } from './member.ts';

/** A link and the member that it belongs to. */
export interface Attachment {
  readonly member: Member;
  readonly peer: Peer;
}

export class Links {
  /** Most connections of all members; may be changed at any time. */
  peersMax: number;
  readonly #attachments = new Map<LinkId, Attachment>();
  /** Links that others dialled. */
  #incoming = 0;
  /** Outgoing links have even numbers, the host numbers incoming ones oddly. */
  #lastNumber = 0;

  constructor(peersMax: number) {
    this.peersMax = peersMax;
  }

  /** A number for a link that we open. */
  newNumber(): LinkId {
    this.#lastNumber += 2;
    return this.#lastNumber;
  }

  get(link: LinkId): Attachment | undefined {
    return this.#attachments.get(link);
  }

  numbers(): IterableIterator<LinkId> {
    return this.#attachments.keys();
  }

  /** The link is this member's from now on. */
  attach(link: LinkId, attachment: Attachment): void {
    if (attachment.peer.incoming && !this.#attachments.has(link)) this.#incoming++;
    this.#attachments.set(link, attachment);
  }

  /** The link is gone; returns whose it was. */
  detach(link: LinkId): Attachment | undefined {
    const attachment = this.#attachments.get(link);
    this.#attachments.delete(link);
    if (attachment?.peer.incoming) this.#incoming--;
    return attachment;
  }

  /** Connections that may still be made. */
  get room(): number {
    return this.peersMax - this.#attachments.size;
  }

  /** Places that strangers may still have: some are kept for those whom we dial, as in every swarm. */
  get spare(): number {
    return placesForStrangers(this.peersMax) - this.#incoming;
  }

  /** Those that we dialled and whose handshake has not come. */
  get dialling(): number {
    let dialling = 0;
    for (const { peer } of this.#attachments.values()) if (!peer.ready && !peer.incoming) dialling++;
    return dialling;
  }
}
