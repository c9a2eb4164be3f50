// The boundary for packets: what the engine asks of UDP and what it hears from it. One socket for each address family
// serves a whole session, on the port where it listens for TCP, too: peers take the port of one for that of the other
// (BEP 5, BEP 29). What a packet begins with says whose it is (datagram-switch.ts).
import type { AddressFamily } from '../protocol/tracker/compact-peers.ts';
import type { PeerAddress } from './ports.ts';

/** Who speaks over the session's sockets: the DHT (BEP 5) and uTP (BEP 29). */
export type DatagramProtocol = 'krpc' | 'utp';

/** What one protocol asks of the sockets that it shares. No call throws or answers at once. */
export interface DatagramPort {
  /**
   * Nothing waits to leave: whatever was given to `send` before the current turn of the event loop may change again. Who
   * never changes what it sent need not look.
   */
  readonly idle: boolean;
  /** `send` answered `false` because too much waits, and `drained` has not come yet: it will. */
  readonly full: boolean;
  /**
   * Sends one packet to a numeric address, or through a proxy to a name. The host takes the bytes over: they must not change before `idle`. `false` when
   * nothing was sent, because too much waits already (then it is `full`), or because nothing can be sent there at all: there
   * is no socket of that family, or no such port.
   */
  send(bytes: Uint8Array, to: PeerAddress): boolean;
  /** Bytes that each packet is longer by on its way, because it goes through a proxy: so much less fits into one. */
  readonly overheadBytes: number;
  /** Where packets of this family leave from; `undefined` while there is no socket for it. */
  local(family: AddressFamily): PeerAddress | undefined;
}

/** What one protocol hears of the sockets that it shares. */
export interface DatagramSink {
  /**
   * A packet came. The bytes are the protocol's from now on. `from.host` is numeric, IPv4 never in IPv6 clothes; `from.port`
   * is one that can be answered.
   */
  datagram(bytes: Uint8Array, from: PeerAddress): void;
  /**
   * The system refused a packet to this address, perhaps another protocol's: EMSGSIZE when it is too long for the way,
   * ENETUNREACH, EPERM and the like. Silence says nothing: most packets that are lost are lost elsewhere.
   */
  undelivered(to: PeerAddress, code: string): void;
  /** Packets may be sent again, after the port was `full`. */
  drained(): void;
}

/** Where protocols get their part of the session's sockets. */
export interface DatagramPorts {
  /** Each protocol once. It can send as soon as there are sockets, and hears from then on. */
  attach(protocol: DatagramProtocol, sink: DatagramSink): DatagramPort;
}
