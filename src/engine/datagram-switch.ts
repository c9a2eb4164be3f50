// Whose packet is it? The protocols on a session's UDP sockets are told apart by what their packets begin with: a KRPC
// message is a dictionary and starts with `d` (BEP 5), a uTP packet has its type in the upper half of the first byte and
// version 1 in the lower (BEP 29). Pure, so that the host and the simulator tell them apart in the same way.
import { assert } from '../base/assert.ts';
import type { DatagramProtocol, DatagramSink } from './datagram-port.ts';
import type { PeerAddress } from './ports.ts';

const DICTIONARY = 0x64;
const UTP_VERSION = 1;
/** ST_SYN, the highest packet type of uTP. */
const UTP_TYPE_MAX = 4;
const UTP_HEADER_BYTES = 20;

/** The protocol of a packet, `undefined` when it is none of ours. */
function protocolOf(bytes: Uint8Array): DatagramProtocol | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  if (first === DICTIONARY) return 'krpc';
  const utp = (first & 15) === UTP_VERSION && first >> 4 <= UTP_TYPE_MAX && bytes.length >= UTP_HEADER_BYTES;
  return utp ? 'utp' : undefined;
}

/** Passes on what comes from the sockets. */
export class DatagramSwitch {
  readonly #sinks = new Map<DatagramProtocol, DatagramSink>();

  /** Whether anybody wants sockets at all. */
  get wanted(): boolean {
    return this.#sinks.size > 0;
  }

  attach(protocol: DatagramProtocol, sink: DatagramSink): void {
    assert(!this.#sinks.has(protocol), `${protocol} has its port already`);
    this.#sinks.set(protocol, sink);
  }

  /** Returns whether the packet was anybody's. */
  datagram(bytes: Uint8Array, from: PeerAddress): boolean {
    const protocol = protocolOf(bytes);
    const sink = protocol && this.#sinks.get(protocol);
    sink?.datagram(bytes, from);
    return sink !== undefined;
  }

  undelivered(to: PeerAddress, code: string): void {
    for (const sink of this.#sinks.values()) sink.undelivered(to, code);
  }

  drained(): void {
    for (const sink of this.#sinks.values()) sink.drained();
  }
}
