// What port mapping asks of the world, and hears from it: gateways, packets to them and from them, and UPnP over HTTP.
import type { GatewayService } from '../../protocol/portmap/gateway-description.ts';
import type { SoapAnswer, SoapCall } from '../../protocol/portmap/soap-message.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';

/** Whoever stands between one of our addresses and the internet. */
export interface Gateway {
  readonly family: AddressFamily;
  /** Numeric; of IPv6 with its zone, if it needs one. */
  readonly host: string;
  /** Our own address on its side, numeric and without a zone. */
  readonly local: string;
}

/** Two gateways are the same when both ends are. */
export function gatewayKey({ host, local }: Gateway): string {
  return `${local}>${host}`;
}

/** What port mapping asks of gateways. No call throws, or answers at once. */
export interface GatewayPort {
  /** Sends a packet to the gateway's port 5351, from our address there. */
  send(gateway: Gateway, bytes: Uint8Array): void;
  /** Which services for mapping the gateway offers by UPnP; empty when there is no answer in time, or none to be used. */
  find(gateway: Gateway, done: (services: readonly GatewayService[]) => void): void;
  /** Gives a command; `undefined` when it is not answered in time, or not as it should. */
  call(gateway: Gateway, service: GatewayService, call: SoapCall, done: (answer: SoapAnswer | undefined) => void): void;
}

/** What port mapping hears of gateways. */
export interface GatewaySink {
  /** These are all gateways now. */
  gateways(list: readonly Gateway[]): void;
  /** A packet from the gateway's port 5351 to our address. */
  datagram(gateway: Gateway, bytes: Uint8Array): void;
  /** The gateway says that nobody listens at its port 5351. */
  unreachable(gateway: Gateway): void;
  /** A packet from port 5351 of this host, numeric and without a zone, to everybody on the link. */
  announcement(host: string, bytes: Uint8Array): void;
}
