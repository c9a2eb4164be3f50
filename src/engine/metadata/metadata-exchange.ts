// How metadata is fetched from strangers (BEP 9): nothing of it can be checked before all of it is there, and any peer
// may lie about its size or its bytes. So everybody helps as long as all claim one size; when they do not, or the whole
// is wrong, each peer is on its own, and whoever then gives the wrong bytes is the liar. Pure: the caller sends.
import { PeerError } from '../../base/errors.ts';
import type { LinkId } from '../ports.ts';
import {
  METADATA_REQUESTS_PER_PEER,
  METADATA_SOLOS_MAX,
  METADATA_TIMEOUT_MS,
  METADATA_TIMEOUTS_MAX,
} from './limits.ts';
import { MetadataAssembly } from './metadata-assembly.ts';

/** A peer that says it has the metadata. */
interface Source {
  readonly link: LinkId;
  readonly totalBytes: number;
  outstanding: number;
  /** Requests in a row that it left unanswered or refused; too many, and it has its turn only when nobody else is left. */
  failures: number;
  notBeforeMs: number;
  /** What it was asked for and has not sent: it may still come after its time. */
  readonly owes: Set<number>;
}

/** A request to be sent. */
export interface MetadataRequest {
  readonly link: LinkId;
  readonly piece: number;
}

/** What came of a piece. */
export type MetadataOutcome =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'complete'; readonly bytes: Uint8Array }
  /** The whole does not match; `guilty` when it is all from one. */
  | { readonly kind: 'corrupt'; readonly guilty: LinkId | undefined };

const WAITING: MetadataOutcome = { kind: 'waiting' };

export class MetadataExchange {
  readonly #matches: (bytes: Uint8Array) => boolean;
  readonly #sources = new Map<LinkId, Source>();
  #shared: MetadataAssembly | undefined;
  /** Assemblies of single peers, once sharing has failed. */
  readonly #solos = new Map<LinkId, MetadataAssembly>();
  #distrust = false;

  /** `matches` says whether bytes have the torrent's info hash. */
  constructor(matches: (bytes: Uint8Array) => boolean) {
    this.#matches = matches;
  }

  /** Peers that say they have the metadata. */
  get sources(): number {
    return this.#sources.size;
  }

  /** Share of the furthest attempt that is there, 0…1. */
  get progress(): number {
    let best = this.#shared?.progress ?? 0;
    for (const solo of this.#solos.values()) best = Math.max(best, solo.progress);
    return best;
  }

  /** A peer has metadata of this size. A second claim of another size replaces the first. */
  offer(link: LinkId, totalBytes: number): void {
    if (this.#sources.get(link)?.totalBytes === totalBytes) return;
    this.withdraw(link);
    this.#sources.set(link, { link, totalBytes, outstanding: 0, failures: 0, notBeforeMs: 0, owes: new Set() });
  }

  /** The peer is gone, or does not speak of metadata any more. */
  withdraw(link: LinkId): void {
    if (!this.#sources.delete(link)) return;
    this.#shared?.release(link);
    this.#solos.delete(link);
  }

  /** Requests to be sent now. */
  due(nowMs: number): MetadataRequest[] {
    this.#expire(nowMs);
    const requests: MetadataRequest[] = [];
    if (!this.#distrust) this.#share();
    if (this.#distrust) this.#beginSolos(nowMs);
    for (const source of this.#byPatience(nowMs)) {
      const assembly = this.#assemblyOf(source);
      while (assembly !== undefined && source.outstanding < METADATA_REQUESTS_PER_PEER) {
        const piece = assembly.nextPiece();
        if (piece === undefined) break;
        assembly.ask(piece, source.link, nowMs);
        source.outstanding++;
        source.owes.add(piece);
        requests.push({ link: source.link, piece });
      }
    }
    return requests;
  }

  /** A piece came. Throws PeerError ERR_PEER_METADATA when nobody asked for it or it does not fit its claim. */
  data(link: LinkId, piece: number, totalBytes: number, bytes: Uint8Array): MetadataOutcome {
    const source = this.#sources.get(link);
    if (source === undefined || !source.owes.delete(piece)) {
      throw new PeerError('ERR_PEER_METADATA', `sent piece ${piece} of the metadata, which nobody asked for`);
    }
    const assembly = this.#assemblyOf(source);
    source.outstanding = Math.max(0, source.outstanding - 1);
    source.failures = 0;
    if (assembly === undefined) return WAITING;
    if (totalBytes !== source.totalBytes || bytes.length !== assembly.pieceLength(piece)) {
      throw new PeerError('ERR_PEER_METADATA', `sent ${bytes.length} bytes as piece ${piece} of the metadata`);
    }
    assembly.put(piece, link, bytes);
    return assembly.complete ? this.#finish(assembly) : WAITING;
  }

  /** The peer will not give a piece, perhaps because it has no metadata yet either. */
  refused(link: LinkId, piece: number, nowMs: number): void {
    const source = this.#sources.get(link);
    if (source === undefined || !source.owes.delete(piece)) return;
    source.outstanding = Math.max(0, source.outstanding - 1);
    this.#assemblyOf(source)?.release(link, piece);
    this.#disappoint(source, nowMs);
  }

  #finish(assembly: MetadataAssembly): MetadataOutcome {
    const bytes = assembly.whole;
    if (this.#matches(bytes)) return { kind: 'complete', bytes };
    const [first, ...others] = assembly.contributors;
    const guilty = others.length === 0 ? first : undefined;
    if (this.#distrust) this.#solos.delete(first!);
    else if (guilty === undefined) this.#stopSharing();
    else this.#shared = undefined;
    return { kind: 'corrupt', guilty };
  }

  #assemblyOf(source: Source): MetadataAssembly | undefined {
    if (this.#distrust) return this.#solos.get(source.link);
    return this.#shared?.totalBytes === source.totalBytes ? this.#shared : undefined;
  }

  /** While all claim the same size there is one attempt. Two sizes: somebody lies. */
  #share(): void {
    for (const { totalBytes } of this.#sources.values()) {
      this.#shared ??= new MetadataAssembly(totalBytes);
      if (totalBytes !== this.#shared.totalBytes) return this.#stopSharing();
    }
  }

  #stopSharing(): void {
    this.#distrust = true;
    this.#shared = undefined;
    // What is on its way belongs to an attempt that is over.
    for (const source of this.#sources.values()) source.outstanding = 0;
  }

  /** A few peers at a time try alone; those who let us wait make room for others. */
  #beginSolos(nowMs: number): void {
    for (const [link] of this.#solos) {
      if (this.#sources.get(link)!.failures >= METADATA_TIMEOUTS_MAX) this.#solos.delete(link);
    }
    for (const { link, totalBytes } of this.#byPatience(nowMs)) {
      if (this.#solos.size >= METADATA_SOLOS_MAX) return;
      if (!this.#solos.has(link)) this.#solos.set(link, new MetadataAssembly(totalBytes));
    }
  }

  #expire(nowMs: number): void {
    const sinceMs = nowMs - METADATA_TIMEOUT_MS;
    for (const assembly of [this.#shared, ...this.#solos.values()]) {
      for (const link of assembly?.expire(sinceMs) ?? []) {
        const source = this.#sources.get(link);
        if (source === undefined) continue;
        source.outstanding = Math.max(0, source.outstanding - 1);
        this.#disappoint(source, nowMs);
      }
    }
  }

  #disappoint(source: Source, nowMs: number): void {
    source.failures++;
    source.notBeforeMs = nowMs + METADATA_TIMEOUT_MS * Math.min(source.failures, METADATA_TIMEOUTS_MAX);
  }

  /** Those who may be asked now, the reliable first. */
  #byPatience(nowMs: number): Source[] {
    const ready = [...this.#sources.values()].filter((source) => source.notBeforeMs <= nowMs);
    return ready.sort((a, b) => a.failures - b.failures);
  }
}
