// Packets on their way, and the memory that they are kept in until they are acknowledged. It is used again and again: memory
// that was never touched before costs more than all else about a packet.
import { UTP_PACKET_BYTES_MAX, UTP_PACKETS_KEPT } from '../limits.ts';

export const IN_FLIGHT = 0;
export const ACKNOWLEDGED = 1;
export const LOST = 2;

export class SentPacket {
  readonly buffer: Uint8Array = new Uint8Array(UTP_PACKET_BYTES_MAX);
  #datagram: Uint8Array = this.buffer;
  /** Header, extensions and payload. */
  bytes = 0;
  sentUs = 0;
  transmissions = 0;
  state: number = IN_FLIGHT;
  /** Bytes of padding behind the header: it tries whether a packet of this size passes. */
  padding = 0;

  /** What is sent. Most packets are as long as the last one that was in this memory, so the view is kept. */
  get datagram(): Uint8Array {
    if (this.#datagram.length !== this.bytes) this.#datagram = this.buffer.subarray(0, this.bytes);
    return this.#datagram;
  }
}

/** The packets of all connections of a host. */
export class PacketPool {
  readonly #free: SentPacket[] = [];
  #resting: SentPacket[] = [];

  take(): SentPacket {
    const packet = this.#free.pop() ?? new SentPacket();
    packet.transmissions = 0;
    packet.state = IN_FLIGHT;
    packet.padding = 0;
    return packet;
  }

  /** The packet was acknowledged or given up. The socket may still hold it, for it was perhaps just sent again. */
  give(packet: SentPacket): void {
    this.#resting.push(packet);
  }

  /** The socket has sent everything it was given. */
  settled(): void {
    if (this.#resting.length === 0) return;
    const resting = this.#resting;
    this.#resting = [];
    for (const packet of resting) if (this.#free.length < UTP_PACKETS_KEPT) this.#free.push(packet);
  }
}
