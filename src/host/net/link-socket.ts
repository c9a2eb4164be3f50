// What a link needs of its socket: `net.Socket` has it all, and so have a uTP connection and a dial that is under way.

export interface LinkSocket {
  readonly destroyed: boolean;
  /** Bytes that were written and are still kept here. */
  readonly writableLength: number;
  /** `done` is called when the bytes may change again, or never, when the connection ends before. */
  write(bytes: Uint8Array, done?: (error?: Error | null) => void): unknown;
  cork(): void;
  uncork(): void;
  destroy(): unknown;
  /** `error` tells why, before `close`, which comes once, and never from inside of a call. `end`: the peer sends no more. */
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
}
