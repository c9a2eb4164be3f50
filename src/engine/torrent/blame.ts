// Who is to blame for a piece that failed its hash. One contributor is guilty. Of several each is a suspect and put on
// parole: it fetches whole pieces alone (picker) until one is verified, so that the next failure names the liar.
import type { LinkId } from '../ports.ts';

/** The judgement on the contributors of a failed piece. */
export interface Judgement {
  /** Sent the whole piece: to be banned. */
  readonly guilty: LinkId | undefined;
  /** Sent parts of it, each named once; empty when somebody is guilty. */
  readonly suspects: readonly LinkId[];
}

/** Judges by the link that sent each block. */
export function judgeContributors(contributors: Int32Array): Judgement {
  const suspects = [...new Set(contributors)];
  return suspects.length === 1 ? { guilty: suspects[0]!, suspects: [] } : { guilty: undefined, suspects };
}
