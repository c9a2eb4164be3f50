// The extension protocol of one torrent (BEP 10): what we offer, who takes in which message, and how one is sent.
// A message has one handler, and only what has a handler is offered.

import { EXTENSION_IDS, type ExtensionName, extensionOf } from '../../protocol/extension/extension-table.ts';
import {
  decodeExtendedHandshake,
  EXTENDED_HANDSHAKE_ID,
  type ExtendedHandshake,
} from '../../protocol/extension/handshake.ts';
import { encodeExtended } from '../../protocol/wire/message-writer.ts';
import type { Peer } from '../swarm/peer.ts';

/** Takes in one kind of message; throws PeerError when it is malformed. The payload is a view, valid during the call. */
export type ExtensionHandler = (peer: Peer, payload: Uint8Array) => void;

/** Who takes in what. `undefined`: not for this torrent. */
export type ExtensionHandlers = { readonly [Name in ExtensionName]?: ExtensionHandler | undefined };

/** What extended messages work with. */
export interface ExtendedParts {
  readonly handlers: ExtensionHandlers;
  readonly send: (peer: Peer, bytes: Uint8Array) => void;
  /** The peer's extended handshake, the first or another one, was taken into `peer.offers`. */
  readonly handshakeTaken: (peer: Peer, handshake: ExtendedHandshake) => void;
}

export class ExtendedMessages {
  /** Our `m`: the names that have a handler. */
  readonly #parts: ExtendedParts;

  constructor(parts: ExtendedParts) {
    this.#parts = parts;
  }

  /** Our `m`: the names that have a handler. */
  get advertised(): ReadonlyMap<ExtensionName, number> {
    const { handlers } = this.#parts;
    const names = (Object.keys(EXTENSION_IDS) as ExtensionName[]).filter((name) => handlers[name] !== undefined);
    return new Map(names.map((name) => [name, EXTENSION_IDS[name]]));
  }

  /** Takes in an extended message. Ids that we never gave out are ignored. Throws PeerError when it is malformed. */
  hear(peer: Peer, extendedId: number, payload: Uint8Array): void {
    if (extendedId === EXTENDED_HANDSHAKE_ID) {
      const handshake = decodeExtendedHandshake(payload);
      peer.offers.take(handshake);
      return this.#parts.handshakeTaken(peer, handshake);
    }
    const name = extensionOf(extendedId);
    if (name !== undefined) this.#parts.handlers[name]?.(peer, payload);
  }

  /** Sends a message under the id that the peer gave it; returns false when the peer does not take such messages. */
  sendExtended(peer: Peer, name: ExtensionName, payload: Uint8Array): boolean {
    const id = peer.offers.idOf(name);
    if (id === 0 || peer.closing) return false;
    this.#parts.send(peer, encodeExtended(id, payload));
    return true;
  }
}
