// Who may be met at all, by address: the IP filter of a session, which the user may replace at any time. One gate is
// shared by everything that takes addresses in, dials them or is dialled.
import type { IpFilter } from './ip-filter.ts';

export class AddressGate {
  /** Absent: everybody may be met. */
  filter: IpFilter | undefined;
  /** Hosts that the user banned. */
  readonly banned: Set<string> = new Set();

  /** Whether this address is filtered. A name passes until it is resolved. */
  readonly refuses = (host: string): boolean => this.banned.has(host) || (this.filter?.blocks(host) ?? false);
}
