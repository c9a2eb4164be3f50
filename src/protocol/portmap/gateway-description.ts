// The description of a UPnP gateway (UPnP Device Architecture, 2.3): which of its services can open ports, and where each
// takes its commands. A gateway names services of its connections (IGD 1 and 2) and of its IPv6 firewall.
import { decodeUtf8Lossy } from '../../base/utf8.ts';
import { GATEWAY_SERVICES_MAX, XML_BYTES_MAX } from '../limits.ts';
import { parseHttpUrl } from './ssdp-message.ts';
import { readXml } from './xml-reader.ts';

export type GatewayServiceKind = 'WANIPConnection' | 'WANPPPConnection' | 'WANIPv6FirewallControl';

/** A service that can open ports. */
export interface GatewayService {
  readonly kind: GatewayServiceKind;
  /** WANIPConnection has two; with the second a gateway picks a free port itself. */
  readonly version: number;
  /** What it calls itself, for the commands. */
  readonly type: string;
  /** Where commands go on the gateway: path and query, beginning with `/`. */
  readonly controlPath: string;
  /** The port of that, when it is not the description's own. */
  readonly controlPort?: number;
}

const SERVICE = /^urn:schemas-upnp-org:service:(WANIPConnection|WANPPPConnection|WANIPv6FirewallControl):([1-9])$/;

/**
 * Reads a description. URLs lead to the gateway itself, whatever host they name: `path` is the description's own, which
 * they may be relative to. `undefined` when it is no description; an empty list when there is nothing that opens ports.
 */
export function decodeGatewayDescription(bytes: Uint8Array, path: string): GatewayService[] | undefined {
  if (bytes.length > XML_BYTES_MAX) return undefined;
  const services: GatewayService[] = [];
  let type = '';
  let controlUrl = '';
  let base = path;
  let named = '';
  const whole = readXml(decodeUtf8Lossy(bytes), {
    open(name) {
      if (named === '') named = name;
      if (name === 'service') [type, controlUrl] = ['', ''];
    },
    close(name, text) {
      if (name === 'serviceType') type = text;
      else if (name === 'controlURL') controlUrl = text;
      else if (name === 'URLBase' && text !== '') base = text;
      else if (name === 'service' && services.length < GATEWAY_SERVICES_MAX) {
        const service = serviceOf(type, controlUrl, base);
        if (service !== undefined) services.push(service);
      }
    },
  });
  return whole && named === 'root' ? services : undefined;
}

function serviceOf(type: string, controlUrl: string, base: string): GatewayService | undefined {
  const match = SERVICE.exec(type);
  const control = resolve(controlUrl, base);
  if (match === null || control === undefined) return undefined;
  const { path, port } = control;
  return {
    kind: match[1] as GatewayServiceKind,
    version: Number(match[2]),
    type,
    controlPath: path,
    ...(port !== undefined && { controlPort: port }),
  };
}

/** A URL, or a path, against another one: what is not said is taken from there. */
function resolve(url: string, base: string): { readonly path: string; readonly port?: number } | undefined {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(url)) return parseHttpUrl(url);
  if (!/^[!-~]+$/.test(url) || url.startsWith('//')) return undefined;
  const from = base.startsWith('/') ? { path: base } : parseHttpUrl(base);
  if (from === undefined) return undefined;
  if (url.startsWith('/')) return { ...from, path: url };
  const [folder = '/'] = /^[^?#]*\//.exec(from.path) ?? [];
  return { ...from, path: `${folder}${url}` };
}
