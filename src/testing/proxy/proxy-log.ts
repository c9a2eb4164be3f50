// What proxies of tests have in common: whom they were asked for, how they misbehave, where names lead.
import { connect, type Socket } from 'node:net';

/** Whom a proxy was asked to reach, as it was told. */
export interface AskedTarget {
  readonly host: string;
  readonly port: number;
}

/** How a proxy behaves; all of it may be changed at any time, for connections that come after. */
export interface ProxyBehaviour {
  /** Whom to let in. Default: everybody, without being asked for a name. */
  credentials?: { readonly user: string; readonly password: string };
  /** Where names lead; others are looked for on this machine. */
  names?: Readonly<Record<string, string>>;
  /** Says everything byte by byte. */
  drips?: boolean;
  /** Hangs up: before the first word, when it knows whom to reach, or never. */
  hangsUp?: 'at-once' | 'when-asked';
  /** Takes connections and says nothing. */
  silent?: boolean;
  /** Says this in place of every answer. */
  nonsense?: Uint8Array;
  /** Refuses every target: the reply of SOCKS5, or the status of HTTP. */
  refuses?: number;
  /** The first bytes of every target come in one packet with the proxy's own last words. */
  joins?: Uint8Array;
}

/** Says something, as its behaviour has it. */
export function say(socket: Socket, words: Uint8Array, { drips, nonsense }: ProxyBehaviour): void {
  const said = nonsense ?? words;
  if (!drips) return void socket.write(said);
  let at = 0;
  const next = (): void => {
    if (at < said.length && !socket.destroyed) socket.write(said.subarray(at, ++at), () => setImmediate(next));
  };
  socket.setNoDelay(true);
  next();
}

/** Joins a client's socket with its target, once that stands. */
export function join(
  client: Socket,
  target: AskedTarget,
  stands: (refusal: NodeJS.ErrnoException | undefined) => void,
): Socket {
  const far = connect({ host: target.host, port: target.port, noDelay: true });
  far.once('connect', () => {
    far.off('error', stands);
    far.on('error', () => client.destroy());
    stands(undefined);
    client.pipe(far);
    far.pipe(client);
  });
  far.once('error', stands);
  far.on('close', () => client.destroy());
  client.on('close', () => far.destroy());
  return far;
}
