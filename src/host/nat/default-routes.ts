// Which gateways this machine sends its packets to: what Linux tells of its routes. Other systems have no file to read it
// from; there the first address of each private network is taken for the gateway, as nearly every router has it.
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { fromHex } from '../../base/bytes.ts';
import { decodeAddress } from '../../protocol/tracker/compact-peers.ts';

/** A way out of this machine. */
export interface DefaultRoute {
  readonly family: 4 | 6;
  readonly host: string;
  readonly interfaceName: string;
  /** The lesser, the better. */
  readonly metric: number;
}

const ROUTE_UP = 0x1;
const ROUTE_GATEWAY = 0x2;
const ROUTE_REJECT = 0x200;
const NOWHERE = /^0+$/;

/** Reads the routing tables; `undefined` where there are none to be read. */
export async function readDefaultRoutes(): Promise<DefaultRoute[] | undefined> {
  const read = (file: string): Promise<string | undefined> => readFile(file, 'latin1').catch(() => undefined);
  const [four, six] = await Promise.all([read('/proc/net/route'), read('/proc/net/ipv6_route')]);
  if (four === undefined && six === undefined) return undefined;
  return [...parseRoutes(four ?? ''), ...parseIpv6Routes(six ?? '')];
}

/** Default routes of `/proc/net/route`: columns of hexadecimal numbers in the machine's own order of bytes. */
export function parseRoutes(text: string): DefaultRoute[] {
  return linesOf(text).flatMap(
    ([interfaceName = '', target = '', gateway = '', flags = '', , , metric = '', mask = '']) => {
      if (!isDefault(target, Number.parseInt(flags, 16)) || !NOWHERE.test(mask)) return [];
      const bytes = fromHex(gateway);
      if (bytes?.length !== 4) return [];
      if (endianness() === 'LE') bytes.reverse();
      return [{ family: 4, host: decodeAddress(bytes)!, interfaceName, metric: Number(metric) }];
    },
  );
}

/** Default routes of `/proc/net/ipv6_route`. A gateway with a link-local address is told with its zone. */
export function parseIpv6Routes(text: string): DefaultRoute[] {
  return linesOf(text).flatMap(([target = '', bits = '', , , gateway = '', metric = '', , , flags = '', name = '']) => {
    if (!isDefault(target, Number.parseInt(flags, 16)) || bits !== '00') return [];
    const bytes = fromHex(gateway);
    if (bytes?.length !== 16) return [];
    const host = decodeAddress(bytes)!;
    const zone = isLinkLocal(host) ? `%${name}` : '';
    return [{ family: 6, host: `${host}${zone}`, interfaceName: name, metric: Number.parseInt(metric, 16) }];
  });
}

/** Whether an IPv6 address is only good on its link. */
export function isLinkLocal(host: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(host);
}

function linesOf(text: string): string[][] {
  return text.split('\n').map((line) => line.trim().split(/\s+/));
}

function isDefault(target: string, flags: number): boolean {
  const wanted = ROUTE_UP | ROUTE_GATEWAY;
  return NOWHERE.test(target) && (flags & wanted) === wanted && (flags & ROUTE_REJECT) === 0;
}
