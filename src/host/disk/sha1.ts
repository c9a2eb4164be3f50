// SHA-1 (FIPS 180-4) of streams of bytes, as the pieces of a torrent are: BEP 3, `pieces`. What is added is read when `run`
// is called, so that an implementation can take several streams at once; `chooseSha1` says which one there is.
import { createHash, type Hash, hash } from 'node:crypto';
import { loadLanes, Sha1Lanes } from './sha1-lanes.ts';

/** Who hashes: `auto`, several pieces side by side where this build and this CPU can, else `node`, node:crypto alone. */
export type Hashing = 'auto' | 'node';

export const HASHINGS: readonly Hashing[] = ['auto', 'node'];

/** A stream of bytes that is being hashed. */
export interface Sha1Stream {
  /** 20 bytes; they hold after the `run` that hashed the stream's end, until the stream begins anew. */
  readonly digest: Uint8Array;
}

export interface Sha1 {
  /** Streams that are hashed at once, when there are so many. */
  readonly abreast: number;
  /** A stream without bytes. */
  stream(): Sha1Stream;
  /**
   * The bytes that come next in a stream, which are left alone until `run`. All blocks but those that end it have a
   * multiple of 64 bytes. With `ends`, the stream is whole; what is added after the next `run` begins it anew.
   */
  add(stream: Sha1Stream, blocks: readonly Uint8Array[], ends: boolean): void;
  /** Hashes what was added. */
  run(): void;
}

class NodeStream implements Sha1Stream {
  digest: Uint8Array = new Uint8Array(0);
  running: Hash | undefined;
}

/** One stream after the other. */
class NodeSha1 implements Sha1 {
  readonly abreast = 1;
  readonly #waiting: { stream: NodeStream; blocks: readonly Uint8Array[]; ends: boolean }[] = [];

  stream(): Sha1Stream {
    return new NodeStream();
  }

  add(stream: NodeStream, blocks: readonly Uint8Array[], ends: boolean): void {
    this.#waiting.push({ stream, blocks, ends });
  }

  run(): void {
    for (const { stream, blocks, ends } of this.#waiting) {
      if (ends && blocks.length === 1 && stream.running === undefined) {
        stream.digest = hash('sha1', blocks[0]!, 'buffer');
        continue;
      }
      stream.running ??= createHash('sha1');
      for (const block of blocks) stream.running.update(block);
      if (!ends) continue;
      stream.digest = stream.running.digest();
      stream.running = undefined;
    }
    this.#waiting.length = 0;
  }
}

/** The implementation to use. */
export function chooseSha1(hashing: Hashing): Sha1 {
  const lanes = hashing === 'auto' ? loadLanes() : undefined;
  return lanes === undefined ? new NodeSha1() : new Sha1Lanes(lanes);
}
