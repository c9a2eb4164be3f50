// Text from strangers (names, comments, tracker messages) on its way to a terminal: a torrent must not be able to
// move the cursor, change colours or turn the writing direction.

const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}\p{Surrogate}\u2028\u2029]/gu;

/** Replaces everything that a terminal would obey instead of print by U+FFFD. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}
