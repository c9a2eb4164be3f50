#!/usr/bin/env python3
"""Nodes of the DHT in one network on this machine, each a libtorrent session of its own, driven by a test through lines.

usage: libtorrent-dht.py COUNT [--host ADDRESS] [--join PORT] [--torrent TORRENT --save-dir DIR]

All listen at one address, 127.0.0.1 by default. The nodes begin with the one at --join, or with the first of them. With --torrent, the last one seeds it; it finds peers,
and is found, through the DHT alone. Answers on standard output, one JSON object a line: {"event": "ready", "ports": [N...]}
once the ports are open; {"event": "nodes", "nodes": [N...]}, how many nodes each knows, for each line "nodes" on standard
input; {"event": "peers", "peers": [[HOST, PORT]...]} for each line "find INFO_HASH", by the first node; {"event": "value",
"value": ...} for "get TARGET" and {"event": "stored", "nodes": N, "target": ...} for "put TEXT". Ends when standard input
does.
"""
import argparse
import json
import os
import sys
import time

import libtorrent as lt

options = argparse.ArgumentParser()
options.add_argument('count', type=int)
options.add_argument('--host', default='127.0.0.1')
options.add_argument('--join', type=int, default=0)
options.add_argument('--torrent')
options.add_argument('--save-dir')
options = options.parse_args()

ALERTS = lt.alert.category_t.status_notification | lt.alert.category_t.error_notification | lt.alert.category_t.dht_notification | lt.alert.category_t.dht_operation_notification


def say(**event):
    print(json.dumps(event), flush=True)


def new_session():
    return lt.session({
        'listen_interfaces': f'[{options.host}]:0' if ':' in options.host else f'{options.host}:0',
        'enable_dht': True, 'dht_bootstrap_nodes': '',
        'dht_restrict_routing_ips': False, 'dht_restrict_search_ips': False, 'dht_prefer_verified_node_ids': False,
        'dht_ignore_dark_internet': False, 'dht_max_fail_count': 20, 'dht_block_ratelimit': 1000,
        'enable_lsd': False, 'enable_upnp': False, 'enable_natpmp': False,
        'enable_outgoing_utp': False, 'enable_incoming_utp': False,
        'in_enc_policy': 2, 'out_enc_policy': 2,
        'allow_multiple_connections_per_ip': True, 'aio_threads': 1, 'hashing_threads': 1, 'alert_mask': ALERTS,
    })


def wait_for(session, kind, seconds):
    """The next alert of a kind, or nothing."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        session.wait_for_alert(200)
        for alert in session.pop_alerts():
            if isinstance(alert, kind):
                return alert
    return None


def until_listening(session):
    while session.listen_port() == 0:
        session.wait_for_alert(100)


sessions = []
known = [options.join] if options.join else []
for _ in range(options.count):
    session = new_session()
    sessions.append(session)
    until_listening(session)
    # By itself libtorrent gets to know a node every few seconds, at first.
    for port in known[-8:]:
        session.add_dht_node((options.host, port))
    known.append(session.listen_port())
for session in sessions[:8]:
    for port in known[8:16]:
        session.add_dht_node((options.host, port))
torrent = None
if options.torrent:
    torrent = sessions[-1].add_torrent({'ti': lt.torrent_info(options.torrent), 'save_path': options.save_dir})
say(event='ready', ports=[session.listen_port() for session in sessions])

for line in sys.stdin:
    command, _, argument = line.strip().partition(' ')
    first = sessions[0]
    if command == 'nodes':
        say(event='nodes', nodes=[session.status().dht_nodes for session in sessions])
    elif command == 'announce':
        torrent.force_dht_announce()
        say(event='announced')
    elif command == 'find':
        first.pop_alerts()
        first.dht_get_peers(lt.sha1_hash(bytes.fromhex(argument)))
        alert = wait_for(first, lt.dht_get_peers_reply_alert, 10)
        say(event='peers', peers=[list(peer) for peer in alert.peers()] if alert else [])
    elif command == 'get':
        first.pop_alerts()
        first.dht_get_immutable_item(lt.sha1_hash(bytes.fromhex(argument)))
        alert = wait_for(first, lt.dht_immutable_item_alert, 10)
        item = alert.item['value'] if alert else None
        say(event='value', value=item.decode('latin1') if isinstance(item, bytes) else repr(item))
    elif command == 'put':
        first.pop_alerts()
        target = first.dht_put_immutable_item(argument)
        alert = wait_for(first, lt.dht_put_alert, 10)
        say(event='stored', target=str(target), nodes=alert.num_success if alert else 0)
os._exit(0)
