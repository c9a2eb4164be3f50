// The one error of the decoder. Torrent files come from the user, so it is an InputError; who decodes what a peer or a
// tracker sent catches it and says PeerError or SourceError instead.
import { InputError } from '../../base/errors.ts';

/**
 * - ERR_BENCODE_TRUNCATED: the input ends inside a value.
 * - ERR_BENCODE_SYNTAX: a byte that cannot stand there.
 * - ERR_BENCODE_LIMIT: too long, too deep or too many items.
 * - ERR_BENCODE_CANONICAL: strict mode only; readable, but not the one canonical form.
 */
export type BencodeErrorCode =
  | 'ERR_BENCODE_TRUNCATED'
  | 'ERR_BENCODE_SYNTAX'
  | 'ERR_BENCODE_LIMIT'
  | 'ERR_BENCODE_CANONICAL';

/** Bytes that are not a bencoded value. */
export class BencodeError extends InputError {
  /** Where in the input the trouble is. */
  readonly offset: number;

  constructor(code: BencodeErrorCode, message: string, offset: number) {
    super(code, `${message} at byte ${offset}`);
    this.offset = offset;
  }
}
