// The one place where names are looked up. By the system, as every program does; when sockets are bound, by queries of our own
// that leave from there, for the system's would not (its `hosts` file is then not read). Behind a proxy never: it resolves.
import { lookup, type Resolver } from 'node:dns';
import { Resolver as PromisedResolver } from 'node:dns/promises';
import { isIP, isIPv6, type LookupFunction } from 'node:net';
import { SourceError } from '../../base/errors.ts';
import { NAME_LOOKUP_TIMEOUT_MS, SHUNNED_ADDRESSES_MAX, SHUNNED_MS } from '../limits.ts';
import type { LocalBinding } from './local-binding.ts';

export interface NamedAddress {
  readonly address: string;
  readonly family: number;
}

/** Why a numeric address must not be dialled; `undefined` when it may. */
export type Refusal = (host: string) => string | undefined;

export class Names {
  readonly #binding: LocalBinding | undefined;
  /** Addresses that failed us, and until when they come last; the latest last. */
  readonly #shunned = new Map<string, number>();
  /** Look-ups that `cancel` ends. */
  readonly #resolvers = new Set<PromisedResolver>();

  constructor(binding?: LocalBinding) {
    this.#binding = binding;
  }

  /** All addresses of a name; a numeric address is its own. Rejects with the resolver's error. */
  async addresses(name: string): Promise<readonly NamedAddress[]> {
    const family = isIP(name);
    if (family !== 0) return [{ address: name, family }];
    if (this.#binding === undefined) return this.#ordered(await systemLookup(name));
    const found = this.#ordered(await this.ask(name));
    if (found.length > 0) return found;
    throw Object.assign(new Error(`${name} has no address that ${this.#binding.name} can reach`), {
      code: 'ENOTFOUND',
    });
  }

  /** Asks the name servers, which `cancel` can end, unlike the system's look-up. Resolves to nothing when nobody knows. */
  async ask(name: string): Promise<readonly NamedAddress[]> {
    const resolver = new PromisedResolver({ timeout: NAME_LOOKUP_TIMEOUT_MS, tries: 2 });
    const addresses = this.#binding?.addresses();
    if (name === 'localhost' || name.endsWith('.localhost')) return loopback(addresses);
    if (addresses !== undefined) bindResolver(resolver, addresses, this.#binding!);
    this.#resolvers.add(resolver);
    try {
      const asks = [
        addresses === undefined || addresses[4] !== undefined ? resolver.resolve4(name) : [],
        addresses === undefined || addresses[6] !== undefined ? resolver.resolve6(name) : [],
      ];
      const answers = await Promise.allSettled(asks);
      return answers.flatMap((answer) =>
        answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: isIP(address) })) : [],
      );
    } finally {
      this.#resolvers.delete(resolver);
    }
  }

  /** Ends what `ask` waits for. */
  cancel(): void {
    for (const resolver of this.#resolvers) resolver.cancel();
  }

  /** Somebody at this address has failed us: for a while it comes behind the others that its name has. */
  shun(address: string): void {
    this.#shunned.delete(address);
    this.#shunned.set(address, performance.now() + SHUNNED_MS);
    if (this.#shunned.size > SHUNNED_ADDRESSES_MAX) this.#shunned.delete(this.#shunned.keys().next().value!);
  }

  #ordered<A extends NamedAddress>(addresses: readonly A[]): readonly A[] {
    const nowMs = performance.now();
    const isShunned = ({ address }: A): boolean => (this.#shunned.get(address) ?? 0) > nowMs;
    if (this.#shunned.size === 0 || !addresses.some(isShunned)) return addresses;
    return [...addresses.filter((one) => !isShunned(one)), ...addresses.filter(isShunned)];
  }

  /** A look-up for `net.connect` that leaves out what must not be dialled, and fails with ERR_SOURCE_FORBIDDEN when nothing is left. */
  guarded(refusal: Refusal): LookupFunction {
    return (name, options, callback) => {
      lookup(name, { ...options, all: true }, (error, addresses) => {
        if (error !== null) return callback(error, []);
        const judged = judge(name, this.#ordered(addresses), refusal);
        if (judged instanceof SourceError) return callback(judged, []);
        if (options.all) return callback(null, judged);
        callback(null, judged[0]!.address, judged[0]!.family);
      });
    };
  }
}

/** The addresses that may be dialled, one at least; else the error that says why not. */
export function judge<A extends NamedAddress>(
  name: string,
  addresses: readonly A[],
  refusal: Refusal,
): A[] | SourceError {
  let reason: string | undefined;
  const allowed = addresses.filter(({ address }) => {
    const why = refusal(address);
    reason ??= why;
    return why === undefined;
  });
  return allowed.length > 0 ? allowed : forbidden(name, reason ?? 'it has no address');
}

/** What a source gets that must not be asked. */
export function forbidden(host: string, reason: string): SourceError {
  return new SourceError('ERR_SOURCE_FORBIDDEN', `${host} is not asked: ${reason}`);
}

function systemLookup(name: string): Promise<NamedAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });
}

function loopback(addresses: { readonly 4?: string; readonly 6?: string } | undefined): NamedAddress[] {
  const four = { address: '127.0.0.1', family: 4 };
  const six = { address: '::1', family: 6 };
  if (addresses === undefined) return [four, six];
  return [...(addresses[4] !== undefined ? [four] : []), ...(addresses[6] !== undefined ? [six] : [])];
}

/** A name server of a family that we are not bound in would be asked past the binding: it is not asked. */
function bindResolver(
  resolver: Pick<Resolver, 'setLocalAddress' | 'setServers' | 'getServers'>,
  addresses: { readonly 4?: string; readonly 6?: string },
  binding: LocalBinding,
): void {
  const servers = resolver.getServers().filter((server) => addresses[isIPv6(hostOf(server)) ? 6 : 4] !== undefined);
  if (servers.length === 0) {
    throw new SourceError('ENOTFOUND', `no name server can be asked from ${binding.name}`);
  }
  resolver.setServers(servers);
  resolver.setLocalAddress(addresses[4] ?? '0.0.0.0', addresses[6] ?? '::0');
}

/** Servers are told as `1.2.3.4`, `1.2.3.4:53`, `::1` or `[::1]:53`. */
function hostOf(server: string): string {
  return /^\[(.+)\]/.exec(server)?.[1] ?? (isIP(server) === 0 ? server.replace(/:\d+$/, '') : server);
}
