#!/usr/bin/env python3
"""Downloads TORRENT into DIRECTORY from the given peers with libtorrent-rasterbar.

usage: libtorrent-get.py [--rc4] TORRENT DIRECTORY HOST:PORT...
Prints 'done' when every piece is verified and written, then waits to be ended.
"""
import sys
import time

import libtorrent as lt

encrypted = sys.argv[1] == '--rc4'
if encrypted:
    del sys.argv[1]
# 2: plain connections only; 0: encrypted handshakes only, of which level 2 leaves RC4.
encryption = {'in_enc_policy': 0, 'out_enc_policy': 0, 'allowed_enc_level': 2} if encrypted else {
    'in_enc_policy': 2, 'out_enc_policy': 2}
torrent, directory, peers = sys.argv[1], sys.argv[2], sys.argv[3:]
session = lt.session({
    'listen_interfaces': '127.0.0.1:0', 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False,
    'enable_natpmp': False, 'enable_outgoing_utp': False, 'enable_incoming_utp': False,
    'allow_multiple_connections_per_ip': True, **encryption,
    'aio_threads': 4, 'hashing_threads': 2, 'max_out_request_queue': 2000,
    'alert_mask': lt.alert.category_t.status_notification})
handle = session.add_torrent({'ti': lt.torrent_info(torrent), 'save_path': directory})
handle.replace_trackers([])
while handle.status().state != lt.torrent_status.downloading:
    time.sleep(0.01)
for peer in peers:
    host, port = peer.rsplit(':', 1)
    handle.connect_peer((host, int(port)))
while not handle.status().is_seeding:
    session.wait_for_alert(20)
    session.pop_alerts()
print('done', flush=True)
time.sleep(3600)
