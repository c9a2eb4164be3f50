// The boundary to whoever talks to trackers. As with the ports of engine/ports.ts, no call answers at once, blocks or
// throws: answers come through the sink.
import type { SourceError } from '../../base/errors.ts';
import type { AnnounceFields, AnnounceReply } from '../../protocol/tracker/announce.ts';
import type { MappedPorts } from '../portmap/own-ports.ts';

/** One announce to one tracker. Views (info hash, peer id, tracker id) must not change until it is answered. */
export interface AnnounceRequest extends AnnounceFields {
  /** The tracker's URL: http, https or udp. */
  readonly url: string;
  /** The port that trackers of the internet are told instead of `port`, by the family that they are reached over. */
  readonly mappedPorts?: MappedPorts;
  /** The answer comes within this time, whatever happens. Short at exit, so that `stopped` cannot hold the program. */
  readonly timeoutMs: number;
}

export interface TrackerPort {
  /** Announces. Answered exactly once by `announced` with the same ticket, unless it is cancelled before. */
  announce(ticket: number, request: AnnounceRequest): void;
  /** Gives up: `announced` will not come any more. Does nothing when it came already. */
  cancel(ticket: number): void;
}

export interface TrackerSink {
  /** A TrackerFailure is the tracker's own refusal; any other SourceError says why it could not be asked. */
  announced(ticket: number, answer: AnnounceReply | SourceError): void;
}
