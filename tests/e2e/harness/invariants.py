# SPDX-License-Identifier: Apache-2.0
"""What must hold whatever happened. Each raises AssertionError and says where."""

import base64
import collections
import json
import os
import urllib.parse

from .events import request_key


def exactly_one_outcome(requests, outcomes):
    """Every request has one outcome, and there is no outcome without its request.

    A record that brings another payload under an id that is taken is answered on its
    own account: one refusal for each such record.
    """
    def is_reuse(event):
        return event["data"].get("reason", {}).get("code") == "request.id_reused"

    wanted = {request_key(event) for event in requests}
    seen = collections.Counter(request_key(event) for event in outcomes if not is_reuse(event))
    reuses = collections.Counter(
        (*request_key(event), event["data"]["request"]["partition"], event["data"]["request"]["offset"])
        for event in outcomes if is_reuse(event))
    answered = {request_key(event) for event in outcomes}
    faults = [f"{key}: {count} outcomes" for key, count in (seen + reuses).items() if count > 1]
    faults += [f"{key}: no outcome" for key in wanted - set(seen)]
    faults += [f"{key}: an outcome of no request" for key in answered - wanted]
    assert not faults, f"{len(faults)} faults: " + "; ".join(faults[:20])


def identical_replays(records):
    """Records of one event, aborted ones included, have the same bytes.

    The event's id says what is one event; to be given what a Collector with
    committed=False has read.
    """
    first = {}
    for record in records:
        identity = record.topic, record.event()["id"]
        content = record.key, record.value, sorted(record.header_list)
        before = first.setdefault(identity, (record, content))
        assert before[1] == content, f"two versions of one event:\n{before[0]}\n{record}"


def newest_credentials(credentials):
    """{(instance, login): event}, the one committed last; all of one account are in one partition."""
    newest = {}
    for event in credentials:
        newest[event["data"]["instance"], event["data"]["target"]["login"]] = event
    return newest


def spellings(secret):
    """The secret as it could stand in bytes: plain, in JSON, in a URL, in hex, in base64."""
    raw = secret.encode()
    found = {raw, json.dumps(secret)[1:-1].encode(), urllib.parse.quote(secret, safe="").encode(),
             raw.hex().encode(), raw.hex().upper().encode()}
    # Inside a longer text base64 looks different at each of three alignments; the first and
    # the last characters depend on the neighbours.
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw).rstrip(b"=")
            found.add(text[(0, 2, 3)[shift]:-1])
    return {spelling for spelling in found if len(spelling) >= 6}


def no_plaintext(secrets, places):
    """None of the secrets stands, in any spelling, in any of {name: bytes}."""
    found = [f"{name} (secret {number}, at byte {content.find(spelling)})"
             for number, secret in enumerate(secrets) for spelling in spellings(secret)
             for name, content in places.items() if spelling in content]
    assert not found, "plaintext secrets in: " + ", ".join(sorted(set(found))[:20])


def topic_places(*collectors):
    return {repr(record)[:60]: record.everything()
            for collector in collectors for records in collector.records.values() for record in records}


def redis_places(client):
    """Every key of one database with all it holds."""
    readers = {
        b"string": lambda key: [client.get(key)],
        b"hash": lambda key: [part for pair in client.hgetall(key).items() for part in pair],
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": lambda key: list(client.smembers(key)),
        b"zset": lambda key: client.zrange(key, 0, -1),
    }
    return {f"redis {key!r}": b"\0".join([key, *readers[client.type(key)](key)])
            for key in client.scan_iter(count=1000)}


def file_places(*paths):
    """Files, and all files below directories."""
    places = {}
    for path in paths:
        names = [path] if os.path.isfile(path) else [
            os.path.join(folder, name) for folder, _, files in os.walk(path) for name in files]
        for name in names:
            with open(name, "rb") as file:
                places[name] = file.read()
    return places
