// Looks for a gateway's UPnP side: asks it, and the group that it hears, and takes an answer from nobody but the gateway. Of
// the URL in an answer the port and the path count: the host that is dialled is the one that has answered.
import { createSocket } from 'node:dgram';
import {
  decodeSsdpAnswer,
  encodeSsdpSearch,
  GATEWAY_DEVICES,
  SSDP_GROUPS,
  SSDP_PORT,
  type SsdpLocation,
} from '../../protocol/portmap/ssdp-message.ts';
import { UPNP_ANSWERS_MAX, UPNP_SEARCH_AGAIN_MS, UPNP_SEARCH_MS } from '../limits.ts';
import { attempt } from '../net/attempt.ts';
import { isLinkLocal } from './default-routes.ts';
import { type FoundGateway, inNetwork } from './gateway-finder.ts';

/** Where a gateway keeps its description, and which of its addresses has told. */
export interface UpnpPlace extends SsdpLocation {
  readonly host: string;
}

/** What the search works with. */
export interface UpnpSearch {
  readonly gateway: FoundGateway;
  readonly signal: AbortSignal;
  /** Returns whether a place is what was looked for: the search ends then. */
  readonly found: (place: UpnpPlace) => Promise<boolean>;
}

/** Resolves when a place was taken, or it is time to give up. */
export function searchUpnp({ gateway, signal, found }: UpnpSearch): Promise<void> {
  const { family, local, interfaceName } = gateway;
  return new Promise((resolve) => {
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    const told = new Set<string>();
    const timers: NodeJS.Timeout[] = [];
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      for (const timer of timers) clearTimeout(timer);
      signal.removeEventListener('abort', end);
      socket.close(() => resolve());
    };
    const ask = (): void => {
      for (const device of GATEWAY_DEVICES) {
        const question = encodeSsdpSearch(device, family);
        // A network without multicast, or a gateway that is away, is no more than no answer.
        for (const host of [SSDP_GROUPS[family], gateway.host]) socket.send(question, SSDP_PORT, host, () => undefined);
      }
    };
    socket.on('error', end);
    socket.on('message', (bytes, { address }) => {
      const location = mayAnswer(gateway, address) ? decodeSsdpAnswer(new Uint8Array(bytes)) : undefined;
      const key = `${address} ${location?.port} ${location?.path}`;
      if (location === undefined || told.has(key) || told.size === UPNP_ANSWERS_MAX) return;
      told.add(key);
      void found({ ...location, host: address }).then((taken) => {
        if (taken) end();
      });
    });
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) return end();
    socket.bind({ address: local, port: 0 }, () => {
      if (ended) return;
      if (!attempt(() => socket.setMulticastInterface(family === 4 ? local : `::%${interfaceName}`))) return end();
      ask();
      timers.push(setTimeout(ask, UPNP_SEARCH_AGAIN_MS), setTimeout(end, UPNP_SEARCH_MS));
    });
  });
}

/**
 * Whether whoever sent an answer is the gateway. Of IPv6 its address on the link may answer for the one that routes go by, or
 * the other way round; where the gateway is a guess, a neighbour in our own network may be it.
 */
function mayAnswer({ family, host, local, networkBits, guessed }: FoundGateway, sender: string): boolean {
  if (sender === host) return true;
  if (family === 6) return isLinkLocal(sender) || inNetwork(sender, `${local}/64`);
  return guessed && sender !== local && inNetwork(sender, `${local}/${networkBits}`);
}
