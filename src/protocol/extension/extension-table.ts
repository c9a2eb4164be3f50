// The extended messages that we speak (BEP 10, `m`): each name and the id under which we receive it. Ids are ours alone:
// what we send carries the id that the peer chose. They never change, so that a late message means what it meant.

/** An extended message by its name in the handshake. */
export type ExtensionName =
  /** Peer exchange (BEP 11). */
  | 'ut_pex'
  /** The info dict from peers (BEP 9). */
  | 'ut_metadata'
  /** One byte: the sender wants no data from now on, or does again (BEP 21 after the handshake). */
  | 'upload_only'
  /** Introductions between peers that cannot reach each other (BEP 55). */
  | 'ut_holepunch'
  /** The sender lost a piece (BEP 54). */
  | 'lt_donthave';

/** Under which id we receive each. */
export const EXTENSION_IDS: Readonly<Record<ExtensionName, number>> = {
  ut_pex: 1,
  ut_metadata: 2,
  upload_only: 3,
  ut_holepunch: 4,
  lt_donthave: 5,
};

const NAMES = Object.keys(EXTENSION_IDS) as readonly ExtensionName[];

/** The message that came under one of our ids, or `undefined` for an id that we never gave out. */
export function extensionOf(localId: number): ExtensionName | undefined {
  return NAMES.find((name) => EXTENSION_IDS[name] === localId);
}

/** True for a name that we know. */
export function isExtensionName(name: string): name is ExtensionName {
  return Object.hasOwn(EXTENSION_IDS, name);
}
