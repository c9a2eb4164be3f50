// Everything that a torrent speaks beyond the basic protocol (BEP 10): which messages it takes and offers, who takes them
// in. What we say of ourselves is in torrent/advertising.ts.
import { MetadataGiver } from '../metadata/metadata-giver.ts';
import type { LinkId } from '../ports.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { heedOffer } from '../torrent/greeting.ts';
import type { Intake } from '../torrent/intake.ts';
import type { TorrentParts, TorrentSpec } from '../torrent/torrent-spec.ts';
import { ExtendedMessages } from './extended-messages.ts';
import { PeerContacts } from './peer-contacts.ts';
import { hearDontHave } from './piece-loss.ts';
import { hearUploadOnly } from './upload-only.ts';

/** What the extensions of a torrent work with. */
export interface TorrentExtensionsParts {
  readonly spec: TorrentSpec;
  readonly shared: TorrentParts;
  readonly intake: Intake;
  readonly swarm: Swarm;
  readonly send: (peer: Peer, bytes: Uint8Array) => void;
  /** The peer lost a piece. */
  readonly lost: (peer: Peer) => void;
}

export class TorrentExtensions {
  readonly contacts: PeerContacts;
  readonly messages: ExtendedMessages;
  readonly #parts: TorrentExtensionsParts;
  readonly #giver: MetadataGiver | undefined;

  constructor(parts: TorrentExtensionsParts) {
    this.#parts = parts;
    const { spec, shared, intake, swarm, send } = parts;
    this.contacts = new PeerContacts({
      swarm,
      external: shared.external,
      extended: () => this.messages,
      listenPort: shared.listenPort,
      mappedPorts: shared.mappedPorts,
      nowMs: () => shared.clock.nowMs(),
      private: spec.private,
      exchange: shared.pex,
      tells: true,
    });
    // Who may have a private torrent has its file from the tracker's site (BEP 27).
    const { infoBytes } = spec;
    const given = infoBytes !== undefined && !spec.private ? infoBytes : undefined;
    const giver = given && new MetadataGiver(given, (...reply) => this.#giveMetadata(...reply));
    this.#giver = giver;
    this.messages = new ExtendedMessages({
      // Every extended message that we take, and who takes it. A private torrent has no peer exchange (BEP 27).
      handlers: {
        ut_pex: this.contacts.exchangeHandler,
        ut_holepunch: this.contacts.relayHandler,
        upload_only: hearUploadOnly,
        ut_metadata: giver && ((peer, payload) => giver.hear(peer, payload)),
        lt_donthave: (peer, payload) => {
          hearDontHave(peer, payload, spec.geometry, intake);
          parts.lost(peer);
        },
      },
      send,
      handshakeTaken: (peer, handshake) => {
        heedOffer(peer, handshake);
        this.contacts.heed(peer, handshake);
      },
    });
  }

  /** The link is gone. */
  forget(peer: Peer): void {
    this.#giver?.forget(peer.link);
    this.contacts.forget(peer);
  }

  /** Control tick. */
  tick(): void {
    this.contacts.tick();
    this.#giver?.tick();
  }

  #giveMetadata(link: LinkId, payload: Uint8Array): void {
    const peer = this.#parts.swarm.get(link);
    if (peer !== undefined) this.messages.sendExtended(peer, 'ut_metadata', payload);
  }
}
