// What a verification found, file by file.
import { EXIT_FAILED } from '../exit-code.ts';
import type { Metainfo, VerifyResult } from '../library.ts';
import { formatBytes, formatCount, formatCountOf, formatShare, roundSeconds } from './figures.ts';
import type { Palette } from './palette.ts';
import { printable } from './printable.ts';
import type { Failure, Result } from './reporter.ts';

/** What is shown of it. */
export type Verification = Omit<VerifyResult, 'have'>;

/** Up to so many files each get a line of their own; of more, only those that are not complete. */
const FILES_LISTED_MAX = 30;

/** The result for files that are complete. */
export function completeResult(metainfo: Metainfo, verification: Verification, seconds: number): Result {
  return {
    fields: {
      infoHash: metainfo.infoHash,
      name: metainfo.name,
      bytes: metainfo.totalBytes,
      seconds: roundSeconds(seconds),
      ...verificationFields(verification),
    },
    render: (palette) => [
      ...fileLines(verification, palette),
      `${palette.good('complete')}  ${palette.bold(printable(metainfo.name))}: ${formatBytes(metainfo.totalBytes)}, all ${formatCountOf(verification.pieceCount, 'piece')} verified`,
    ],
  };
}

/** The failure for files that are not complete; `hint` says what to do. */
export function incompleteFailure(verification: Verification, hint: string): Failure {
  const { piecesOk, pieceCount } = verification;
  return {
    code: 'ERR_CLI_INCOMPLETE',
    message: `the files are not complete: ${formatCount(piecesOk)} of ${formatCountOf(pieceCount, 'piece')} match; ${hint}`,
    exitCode: EXIT_FAILED,
    fields: verificationFields(verification),
  };
}

/** Every file with how much of it is right. */
export function fileLines(verification: Verification, palette: Palette): string[] {
  const { files } = verification;
  const broken = files.filter((file) => file.bytesOk < file.length);
  const listed = files.length <= FILES_LISTED_MAX ? files : broken;
  const lines = listed.map(({ path, length, bytesOk }) => {
    const share = length > 0 ? bytesOk / length : 1;
    const mark = share < 1 ? palette.attention(formatShare(share).padStart(8)) : palette.good('ok'.padStart(8));
    return `${mark}  ${formatBytes(length).padStart(8)}  ${printable(path)}`;
  });
  const rest = files.length - listed.length;
  if (rest > 0)
    lines.push(`${palette.good('ok'.padStart(8))}  ${formatCountOf(rest, 'file')}${broken.length > 0 ? ' more' : ''}`);
  return lines;
}

function verificationFields({ piecesOk, pieceCount, files }: Verification): Record<string, unknown> {
  return { complete: piecesOk === pieceCount, piecesOk, pieceCount, files };
}
