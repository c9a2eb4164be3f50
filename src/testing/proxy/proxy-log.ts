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

/** Says something, as its behaviour has it; `then` comes when it is said. */
export function say(
  socket: Socket,
  words: Uint8Array,
  behaviour: ProxyBehaviour,
  then: () => void = () => undefined,
): void {
  const said = behaviour.nonsense ?? words;
  if (!behaviour.drips) {
    socket.write(said);
    return then();
  }
  let at = 0;
  const next = (): void => {
    if (socket.destroyed) return;
    if (at === said.length) then();
    else socket.write(said.subarray(at, ++at), () => setImmediate(next));
  };
  socket.setNoDelay(true);
  next();
}

/** Dials a target for a client. When it stands, `go` joins the two. */
export function join(
  client: Socket,
  target: AskedTarget,
  dialled: (refusal: NodeJS.ErrnoException | undefined, go: () => void) => void,
): Socket {
  const far = connect({ host: target.host, port: target.port, noDelay: true });
  const refused = (error: NodeJS.ErrnoException): void => dialled(error, () => undefined);
  far.once('connect', () => {
    far.off('error', refused);
    far.on('error', () => client.destroy());
    dialled(undefined, () => {
      client.pipe(far);
      far.pipe(client);
    });
  });
  far.once('error', refused);
  far.on('close', () => client.destroy());
  client.on('close', () => far.destroy());
  return far;
}
