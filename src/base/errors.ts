// The four kinds of failure that Millrace knows, and nothing else: who has to act on it decides the kind.
// A bug is none of these: it is a failed assertion (assert.ts), and it is loud.

/** What every error of Millrace carries beside its message. */
interface ErrorDetails {
  readonly cause?: unknown;
}

/** Base of all errors that Millrace raises on purpose. `code` is stable and listed in docs/errors.md. */
export abstract class MillraceError extends Error {
  readonly code: string;

  constructor(code: string, message: string, details?: ErrorDetails) {
    super(message, details);
    this.code = code;
    this.name = new.target.name;
  }
}

/** The caller gave something that cannot be used: a bad torrent file, option or path. Nothing was changed. */
export class InputError extends MillraceError {}

/** A connected peer broke the protocol: that peer is dropped, and nobody else notices. */
export class PeerError extends MillraceError {}

/** A tracker, DHT node or web seed failed: back off and try again later. */
export class SourceError extends MillraceError {}

/** The disk failed: the torrent stops with this as its reason. */
export class StorageError extends MillraceError {}
