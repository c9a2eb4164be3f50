// What a client encrypts (MSE): which way a peer is dialled first, what strangers may speak, which torrents they may name.
// Why `allow` is the default: docs/decisions/0007-encryption.md.
import { PeerError } from '../../base/errors.ts';
import { TokenBucket } from '../../engine/swarm/token-bucket.ts';
import type { MseCrypto } from '../../protocol/mse/mse-crypto.ts';
import { MseDetector } from '../../protocol/mse/mse-detector.ts';
import { MseDialler } from '../../protocol/mse/mse-dialler.ts';
import type { MseHandshake } from '../../protocol/mse/mse-handshake.ts';
import { type MseMethod, PLAINTEXT, RC4, torrentHash } from '../../protocol/mse/mse-keys.ts';
import { STRANGERS_KEYS_PER_SECOND } from '../limits.ts';
import { Routes } from './routes.ts';

/**
 * `allow`: dials plainly first, encrypted where that is refused, and accepts both. `prefer`: dials encrypted first, plainly
 * where that is refused, and accepts both. `require`: nothing but RC4. `off`: nothing but plaintext.
 */
export type EncryptionMode = 'allow' | 'prefer' | 'require' | 'off';

/** How a connection is opened. */
export type Route = 'plain' | 'encrypted';

const ROUTES: Readonly<Record<EncryptionMode, readonly Route[]>> = {
  allow: ['plain', 'encrypted'],
  prefer: ['encrypted', 'plain'],
  require: ['encrypted'],
  off: ['plain'],
};

/** What may follow an encrypted handshake, the best first. */
const METHODS: Readonly<Record<EncryptionMode, readonly MseMethod[]>> = {
  allow: [PLAINTEXT, RC4],
  prefer: [RC4, PLAINTEXT],
  require: [RC4],
  off: [],
};

export class Encryption {
  /** The ways in which an address is dialled, one after the other until one works. */
  readonly routes: Routes<Route>;
  readonly #mode: EncryptionMode;
  readonly #crypto: MseCrypto;
  /** The same for strangers, who may have us compute only so much. */
  readonly #strangersCrypto: MseCrypto;
  /** Info hashes by what a stranger names them with. */
  readonly #torrents = new Map<string, Uint8Array>();

  constructor(mode: EncryptionMode, crypto: MseCrypto, nowMs: () => number = () => performance.now()) {
    this.#mode = mode;
    this.routes = new Routes(ROUTES[mode]);
    this.#crypto = crypto;
    const keys = new TokenBucket(STRANGERS_KEYS_PER_SECOND);
    // A bucket begins empty: the first stranger would be refused, and peers that prefer encryption speak plainly.
    keys.take(-STRANGERS_KEYS_PER_SECOND);
    const keyPair = () => {
      if (keys.available(nowMs()) < 1)
        throw new PeerError('ERR_MSE_BUSY', 'Too many strangers want to encrypt at once.');
      keys.take(1);
      return crypto.keyPair();
    };
    this.#strangersCrypto = { ...crypto, keyPair };
  }

  share(infoHash: Uint8Array): void {
    if (this.#mode !== 'off') this.#torrents.set(this.#nameOf(infoHash), new Uint8Array(infoHash));
  }

  unshare(infoHash: Uint8Array): void {
    if (this.#mode !== 'off') this.#torrents.delete(this.#nameOf(infoHash));
  }

  /** A handshake with somebody we dialled; `payload` goes along with it. */
  outgoing(infoHash: Uint8Array, payload: Uint8Array): MseDialler {
    return new MseDialler({ crypto: this.#crypto, infoHash, methods: METHODS[this.#mode], payload });
  }

  /** What strangers have to pass before they are heard; `undefined` when they may only speak plainly. */
  incoming(): MseHandshake | undefined {
    if (this.#mode === 'off') return undefined;
    return new MseDetector({
      crypto: this.#strangersCrypto,
      infoHashOf: (hash) => this.#torrents.get(textOf(hash)),
      methods: METHODS[this.#mode],
      plaintext: this.#mode !== 'require',
    });
  }

  #nameOf(infoHash: Uint8Array): string {
    return textOf(torrentHash(this.#crypto.sha1, infoHash));
  }
}

function textOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('latin1');
}
