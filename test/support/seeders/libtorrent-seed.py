#!/usr/bin/env python3
"""Seeds one torrent with libtorrent-rasterbar (Debian: python3-libtorrent), driven by a test through lines.

usage: libtorrent-seed.py TORRENT SAVE_DIR [--port N] [--up-limit BYTES_PER_SECOND] [--count N] [--idle]
                          [--encryption rc4|plaintext] [--utp]

Answers on standard output, one JSON object a line: {"event": "ready", "ports": [N…], "have": PIECES} once the files
are checked and the ports are open; {"event": "stats", "uploaded": [BYTES…]} for each line "stats" on standard input;
{"event": "peers", "peers": [[PORT…]…]}, the ports that each client is connected to, for each line "peers". A line
"connect CLIENT PORT" makes a client dial; {"event": "complete"} answers a line "complete", once the first client has
everything, verified and written. With --count it is so many seeders, each a client of its own. With --idle
they get next to nothing in the time that a test takes. With --encryption every connection has to begin with an
encrypted handshake (MSE), and to go on in the named way. With --utp there is
no TCP. Ends when standard input does, so that it never outlives
the test.
"""
import argparse
import json
import os
import sys
import time

import libtorrent as lt

options = argparse.ArgumentParser()
options.add_argument('torrent')
options.add_argument('save_dir')
options.add_argument('--port', type=int, default=0)
options.add_argument('--up-limit', type=int, default=0)
options.add_argument('--count', type=int, default=1)
options.add_argument('--idle', action='store_true')
options.add_argument('--encryption', choices=['rc4', 'plaintext'])
options.add_argument('--utp', action='store_true')
options = options.parse_args()


def say(**event):
    print(json.dumps(event), flush=True)


# 2: plain connections only; 0: encrypted handshakes only.
policy = 0 if options.encryption else 2
encryption = {'in_enc_policy': policy, 'out_enc_policy': policy}
if options.encryption:
    encryption['allowed_enc_level'] = 2 if options.encryption == 'rc4' else 1


def new_session():
    return lt.session({
        'listen_interfaces': f'127.0.0.1:{options.port}',
        'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
        'enable_outgoing_utp': options.utp, 'enable_incoming_utp': options.utp,
        'enable_outgoing_tcp': not options.utp, 'enable_incoming_tcp': not options.utp,
        **encryption,
        'allow_multiple_connections_per_ip': True, 'unchoke_slots_limit': 500, 'connections_limit': 1000,
        'max_allowed_in_request_queue': 5000, 'min_reconnect_time': 1, 'aio_threads': 1, 'hashing_threads': 1,
        'alert_mask': lt.alert.category_t.status_notification | lt.alert.category_t.error_notification
        | lt.alert.category_t.storage_notification,
    })


def until_ready(session):
    """Waits until the session has checked its torrent and listens."""
    checked = listening = False
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


def uploaded_bytes(session):
    """Block bytes sent so far. Not from the torrent's status, which is up to a second old."""
    session.post_session_stats()
    while session.wait_for_alert(20000):
        for alert in session.pop_alerts():
            if isinstance(alert, lt.session_stats_alert):
                return alert.values['net.sent_payload_bytes']
    sys.exit('libtorrent did not tell its counters within 20 s')


def until_written(session, torrent):
    """Waits until the torrent is complete and nothing of it is left to be written."""
    while not torrent.status().is_seeding:
        time.sleep(0.02)
    torrent.flush_cache()
    while session.wait_for_alert(20000):
        if any(isinstance(alert, lt.cache_flushed_alert) for alert in session.pop_alerts()):
            return
    sys.exit('libtorrent did not finish writing within 20 s')


sessions = [new_session() for _ in range(options.count)]
torrents = []
for session in sessions:
    torrent = session.add_torrent({'ti': lt.torrent_info(options.torrent), 'save_path': options.save_dir})
    if options.up_limit > 0:
        torrent.set_upload_limit(options.up_limit)
    if options.idle:
        torrent.set_download_limit(500)  # not upload mode, in which it parts from seeds
    torrents.append(torrent)
for session in sessions:
    until_ready(session)
say(event='ready', ports=[session.listen_port() for session in sessions], have=torrents[0].status().num_pieces)

for line in sys.stdin:
    if line.strip() == 'stats':
        say(event='stats', uploaded=[uploaded_bytes(session) for session in sessions])
    elif line.strip() == 'peers':
        say(event='peers', peers=[[peer.ip[1] for peer in torrent.get_peer_info()] for torrent in torrents])
    elif line.strip() == 'complete':
        until_written(sessions[0], torrents[0])
        say(event='complete')
    elif line.startswith('connect '):
        client, port = map(int, line.split()[1:])
        torrents[client].connect_peer(('127.0.0.1', port))
os._exit(0)  # not sys.exit: libtorrent would wait for trackers that do not exist
