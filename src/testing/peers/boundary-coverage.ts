// Keeps a list of which commands and events of the boundary between engine and host a conformance suite has used: one that
// is added to engine/ports.ts and forgotten here does not compile, one that no scene uses is found.
import assert from 'node:assert/strict';
import type { PeerPort, PeerSink } from '../../engine/ports.ts';
import type { PeerMaker } from './peer-stage.ts';

const COMMANDS: Readonly<Record<keyof PeerPort, true>> = {
  connect: true,
  share: true,
  unshare: true,
  send: true,
  limitMessages: true,
  request: true,
  revoke: true,
  revokeAll: true,
  serve: true,
  move: true,
  close: true,
};

const EVENTS: Readonly<Record<keyof PeerSink, true>> = {
  connected: true,
  admits: true,
  incoming: true,
  handshake: true,
  requests: true,
  message: true,
  keepAlive: true,
  messagesDone: true,
  blocks: true,
  served: true,
  closed: true,
};

export class BoundaryCoverage {
  readonly #used = new Set<string>();

  /** Makes the same subject, whose calls and answers are counted. */
  watch(make: PeerMaker): PeerMaker {
    return async (arena, sink) => {
      const subject = await make(arena, this.#watched(sink));
      return { ...subject, port: this.#watched(subject.port) };
    };
  }

  assertComplete(): void {
    assert.deepEqual([...this.#used].sort(), [...Object.keys(COMMANDS), ...Object.keys(EVENTS)].sort());
  }

  #watched<T extends PeerPort | PeerSink>(target: T): T {
    return new Proxy(target, {
      get: (_, name: string) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          if (name in COMMANDS || name in EVENTS) this.#used.add(name);
          return member.apply(target, args);
        };
      },
    });
  }
}
