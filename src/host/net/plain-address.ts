// How the system's numeric addresses are told to the engine.

/** An IPv4 address as it is known elsewhere: a socket that listens for both families shows it inside an IPv6 one. */
export function plainAddress(host: string): string {
  return host.startsWith('::ffff:') ? host.slice('::ffff:'.length) : host;
}
