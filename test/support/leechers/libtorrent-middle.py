#!/usr/bin/env python3
"""Takes part in a torrent with libtorrent-rasterbar as somebody who has nothing and gets next to nothing: to know peers.

usage: libtorrent-middle.py TORRENT SAVE_DIR HOST:PORT
Tells its peers of each other (PEX) and introduces them (BEP 55). Prints 'ready' when it listens, and runs until it is
ended.
"""
import sys
import time

import libtorrent as lt

torrent, save_dir, listen = sys.argv[1:4]
session = lt.session({
    'listen_interfaces': listen, 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
    'close_redundant_connections': False, 'alert_mask': lt.alert.category_t.status_notification})
handle = session.add_torrent({'ti': lt.torrent_info(torrent), 'save_path': save_dir})
handle.set_download_limit(1000)
while handle.status().state != lt.torrent_status.downloading:
    time.sleep(0.02)
while session.listen_port() == 0:
    time.sleep(0.02)
print('ready', flush=True)
while True:
    time.sleep(3600)
