// --tracker and --web-seed: URLs that go into a torrent, so a typing error would live as long as the torrent.
import { InputError } from '../../base/errors.ts';

/**
 * Reads the URL of a tracker (BEP 3, 15).
 * @throws InputError ERR_CLI_URL
 */
export function parseTrackerUrl(text: string): string {
  return checkedUrl(text, ['http:', 'https:', 'udp:'], 'a tracker');
}

/**
 * Reads the URL of a web seed (BEP 19).
 * @throws InputError ERR_CLI_URL
 */
export function parseWebSeedUrl(text: string): string {
  return checkedUrl(text, ['http:', 'https:'], 'a web seed');
}

function checkedUrl(text: string, protocols: readonly string[], noun: string): string {
  const isUsable = URL.canParse(text) && protocols.includes(new URL(text).protocol) && new URL(text).hostname !== '';
  if (isUsable) return text;
  const schemes = protocols.map((protocol) => `${protocol}//`).join(', ');
  throw new InputError('ERR_CLI_URL', `"${text}" is not the URL of ${noun}: it must start with ${schemes}`);
}
