"""Seeds a torrent with libtorrent to whoever is found in the own network: LSD and nothing else. Prints "ready"."""
import sys
import time

import libtorrent as lt

torrent, folder, listen = sys.argv[1:4]
session = lt.session({
    'listen_interfaces': listen, 'enable_dht': False, 'enable_lsd': True, 'enable_upnp': False, 'enable_natpmp': False,
    'enable_outgoing_utp': False, 'enable_incoming_utp': False, 'allow_multiple_connections_per_ip': True,
    'local_service_announce_interval': 5,
})
parameters = lt.add_torrent_params()
parameters.ti = lt.torrent_info(torrent)
parameters.save_path = folder
parameters.flags |= lt.torrent_flags.seed_mode
handle = session.add_torrent(parameters)
while not handle.status().is_seeding:
    time.sleep(0.02)
print('ready', flush=True)
sys.stdin.read()
