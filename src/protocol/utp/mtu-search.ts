// How large a packet may be on this path, found by trying (BEP 29, after RFC 8899): now and then a packet is filled up with
// bytes that mean nothing. When it is lost, what it carried goes again without them, so that trying costs no more than that.
import { UTP_MTU_STEP_BYTES, UTP_PACKET_BYTES_BASE, UTP_SEARCH_AGAIN_US } from '../limits.ts';

export class MtuSearch {
  /** Bytes of packets that are known to pass, header included. */
  packetBytes: number = UTP_PACKET_BYTES_BASE;
  readonly #largest: number;
  /** The largest that may pass, as far as is known. */
  #ceiling: number;
  #probing = 0;
  #restUntilUs = 0;

  /** `largest`: what the network that we are in lets through, in bytes of payload of a datagram. */
  constructor(largest: number) {
    this.#largest = Math.max(UTP_PACKET_BYTES_BASE, largest);
    this.#ceiling = this.#largest;
  }

  /** The size that the next full packet should have; `packetBytes` when there is nothing to find out. */
  nextBytes(nowUs: number): number {
    if (this.#probing > 0) return this.packetBytes;
    if (this.#ceiling - this.packetBytes < UTP_MTU_STEP_BYTES) {
      if (nowUs < this.#restUntilUs) return this.packetBytes;
      this.#restUntilUs = nowUs + UTP_SEARCH_AGAIN_US;
      this.#ceiling = this.#largest;
      if (this.#ceiling - this.packetBytes < UTP_MTU_STEP_BYTES) return this.packetBytes;
    }
    // Most paths take the largest: it comes first, halving the rest only after.
    if (this.#ceiling === this.#largest) return this.#largest;
    return Math.ceil((this.packetBytes + this.#ceiling) / 2);
  }

  /** A packet of this size was sent, and it is to be told what becomes of it. */
  sent(bytes: number): void {
    this.#probing = bytes;
  }

  arrived(bytes: number, nowUs: number): void {
    this.#probing = 0;
    this.packetBytes = Math.max(this.packetBytes, bytes);
    this.#restUntilUs = nowUs + UTP_SEARCH_AGAIN_US;
  }

  lost(bytes: number, nowUs: number): void {
    this.#probing = 0;
    this.#ceiling = Math.min(this.#ceiling, bytes - 1);
    this.#restUntilUs = nowUs + UTP_SEARCH_AGAIN_US;
  }

  /** Nothing passes any more: perhaps because the path has changed. New packets are small, and it is searched again. */
  fallBack(nowUs: number): void {
    this.#ceiling = Math.max(UTP_PACKET_BYTES_BASE, this.packetBytes - 1);
    this.packetBytes = UTP_PACKET_BYTES_BASE;
    this.#probing = 0;
    this.#restUntilUs = nowUs + UTP_SEARCH_AGAIN_US;
  }
}
