// How many bytes may be on their way: delay-based congestion control that leaves the line to everybody else (BEP 29; LEDBAT,
// RFC 6817). It grows while packets meet less than the target's queue and shrinks when they meet more. How fast it shrinks
// is in proportion to the window (as LEDBAT++ has it), so that a large one gives way within some round trips, too.
import {
  UTP_PACKET_BYTES_BASE,
  UTP_PACKET_BYTES_MAX,
  UTP_TARGET_DELAY_US,
  UTP_WINDOW_BYTES_MAX,
  UTP_WINDOW_GAIN_BYTES,
  UTP_WINDOW_PACKETS_FIRST,
} from '../limits.ts';

/** Share of the target at which the first, fast growth ends. */
const SLOW_START_QUEUE = 0.75;
/** What a loss leaves of the window. */
const LOSS_FACTOR = 0.5;
/** The most of the window that one round trip above the target may take. */
const SHRINK_MAX = 0.5;

export class CongestionWindow {
  bytes: number = UTP_WINDOW_PACKETS_FIRST * UTP_PACKET_BYTES_BASE;
  #slowStart = true;
  /** The most that was on its way at once, in this round trip and in the one before. */
  #peakBytes = 0;
  #peakBytesBefore = 0;
  #roundEndsUs = 0;
  #slowStartBytes: number = UTP_WINDOW_BYTES_MAX;

  get slowStart(): boolean {
    return this.#slowStart && this.bytes < this.#slowStartBytes;
  }

  /** Something was sent, and so much is on its way now. */
  sent(inFlightBytes: number, nowUs: number, roundTripUs: number): void {
    if (nowUs >= this.#roundEndsUs) {
      this.#peakBytesBefore = nowUs < this.#roundEndsUs + roundTripUs ? this.#peakBytes : 0;
      this.#peakBytes = 0;
      this.#roundEndsUs = nowUs + roundTripUs;
    }
    if (inFlightBytes > this.#peakBytes) this.#peakBytes = inFlightBytes;
  }

  /** `ackedBytes` arrived and met a queue of `queueingUs`. */
  acknowledged(ackedBytes: number, queueingUs: number): void {
    const share = Math.min(1, ackedBytes / this.bytes);
    const excess = queueingUs / UTP_TARGET_DELAY_US - 1;
    if (excess > 0) {
      this.#leaveSlowStart();
      this.#set(this.bytes * (1 - share * Math.min(SHRINK_MAX, excess)));
      return;
    }
    if (this.#slowStart && queueingUs > UTP_TARGET_DELAY_US * SLOW_START_QUEUE) this.#leaveSlowStart();
    // A window that is not used says nothing of what the line would take. What counts is what was on its way when something
    // was sent: acknowledgements that come together empty the window before it is filled again.
    const usedBytes = Math.max(this.#peakBytes, this.#peakBytesBefore);
    if (this.slowStart) {
      if (this.bytes < 2 * usedBytes) this.#set(this.bytes + ackedBytes);
    } else if (usedBytes + 2 * UTP_PACKET_BYTES_MAX >= this.bytes) {
      this.#set(this.bytes + UTP_WINDOW_GAIN_BYTES * -excess * share);
    }
  }

  /** Packets were lost, for the first time in this round trip. */
  lost(): void {
    this.#leaveSlowStart();
    this.#set(this.bytes * LOSS_FACTOR);
  }

  /** Nothing arrived at all: it begins anew, and hurries to half of where it was. */
  timedOut(): void {
    this.#slowStartBytes = Math.max(2 * UTP_PACKET_BYTES_BASE, this.bytes * LOSS_FACTOR);
    this.#slowStart = true;
    this.bytes = UTP_PACKET_BYTES_BASE;
  }

  #leaveSlowStart(): void {
    this.#slowStart = false;
    this.#slowStartBytes = this.bytes;
  }

  #set(bytes: number): void {
    this.bytes = Math.min(UTP_WINDOW_BYTES_MAX, Math.max(UTP_PACKET_BYTES_BASE, bytes));
  }
}
