// Addresses that torrent files (BEP 5 `nodes`) and magnet links (BEP 9 `x.pe`) list.

/** Where a peer or node can be reached. `host` is a numeric address (IPv6 without brackets) or a name. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Checks an address: `undefined` unless the host can be one and the port is 1…65535. */
export function hostPort(host: string, port: number): HostPort | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65535) return undefined;
  const plausible = host.includes(':') ? /^[0-9a-fA-F:.]+(%[\w.-]+)?$/ : /^[^\s/:@?#[\]\p{Cc}]+$/u;
  return host.length <= 255 && plausible.test(host) ? { host, port } : undefined;
}

/** Reads `host:port`, `1.2.3.4:port` or `[v6]:port`. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const host = match[1] ?? match[2] ?? '';
  if (match[1] !== undefined && !host.includes(':')) return undefined;
  return hostPort(host, Number(match[3]));
}

/** Writes what `parseHostPort` reads. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
