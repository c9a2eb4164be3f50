#!/usr/bin/env python3
"""Downloads one torrent from peers on loopback with libtorrent-rasterbar: tells whether a seeder seeds.

usage: libtorrent-get.py TORRENT|MAGNET SAVE_DIR PORT [PORT…] [--timeout SECONDS] [--encryption rc4|plaintext]
                         [--utp]
With --encryption every connection has to begin with an encrypted handshake (MSE), and to go on in the named way.
With --utp there is no TCP. Exits with 0 once everything is there and verified.
"""
import argparse
import os
import sys
import time

import libtorrent as lt

options = argparse.ArgumentParser()
options.add_argument('torrent')
options.add_argument('save_dir')
options.add_argument('ports', type=int, nargs='+')
options.add_argument('--timeout', type=float, default=50)
options.add_argument('--encryption', choices=['rc4', 'plaintext'])
options.add_argument('--utp', action='store_true')
options = options.parse_args()

# 2: plain connections only; 0: encrypted handshakes only.
policy = 0 if options.encryption else 2
encryption = {'in_enc_policy': policy, 'out_enc_policy': policy}
if options.encryption:
    encryption['allowed_enc_level'] = 2 if options.encryption == 'rc4' else 1

session = lt.session({
    'listen_interfaces': '127.0.0.1:0',
    'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
    'enable_outgoing_utp': options.utp, 'enable_incoming_utp': options.utp,
    'enable_outgoing_tcp': not options.utp, 'enable_incoming_tcp': not options.utp,
    **encryption,
    'allow_multiple_connections_per_ip': True, 'min_reconnect_time': 1, 'close_redundant_connections': False,
    'alert_mask': lt.alert.category_t.status_notification | lt.alert.category_t.error_notification
    | lt.alert.category_t.peer_notification | lt.alert.category_t.storage_notification,
})
if options.torrent.startswith('magnet:'):
    source = lt.parse_magnet_uri(options.torrent)
    source.save_path = options.save_dir
else:
    source = {'ti': lt.torrent_info(options.torrent), 'save_path': options.save_dir}
torrent = session.add_torrent(source)
if options.torrent.startswith('magnet:'):
    for port in options.ports:
        torrent.connect_peer(('127.0.0.1', port))
deadline = time.monotonic() + options.timeout
reasons = []
while time.monotonic() < deadline:
    for alert in session.pop_alerts():
        if isinstance(alert, lt.torrent_checked_alert):
            for port in options.ports:
                torrent.connect_peer(('127.0.0.1', port))
        elif isinstance(alert, lt.torrent_finished_alert):
            torrent.flush_cache()
        elif isinstance(alert, lt.cache_flushed_alert):
            if torrent.status().is_seeding:
                os._exit(0)
        elif isinstance(alert, (lt.peer_error_alert, lt.peer_disconnected_alert, lt.torrent_error_alert)):
            reasons.append(alert.message())
    session.wait_for_alert(200)
sys.exit(f'not done after {options.timeout} s: {torrent.status().progress:.3f}; {reasons[-5:]}')
