// A proxy as the user names it: by a URL, whose password is shown to nobody but the proxy.
import { InputError } from '../../base/errors.ts';
import { SOCKS_CREDENTIAL_BYTES_MAX } from '../../protocol/limits.ts';
import type { ProxyCredentials } from '../../protocol/proxy/proxy-handshake.ts';

export interface ProxySettings {
  readonly kind: 'socks5' | 'http';
  /** A name or a numeric address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly credentials?: ProxyCredentials;
}

/** Both SOCKS5 spellings mean the same: names are resolved at the proxy, or they would be told to a name server beside it. */
const KINDS: Readonly<Record<string, ProxySettings['kind']>> = {
  'socks5:': 'socks5',
  'socks5h:': 'socks5',
  'http:': 'http',
};
const PORTS: Readonly<Record<ProxySettings['kind'], number>> = { socks5: 1080, http: 80 };

/** Reads `socks5://[USER:PASSWORD@]HOST[:PORT]`, `socks5h://…` or `http://…`. Throws InputError ERR_PROXY_URL. */
export function parseProxyUrl(text: string): ProxySettings {
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(text)?.[0].toLowerCase() ?? '';
  const kind = KINDS[scheme];
  if (kind === undefined || !text.slice(scheme.length).startsWith('//')) {
    throw bad(
      scheme === '' || !text.includes('://') ? 'it' : `${scheme}//`,
      'a proxy is socks5://, socks5h:// or http://, and a host',
    );
  }
  // Read as http, for of other schemes URL takes hosts as they come; the port that http leaves out is then 80.
  const rest = text.slice(scheme.length);
  const url = URL.canParse(`http:${rest}`) ? new URL(`http:${rest}`) : undefined;
  if (url === undefined || url.hostname === '')
    throw bad('the proxy', 'after :// a proxy has HOST:PORT, or USER:PASSWORD@HOST:PORT');
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw bad('the proxy', 'behind its port nothing follows');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const written = /:(\d+)\/?$/.exec(rest.replace(/^.*@/, ''))?.[1];
  const port = written === undefined ? PORTS[kind] : Number(written);
  if (port < 1) throw bad('the proxy', 'nobody can be reached at port 0');
  const credentials = credentialsOf(url);
  return { kind, host, port, ...(credentials && { credentials }) };
}

/** How a proxy is named in messages: without user and password. */
export function shownProxy({ kind, host, port }: ProxySettings): string {
  return `${kind}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function credentialsOf(url: URL): ProxyCredentials | undefined {
  if (url.username === '' && url.password === '') return undefined;
  const [user, password] = [decode(url.username), decode(url.password)];
  for (const text of [user, password]) {
    if (new TextEncoder().encode(text).length > SOCKS_CREDENTIAL_BYTES_MAX) {
      throw bad('the proxy', `a user name or a password has at most ${SOCKS_CREDENTIAL_BYTES_MAX} bytes`);
    }
  }
  if (user === '') throw bad('the proxy', 'a password needs a user name before it');
  return { user, password };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw bad('the proxy', 'a % in a user name or a password is written %25');
  }
}

/** The URL itself is not repeated: it may hold a password. */
function bad(subject: string, why: string): InputError {
  return new InputError('ERR_PROXY_URL', `${subject} cannot be used as a proxy: ${why}`);
}
