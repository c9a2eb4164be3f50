// A SOCKS5 relay that is asked for again when it ends, with growing patience: a proxy that is restarted is back soon. In
// between nothing is sent, by no other way either.
import { SourceError } from '../../base/errors.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import { SOCKS_DATAGRAM_OVERHEAD } from '../../protocol/proxy/socks5-datagram.ts';
import { RELAY_PATIENCE_MS, RELAY_RETRY_MAX_MS, RELAY_RETRY_MIN_MS } from '../limits.ts';
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
  readonly #closing = new AbortController();

  /** `hearer.broken` is told, once, of a proxy that says that it has no relay at all: then it is not asked again. */
  constructor(egress: Egress, hearer: DatagramHearer) {
    this.#egress = egress;
    this.#hearer = hearer;
  }

  /** Asks for the relay for the first time, and waits a moment for it. A proxy that is down is asked again later. */
  async open(): Promise<void> {
    this.#open();
    let timer: NodeJS.Timeout | undefined;
    const moment = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, RELAY_PATIENCE_MS);
    });
    await Promise.race([this.#opening, moment]);
    clearTimeout(timer);
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
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#opening;
    await this.#relay?.close();
    this.#relay = undefined;
  }

  #open(): void {
    this.#opening = this.#ask();
  }

  async #ask(): Promise<void> {
    const { signal } = this.#closing;
    const hearer: DatagramHearer = {
      packet: (bytes, from) => {
        if (!signal.aborted) this.#hearer.packet(bytes, from);
      },
      broken: () => {
        this.#relay = undefined;
        this.#again();
      },
    };
    try {
      const relay = await openSocksRelay(this.#egress, hearer, signal);
      if (relay.local === undefined) return this.#again();
      this.#relay = relay;
      this.#worked = true;
      this.#delayMs = RELAY_RETRY_MIN_MS;
    } catch (error) {
      if (signal.aborted && error === signal.reason) return;
      if (!(error instanceof SourceError)) throw error;
      // It had none before either: nothing is to be had of it.
      if (error.code === 'ERR_PROXY_UDP' && !this.#worked) this.#hearer.broken(error);
      else this.#again();
    }
  }

  #again(): void {
    if (this.#closing.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), this.#delayMs);
    this.#delayMs = Math.min(RELAY_RETRY_MAX_MS, this.#delayMs * 2);
  }
}
