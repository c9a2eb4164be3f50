// What a connection learns of the path that its packets take: how long they are under way, how much of that is a queue, how
// many may be on their way, how large they may be.
import { CongestionWindow } from './congestion-window.ts';
import { DelayHistory } from './delay-history.ts';
import { MtuSearch } from './mtu-search.ts';
import { Pacer } from './pacer.ts';
import { RoundTrip } from './round-trip.ts';
import type { AckOutcome } from './send-window.ts';
import type { UtpHeader } from './utp-packet.ts';

const TIME_MODULUS = 2 ** 32;
/** A clock that drifts does not move by so much between two packets. */
const DRIFT_US_MAX = 10_000;

export class UtpPath {
  readonly congestion: CongestionWindow = new CongestionWindow();
  readonly roundTrip: RoundTrip = new RoundTrip();
  readonly mtu: MtuSearch;
  readonly pacer: Pacer = new Pacer();
  /** Our measurement of the last packet that came, to be told with the next one that goes. */
  delayToTellUs = 0;
  readonly #sendDelay = new DelayHistory();
  readonly #receiveDelay = new DelayHistory();
  /** Losses of packets that were sent before then belong to what the window was cut for already. */
  #cutUs = 0;

  constructor(packetBytesMax: number) {
    this.mtu = new MtuSearch(packetBytesMax);
  }

  /** What every packet tells of the time that packets take. */
  heed(header: UtpHeader, nowUs: number): void {
    this.delayToTellUs = (nowUs - header.timestampUs + TIME_MODULUS) % TIME_MODULUS;
    const fell = this.#receiveDelay.add(this.delayToTellUs, nowUs);
    if (header.delayUs === 0) return;
    this.#sendDelay.add(header.delayUs, nowUs);
    if (fell > 0 && fell < DRIFT_US_MAX) this.#sendDelay.raise(fell);
  }

  /** So many bytes left, and `inFlightBytes` are on their way now. */
  sent(bytes: number, inFlightBytes: number, nowUs: number): void {
    this.pacer.sent(bytes);
    this.congestion.sent(inFlightBytes, nowUs, this.roundTrip.us);
  }

  /** 0 when a packet may leave at once; else when one may. */
  paceUntilUs(nowUs: number): number {
    const { bytes, slowStart } = this.congestion;
    this.pacer.set(bytes, this.roundTrip.us, slowStart);
    return this.pacer.waitUntilUs(nowUs);
  }

  /** What an acknowledgement brought. */
  learn(outcome: AckOutcome, nowUs: number): void {
    const { ackedBytes, roundTripUs, lostSentUs, probeArrivedBytes, probeLostBytes } = outcome;
    if (probeLostBytes > 0) this.mtu.lost(probeLostBytes, nowUs);
    if (probeArrivedBytes > 0) this.mtu.arrived(probeArrivedBytes, nowUs);
    if (ackedBytes > 0) {
      this.roundTrip.progressed();
      if (roundTripUs > 0) this.roundTrip.measured(roundTripUs);
      // A queue cannot delay one way by more than it does both ways.
      const queueingUs = Math.min(this.#sendDelay.queueingUs, roundTripUs > 0 ? roundTripUs : Number.POSITIVE_INFINITY);
      this.congestion.acknowledged(ackedBytes, queueingUs);
    }
    if (lostSentUs <= this.#cutUs) return;
    this.#cutUs = nowUs;
    this.congestion.lost();
  }

  /** Nothing was acknowledged in time. `earnest`: more was on its way than a packet that tried its size. */
  timedOut(outcome: AckOutcome, earnest: boolean, nowUs: number): void {
    this.roundTrip.timedOut();
    if (outcome.probeLostBytes > 0) this.mtu.lost(outcome.probeLostBytes, nowUs);
    if (earnest) this.congestion.timedOut();
    this.#cutUs = nowUs;
  }
}
