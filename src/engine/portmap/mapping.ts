// One port of ours at one gateway: what we would like, what we have, and when to see to it again.
import { type Random, randomBelow } from '../../base/clock.ts';
import { PCP_NONCE_BYTES, type PortTransport } from '../../protocol/portmap/pcp-packet.ts';
import { MAPPING_RENEWAL_MS_MAX, MAPPING_RETRY_MS_MIN, REFUSAL_WAIT_SECONDS_MIN } from './limits.ts';
import type { MappingAsk, MappingOutcome, MappingProtocol } from './mapping-client.ts';

/** A port of ours, as it is bound. */
export interface OwnPort {
  readonly transport: PortTransport;
  readonly port: number;
}

/** What a gateway granted. */
export interface Grant {
  readonly protocol: MappingProtocol;
  readonly externalPort: number;
  readonly externalHost: string | undefined;
  /** 0: until it is taken away. */
  readonly lifetimeSeconds: number;
  readonly expiresMs: number;
}

export class Mapping {
  readonly own: OwnPort;
  readonly #random: Random;
  /** Says that the mapping is ours (RFC 6887, 11.1). */
  readonly #nonce: Uint8Array;
  /** When it is to be asked for, or renewed. */
  dueMs: number = Number.NEGATIVE_INFINITY;
  /** The external port that we would like. */
  wish: number;
  /** How many that we liked were somebody else's. */
  clashes = 0;
  #grant: Grant | undefined;

  constructor(own: OwnPort, random: Random) {
    this.own = own;
    this.#random = random;
    this.#nonce = Uint8Array.from({ length: PCP_NONCE_BYTES }, () => randomBelow(random, 256));
    this.wish = own.port;
  }

  get grant(): Grant | undefined {
    return this.#grant;
  }

  get ask(): MappingAsk {
    const { transport, port: internalPort } = this.own;
    const externalPort = this.#grant?.externalPort ?? this.wish;
    return { transport, internalPort, externalPort, held: this.#grant !== undefined, nonce: this.#nonce };
  }

  /** We have it now, or still; returns whether anything is new about it. */
  granted(outcome: MappingOutcome & { readonly type: 'mapped' }, protocol: MappingProtocol, nowMs: number): boolean {
    const { externalPort, externalHost, lifetimeSeconds } = outcome;
    const lifeMs = lifetimeSeconds === 0 ? Number.POSITIVE_INFINITY : lifetimeSeconds * 1000;
    const before = this.#grant;
    this.#grant = { protocol, externalPort, externalHost, lifetimeSeconds, expiresMs: nowMs + lifeMs };
    this.wish = externalPort;
    this.clashes = 0;
    // From a half to five eighths of its life (RFC 6887, 11.2.1).
    this.dueMs = nowMs + Math.min(MAPPING_RENEWAL_MS_MAX, lifeMs / 2) * (1 + this.#random.next() / 4);
    return (
      before?.externalPort !== externalPort || before.externalHost !== externalHost || before.protocol !== protocol
    );
  }

  /** It was not renewed this time: half of what is left is the next try's (RFC 6887, 11.2.1). */
  unanswered(nowMs: number): void {
    const leftMs = this.#grant === undefined ? 2000 * REFUSAL_WAIT_SECONDS_MIN : this.#grant.expiresMs - nowMs;
    this.dueMs = nowMs + Math.max(MAPPING_RETRY_MS_MIN, Math.min(MAPPING_RENEWAL_MS_MAX, leftMs / 2));
  }

  /** We do not have it any more; returns whether we had. */
  lose(): boolean {
    const had = this.#grant !== undefined;
    this.#grant = undefined;
    return had;
  }
}
