#!/usr/bin/env python3
"""Seeds or downloads one torrent with libtorrent-rasterbar (Debian: python3-libtorrent), driven by a test through lines.

usage: libtorrent-peer.py TORRENT|MAGNET SAVE_DIR [--port N] [--up-limit BYTES_PER_SECOND] [--count N]
                          [--encryption rc4|plaintext]

Answers on standard output, one JSON object a line: {"event": "ready", "ports": [N…], "have": PIECES} once the files
are checked and the ports are open; {"event": "complete"} once everything is there, verified and written;
{"event": "stats", "uploaded": [BYTES…]} for each line "stats" on standard input. A line "dial PORT" connects to a peer
of 127.0.0.1. With --count it is so many peers, each a client of its own. With --encryption every
connection has to begin with an encrypted handshake (MSE), and to go on in the named way. Ends when standard input does,
so that it never outlives the test.
"""
import argparse
import json
import os
import queue
import sys
import threading

import libtorrent as lt

options = argparse.ArgumentParser()
options.add_argument('torrent')
options.add_argument('save_dir')
options.add_argument('--port', type=int, default=0)
options.add_argument('--up-limit', type=int, default=0)
options.add_argument('--count', type=int, default=1)
options.add_argument('--encryption', choices=['rc4', 'plaintext'])
options = options.parse_args()


speaking = threading.Lock()


def say(**event):
    with speaking:
        print(json.dumps(event), flush=True)


def fail(message):
    print(message, file=sys.stderr, flush=True)
    os._exit(1)


# 2: plain connections only; 0: encrypted handshakes only.
policy = 0 if options.encryption else 2
encryption = {'in_enc_policy': policy, 'out_enc_policy': policy}
if options.encryption:
    encryption['allowed_enc_level'] = 2 if options.encryption == 'rc4' else 1


class Peer:
    def __init__(self):
        self.session = lt.session({
            'listen_interfaces': f'127.0.0.1:{options.port}',
            'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
            'enable_outgoing_utp': False, 'enable_incoming_utp': False,
            **encryption,
            'allow_multiple_connections_per_ip': True, 'unchoke_slots_limit': 500, 'connections_limit': 1000,
            'close_redundant_connections': False,
            'max_allowed_in_request_queue': 5000, 'min_reconnect_time': 1, 'aio_threads': 1, 'hashing_threads': 1,
            'alert_mask': lt.alert.category_t.status_notification | lt.alert.category_t.error_notification
            | lt.alert.category_t.storage_notification,
        })
        magnet = options.torrent.startswith('magnet:')
        source = lt.parse_magnet_uri(options.torrent) if magnet else lt.add_torrent_params()
        source.save_path = options.save_dir
        if not magnet:
            source.ti = lt.torrent_info(options.torrent)
        self.listening, self.checked, self.counters = threading.Event(), threading.Event(), queue.Queue()
        self.torrent = self.session.add_torrent(source)
        if magnet:
            self.checked.set()  # There is nothing to check yet.
        if options.up_limit > 0:
            self.torrent.set_upload_limit(options.up_limit)
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        while True:
            self.session.wait_for_alert(1000)
            for alert in self.session.pop_alerts():
                self.take(alert)

    def take(self, alert):
        if isinstance(alert, lt.torrent_checked_alert):
            self.checked.set()
        elif isinstance(alert, lt.listen_succeeded_alert):
            self.listening.set()
        elif isinstance(alert, lt.session_stats_alert):
            self.counters.put(alert.values['net.sent_payload_bytes'])
        elif isinstance(alert, lt.torrent_finished_alert):
            self.torrent.flush_cache()
        elif isinstance(alert, lt.cache_flushed_alert):
            if self.torrent.status().is_seeding:
                say(event='complete')
        elif isinstance(alert, (lt.listen_failed_alert, lt.torrent_error_alert)):
            fail(alert.message())

    def until_ready(self):
        if not (self.checked.wait(20) and self.listening.wait(20)):
            fail('libtorrent did not get ready within 20 s')

    def uploaded_bytes(self):
        """Block bytes sent so far. Not from the torrent's status, which is up to a second old."""
        self.session.post_session_stats()
        return self.counters.get(timeout=20)


peers = [Peer() for _ in range(options.count)]
for peer in peers:
    peer.until_ready()
say(event='ready', ports=[peer.session.listen_port() for peer in peers], have=peers[0].torrent.status().num_pieces)

for line in sys.stdin:
    word, *rest = line.split()
    if word == 'stats':
        say(event='stats', uploaded=[peer.uploaded_bytes() for peer in peers])
    elif word == 'dial':
        for peer in peers:
            peer.torrent.connect_peer(('127.0.0.1', int(rest[0])))
os._exit(0)  # not sys.exit: libtorrent would wait for trackers that do not exist
