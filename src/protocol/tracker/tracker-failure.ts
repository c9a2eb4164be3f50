// A tracker that was reached and said no.
import { SourceError } from '../../base/errors.ts';

/** The tracker's `failure reason` (BEP 3) or error packet (BEP 15). */
export class TrackerFailure extends SourceError {
  /** When the tracker wants to be asked again (BEP 31, `retry in`); Infinity for never. */
  readonly retryInMs: number | undefined;

  constructor(reason: string, retryInMs?: number) {
    super('ERR_TRACKER_FAILURE', `The tracker refused: ${reason === '' ? 'it gave no reason' : reason}`);
    this.retryInMs = retryInMs;
  }
}
