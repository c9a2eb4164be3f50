// Which program uses which mark in its peer id, and how it writes its version there (BEP 20).

/**
 * How the four version characters of an Azureus-style peer id are to be read: `four` numbers of which a last zero is
 * left out, the first `three`, two `pairs` of decimal digits (the second may be `padded`: 1.07), or as Transmission
 * does it: `2.94` before version 4 and `4.0.6` from then on.
 */
export type VersionStyle = 'four' | 'three' | 'pairs' | 'pairs-padded' | 'transmission';

interface ClientMark {
  readonly name: string;
  readonly version: VersionStyle;
}

const four = (name: string): ClientMark => ({ name, version: 'four' });
const three = (name: string): ClientMark => ({ name, version: 'three' });

/** Programs by the two characters after the first dash. */
export const AZUREUS_STYLE: ReadonlyMap<string, ClientMark> = new Map([
  ['AG', four('Ares')],
  ['AZ', four('Vuze')],
  ['BC', { name: 'BitComet', version: 'pairs-padded' }],
  ['BG', four('BTGetit')],
  ['BI', four('BiglyBT')],
  ['BL', four('BitLord')],
  ['BT', three('BitTorrent')],
  ['BW', four('BitWombat')],
  ['DE', four('Deluge')],
  ['FD', four('Free Download Manager')],
  ['FG', { name: 'FlashGet', version: 'pairs-padded' }],
  ['FL', four('Folx')],
  ['FW', four('FrostWire')],
  ['GT', four('anacrolix/torrent')],
  ['JT', four('JavaTorrent')],
  ['KG', four('KGet')],
  ['KT', three('KTorrent')],
  ['LH', four('LibreTorrent')],
  ['LT', four('libtorrent')],
  ['LW', four('LimeWire')],
  ['MG', four('MediaGet')],
  // Miro, which used the same mark, had its last release in 2013.
  ['MR', four('Millrace')],
  ['PI', four('PicoTorrent')],
  ['RN', four('rain')],
  ['SD', four('Xunlei')],
  ['SZ', four('Shareaza')],
  ['TB', four('Torch')],
  ['TL', four('Tribler')],
  ['TR', { name: 'Transmission', version: 'transmission' }],
  ['TT', four('TuoTu')],
  ['TX', four('Tixati')],
  ['UE', three('uTorrent Embedded')],
  ['UM', three('uTorrent for Mac')],
  ['UT', three('uTorrent')],
  ['UW', three('uTorrent Web')],
  ['VG', four('Vagaa')],
  ['WD', { name: 'WebTorrent Desktop', version: 'pairs' }],
  ['WT', four('BitLet')],
  ['WW', { name: 'WebTorrent', version: 'pairs' }],
  ['XF', four('Xfplay')],
  ['XL', four('Xunlei')],
  ['ZO', four('Zona')],
  ['lt', three('libTorrent (rTorrent)')],
  ['qB', four('qBittorrent')],
  ['rQ', four('rqbit')],
]);

/** Programs by the first letter of a Shadow-style peer id. */
export const SHADOW_STYLE: ReadonlyMap<string, string> = new Map([
  ['A', 'ABC'],
  ['O', 'Osprey Permaseed'],
  ['Q', 'BTQueue'],
  ['R', 'Tribler'],
  ['S', "Shadow's client"],
  ['T', 'BitTornado'],
  ['U', 'UPnP NAT BitTorrent'],
]);
