#!/usr/bin/env python3
"""Downloads TORRENT into DIRECTORY from the given peers with libtorrent-rasterbar.

usage: libtorrent-get.py [--rc4] [--utp] TORRENT DIRECTORY HOST:PORT...
With --utp there is no TCP. Prints 'dialling' when it dials, 'done' when every piece is verified and written, then waits
to be ended.
"""
import sys
import time

import libtorrent as lt

flags = {word for word in sys.argv[1:] if word.startswith('--')}
words = [word for word in sys.argv[1:] if word not in flags]
encrypted, utp = '--rc4' in flags, '--utp' in flags
# 2: plain connections only; 0: encrypted handshakes only, of which level 2 leaves RC4.
encryption = {'in_enc_policy': 0, 'out_enc_policy': 0, 'allowed_enc_level': 2} if encrypted else {
    'in_enc_policy': 2, 'out_enc_policy': 2}
torrent, directory, *peers = words
# Its UDP sockets have the system's 208 KiB otherwise, of which packets are lost on loopback: 5 MiB/s rather than 125.
buffers = {'recv_socket_buffer_size': 4 << 20, 'send_socket_buffer_size': 4 << 20} if utp else {}
session = lt.session({
    'listen_interfaces': '127.0.0.1:0', 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False,
    'enable_natpmp': False, 'enable_outgoing_utp': utp, 'enable_incoming_utp': utp,
    'enable_outgoing_tcp': not utp, 'enable_incoming_tcp': not utp,
    'allow_multiple_connections_per_ip': True, **encryption, **buffers,
    'aio_threads': 4, 'hashing_threads': 2, 'max_out_request_queue': 2000,
    'alert_mask': lt.alert.category_t.status_notification})
handle = session.add_torrent({'ti': lt.torrent_info(torrent), 'save_path': directory})
handle.replace_trackers([])
while handle.status().state != lt.torrent_status.downloading:
    time.sleep(0.01)
print('dialling', flush=True)
for peer in peers:
    host, port = peer.rsplit(':', 1)
    handle.connect_peer((host, int(port)))
while not handle.status().is_seeding:
    session.wait_for_alert(20)
    session.pop_alerts()
print('done', flush=True)
time.sleep(3600)
