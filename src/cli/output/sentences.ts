// Sentences that every reporter for people says in the same way.
import { formatBytes, formatCount, formatCountOf, formatRoundBytes } from './figures.ts';
import { printable } from './printable.ts';
import type { Failure, Subject } from './reporter.ts';

/** What a transfer is about, in one line. */
export function describeSubject(subject: Subject): string {
  const files = formatCountOf(subject.fileCount, 'file');
  const pieces = `${formatCount(subject.pieceCount)} × ${formatRoundBytes(subject.pieceBytes)} pieces`;
  return `${printable(subject.name)}: ${formatBytes(subject.totalBytes)}, ${files}, ${pieces}, in ${subject.directory}`;
}

/** A failure as it is written to standard error. */
export function failureLines(failure: Failure): string[] {
  const line = `millrace: ${printable(failure.message)}`;
  return failure.stack === undefined ? [line] : [line, failure.stack];
}
