// A SOCKS5 relay that is asked for again when it ends, with growing patience: a proxy that is restarted is back soon. In
// between nothing is sent, by no other way either.
import { SourceError } from '../../base/errors.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import { SOCKS_DATAGRAM_OVERHEAD } from '../../protocol/proxy/socks5-datagram.ts';
import { RELAY_RETRY_MAX_MS, RELAY_RETRY_MIN_MS } from '../limits.ts';
import type { DatagramHearer, DatagramSocket } from './datagram-socket.ts';
import type { Egress } from './egress.ts';
import { openSocksRelay, type SocksRelay } from './socks-relay.ts';

export class KeptRelay implements DatagramSocket {
  readonly overheadBytes: number = SOCKS_DATAGRAM_OVERHEAD;
  readonly #egress: Egress;
  readonly #hearer: DatagramHearer;
  #relay: SocksRelay | undefined;
  #delayMs = RELAY_RETRY_MIN_MS;
  #timer: NodeJS.Timeout | undefined;
  #opening: Promise<void> | undefined;
  /** The proxy has had a relay once: what it says meanwhile may be a fault of the moment. */
  #worked = false;
  #closed = false;

  constructor(egress: Egress, hearer: DatagramHearer) {
    this.#egress = egress;
    this.#hearer = hearer;
  }

  /**
   * Asks for the relay for the first time; a proxy that is down is asked again later. Rejects with SourceError ERR_PROXY_UDP
   * when the proxy says that it has none.
   */
  async open(): Promise<void> {
    await this.#open();
  }

  get local(): PeerAddress | undefined {
    return this.#relay?.local;
  }

  get queuedBytes(): number {
    return this.#relay?.queuedBytes ?? 0;
  }

  send(bytes: Uint8Array, to: PeerAddress, done: (error: Error | null) => void): void {
    if (this.#relay === undefined) setImmediate(done, null);
    else this.#relay.send(bytes, to, done);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#opening?.catch(() => undefined);
    await this.#relay?.close();
    this.#relay = undefined;
  }

  #open(): Promise<void> {
    this.#opening = this.#ask();
    return this.#opening;
  }

  async #ask(): Promise<void> {
    try {
      const relay = await openSocksRelay(this.#egress, {
        packet: (bytes, from) => {
          if (!this.#closed) this.#hearer.packet(bytes, from);
        },
        broken: () => {
          this.#relay = undefined;
          this.#again();
        },
      });
      if (this.#closed) return await relay.close();
      if (relay.local === undefined) return this.#again();
      this.#relay = relay;
      this.#worked = true;
      this.#delayMs = RELAY_RETRY_MIN_MS;
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (error.code === 'ERR_PROXY_UDP' && !this.#worked) throw error;
      this.#again();
    }
  }

  #again(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    // It can only say now that it never had one: then nothing is to be had of it any more.
    this.#timer = setTimeout(() => void this.#open().catch(() => undefined), this.#delayMs);
    this.#delayMs = Math.min(RELAY_RETRY_MAX_MS, this.#delayMs * 2);
  }
}
