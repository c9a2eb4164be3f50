// One uTP connection (BEP 29): a reliable stream of bytes over datagrams. Pure: it is given packets and the time, and gives
// packets to be sent. What it owes is sent by `flush`, once for all packets that came together, so that one answer
// acknowledges them all.
import {
  UTP_KEEP_ALIVE_US,
  UTP_LINGER_US,
  UTP_PACKET_BYTES_MAX,
  UTP_PROBE_ZERO_WINDOW_US,
  UTP_TIMEOUTS_MAX,
} from '../limits.ts';
import { ReceiveBuffer } from './receive-buffer.ts';
import { type ChunkTaken, SendQueue } from './send-queue.ts';
import { SendWindow } from './send-window.ts';
import type { SentPacket } from './sent-packet.ts';
import {
  ahead,
  EXTENSION_PADDING,
  EXTENSION_SELECTIVE_ACK,
  UTP_DATA,
  UTP_FIN,
  UTP_HEADER_BYTES,
  UTP_RESET,
  UTP_STATE,
  UTP_SYN,
  UtpHeader,
  writePadding,
  writeUtpHeader,
} from './utp-packet.ts';
import { UtpPath } from './utp-path.ts';
import type { UtpConnectionParts, UtpFailure } from './utp-ports.ts';

const CONNECTING = 0;
/** A stranger's first packet was answered; it has not shown yet that it got the answer. */
const ANSWERED = 1;
const CONNECTED = 2;
const CLOSING = 3;
const CLOSED = 4;

const MASK_EXTENSION_HEADER_BYTES = 2;
const TIME_MODULUS = 2 ** 32;

/** Shared by all connections: a header lives only while its packet is written. */
const writing = new UtpHeader();
/** The same for packets that are not kept: acknowledgements. */
const scratch = new Uint8Array(UTP_PACKET_BYTES_MAX);
const bareState = scratch.subarray(0, UTP_HEADER_BYTES);

export class UtpConnection {
  readonly path: UtpPath;
  /** When `flush` has to be called again, for something waits for the pace of the path; 0 when nothing does. */
  pacedUntilUs = 0;
  readonly #parts: UtpConnectionParts;
  readonly #window: SendWindow;
  readonly #queue: SendQueue;
  readonly #receive: ReceiveBuffer;
  #state: number;
  #theirWindowBytes: number = UTP_PACKET_BYTES_MAX;
  #ackDue = false;
  #paused = false;
  /** The number of the peer's last packet, once it is known. */
  #endSequence: number | undefined;
  #endTold = false;
  #finSent = false;
  #timeouts = 0;
  /** When it was last given reason to wait: something arrived, or was sent after a silence. */
  #waitingSinceUs: number;
  #lastSentUs: number;
  #closingSinceUs = 0;
  #resends = 0;

  private constructor(parts: UtpConnectionParts, state: number, theirSequence: number) {
    this.#parts = parts;
    this.#state = state;
    this.#queue = new SendQueue(parts.copy);
    this.#waitingSinceUs = parts.nowUs();
    this.#lastSentUs = this.#waitingSinceUs;
    this.path = new UtpPath(Math.min(parts.packetBytesMax, UTP_PACKET_BYTES_MAX));
    this.#window = new SendWindow(Math.floor(parts.random.next() * 0x1_0000), parts.pool);
    this.#receive = new ReceiveBuffer(theirSequence, parts.budget);
    this.#deliver = (packet, from, to) => parts.sink.received(packet, from, to);
  }

  /** Dials: the first packet leaves at once. */
  static connect(parts: UtpConnectionParts): UtpConnection {
    const connection = new UtpConnection(parts, CONNECTING, 0);
    const packet = parts.pool.take();
    packet.bytes = UTP_HEADER_BYTES;
    connection.#transmit(packet, connection.#window.next, UTP_SYN, true);
    return connection;
  }

  /** Answers a stranger's first packet. */
  static accept(parts: UtpConnectionParts, syn: UtpHeader): UtpConnection {
    const connection = new UtpConnection(parts, ANSWERED, syn.sequence);
    connection.#heed(syn, parts.nowUs());
    connection.#ackDue = true;
    return connection;
  }

  get receiveId(): number {
    return this.#parts.receiveId;
  }

  get sendId(): number {
    return this.#parts.sendId;
  }

  get closed(): boolean {
    return this.#state === CLOSED;
  }

  /** Neither side has shown the other that it hears it. */
  get halfOpen(): boolean {
    return this.#state === ANSWERED || this.#state === CONNECTING;
  }

  /** Bytes that were written and are not in a packet yet. */
  get queuedBytes(): number {
    return this.#queue.bytes;
  }

  get bytesInFlight(): number {
    return this.#window.bytesInFlight;
  }

  /** Packets that were sent more than once. */
  get resends(): number {
    return this.#resends;
  }

  /** Bytes that wait for something that is missing before them, or for `resume`. */
  get heldBytes(): number {
    return this.#receive.heldBytes;
  }

  /** Puts bytes at the end of the stream; they leave with the next `flush`. They must not change before they are taken. */
  write(chunk: Uint8Array, taken?: ChunkTaken): void {
    if (this.#state >= CLOSING) return;
    this.#queue.push(chunk, taken);
  }

  /** Holds back what comes from here on: the other side sends no more than there is room for. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#ackDue = true;
    this.#passOn();
  }

  /** Ends without a word to the other side. */
  abandon(): void {
    this.#end(undefined);
  }

  /** Says goodbye. What was written and is not in a packet yet is not sent. */
  close(): void {
    if (this.#state >= CLOSING) return;
    this.#queue.clear();
    if (this.#state === CONNECTING) return this.#end(undefined);
    this.#state = CLOSING;
    this.#closingSinceUs = this.#parts.nowUs();
  }

  /** Takes in a packet of this connection, `header` read from it. The packet is ours from here on. */
  receive(header: UtpHeader, packet: Uint8Array): void {
    if (this.#state === CLOSED) return;
    const nowUs = this.#parts.nowUs();
    if (header.type === UTP_RESET) return this.#receiveReset(header);
    if (header.type === UTP_SYN) {
      // Our answer was lost.
      this.#ackDue = true;
      return;
    }
    if (!this.#window.plausible(header.acknowledged)) return;
    if (this.#state === CONNECTING && !this.#answered(header)) return;
    this.#heed(header, nowUs);
    this.#heedAcknowledgement(header, packet, nowUs);
    if (this.#state === ANSWERED && header.type !== UTP_STATE) {
      this.#state = CONNECTED;
      this.#parts.sink.connected();
    }
    if (header.type === UTP_DATA) this.#receiveData(header, packet);
    else if (header.type === UTP_FIN) this.#receiveEnd(header);
    if (this.#state === CLOSING && this.#finSent && this.#window.count === 0) this.#end(undefined);
  }

  /** Sends what is due: lost packets first, then new ones as far as the windows allow, and an acknowledgement if none carried it. */
  flush(): void {
    if (this.#state === CLOSED || this.#state === CONNECTING) return;
    const nowUs = this.#parts.nowUs();
    this.pacedUntilUs = 0;
    if (this.#window.lostCount > 0) this.#resendLost(nowUs);
    if (this.#window.lostCount === 0) this.#sendNew(nowUs);
    if (this.#ackDue) this.#sendState(0);
  }

  /** Looks at the time: call it some times a second. */
  tick(): void {
    if (this.#state === CLOSED) return;
    const nowUs = this.#parts.nowUs();
    if (this.#state === CLOSING && nowUs - this.#closingSinceUs > UTP_LINGER_US) return this.#end(undefined);
    if (this.#window.count > 0) {
      if (nowUs - this.#waitingSinceUs > this.path.roundTrip.timeoutUs) this.#timedOut(nowUs);
    } else if (this.#state === ANSWERED) {
      if (nowUs - this.#waitingSinceUs > UTP_LINGER_US) return this.#end('ETIMEDOUT');
    } else if (this.#queue.bytes > 0) {
      if (nowUs - this.#waitingSinceUs > UTP_PROBE_ZERO_WINDOW_US) {
        // The word that there is room again was perhaps lost.
        this.#theirWindowBytes = Math.max(this.#theirWindowBytes, this.path.mtu.packetBytes);
        this.flush();
      }
    } else if (nowUs - this.#lastSentUs > UTP_KEEP_ALIVE_US) {
      this.#sendState(1);
    }
  }

  #receiveReset(header: UtpHeader): void {
    // Whoever cannot see our packets cannot name one of them.
    if (ahead(header.acknowledged, this.#window.oldest - 1) > this.#window.count + 1) return;
    this.#end('ECONNRESET');
  }

  /** The first answer to our first packet; false for anything else. */
  #answered(header: UtpHeader): boolean {
    if (header.type !== UTP_STATE && header.type !== UTP_DATA) return false;
    if (header.acknowledged !== this.#window.oldest) return false;
    this.#state = CONNECTED;
    // Whatever its type, it bears the number of the first packet to come.
    this.#receive.begin((header.sequence - 1) & 0xffff);
    this.#parts.sink.connected();
    return true;
  }

  #heed(header: UtpHeader, nowUs: number): void {
    this.#theirWindowBytes = header.windowBytes;
    this.path.heed(header, nowUs);
  }

  #heedAcknowledgement(header: UtpHeader, packet: Uint8Array, nowUs: number): void {
    const window = this.#window;
    window.acknowledge(header, packet, nowUs);
    this.path.learn(window.outcome, nowUs);
    if (window.outcome.ackedBytes === 0) return;
    this.#timeouts = 0;
    this.#waitingSinceUs = nowUs;
  }

  #receiveData(header: UtpHeader, packet: Uint8Array): void {
    this.#ackDue = true;
    const end = this.#endSequence;
    if (end !== undefined && ahead(end, header.sequence) > 0x8000) return;
    if (!this.#receive.put(header.sequence, packet, header.payloadAt)) return;
    this.#passOn();
  }

  #receiveEnd(header: UtpHeader): void {
    this.#ackDue = true;
    this.#endSequence ??= header.sequence;
    this.#passOn();
  }

  readonly #deliver: (packet: Uint8Array, from: number, to: number) => void;
  /** After our goodbye nobody listens, but the other side's words are still acknowledged. */
  readonly #stopped = (): boolean => this.#paused || this.#state === CLOSED;
  readonly #never = (): boolean => false;
  readonly #drop = (): void => undefined;

  #passOn(): void {
    if (this.#state === CLOSING) this.#receive.deliver(this.#drop, this.#never);
    else {
      const bytes = this.#receive.deliver(this.#deliver, this.#stopped);
      this.#receive.measure(bytes, this.path.roundTrip.us, this.#parts.nowUs());
    }
    if (this.#endSequence === undefined || this.#endTold || !this.#receive.drained) return;
    if (!this.#receive.skip(this.#endSequence)) return;
    this.#endTold = true;
    if (this.#state !== CLOSING && this.#state !== CLOSED) this.#parts.sink.ended();
  }

  #resendLost(nowUs: number): void {
    const window = this.#window;
    for (let at = window.firstLost(window.oldest); at !== window.next; at = window.firstLost(at)) {
      const packet = window.at(at);
      if (!this.#fits(packet.bytes) || this.#paces(nowUs)) return;
      this.#transmit(packet, at, packet.buffer[0]! >> 4, false);
    }
  }

  #sendNew(nowUs: number): void {
    const window = this.#window;
    while (this.#queue.bytes > 0 && !window.full) {
      const room = this.path.mtu.packetBytes;
      const bytes = Math.min(room, UTP_HEADER_BYTES + this.#queue.bytes);
      const probe = bytes === room ? this.path.mtu.nextBytes(nowUs) : room;
      const padding = probe - room >= MASK_EXTENSION_HEADER_BYTES ? probe - room : 0;
      if (!this.#fits(bytes + padding) || this.#paces(nowUs)) return;
      const packet = this.#parts.pool.take();
      const end = this.#queue.fill(packet.buffer, UTP_HEADER_BYTES + padding, bytes + padding);
      packet.bytes = end;
      packet.padding = padding;
      if (padding > 0) {
        this.path.mtu.sent(end);
        writePadding(packet.buffer, padding);
      }
      this.#transmit(packet, window.next, UTP_DATA, true);
      // Telling that a chunk was taken may have ended everything.
      if (this.closed) return;
    }
    if (this.#state !== CLOSING || this.#finSent || window.full) return;
    this.#finSent = true;
    const fin = this.#parts.pool.take();
    fin.bytes = UTP_HEADER_BYTES;
    this.#transmit(fin, window.next, UTP_FIN, true);
  }

  /** Whether so many bytes more may be on their way. A single packet always may, unless the other side takes none. */
  #fits(bytes: number): boolean {
    const inFlight = this.#window.bytesInFlight;
    if (inFlight === 0) return bytes <= Math.max(this.#theirWindowBytes, UTP_HEADER_BYTES + 1);
    return inFlight + bytes <= Math.min(this.path.congestion.bytes, this.#theirWindowBytes);
  }

  /** Whether the next packet has to wait for the pace of the path. */
  #paces(nowUs: number): boolean {
    this.pacedUntilUs = this.path.paceUntilUs(nowUs);
    return this.pacedUntilUs > 0;
  }

  #transmit(packet: SentPacket, sequence: number, type: number, fresh: boolean): void {
    const nowUs = this.#parts.nowUs();
    if (this.#window.count === 0) this.#waitingSinceUs = nowUs;
    if (fresh) this.#window.add(packet, nowUs);
    else {
      this.#resends++;
      this.#window.resend(packet, nowUs);
    }
    this.path.sent(packet.bytes, this.#window.bytesInFlight, nowUs);
    this.#writeHeader(packet.buffer, type, sequence, packet.padding > 0 ? EXTENSION_PADDING : 0);
    // It acknowledges what came in order; a gap is told apart.
    if (!this.#receive.gap) this.#ackDue = false;
    this.#parts.send(packet.datagram, true);
  }

  /** An acknowledgement; `behind` 1 is one of the past, which says nothing and is not answered. */
  #sendState(behind: number): void {
    this.#ackDue = false;
    const gap = behind === 0 && this.#receive.gap;
    this.#writeHeader(scratch, UTP_STATE, this.#window.next, gap ? EXTENSION_SELECTIVE_ACK : 0, behind);
    let end = UTP_HEADER_BYTES;
    if (gap) {
      const maskAt = end + MASK_EXTENSION_HEADER_BYTES;
      const bytes = this.#receive.writeMask(scratch, maskAt);
      scratch[end] = 0;
      scratch[end + 1] = bytes;
      end = maskAt + bytes;
    }
    this.#parts.send(gap ? scratch.subarray(0, end) : bareState, false);
  }

  #writeHeader(packet: Uint8Array, type: number, sequence: number, extension: number, behind = 0): void {
    const nowUs = this.#parts.nowUs();
    this.#lastSentUs = nowUs;
    writing.type = type;
    writing.connectionId = type === UTP_SYN ? this.#parts.receiveId : this.#parts.sendId;
    writing.timestampUs = Math.floor(nowUs) % TIME_MODULUS;
    writing.delayUs = Math.floor(this.path.delayToTellUs);
    writing.windowBytes = this.#receive.windowBytes;
    writing.sequence = sequence;
    writing.acknowledged = (this.#receive.acknowledged - behind) & 0xffff;
    writeUtpHeader(packet, writing, extension);
  }

  #timedOut(nowUs: number): void {
    const closing = this.#state === CLOSING;
    if (++this.#timeouts > UTP_TIMEOUTS_MAX) return this.#end(closing ? undefined : 'ETIMEDOUT');
    this.#waitingSinceUs = nowUs;
    const earnest = this.#window.loseAll();
    this.path.timedOut(this.#window.outcome, earnest, nowUs);
    if (this.#timeouts === 2) this.path.mtu.fallBack(nowUs);
    if (this.#state === CONNECTING) this.#resendLost(nowUs);
    else this.flush();
  }

  #end(reason: UtpFailure | undefined): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.#queue.clear();
    this.#window.clear();
    this.#receive.clear();
    this.#parts.sink.closed(reason);
  }
}
