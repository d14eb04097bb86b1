# SPDX-License-Identifier: Apache-2.0
"""Requests in, outcomes out, with as little disturbance as two cores allow.

A burst is written beforehand inside an open Kafka transaction; its commit makes
all of it visible at once, so that no producer runs while grantd is measured.
That it is settled is read from the group's committed offsets, which are part of
the same transactions as the outcomes: no consumer runs either. Only where
latency is the question does a consumer read along, in read_committed mode; both
ends are timed by one clock in one process.
"""

import collections
import datetime
import json
import threading
import time
import uuid

import confluent_kafka
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, TopicPartition

from stand import BenchError

import kafka_wire

SETTLE_S = 120
OFFSETS_EVERY_S = 0.04
CHANGE, ALREADY = "Editor", "Viewer"  # every account is a Viewer at first
EXPECTED = {CHANGE: "applied", ALREADY: "already_so"}
HEADERS = [("content-type", b"application/cloudevents+json")]


def request(identity, account, role):
    """One org_role.grant as a structured event."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    email = f"user{account}@example.com"
    return email, json.dumps({
        "specversion": "1.0", "type": "io.grantd.request.v1", "id": identity,
        "source": "/bench", "subject": email, "time": now.replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {"action": "org_role.grant", "instance": "main", "org": {"id": 1},
                 "user": {"email": email}, "role": role, "requested_by": email,
                 "approved_by": ["bob@example.com"], "reason": "on call this week",
                 "ticket": "INC-4711"}}).encode()


class Traffic:
    """Everything that is sent to one grantd, and what must come back."""

    def __init__(self, brokers, grantd, accounts):
        self._brokers, self._grantd, self._free, self._accounts = brokers, grantd, 0, accounts
        self.expected = {}  # request id: result
        self._ends = collections.defaultdict(int)  # partition: offset after the last request
        self._failed = []
        # What waits for the broker must not wait for the default of 100 ms.
        common = {"bootstrap.servers": brokers, "linger.ms": 0, "acks": "all",
                  "socket.nagle.disable": True, "log_level": 3}
        self._single = confluent_kafka.Producer({**common, "enable.idempotence": True})
        self._bulk = confluent_kafka.Producer({
            **common, "transactional.id": f"bench-{uuid.uuid4()}", "linger.ms": 20,
            "retry.backoff.ms": 20, "transaction.timeout.ms": 60000})
        self._bulk.init_transactions()

    def close(self):
        self._single = self._bulk = None

    def _delivered(self, error, message):
        if error is not None:
            self._failed.append(str(error))
        else:
            self._ends[message.partition()] = max(self._ends[message.partition()], message.offset() + 1)

    def next_accounts(self, count):
        """Numbers of accounts that no request has named yet."""
        first, self._free = self._free, self._free + count
        if self._free > self._accounts:
            raise BenchError("more accounts are needed than were made")
        return range(first, first + count)

    def _produce(self, producer, account, role):
        identity = f"r{len(self.expected)}"
        key, value = request(identity, account, role)
        self.expected[identity] = EXPECTED[role]
        producer.produce(self._grantd.topics["requests"], key=key, value=value, headers=HEADERS,
                         on_delivery=self._delivered)
        producer.poll(0)
        return identity

    def _check(self):
        if self._failed:
            raise BenchError(f"{len(self._failed)} requests not delivered: {self._failed[0]}")
        self._grantd.check()

    def prepare(self, count, role):
        """Write a burst that nobody sees yet."""
        self._bulk.begin_transaction()
        for account in self.next_accounts(count):
            self._produce(self._bulk, account, role)
        if self._bulk.flush(60) > 0:
            raise BenchError("the burst could not be written")
        self._check()

    def release(self):
        """Let it be seen."""
        self._bulk.commit_transaction()

    def send(self, account, role):
        """One request, at once; its id."""
        return self._produce(self._single, account, role)

    def wait_settled(self):
        """Wait until the group has committed past every request; the time it was seen."""
        if self._single.flush(30) > 0:
            raise BenchError("requests could not be written")
        self._check()
        give_up = time.monotonic() + SETTLE_S
        while not self._is_settled():
            self._grantd.check()
            if time.monotonic() > give_up:
                self._grantd.fail(f"not settled within {SETTLE_S} s: committed "
                                  f"{self._committed()} of {dict(self._ends)}")
            time.sleep(OFFSETS_EVERY_S)
        return time.monotonic()

    def _committed(self):
        known = kafka_wire.committed(self._brokers, self._grantd.group)
        return {partition: offset for (topic, partition), (offset, _) in known.items()
                if topic == self._grantd.topics["requests"]}

    def _is_settled(self):
        known = self._committed()
        return all(known.get(partition, 0) >= end for partition, end in self._ends.items())

    def verify(self):
        """Every request has exactly one committed outcome, and the right one; or BenchError."""
        seen = collections.Counter()
        wrong = []
        for event in read_all(self._brokers, self._grantd.topics["outcomes"]):
            identity = event["request"]["id"]
            seen[identity] += 1
            if event["result"] != self.expected.get(identity):
                wrong.append(f"{identity}: {event['result']}, {event['reason']}")
        missing = [identity for identity in self.expected if identity not in seen]
        doubled = [identity for identity, count in seen.items() if count > 1]
        if missing or doubled or wrong:
            raise BenchError(f"outcomes: {len(missing)} missing {missing[:5]}, {len(doubled)} doubled "
                             f"{doubled[:5]}, {len(wrong)} wrong {wrong[:5]}")


def _consumer(brokers, topic, start):
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": brokers, "group.id": "bench-reader", "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "enable.partition.eof": True, "socket.nagle.disable": True, "log_level": 3})
    partitions = consumer.list_topics(topic, timeout=30).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, start) for number in partitions])
    return consumer, len(partitions)


def read_all(brokers, topic):
    """The data of all committed events of a topic that nobody writes to any more."""
    consumer, partitions = _consumer(brokers, topic, OFFSET_BEGINNING)
    ended, give_up = set(), time.monotonic() + 60
    try:
        while len(ended) < partitions:
            for message in consumer.consume(1000, 0.5):
                if message.error() is None:
                    yield json.loads(message.value())
                elif message.error().code() == confluent_kafka.KafkaError._PARTITION_EOF:
                    ended.add(message.partition())
            if time.monotonic() > give_up:
                raise BenchError(f"{topic} could not be read to its end")
    finally:
        consumer.close()


class Reader:
    """Reads outcomes as they are committed, and notes when each was seen."""

    def __init__(self, brokers, topic):
        self._consumer, partitions = _consumer(brokers, topic, OFFSET_END)
        self.seen = {}  # request id: time
        ended, give_up = set(), time.monotonic() + 30
        while len(ended) < partitions:  # then it stands where new outcomes come in
            message = self._consumer.poll(0.1)
            if message is not None and message.error() is not None:
                ended.add(message.partition())
            if time.monotonic() > give_up:
                raise BenchError("the reader of outcomes does not get going")
        self._stop = threading.Event()
        self._thread = None

    def take(self, timeout_s):
        message = self._consumer.poll(timeout_s)
        now = time.monotonic()
        if message is not None and message.error() is None:
            self.seen[json.loads(message.value())["request"]["id"]] = now

    def wait(self, identity):
        """Read until that request's outcome has come; the time it was seen."""
        give_up = time.monotonic() + SETTLE_S
        while identity not in self.seen:
            if time.monotonic() > give_up:
                raise BenchError(f"no outcome of {identity} within {SETTLE_S} s")
            self.take(0.5)
        return self.seen[identity]

    def run_beside(self):
        def run():
            while not self._stop.is_set():
                self.take(0.1)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def close(self):
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._consumer.close()
