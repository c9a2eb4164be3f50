// UDP through a SOCKS5 proxy (RFC 1928, UDP ASSOCIATE): packets go to the proxy's relay, each with its target before it, as
// long as the connection stands over which the relay was asked for. The socket hears and reaches the relay alone.
import type { Socket } from 'node:net';
import { isIP, isIPv6 } from 'node:net';
import { SourceError } from '../../base/errors.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import {
  decodeSocksDatagram,
  SOCKS_DATAGRAM_OVERHEAD,
  socksDatagramHead,
} from '../../protocol/proxy/socks5-datagram.ts';
import { Socks5Handshake } from '../../protocol/proxy/socks5-handshake.ts';
import { PROXY_RELAY_TIMEOUT_MS } from '../limits.ts';
import {
  type DatagramHearer,
  type DatagramSocket,
  openDatagramSocket,
  type SystemDatagramSocket,
} from './datagram-socket.ts';
import type { Egress } from './egress.ts';
import { plainAddress } from './plain-address.ts';

/** Relays that say nothing of their address are where the proxy is. */
const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export class SocksRelay implements DatagramSocket {
  readonly overheadBytes: number = SOCKS_DATAGRAM_OVERHEAD;
  readonly #control: Socket;
  readonly #socket: SystemDatagramSocket;
  /** What stood before the last packet: the next one often goes to the same. */
  #headHost = '';
  #headPort = 0;
  #head: Uint8Array = new Uint8Array(0);
  #open = true;

  constructor(control: Socket, socket: SystemDatagramSocket) {
    this.#control = control;
    this.#socket = socket;
  }

  get local(): PeerAddress | undefined {
    return this.#open ? this.#socket.local : undefined;
  }

  get queuedBytes(): number {
    return this.#open ? this.#socket.queuedBytes : 0;
  }

  /** The target may be a name, which the proxy resolves. */
  send(bytes: Uint8Array, to: PeerAddress, done: (error: Error | null) => void): void {
    if (!this.#open) return void setImmediate(done, null);
    if (to.host !== this.#headHost || to.port !== this.#headPort) {
      try {
        this.#head = socksDatagramHead(to);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        return void setImmediate(done, error);
      }
      this.#headHost = to.host;
      this.#headPort = to.port;
    }
    this.#socket.sendParts(this.#head, bytes, done);
  }

  async close(): Promise<void> {
    this.#open = false;
    this.#control.destroy();
    await this.#socket.close();
  }
}

/**
 * Asks the proxy for a relay. Rejects with SourceError ERR_PROXY_…: ERR_PROXY_UDP when it has none; with the signal's reason as
 * soon as nobody wants one any more.
 */
export async function openSocksRelay(egress: Egress, hearer: DatagramHearer, signal: AbortSignal): Promise<SocksRelay> {
  const { control, relay } = await associate(egress, signal);
  let broken = control.destroyed;
  let open: SocksRelay | undefined;
  const breakDown = (): void => {
    if (broken) return;
    broken = true;
    void open?.close();
    hearer.broken(new SourceError('ERR_PROXY_CONNECT', 'the proxy ended its UDP relay'));
  };
  control.on('error', () => undefined).on('close', breakDown);
  // Nothing is said here any more; what is read is the end.
  control.resume();
  try {
    const socket = await openDatagramSocket(
      { host: localHost(egress, relay), port: 0, peer: relay },
      {
        packet: (bytes) => {
          const datagram = decodeSocksDatagram(bytes);
          if (datagram === undefined || isIP(datagram.from.host) === 0 || broken) return;
          hearer.packet(bytes.subarray(datagram.offset), datagram.from);
        },
        broken: () => undefined,
      },
    );
    open = new SocksRelay(control, socket);
  } catch (error) {
    control.destroy();
    throw new SourceError('ERR_PROXY_CONNECT', `the relay of the proxy cannot be used: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (!control.destroyed && !signal.aborted) return open;
  await open.close();
  signal.throwIfAborted();
  throw new SourceError('ERR_PROXY_CONNECT', 'the proxy ended its UDP relay at once');
}

function localHost({ binding }: Egress, relay: PeerAddress): string {
  const six = isIPv6(relay.host);
  return binding === undefined ? (six ? '::' : '0.0.0.0') : binding.address(six ? 6 : 4);
}

/** The connection that keeps the relay alive, and where packets go. */
function associate(egress: Egress, signal: AbortSignal): Promise<{ control: Socket; relay: PeerAddress }> {
  const { credentials } = egress.proxy!;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const target = { host: '0.0.0.0', port: 0 };
    const handshake = new Socks5Handshake({ command: 'udp-associate', target, credentials });
    const opening = egress.converse(handshake, {
      opened: (control) => {
        settled();
        const { host, port } = handshake.bound!;
        const here = plainAddress(control.remoteAddress ?? '');
        resolve({ control, relay: { host: isIP(host) === 0 || UNSPECIFIED.has(host) ? here : host, port } });
      },
      failed: (error) => {
        settled();
        const known = /^ERR_(?:PROXY|BIND)_/.test(error.code ?? '');
        // Some proxies know no better answer than to hang up.
        reject(known ? error : new SourceError('ERR_PROXY_UDP', `the proxy does not carry UDP: ${error.message}`));
      },
    });
    const giveUp = (why: unknown): void => {
      settled();
      opening.destroy();
      reject(why);
    };
    const late = (): void =>
      giveUp(new SourceError('ERR_PROXY_CONNECT', 'the proxy does not answer when it is asked for a UDP relay'));
    const aborted = (): void => giveUp(signal.reason);
    const timer = setTimeout(late, PROXY_RELAY_TIMEOUT_MS);
    signal.addEventListener('abort', aborted);
    const settled = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
    };
  });
}
