// Whether private torrents (BEP 27) stay private: their peers come from the tracker alone, so nobody may be dialled whom it
// did not name, and nothing may be offered or said that would let peers tell each other of peers.
import { toHex } from '../../base/bytes.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import { EXTENSION_IDS } from '../../protocol/extension/extension-table.ts';
import { decodeExtendedHandshake, EXTENDED_HANDSHAKE_ID } from '../../protocol/extension/handshake.ts';
import { decodeHandshake, HANDSHAKE_BYTES } from '../../protocol/wire/handshake.ts';
import { EXTENDED, PORT } from '../../protocol/wire/message-id.ts';
import { framesIn } from './frames.ts';

export class PrivacyWatch {
  /** One line for each thing that got out. */
  readonly leaks: string[] = [];
  readonly #private = new Set<string>();
  /** Who was named to whom, by torrent. */
  readonly #named = new Set<string>();

  /** Watches a torrent from now on. */
  guard(infoHash: Uint8Array): void {
    this.#private.add(toHex(infoHash));
  }

  /** The tracker, or the user, named these addresses to a host. */
  named(infoHash: Uint8Array, host: number, addresses: readonly PeerAddress[]): void {
    if (!this.#guards(infoHash)) return;
    for (const address of addresses) this.#named.add(keyOf(infoHash, host, address));
  }

  dialled(infoHash: Uint8Array, host: number, address: PeerAddress): void {
    if (!this.#guards(infoHash) || this.#named.has(keyOf(infoHash, host, address))) return;
    this.leaks.push(`host ${host} dialled ${address.host}, which no tracker named to it`);
  }

  /** A host said this about the torrent: a handshake, or whole messages. */
  said(infoHash: Uint8Array, host: number, bytes: Uint8Array): void {
    if (!this.#guards(infoHash)) return;
    if (bytes.length === HANDSHAKE_BYTES && bytes[0] === 19) {
      if (decodeHandshake(bytes).dht) this.leaks.push(`host ${host} offered its DHT node`);
      return;
    }
    for (const message of framesIn(bytes)) {
      if (message[0] === PORT) this.leaks.push(`host ${host} told of its DHT node`);
      if (message[0] === EXTENDED) this.#extended(host, message[1]!, message.subarray(2));
    }
  }

  #extended(host: number, id: number, payload: Uint8Array): void {
    if (id === EXTENSION_IDS.ut_pex) this.leaks.push(`host ${host} told a peer of peers`);
    if (id !== EXTENDED_HANDSHAKE_ID) return;
    if ((decodeExtendedHandshake(payload).extensions.get('ut_pex') ?? 0) > 0) {
      this.leaks.push(`host ${host} offered to hear of peers`);
    }
  }

  #guards(infoHash: Uint8Array): boolean {
    return this.#private.size > 0 && this.#private.has(toHex(infoHash));
  }
}

function keyOf(infoHash: Uint8Array, host: number, address: PeerAddress): string {
  return `${toHex(infoHash)}|${host}|${address.host}|${address.port}`;
}
