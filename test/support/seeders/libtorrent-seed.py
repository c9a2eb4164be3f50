#!/usr/bin/env python3
"""Seeds one torrent with libtorrent-rasterbar (Debian: python3-libtorrent), driven by a test through lines.

usage: libtorrent-seed.py TORRENT SAVE_DIR [--port N] [--up-limit BYTES_PER_SECOND] [--connect PORT]

Answers on standard output, one JSON object a line: {"event": "ready", "port": N, "have": PIECES} once the files are
checked and the port is open; {"event": "stats", "uploaded": BYTES} for each line "stats" on standard input.
Ends when standard input does, so that it never outlives the test.
"""
import argparse
import json
import os
import sys

import libtorrent as lt

options = argparse.ArgumentParser()
options.add_argument('torrent')
options.add_argument('save_dir')
options.add_argument('--port', type=int, default=0)
options.add_argument('--up-limit', type=int, default=0)
options.add_argument('--connect', type=int, help='also dial a peer at this port, which only listens')
options = options.parse_args()


def say(**event):
    print(json.dumps(event), flush=True)


session = lt.session({
    'listen_interfaces': f'127.0.0.1:{options.port}',
    'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
    'enable_outgoing_utp': False, 'enable_incoming_utp': False,
    'in_enc_policy': 2, 'out_enc_policy': 2,  # 2: plain connections only
    'allow_multiple_connections_per_ip': True, 'unchoke_slots_limit': 500, 'connections_limit': 1000,
    'max_allowed_in_request_queue': 5000, 'min_reconnect_time': 1, 'aio_threads': 2,
    'alert_mask': lt.alert.category_t.status_notification | lt.alert.category_t.error_notification,
})
torrent = session.add_torrent({'ti': lt.torrent_info(options.torrent), 'save_path': options.save_dir})
if options.up_limit > 0:
    torrent.set_upload_limit(options.up_limit)

checked = False
listening = False
while not (checked and listening):
    if not session.wait_for_alert(20000):
        sys.exit('libtorrent did not get ready within 20 s')
    for alert in session.pop_alerts():
        if isinstance(alert, lt.torrent_checked_alert):
            checked = True
        elif isinstance(alert, lt.listen_succeeded_alert):
            listening = True
        elif isinstance(alert, (lt.listen_failed_alert, lt.torrent_error_alert)):
            sys.exit(alert.message())
if options.connect is not None:
    torrent.connect_peer(('127.0.0.1', options.connect))
say(event='ready', port=session.listen_port(), have=torrent.status().num_pieces)

for line in sys.stdin:
    if line.strip() == 'stats':
        say(event='stats', uploaded=torrent.status().total_payload_upload)
os._exit(0)  # not sys.exit: libtorrent would wait for trackers that do not exist
