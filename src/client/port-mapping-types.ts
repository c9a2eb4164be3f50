// What a Client tells of port mapping.

/** A port of ours that a gateway lets through from the internet. */
export interface PortMapping {
  readonly transport: 'tcp' | 'udp';
  /** 4: through a translation of addresses. 6: through a firewall. */
  readonly family: 4 | 6;
  /** How the gateway was asked. */
  readonly protocol: 'pcp' | 'nat-pmp' | 'upnp';
  /** The gateway's address in our network. */
  readonly gateway: string;
  /** The port that we are bound to. */
  readonly internalPort: number;
  /** The port that others are told of. */
  readonly externalPort: number;
  /** The address by which the internet sees it, as the gateway says. */
  readonly externalAddress?: string;
  /** That address is itself one of a private network: another router, or the provider, translates it once more, and peers of the internet do not get through. */
  readonly doubleNat: boolean;
  /** For how long it was granted, in seconds; it is renewed before. 0: until it is taken away. */
  readonly lifetimeSeconds: number;
}

/** What came of port mapping so far. */
export interface PortMappingStatus {
  readonly mappings: readonly PortMapping[];
  /** Gateways that open nothing, or not everything, and what they said last. */
  readonly troubles: readonly { readonly gateway: string; readonly message: string }[];
}
