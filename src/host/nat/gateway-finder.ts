// Which gateways are worth asking to open a port: those on the way to the internet of an address of ours that is not known
// out there (IPv4), or that a firewall may stand before (IPv6).
import { createSocket } from 'node:dgram';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { Gateway } from '../../engine/portmap/gateway-port.ts';
import { SCOPE_GLOBAL, SCOPE_NONE, scopeOf } from '../../engine/swarm/address-scope.ts';
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';
import { type AddressFamily, decodeAddress } from '../../protocol/tracker/compact-peers.ts';
import { type DefaultRoute, isLinkLocal, readDefaultRoutes } from './default-routes.ts';

/** A gateway, and by what it is reached. */
export interface FoundGateway extends Gateway {
  readonly interfaceName: string;
  /** Bits of the network that our address is in. */
  readonly networkBits: number;
  /** Nobody knows whether it is one: UPnP may find another in the same network. */
  readonly guessed: boolean;
}

/** What the system tells; tests tell something else. */
export interface SystemNetwork {
  readonly routes: () => Promise<readonly DefaultRoute[] | undefined>;
  readonly interfaces: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  /** The address that this machine speaks to the IPv6 internet from. */
  readonly ipv6Source: () => Promise<string | undefined>;
}

export const systemNetwork: SystemNetwork = { routes: readDefaultRoutes, interfaces: networkInterfaces, ipv6Source };

/** No packet goes there: an address for documentation (RFC 3849), on the way to all others. */
const SOMEWHERE = '2001:db8::1';

/** Finds the gateways of those of our addresses that peers can reach us at. */
export async function findGateways(
  listens: (address: string, family: AddressFamily) => boolean,
  network: SystemNetwork,
): Promise<FoundGateway[]> {
  const interfaces = network.interfaces();
  const routes = [...((await network.routes()) ?? guessRoutes(interfaces))].sort((a, b) => a.metric - b.metric);
  const oursOf = ({ family, interfaceName }: DefaultRoute): NetworkInterfaceInfo[] =>
    (interfaces[interfaceName] ?? []).filter(({ address, internal }) => !internal && listens(address, family));
  // Who has but one address, because all is bound to it for example, need not ask which one it is.
  const several = routes.some((route) => route.family === 6 && globalIpv6(oursOf(route)).length > 1);
  const source = several ? await network.ipv6Source() : undefined;
  const seen = new Set<string>();
  return routes.flatMap((route) => {
    const { family, interfaceName } = route;
    const ours = oursOf(route);
    const own = family === 4 ? ownIpv4(ours, route.host) : ownIpv6(ours, source);
    // One gateway for each interface and family: the better route comes first.
    if (own === undefined || seen.has(`${family}${interfaceName}`)) return [];
    seen.add(`${family}${interfaceName}`);
    const networkBits = Number(own.cidr?.split('/')[1] ?? 0);
    const guessed = 'guessed' in route;
    return [{ family, host: route.host, local: own.address, interfaceName, networkBits, guessed }];
  });
}

/** Who has an address of the internet needs no translation. Of several the one in the gateway's network is used. */
function ownIpv4(ours: readonly NetworkInterfaceInfo[], gateway: string): NetworkInterfaceInfo | undefined {
  const four = ours.filter(({ family, address }) => family === 'IPv4' && scopeOf(address) !== SCOPE_GLOBAL);
  return four.find(({ cidr }) => cidr !== null && inNetwork(gateway, cidr)) ?? four[0];
}

/** The address that we speak to the internet from, if this interface has it: that one our peers hear of. */
function ownIpv6(ours: readonly NetworkInterfaceInfo[], source: string | undefined): NetworkInterfaceInfo | undefined {
  const six = globalIpv6(ours);
  return six.find(({ address }) => address === source) ?? six[0];
}

function globalIpv6(ours: readonly NetworkInterfaceInfo[]): NetworkInterfaceInfo[] {
  return ours.filter(({ family, address }) => family === 'IPv6' && scopeOf(address) === SCOPE_GLOBAL);
}

/** Whether an address is in a network such as 192.168.1.0/24; host bits of the network do not count. */
export function inNetwork(host: string, cidr: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const [a, b] = [encodeAddress(host), encodeAddress(network)];
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  for (let bit = 0; bit < Number(bits); bit++) {
    const mask = 0x80 >> (bit & 7);
    if ((a[bit >> 3]! & mask) !== (b[bit >> 3]! & mask)) return false;
  }
  return true;
}

/** Without a routing table: the first address of every private network that we are in. */
function guessRoutes(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): (DefaultRoute & { readonly guessed: true })[] {
  return Object.entries(interfaces).flatMap(([interfaceName, all = []]) =>
    all.flatMap(({ family, internal, address, netmask }) => {
      const bytes = encodeAddress(address);
      const mask = encodeAddress(netmask);
      if (family !== 'IPv4' || internal || bytes === undefined || mask === undefined) return [];
      const first = bytes.map((byte, at) => byte & mask[at]!);
      first[3]! |= 1;
      const host = decodeAddress(first)!;
      if (host === address || scopeOf(host) === SCOPE_NONE) return [];
      return [{ family: 4 as const, host, interfaceName, metric: 0, guessed: true as const }];
    }),
  );
}

/** Lets the system choose, as it does for connections; it sends nothing for that. */
function ipv6Source(): Promise<string | undefined> {
  const socket = createSocket('udp6');
  return new Promise((resolve) => {
    const tell = (address: string | undefined): void => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => tell(undefined));
    socket.connect(9, SOMEWHERE, () => {
      const { address } = socket.address();
      tell(isLinkLocal(address) ? undefined : address);
    });
  });
}
