// What a peer told about itself in extended handshakes (BEP 10): they may come late, or again with changes only.
import { type ExtensionName, isExtensionName } from '../../protocol/extension/extension-table.ts';
import type { ExtendedHandshake } from '../../protocol/extension/handshake.ts';

/** The sum of a peer's extended handshakes. */
export class PeerOffers {
  /** Whether any extended handshake came. */
  told = false;
  /** Bytes of the info dict that it claims to have (BEP 9); bounded by the decoder. */
  metadataBytes: number | undefined;
  /** It wants no data, though it may not have everything (BEP 21). */
  uploadOnly = false;
  /** Where it accepts connections, as it said first: it cannot make us dial one port after the other. */
  port: number | undefined;
  /** Where it runs a node of the DHT (BEP 5, PORT), as it said first: nor ask one port after the other. */
  nodePort: number | undefined;
  /** It prefers encrypted connections. */
  encryption = false;
  readonly #ids = new Map<ExtensionName, number>();

  /** The id under which the peer receives this message, or 0 when it does not. */
  idOf(name: ExtensionName): number {
    return this.#ids.get(name) ?? 0;
  }

  /** Takes in a handshake: what it leaves out stays as it was, id 0 takes an extension back. */
  take(handshake: ExtendedHandshake): void {
    this.told = true;
    for (const [name, id] of handshake.extensions) if (isExtensionName(name)) this.#ids.set(name, id);
    this.metadataBytes = handshake.metadataBytes ?? this.metadataBytes;
    this.uploadOnly = handshake.uploadOnly ?? this.uploadOnly;
    this.port ??= handshake.port;
    this.encryption = handshake.encryption ?? this.encryption;
  }
}
