// A TrackerPort's answers as promises, for tests: one awaited call for each announce.
import { SourceError } from '../../base/errors.ts';
import type { AnnounceRequest, TrackerPort, TrackerSink } from '../../engine/discovery/tracker-port.ts';
import type { AnnounceReply } from '../../protocol/tracker/announce.ts';

export class AwaitedTrackers implements TrackerSink {
  readonly port: TrackerPort;
  /** Answers that nobody waited for: a second answer, or one after a cancellation. */
  readonly unexpected: number[] = [];
  readonly #waiting = new Map<number, (answer: AnnounceReply | SourceError) => void>();
  #nextTicket = 1;

  constructor(open: (sink: TrackerSink) => TrackerPort) {
    this.port = open(this);
  }

  announced(ticket: number, answer: AnnounceReply | SourceError): void {
    const waiting = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    if (waiting === undefined) this.unexpected.push(ticket);
    else waiting(answer);
  }

  /** Announces without waiting; the ticket is for `cancel`. */
  announce(request: AnnounceRequest): {
    readonly ticket: number;
    readonly answer: Promise<AnnounceReply | SourceError>;
  } {
    const ticket = this.#nextTicket++;
    const answer = new Promise<AnnounceReply | SourceError>((resolve) => this.#waiting.set(ticket, resolve));
    this.port.announce(ticket, request);
    return { ticket, answer };
  }

  /** Stops waiting for a ticket, whose answer would then be unexpected. */
  forget(ticket: number): void {
    this.#waiting.delete(ticket);
  }

  /** The reply; throws the SourceError when there is none. */
  async reply(request: AnnounceRequest): Promise<AnnounceReply> {
    const answer = await this.announce(request).answer;
    if (answer instanceof SourceError) throw answer;
    return answer;
  }

  /** The SourceError; throws when the announce succeeded. */
  async failure(request: AnnounceRequest): Promise<SourceError> {
    const answer = await this.announce(request).answer;
    if (answer instanceof SourceError) return answer;
    throw new Error('the announce succeeded');
  }
}
