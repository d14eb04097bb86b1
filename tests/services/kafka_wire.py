# SPDX-License-Identifier: Apache-2.0
"""The few Kafka requests that no client is needed for, over a plain socket.

Metadata answers "is it up", CreateTopics makes topics, OffsetFetch reads what a
group has committed, its metadata included, OffsetCommit writes that for a group
without members, DeleteRecords cuts off the beginning of a partition, CreateAcls gives
rights. An address is
"host:port", or several with commas between: the first that answers is asked. Standard
library only, so that the demo needs no Kafka client. All use the oldest request
versions that current brokers still take. Errors are raised as WireError or OSError.
"""

import socket
import struct
import time

METADATA, OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR = 3, 8, 9, 10
CREATE_TOPICS, DELETE_RECORDS, CREATE_ACLS = 19, 21, 30
TOPIC_ALREADY_EXISTS = 36
COORDINATOR_NOT_AVAILABLE, COORDINATOR_S = 15, 30
RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "transactional-id": 5}
PATTERNS = {"literal": 3, "prefixed": 4}
OPERATIONS = {"Read": 3, "Write": 4}
ALLOW = 3


class WireError(Exception):
    """The broker answered, but not with what was asked for."""


class _Reader:
    """Walks over the big-endian fields of one response."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        value = struct.unpack_from(">" + form, self.data, self.at)[0]
        self.at += struct.calcsize(">" + form)
        return value

    def text(self):
        length = self.number("h")
        if length < 0:
            return None
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def array(self, item):
        return [item() for _ in range(max(0, self.number("i")))]


def _text(value):
    data = value.encode()
    return struct.pack(">h", len(data)) + data


def _array(items):
    return struct.pack(">i", len(items)) + b"".join(items)


def _read_exactly(conn, count):
    data = b""
    while len(data) < count:
        part = conn.recv(count - len(data))
        if not part:
            raise WireError("the broker closed the connection")
        data += part
    return data


def _connect(address, timeout_s):
    last = None
    for one in address.split(","):
        host, port = one.rsplit(":", 1)
        try:
            return socket.create_connection((host, int(port)), timeout=timeout_s)
        except OSError as error:
            last = error
    raise last


def _ask(address, api, version, body, timeout_s):
    """Send one request; the reader stands at the first field of the answer."""
    request = struct.pack(">hhi", api, version, 1) + _text("grantd-tests") + body
    with _connect(address, timeout_s) as conn:
        conn.sendall(struct.pack(">i", len(request)) + request)
        size = struct.unpack(">i", _read_exactly(conn, 4))[0]
        answer = _Reader(_read_exactly(conn, size))
    if answer.number("i") != 1:
        raise WireError("the answer belongs to another request")
    return answer


def coordinator(address, group, timeout_s=5):
    """The address of the broker that keeps the group's offsets; waited for, as the first who asks
    has their topic made."""
    end = time.monotonic() + COORDINATOR_S
    while True:
        answer = _ask(address, FIND_COORDINATOR, 0, _text(group), timeout_s)
        code = answer.number("h")
        if code != COORDINATOR_NOT_AVAILABLE or time.monotonic() > end:
            break
        time.sleep(0.05)
    if code:
        raise WireError(f"coordinator of {group}: error {code}")
    answer.number("i")
    return f"{answer.text()}:{answer.number('i')}"


def metadata(address, timeout_s=5):
    """{"brokers": [id, ...], "topics": {name: partitions that have a leader},
    "lagging": partitions with a replica that is not in sync}"""
    answer = _ask(address, METADATA, 4, struct.pack(">i?", -1, False), timeout_s)

    def broker():
        node = answer.number("i")
        answer.text(), answer.number("i"), answer.text()
        return node

    lagging = 0

    def partition():
        nonlocal lagging
        answer.number("h"), answer.number("i")
        leader = answer.number("i")
        replicas, in_sync = (answer.array(lambda: answer.number("i")) for _ in range(2))
        lagging += len(in_sync) < len(replicas)
        return leader

    def topic():
        answer.number("h")
        name = answer.text()
        answer.number("?")
        return name, sum(leader >= 0 for leader in answer.array(partition))

    answer.number("i")  # throttle time
    brokers = answer.array(broker)
    answer.text(), answer.number("i")  # cluster id, controller
    topics = dict(answer.array(topic))
    return {"brokers": sorted(brokers), "topics": topics, "lagging": lagging}


def create_topics(address, topics, configs=None, replicas=1, deadline_s=30):
    """Make {name: partitions} and wait until each partition has a leader.

    A topic that is there already is left as it is.
    """
    config = _array([_text(key) + _text(str(value)) for key, value in (configs or {}).items()])
    body = _array([
        _text(name) + struct.pack(">ih", partitions, replicas) + _array([]) + config
        for name, partitions in topics.items()
    ]) + struct.pack(">i?", int(deadline_s * 1000), False)
    answer = _ask(address, CREATE_TOPICS, 2, body, deadline_s)
    answer.number("i")  # throttle time
    for name, code, message in answer.array(
            lambda: (answer.text(), answer.number("h"), answer.text())):
        if code not in (0, TOPIC_ALREADY_EXISTS):
            raise WireError(f"topic {name}: error {code}: {message}")
    _wait_leaders(address, topics, deadline_s)


def _wait_leaders(address, topics, deadline_s):
    end = time.monotonic() + deadline_s
    while True:
        try:
            led = metadata(address)["topics"]
        except OSError:  # busy: it is asked again
            led = {}
        missing = [name for name, count in topics.items() if led.get(name, 0) < count]
        if not missing:
            return
        if time.monotonic() > end:
            raise WireError(f"no leader after {deadline_s} s: {', '.join(missing)}")
        time.sleep(0.02)


def committed(address, group, timeout_s=5):
    """{(topic, partition): (offset, metadata)} that the group has committed."""
    address = coordinator(address, group, timeout_s)
    answer = _ask(address, OFFSET_FETCH, 2, _text(group) + struct.pack(">i", -1), timeout_s)
    found = {}

    def partition(topic):
        number, offset = answer.number("i"), answer.number("q")
        found[topic, number] = (offset, answer.text() or "")
        answer.number("h")

    def topic():
        name = answer.text()
        answer.array(lambda: partition(name))

    answer.array(topic)
    code = answer.number("h")
    if code:
        raise WireError(f"group {group}: error {code}")
    return found


def commit(address, group, topic, partition, offset, metadata, timeout_s=5):
    """Commit one offset for a group that has no members."""
    place = _array([struct.pack(">iq", partition, offset) + _text(metadata)])
    address = coordinator(address, group, timeout_s)
    answer = _ask(address, OFFSET_COMMIT, 2,
                  _text(group) + struct.pack(">i", -1) + _text("") + struct.pack(">q", -1)
                  + _array([_text(topic) + place]), timeout_s)
    answer.number("i"), answer.text(), answer.number("i"), answer.number("i")
    code = answer.number("h")
    if code:
        raise WireError(f"group {group}: error {code}")


def delete_records(address, topic, partition, before, timeout_s=30):
    """Delete the records of a partition below the offset 'before'."""
    place = _array([struct.pack(">iq", partition, before)])
    answer = _ask(address, DELETE_RECORDS, 0,
                  _array([_text(topic) + place]) + struct.pack(">i", timeout_s * 1000), timeout_s)
    for field in "ii":
        answer.number(field)
    answer.text(), answer.number("i"), answer.number("i"), answer.number("q")
    code = answer.number("h")
    if code:
        raise WireError(f"{topic}/{partition}: error {code}")


def allow(address, rights, timeout_s=30):
    """Give rights, each (principal, operation, resource, name, pattern)."""
    answer = _ask(address, CREATE_ACLS, 1, _array([
        struct.pack(">b", RESOURCES[resource]) + _text(name) + struct.pack(">b", PATTERNS[pattern])
        + _text(principal) + _text("*") + struct.pack(">bb", OPERATIONS[operation], ALLOW)
        for principal, operation, resource, name, pattern in rights]), timeout_s)
    answer.number("i")  # throttle time
    for code, message in answer.array(lambda: (answer.number("h"), answer.text())):
        if code:
            raise WireError(f"a right was not given: error {code}: {message}")
