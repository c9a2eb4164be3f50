// The members of a session, and who of them needs the control tick: a torrent that has no peers and nothing to do before
// its next announce sleeps until then, so that thousands of them cost nothing. Whatever else can happen to one wakes it.
import { toHex } from '../../base/bytes.ts';
import type { Random } from '../../base/clock.ts';
import { DueQueue } from '../../base/due-queue.ts';
import { fromRandomStart } from '../../base/random-start.ts';
import { TICK_MS } from '../limits.ts';
import type { Member } from './member.ts';

export class Roster {
  /** By info hash in hexadecimal digits. */
  readonly #members = new Map<string, Member>();
  readonly #ticketBases = new Map<number, Member>();
  readonly #awake = new Set<Member>();
  readonly #asleep = new DueQueue<Member>();

  join(member: Member): void {
    this.#members.set(toHex(member.infoHash), member);
    this.#ticketBases.set(member.ticketBase, member);
    this.#awake.add(member);
  }

  /** Returns whether nobody else has taken its place among the members. */
  leave(member: Member): boolean {
    this.#awake.delete(member);
    this.#asleep.delete(member);
    this.#ticketBases.delete(member.ticketBase);
    const key = toHex(member.infoHash);
    return this.#members.get(key) === member && this.#members.delete(key);
  }

  members(): Iterable<Member> {
    return this.#members.values();
  }

  withHash(infoHash: Uint8Array): Member | undefined {
    return this.#members.get(toHex(infoHash));
  }

  withTicketBase(ticketBase: number): Member | undefined {
    return this.#ticketBases.get(ticketBase);
  }

  /** Those who may have something to do: whoever has peers, or wants some and knows whom to dial, is among them. */
  get awake(): Iterable<Member> {
    return this.#awake;
  }

  /** Something happened to it: it gets the next tick. */
  wake(member: Member): void {
    if (this.#asleep.delete(member)) this.#awake.add(member);
  }

  /** Control tick, from another member on each time. */
  tick(nowMs: number, random: Random): void {
    for (let due = this.#asleep.take(nowMs); due !== undefined; due = this.#asleep.take(nowMs)) this.#awake.add(due);
    for (const member of fromRandomStart(this.#awake, random)) {
      member.dispatch({ type: 'tick' });
      // One that its own tick, or another's, took out is neither awake nor asleep.
      if (!this.#awake.has(member)) continue;
      const untilMs = member.restsUntilMs(nowMs);
      if (untilMs < nowMs + 2 * TICK_MS) continue;
      this.#awake.delete(member);
      this.#asleep.set(member, untilMs);
    }
  }
}
