#!/usr/bin/env python3
"""The seeder of every benchmark: libtorrent-rasterbar with large buffers and many request slots.

usage: libtorrent-seed.py [--lean] [--rc4] [--utp] TORRENT DIRECTORY HOST:PORT...
One session per address, all in this process. Checks the payload first, so that no hash is computed during a run.
Prints 'ready', then 'connected SECONDS_SINCE_1970' for each connection. A line HOST:PORT on standard input makes it
dial that client, for one that takes no loopback address from a tracker. Runs until it is ended.
"""
import ctypes
import sys
import threading
import time

import libtorrent as lt

flags = {word for word in sys.argv[1:] if word.startswith('--')}
words = [word for word in sys.argv[1:] if word not in flags]
lean, encrypted, utp = '--lean' in flags, '--rc4' in flags, '--utp' in flags
# 2: plain connections only; 0: encrypted handshakes only, of which level 2 leaves RC4.
encryption = {'in_enc_policy': 0, 'out_enc_policy': 0, 'allowed_enc_level': 2} if encrypted else {
    'in_enc_policy': 2, 'out_enc_policy': 2}
torrent, directory, *addresses = words

# It allocates and frees a buffer for each block, and the C library gives the freed memory back to the system, to ask for it
# anew page by page. Lean, the memory is kept (M_TRIM_THRESHOLD and M_TOP_PAD of mallopt(3)), two threads read, and no more is
# read ahead than the caches of a core hold: it seeds at 0.6 times the CPU time, and whoever downloads from it is faster.
if lean:
    libc = ctypes.CDLL(None)
    if libc.mallopt(-1, 1 << 30) != 1 or libc.mallopt(-2, 32 << 20) != 1:
        raise SystemExit('mallopt refused')
read_ahead = 2 << 20 if lean else 8 << 20
disk_threads = 1 if len(addresses) > 1 else 2 if lean else 4

# Its UDP sockets have the system's 208 KiB otherwise, of which packets are lost on loopback: 5 MiB/s rather than 125.
buffers = {'recv_socket_buffer_size': 4 << 20, 'send_socket_buffer_size': 4 << 20} if utp else {}


def session(address):
    return lt.session({
        'listen_interfaces': address, 'enable_dht': False, 'enable_lsd': False, 'enable_upnp': False,
        'enable_natpmp': False, 'enable_outgoing_utp': utp, 'enable_incoming_utp': utp,
        'enable_outgoing_tcp': not utp, 'enable_incoming_tcp': not utp,
        'allow_multiple_connections_per_ip': True, **encryption, **buffers,
        'unchoke_slots_limit': 500, 'connections_limit': 1000, 'aio_threads': disk_threads,
        'send_buffer_watermark': read_ahead, 'send_buffer_low_watermark': read_ahead // 4, 'send_buffer_watermark_factor': 300,
        'max_allowed_in_request_queue': 5000, 'min_reconnect_time': 1,
        'alert_mask': lt.alert.category_t.peer_notification | lt.alert.category_t.connect_notification})


def add(owner, checked):
    """Adds the torrent; `checked` is the resume data of a session that has hashed the files, if one has."""
    params = lt.read_resume_data(checked) if checked else lt.add_torrent_params()
    params.ti = lt.torrent_info(torrent)
    params.save_path = directory
    handle = owner.add_torrent(params)
    # Its peers connect to it or are named to it: without trackers it never dials anybody else.
    handle.replace_trackers([])
    while not handle.status().is_seeding:
        time.sleep(0.02)
    return handle


def resume_data(owner, handle):
    handle.save_resume_data()
    while True:
        owner.wait_for_alert(1000)
        for alert in owner.pop_alerts():
            if isinstance(alert, lt.save_resume_data_alert):
                return lt.write_resume_data_buf(alert.params)


sessions = [session(address) for address in addresses]
handles = [add(sessions[0], None)]
if len(sessions) > 1:
    checked = resume_data(sessions[0], handles[0])
    handles += [add(owner, checked) for owner in sessions[1:]]


def dial():
    for line in sys.stdin:
        host, port = line.strip().rsplit(':', 1)
        handles[0].connect_peer((host, int(port)))


threading.Thread(target=dial, daemon=True).start()
print('ready', flush=True)
while True:
    for owner in sessions:
        owner.wait_for_alert(1000 if len(sessions) == 1 else 5)
        for alert in owner.pop_alerts():
            if type(alert).__name__ in ('incoming_connection_alert', 'peer_connect_alert'):
                print(f'connected {time.time():.6f}', flush=True)
