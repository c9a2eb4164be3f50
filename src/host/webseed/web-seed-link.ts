// What goes on with one web seed: the requests that wait, the one connection that they go over, and the body that is coming
// in. Requests are pipelined once the server has shown that it understands ranges and keeps the connection.
import { REQUEST_BEGIN, REQUEST_LENGTH, REQUEST_PIECE, REQUEST_PLACE, REQUEST_STRIDE } from '../../engine/ports.ts';
import type { WebSeedFailure } from '../../engine/webseed/web-seed-port.ts';
import type { ResponseHead } from '../../protocol/http/response-head.ts';
import type { ResponseSink } from '../../protocol/http/response-receiver.ts';
import {
  WEB_SEED_IDLE_MS,
  WEB_SEED_PIPELINE_MAX,
  WEB_SEED_PROGRESS_BYTES_MIN,
  WEB_SEED_REDIRECTS_MAX,
} from '../limits.ts';
import { type ConnectionEnd, HttpConnection } from './http-connection.ts';
import { requestHead } from './request-head.ts';
import { judgeAnswer, type SeedAnswer } from './seed-answer.ts';
import { SeedBody } from './seed-body.ts';
import { appendRequests, type SeedRequest } from './seed-request.ts';
import type { WebSeedLinkParts } from './web-seed-link-parts.ts';

export class WebSeedLink implements ResponseSink {
  readonly #parts: WebSeedLinkParts;
  /** The requests that are not answered yet, oldest first; of the first so many bytes have come. */
  readonly #requests: SeedRequest[] = [];
  #done = 0;
  /** How many of them were sent over the present connection. */
  #sent = 0;
  #pipelines = false;
  #rangeless = false;
  #connection: HttpConnection | undefined;
  #origin = '';
  // The answer that is coming in.
  readonly #body: SeedBody;
  #keepAlive = true;
  // What the present connection has brought, and why it is being ended.
  #progressBytes = 0;
  #answers = 0;
  #failure: WebSeedFailure | undefined;
  #restarting = false;
  #closing = false;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(parts: WebSeedLinkParts) {
    this.#parts = parts;
    this.#body = new SeedBody(parts.stream, parts.discard);
  }

  request(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * REQUEST_STRIDE; at += REQUEST_STRIDE) {
      this.#parts.stream.add(
        batch[at + REQUEST_PIECE]!,
        batch[at + REQUEST_BEGIN]!,
        batch[at + REQUEST_LENGTH]!,
        batch[at + REQUEST_PLACE]!,
      );
    }
    // What is being taken from a whole body is not made longer either.
    const sent = (): number => Math.max(this.#sent, this.#body.kind === 'none' ? 0 : 1);
    appendRequests(this.#requests, batch, count, { ...this.#parts, sent });
    this.#pump();
    if (this.#body.kind !== 'whole') return;
    this.#connection?.resume();
    this.#parts.owner.settled();
  }

  revoke(piece: number, begin: number): void {
    this.#parts.stream.revoke(piece, begin);
    this.#parts.owner.settled();
  }

  hangUp(): void {
    this.#end();
  }

  close(): void {
    this.#closing = true;
    this.#end();
  }

  /** Ends the connection; what is left is given back when no socket can write there any more. */
  #end(): void {
    this.#failure ??= { kind: 'busy', code: 'ERR_WEB_SEED_CLOSED', message: 'was closed by us' };
    if (this.#connection !== undefined) this.#connection.close();
    else setImmediate(() => this.#ended());
  }

  // Answers.

  head(head: ResponseHead): void {
    const asked = this.#requests[0];
    this.#keepAlive = head.keepAlive;
    if (asked === undefined || this.#sent === 0)
      return this.#fail('busy', 'ERR_HTTP_HEAD', 'answers without being asked');
    const { address, content } = this.#parts;
    this.#act(judgeAnswer(head, asked, address.kind === 'files' ? content : undefined), asked);
  }

  #act(answer: SeedAnswer, asked: SeedRequest): void {
    switch (answer.kind) {
      case 'part':
        this.#body.beginPart(answer.to);
        this.#pipelines = this.#keepAlive && !this.#rangeless;
        return;
      case 'whole':
        return this.#takeWhole(asked);
      case 'text':
        return this.#body.beginText();
      case 'moved':
        return this.#move(asked, answer.location);
      default:
        return this.#abort(answer.failure);
    }
  }

  /** The server sends the file from its start, whatever was asked for: what we want is taken as it comes by. */
  #takeWhole({ index }: SeedRequest): void {
    this.#pipelines = false;
    if (!this.#rangeless) this.#parts.owner.rangeless(this.#parts.id);
    this.#rangeless = true;
    if (this.#sent > 1) return this.#restart();
    this.#body.beginWhole(index);
  }

  #move(asked: SeedRequest, location: string): void {
    const { targets, isAfar } = this.#parts;
    const from = targets.urlOf(asked)!;
    const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
    if (to === undefined || (to.protocol !== 'http:' && to.protocol !== 'https:')) {
      return this.#fail('unfit', 'ERR_WEB_SEED_REDIRECT', 'redirects to where no web server can be');
    }
    if (++asked.redirects > WEB_SEED_REDIRECTS_MAX) {
      return this.#fail('unfit', 'ERR_WEB_SEED_REDIRECT', 'redirects in circles');
    }
    targets.moved(asked, to, targets.fromAfar(from) || isAfar(this.#connection?.host ?? ''));
    this.#restart();
  }

  room(bytesMax: number): Uint8Array | undefined {
    const asked = this.#requests[0];
    const room = this.#body.room(asked, this.#done, bytesMax);
    if (room !== undefined) return room;
    if (this.#body.kind === 'part') this.#fail('unfit', 'ERR_WEB_SEED_LENGTH', 'sends more than it was asked for');
    // What is wanted next has come by already, or is in another file.
    else if (asked !== undefined) this.#restart();
    return undefined;
  }

  rooms(bytesMax: number, rooms: Uint8Array[]): void {
    const asked = this.#requests[0];
    if (asked !== undefined) this.#body.rooms(asked, this.#done, bytesMax, rooms);
  }

  filled(count: number, copied: boolean): void {
    const { stream, owner, id } = this.#parts;
    const { kind, skipping } = this.#body;
    this.#progressBytes += count;
    this.#body.filled(count);
    if (skipping) return owner.skipped(id, count);
    if (kind !== 'part' && kind !== 'whole') return;
    owner.placed(count, copied);
    stream.filled(count);
    this.#done += count;
    if (kind === 'whole' && this.#done === this.#requests[0]!.length) this.#finishRequest();
  }

  ended(): void {
    const { kind } = this.#body;
    const first = this.#requests[0];
    const early = first !== undefined && this.#body.lacks(first, this.#done);
    this.#body.over();
    this.#parts.stream.settle();
    if (kind === 'text') return this.#heardText();
    if (kind === 'whole') this.#sent = 0;
    if (early) return this.#endsEarly(first);
    if (kind === 'part' && !this.#endPart()) return;
    this.#answers++;
    if (this.#keepAlive) this.#pump();
    else this.#restart();
  }

  /** Returns whether to go on. */
  #endPart(): boolean {
    if (this.#done === this.#requests[0]!.length) {
      this.#sent--;
      this.#finishRequest();
      return true;
    }
    // The server gave less than it was asked for, and said so: the rest is another request.
    this.#answers++;
    this.#restart();
    return false;
  }

  #finishRequest(): void {
    this.#requests.shift();
    this.#done = 0;
  }

  #endsEarly({ index }: SeedRequest): void {
    if (this.#parts.address.kind === 'pieces')
      return this.#fail('busy', 'ERR_WEB_SEED_LENGTH', 'sends less than it should');
    this.#abort({
      kind: 'absent',
      code: 'ERR_WEB_SEED_LENGTH',
      message: 'has a shorter file than it should',
      file: index,
    });
  }

  #heardText(): void {
    const { retryAfterMs } = this.#body;
    const failure = { kind: 'busy', code: 'ERR_WEB_SEED_STATUS', message: 'answers with status 503' } as const;
    this.#abort(retryAfterMs === undefined ? failure : { ...failure, retryAfterMs });
  }

  failed(code: string, message: string): void {
    this.#fail('busy', code, message);
  }

  // The connection.

  #pump(): void {
    if (this.#failure !== undefined || this.#restarting) return;
    this.#fillPads();
    clearTimeout(this.#idleTimer);
    const next = this.#requests[0];
    if (next === undefined) {
      if (this.#connection !== undefined) this.#idleTimer = setTimeout(() => this.#restart(), WEB_SEED_IDLE_MS);
      return;
    }
    if (this.#connection === undefined) return this.#connect(next);
    if (this.#body.kind === 'whole') return;
    const requestsMax = this.#pipelines ? WEB_SEED_PIPELINE_MAX : 1;
    while (this.#sent < Math.min(requestsMax, this.#requests.length)) {
      const request = this.#requests[this.#sent]!;
      const url = request.pad ? undefined : this.#parts.targets.urlOf(request);
      if (url !== undefined && url.origin !== this.#origin) {
        // Another server: when this one has answered.
        if (this.#sent === 0) this.#restart();
        return;
      }
      if (url !== undefined) this.#connection.send(requestHead(request, url, this.#parts));
      this.#sent++;
    }
  }

  /** Pad files (BEP 47) are zeros that nobody has to send. */
  #fillPads(): void {
    const { stream } = this.#parts;
    while (this.#requests[0]?.pad === true && this.#body.kind !== 'whole') {
      const pad = this.#requests[0];
      for (let left = pad.length; left > 0; ) {
        const room = stream.room(left);
        room.fill(0);
        stream.filled(room.length);
        left -= room.length;
      }
      stream.settle();
      this.#sent = Math.max(0, this.#sent - 1);
      this.#finishRequest();
      this.#parts.owner.settled();
    }
  }

  #connect(next: SeedRequest): void {
    const { targets, refusal } = this.#parts;
    const url = targets.urlOf(next);
    if (url === undefined) {
      this.#failure = { kind: 'unfit', code: 'ERR_WEB_SEED_URL', message: 'is no http or https address' };
      setImmediate(() => this.#ended());
      return;
    }
    const sentFromAfar = targets.fromAfar(url);
    this.#origin = url.origin;
    this.#progressBytes = 0;
    this.#answers = 0;
    this.#connection = new HttpConnection({
      url,
      egress: this.#parts.egress,
      refusal: (host) => refusal(url, sentFromAfar, host),
      sink: this,
      closed: (end) => this.#disconnected(end),
      received: (reads) => this.#parts.owner.received(reads),
    });
    this.#pump();
  }

  #fail(kind: WebSeedFailure['kind'], code: string, message: string): void {
    this.#abort({ kind, code, message });
  }

  #abort(failure: WebSeedFailure): void {
    this.#body.drop();
    this.#failure ??= failure;
    this.#connection?.close();
  }

  /** Another connection goes on where this one ends. */
  #restart(): void {
    this.#body.drop();
    this.#restarting = true;
    this.#connection?.close();
  }

  #disconnected(end: ConnectionEnd): void {
    const { stream } = this.#parts;
    clearTimeout(this.#idleTimer);
    const wanted = this.#restarting || end.complete || this.#requests.length === 0;
    const useful = this.#answers > 0 || this.#progressBytes >= WEB_SEED_PROGRESS_BYTES_MIN;
    const host = this.#connection?.host;
    this.#connection = undefined;
    this.#restarting = false;
    this.#body.over();
    this.#sent = 0;
    stream.settle();
    const first = this.#requests[0];
    if (first !== undefined) {
      if (this.#done > 0) first.movedTo = undefined;
      first.from += this.#done;
      first.length -= this.#done;
      this.#done = 0;
    }
    if (this.#failure === undefined && !wanted && !useful) this.#failure = failureOf(end);
    // The name may have other addresses, where somebody is better off.
    if (this.#failure?.kind === 'busy' && host !== undefined && !this.#closing) this.#parts.egress.names.shun(host);
    if (this.#failure === undefined) this.#pump();
    else this.#ended();
  }

  /** No socket can write any more: the places go back. */
  #ended(): void {
    const { stream, owner, id, targets } = this.#parts;
    const failure = this.#failure;
    if (failure === undefined || this.#connection !== undefined) return;
    this.#failure = undefined;
    this.#requests.length = 0;
    this.#done = 0;
    targets.forget();
    if (failure.code !== 'ERR_WEB_SEED_CLOSED') owner.failed(id, failure);
    stream.clear();
    owner.received(0);
    if (this.#closing) owner.closed(id);
  }
}

function failureOf({ code, message }: ConnectionEnd): WebSeedFailure {
  const kind = code === 'ERR_SOURCE_FORBIDDEN' ? 'unfit' : 'busy';
  return { kind, code, message };
}
