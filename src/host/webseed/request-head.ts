// The head of a request to a web seed, as it goes over the wire (RFC 9112).
import type { WebSeedAddress, WebSeedContent } from '../../engine/webseed/web-seed-port.ts';
import { percentDecode } from '../../protocol/magnet/percent-coding.ts';
import type { SeedRequest } from './seed-request.ts';
import type { SeedTargets } from './seed-targets.ts';

/** What a request says beside where it goes. */
export interface RequestFacts {
  readonly address: WebSeedAddress;
  readonly content: WebSeedContent;
  readonly targets: SeedTargets;
  readonly userAgent: string;
}

/** A URL holds no white space and no control character once it was parsed, so nothing of it ends a line. */
export function requestHead({ index, from, length }: SeedRequest, url: URL, facts: RequestFacts): string {
  const { address, content, targets, userAgent } = facts;
  const whole = address.kind === 'pieces' || (from === 0 && length === content.files[index]!.length);
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    `User-Agent: ${userAgent}`,
    'Accept: */*',
    'Accept-Encoding: identity',
    ...(whole ? [] : [`Range: bytes=${from}-${from + length - 1}`]),
    ...(targets.isOwn(url) ? credentials(new URL(address.url)) : []),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The password that the torrent's URL holds, if any. */
function credentials({ username, password }: URL): readonly string[] {
  if (username === '') return [];
  const pair = `${percentDecode(username)}:${percentDecode(password)}`;
  return [`Authorization: Basic ${Buffer.from(pair).toString('base64')}`];
}
