// Connections to trackers and web seeds, and to web servers that have a torrent file: TLS where the URL wants it, over the way
// out that the client has. A name is looked up, and every address that it stands for is judged, in the moment of the
// connection: what is dialled is what was judged (engine/discovery/source-guard.ts). Behind a proxy the proxy looks it up:
// the name itself is judged then, and where it leads is the proxy's affair.
import { isIP, type Socket } from 'node:net';
import type { DirectRead } from './adopt-socket.ts';
import type { Egress, Opening } from './egress.ts';
import { forbidden, type Refusal } from './names.ts';

export interface SourceTarget {
  /** A name or a numeric address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** Whose certificate is expected, when `host` is an address that was looked up already. */
  readonly serverName?: string;
}

export interface SourceDial {
  /** Why this numeric address must not be dialled, or this name asked for; `undefined` when it may. */
  readonly refusal: Refusal;
  /** Reads straight to where the caller says; absent: as chunks. */
  readonly onread?: DirectRead;
  /** It stands, TLS included, and belongs to the caller. */
  readonly opened: (socket: Socket) => void;
  /** With a SourceError ERR_SOURCE_FORBIDDEN when no address of the host may be dialled. */
  readonly failed: (error: NodeJS.ErrnoException) => void;
}

/** Opens a connection. Exactly one of `opened` and `failed` comes, later; neither after `destroy`. */
export function openSource(egress: Egress, target: SourceTarget, dial: SourceDial): Opening {
  const { host, port, secure, serverName = host } = target;
  const { refusal, onread, opened, failed } = dial;
  if (egress.proxy !== undefined && isIP(host) === 0) {
    const reason = refusal(host);
    if (reason !== undefined) {
      const timer = setImmediate(failed, forbidden(host, reason));
      return { destroy: () => clearImmediate(timer) };
    }
  }
  return egress.connect({ host, port, refusal, onread, opened, failed, ...(secure && { secure: { serverName } }) });
}
