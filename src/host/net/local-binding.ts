// What every socket is bound to when the user says so: an address of this machine, or whatever addresses an interface has
// at the moment. There is no way around it: where there is no address, nothing is opened.
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { SourceError } from '../../base/errors.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { BINDING_LOOK_MS } from '../limits.ts';

/** What a binding comes to; a family without an address is not used at all. */
export type BoundAddresses = Readonly<Partial<Record<AddressFamily, string>>>;

type Interfaces = ReturnType<typeof networkInterfaces>;

export class LocalBinding {
  /** An address or the name of an interface. */
  readonly name: string;
  readonly #interfaces: () => Interfaces;
  #addresses: BoundAddresses = {};
  #lookedMs = Number.NEGATIVE_INFINITY;

  constructor(name: string, interfaces: () => Interfaces = networkInterfaces) {
    this.name = name;
    this.#interfaces = interfaces;
  }

  /** The addresses now. Throws SourceError ERR_BIND_ADDRESS when there is none. */
  addresses(): BoundAddresses {
    const addresses = this.present();
    if (addresses[4] === undefined && addresses[6] === undefined) throw this.gone();
    return addresses;
  }

  /** The addresses now, perhaps none. */
  present(): BoundAddresses {
    const nowMs = performance.now();
    if (nowMs >= this.#lookedMs + BINDING_LOOK_MS) {
      this.#lookedMs = nowMs;
      this.#addresses = addressesOf(this.name, this.#interfaces());
    }
    return this.#addresses;
  }

  /** The address to bind a socket to that goes to an address of this family. Throws SourceError ERR_BIND_ADDRESS, EAFNOSUPPORT. */
  address(family: AddressFamily): string {
    const address = this.addresses()[family];
    if (address !== undefined) return address;
    throw new SourceError('EAFNOSUPPORT', `${this.name} has no IPv${family} address to go out from`);
  }

  /** What to say when there is nothing to bind to any more. */
  gone(): SourceError {
    const what =
      isIP(this.name) === 0
        ? `there is no interface ${this.name} with an address`
        : `no interface has the address ${this.name}`;
    return new SourceError('ERR_BIND_ADDRESS', `${what}: nothing is sent until there is`);
  }
}

function addressesOf(name: string, interfaces: Interfaces): BoundAddresses {
  const family = isIP(name);
  if (family !== 0) {
    const all = Object.values(interfaces).flatMap((addresses = []) => addresses);
    return all.some(({ address }) => address === name) ? { [family]: name } : {};
  }
  const own = interfaces[name] ?? [];
  const four = own.find((address) => address.family === 'IPv4')?.address;
  // A link-local address reaches nobody beyond the cable.
  const six = own.find((address) => address.family === 'IPv6' && address.scopeid === 0)?.address;
  return { ...(four !== undefined && { 4: four }), ...(six !== undefined && { 6: six }) };
}
