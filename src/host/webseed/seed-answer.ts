// What the head of an answer means for what was asked of a web seed: take its body, follow a redirect, or give up and why.
import type { WebSeedContent, WebSeedFailure } from '../../engine/webseed/web-seed-port.ts';
import type { ResponseHead } from '../../protocol/http/response-head.ts';
import type { SeedRequest } from './seed-request.ts';

/**
 * - `part`: the body is what was asked for, or the first of it up to byte `to`.
 * - `whole`: it is the whole file.
 * - `text`: it is a word for us (BEP 17).
 */
export type SeedAnswer =
  | { readonly kind: 'part'; readonly to: number }
  | { readonly kind: 'whole' }
  | { readonly kind: 'text' }
  | { readonly kind: 'moved'; readonly location: string }
  | { readonly kind: 'failed'; readonly failure: WebSeedFailure };

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Judges the head of an answer; `content` is there when files are asked for, rather than pieces. */
export function judgeAnswer(head: ResponseHead, asked: SeedRequest, content: WebSeedContent | undefined): SeedAnswer {
  const { status } = head;
  if (REDIRECTS.has(status)) {
    if (head.location !== undefined) return { kind: 'moved', location: head.location };
    return failed('unfit', 'ERR_WEB_SEED_REDIRECT', 'redirects to nowhere');
  }
  if (status === 503 && content === undefined) return { kind: 'text' };
  if (status !== 200 && status !== 206) return refused(head, asked, content !== undefined);
  if (head.encoding !== 'identity') {
    return failed(
      'unfit',
      'ERR_WEB_SEED_ENCODING',
      `sends the data as ${head.encoding.slice(0, 20)}, which nobody asked for`,
    );
  }
  return content === undefined ? pieceAnswer(head, asked) : fileAnswer(head, asked, content.files[asked.index]!.length);
}

/** BEP 17: the body is the range. */
function pieceAnswer(head: ResponseHead, { from, length }: SeedRequest): SeedAnswer {
  if (head.framing !== 'length' || head.bodyBytes === length) return { kind: 'part', to: from + length };
  return failed('unfit', 'ERR_WEB_SEED_LENGTH', `sends ${head.bodyBytes} bytes for ${length}`);
}

function fileAnswer(head: ResponseHead, { index, from, length }: SeedRequest, fileBytes: number): SeedAnswer {
  const wrong = (bytes: number): SeedAnswer =>
    failed('absent', 'ERR_WEB_SEED_LENGTH', `has a file of ${bytes} bytes where ${fileBytes} are expected`, index);
  if (head.status === 200) {
    if (head.framing === 'length' && head.bodyBytes !== fileBytes) return wrong(head.bodyBytes);
    return from === 0 && length === fileBytes ? { kind: 'part', to: length } : { kind: 'whole' };
  }
  const { range } = head;
  if (range?.totalBytes !== undefined && range.totalBytes !== fileBytes) return wrong(range.totalBytes);
  const fits = range !== undefined && range.from === from && range.to <= from + length;
  if (!fits || (head.framing === 'length' && head.bodyBytes !== range.to - range.from)) {
    return failed('unfit', 'ERR_WEB_SEED_RANGE', 'sends another range than it was asked for');
  }
  return { kind: 'part', to: range.to };
}

function refused(head: ResponseHead, { index }: SeedRequest, hasFiles: boolean): SeedAnswer {
  const { status } = head;
  const message = `answers with status ${status}`;
  if (status >= 500 || status === 429 || status === 408) {
    const retryAfterMs = retryAfterOf(head);
    const failure = { kind: 'busy', code: 'ERR_WEB_SEED_STATUS', message } as const;
    return { kind: 'failed', failure: retryAfterMs === undefined ? failure : { ...failure, retryAfterMs } };
  }
  return hasFiles
    ? failed('absent', 'ERR_WEB_SEED_STATUS', message, index)
    : failed('unfit', 'ERR_WEB_SEED_STATUS', message);
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfterOf({ retryAfter }: ResponseHead): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const ms = Date.parse(retryAfter) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function failed(kind: WebSeedFailure['kind'], code: string, message: string, file?: number): SeedAnswer {
  return { kind: 'failed', failure: { kind, code, message, ...(file !== undefined && { file }) } };
}
