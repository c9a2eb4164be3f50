// The packets between the oldest that is not acknowledged and the next to be sent, by their sequence numbers, and which of
// them count as lost (BEP 29: three later ones arrived; and in time: a later transmission arrived, as RFC 8985 has it). A path
// that was seen to change the order of packets is given a quarter of a round trip for it.
import { UTP_PACKETS_IN_FLIGHT_MAX } from '../limits.ts';
import { ACKNOWLEDGED, IN_FLIGHT, LOST, type PacketPool, SentPacket } from './sent-packet.ts';
import { ahead, maskHas, UTP_HEADER_BYTES, type UtpHeader } from './utp-packet.ts';

/** Later packets that have to arrive before one counts as lost: networks change the order of neighbours. */
const DUPLICATES = 3;
const REORDERING_ROUND_TRIPS = 4;
const ROOM_FIRST = 64;
/** Stands in the place of a packet that arrived before an earlier one: the packet itself is used again. */
const ARRIVED = new SentPacket();
ARRIVED.state = ACKNOWLEDGED;

/** What an acknowledgement brought; used again for the next. */
export class AckOutcome {
  /** Bytes that arrived and were not known to have. */
  ackedBytes = 0;
  /** From a packet that was sent once; 0 when there is none. */
  roundTripUs = 0;
  /** The latest that one of the newly lost packets was sent; 0 when none was lost. Packets that only tried a size do not count. */
  lostSentUs = 0;
  /** Size of a packet that tried it and arrived, or was lost; 0 when there is none. */
  probeArrivedBytes = 0;
  probeLostBytes = 0;
}

export class SendWindow {
  /** The oldest that is not acknowledged, and the next that will be sent. */
  oldest: number;
  next: number;
  bytesInFlight = 0;
  /** Packets that were ever sent, as far as that matters: no older one can be acknowledged again. */
  #everSent = 0;
  /** Packets that are to be sent again. */
  lostCount = 0;
  readonly outcome: AckOutcome = new AckOutcome();
  readonly #pool: PacketPool;
  #ring: (SentPacket | undefined)[] = new Array(ROOM_FIRST).fill(undefined);
  #mask = ROOM_FIRST - 1;
  /** When the newest packet that arrived was sent. */
  #newestArrivedSentUs = 0;
  #duplicates = 0;
  /** The shortest that was measured. */
  #leastRoundTripUs = Number.POSITIVE_INFINITY;
  /** So much later than a packet may one be sent that arrives before it. */
  #reorderingUs = 0;

  constructor(first: number, pool: PacketPool) {
    this.oldest = first;
    this.next = first;
    this.#pool = pool;
  }

  get count(): number {
    return ahead(this.next, this.oldest);
  }

  get full(): boolean {
    return this.count >= UTP_PACKETS_IN_FLIGHT_MAX;
  }

  at(sequence: number): SentPacket {
    return this.#ring[sequence & this.#mask]!;
  }

  /** Takes up a packet as the next; its sequence number is what `next` was. */
  add(packet: SentPacket, nowUs: number): void {
    if (this.count > this.#mask) this.#grow();
    this.#ring[this.next & this.#mask] = packet;
    this.next = (this.next + 1) & 0xffff;
    if (this.#everSent < UTP_PACKETS_IN_FLIGHT_MAX) this.#everSent++;
    this.#sent(packet, nowUs);
  }

  /** A lost packet goes again. */
  resend(packet: SentPacket, nowUs: number): void {
    this.lostCount--;
    packet.state = IN_FLIGHT;
    this.#sent(packet, nowUs);
  }

  /** The first lost packet from `sequence` on; `next` when there is none. */
  firstLost(sequence: number): number {
    let at = sequence;
    while (at !== this.next && this.at(at).state !== LOST) at = (at + 1) & 0xffff;
    return at;
  }

  /**
   * Whether an acknowledgement can be meant for us: neither for packets that were never sent, nor very old. Who forges his
   * address cannot see our numbers: of the 65,536, one will do before anything was sent.
   */
  plausible(acknowledged: number): boolean {
    const newer = ahead(acknowledged, this.oldest - 1);
    return newer <= this.count || 0x1_0000 - newer <= this.#everSent;
  }

  /** Takes in what a packet acknowledges; `outcome` says what came of it. */
  acknowledge(header: UtpHeader, packet: Uint8Array, nowUs: number): void {
    const { outcome } = this;
    outcome.ackedBytes = 0;
    outcome.roundTripUs = 0;
    outcome.lostSentUs = 0;
    outcome.probeArrivedBytes = 0;
    outcome.probeLostBytes = 0;
    const newer = ahead(header.acknowledged, this.oldest - 1);
    if (newer > this.count) return;
    for (let k = 0; k < newer; k++) this.#advance(nowUs);
    if (newer > 0) this.#duplicates = 0;
    if (this.oldest === this.next) return;
    if (header.maskBytes > 0) this.#selective(header, packet, nowUs);
    else if (newer === 0 && header.payloadAt === packet.length && ++this.#duplicates === DUPLICATES) {
      const first = this.at(this.oldest);
      if (first.state === IN_FLIGHT && this.#reorderingUs === 0) this.#lose(first);
    }
  }

  /** Nothing was heard for too long: everything on its way counts as lost. Whether it was more than one that tried a size. */
  loseAll(): boolean {
    let earnest = false;
    const { outcome } = this;
    outcome.probeLostBytes = 0;
    for (let at = this.oldest; at !== this.next; at = (at + 1) & 0xffff) {
      const packet = this.at(at);
      if (packet.state !== IN_FLIGHT) continue;
      if (packet.padding === 0) earnest = true;
      this.#lose(packet);
    }
    return earnest;
  }

  /** Gives all packets back. */
  clear(): void {
    for (let at = this.oldest; at !== this.next; at = (at + 1) & 0xffff) {
      const packet = this.at(at);
      if (packet.state !== ACKNOWLEDGED) this.#pool.give(packet);
      this.#ring[at & this.#mask] = undefined;
    }
    this.oldest = this.next;
    this.bytesInFlight = 0;
    this.lostCount = 0;
  }

  #sent(packet: SentPacket, nowUs: number): void {
    packet.sentUs = nowUs;
    packet.transmissions++;
    this.bytesInFlight += packet.bytes;
  }

  #advance(nowUs: number): void {
    const packet = this.at(this.oldest);
    if (packet.state !== ACKNOWLEDGED) this.#arrived(packet, nowUs);
    this.#ring[this.oldest & this.#mask] = undefined;
    this.oldest = (this.oldest + 1) & 0xffff;
  }

  #arrived(packet: SentPacket, nowUs: number): void {
    const { outcome } = this;
    if (packet.state === IN_FLIGHT) this.bytesInFlight -= packet.bytes;
    else {
      this.lostCount--;
      // It was only late.
      if (packet.transmissions === 1) this.#reorderingUs = this.#leastRoundTripUs / REORDERING_ROUND_TRIPS;
    }
    outcome.ackedBytes += packet.bytes;
    if (packet.transmissions === 1) {
      const us = Math.max(1, nowUs - packet.sentUs);
      if (us < this.#leastRoundTripUs) this.#leastRoundTripUs = us;
      if (outcome.roundTripUs === 0 || us < outcome.roundTripUs) outcome.roundTripUs = us;
    }
    if (packet.sentUs > this.#newestArrivedSentUs) this.#newestArrivedSentUs = packet.sentUs;
    if (packet.padding > 0) outcome.probeArrivedBytes = packet.bytes;
    this.#pool.give(packet);
  }

  #selective(header: UtpHeader, packet: Uint8Array, nowUs: number): void {
    // Bits stand for what comes after the first missing one.
    const bits = Math.min(header.maskBytes * 8, ahead(this.next, header.acknowledged + 2));
    if (ahead(this.next, header.acknowledged) < 2) return;
    let highest = -1;
    for (let bit = 0; bit < bits; bit++) {
      if (!maskHas(packet, header.maskAt, bit)) continue;
      highest = bit;
      const sequence = header.acknowledged + 2 + bit;
      const sent = this.at(sequence);
      if (sent.state === ACKNOWLEDGED) continue;
      this.#arrived(sent, nowUs);
      this.#ring[sequence & this.#mask] = ARRIVED;
    }
    if (highest >= 0) this.#findLost((header.acknowledged + 2 + highest) & 0xffff);
  }

  #findLost(highest: number): void {
    let later = 0;
    for (let at = highest; at !== ((this.oldest - 1) & 0xffff); at = (at - 1) & 0xffff) {
      const packet = this.at(at);
      if (packet.state === ACKNOWLEDGED) later++;
      else if (packet.state === IN_FLIGHT && later >= DUPLICATES && this.#overtaken(packet)) this.#lose(packet);
    }
  }

  /** What was sent once was sent before its successors; what was sent again may still be on its way when they arrive. */
  #overtaken(packet: SentPacket): boolean {
    if (this.#reorderingUs > 0) return packet.sentUs + this.#reorderingUs < this.#newestArrivedSentUs;
    return packet.transmissions === 1 || packet.sentUs < this.#newestArrivedSentUs;
  }

  #lose(packet: SentPacket): void {
    const { outcome } = this;
    packet.state = LOST;
    this.lostCount++;
    this.bytesInFlight -= packet.bytes;
    if (packet.padding === 0) {
      outcome.lostSentUs = Math.max(outcome.lostSentUs, packet.sentUs);
      return;
    }
    outcome.probeLostBytes = packet.bytes;
    this.#strip(packet);
  }

  /** What a packet carried that was too large goes again without the padding. */
  #strip(packet: SentPacket): void {
    const { buffer, padding, bytes } = packet;
    const payloadAt = UTP_HEADER_BYTES + padding;
    buffer.copyWithin(UTP_HEADER_BYTES, payloadAt, bytes);
    packet.bytes -= padding;
    packet.padding = 0;
  }

  #grow(): void {
    const room = (this.#mask + 1) * 2;
    const ring: (SentPacket | undefined)[] = new Array(room).fill(undefined);
    for (let at = this.oldest; at !== this.next; at = (at + 1) & 0xffff) ring[at & (room - 1)] = this.at(at);
    this.#ring = ring;
    this.#mask = room - 1;
  }
}
