# SPDX-License-Identifier: Apache-2.0
"""The producer of requests, and the collector of what grantd commits."""

import time

import confluent_kafka
from confluent_kafka import KafkaError, TopicPartition

from . import events
from .paths import DEADLINE_S, wait_until

MAX_BYTES = 8 * 1024 * 1024


class Producer:
    """Writes records in the order they are handed over, one batch at a time: of two on their way
    to a new topic the first can be refused, the second be taken as the producer's first, and the
    first be reported as written all the same. With idempotent=False a record whose answer was lost
    may be there twice; otherwise librdkafka 2.0 may give up for good when leaders move."""

    def __init__(self, brokers, idempotent=True):
        self._producer = confluent_kafka.Producer({
            "bootstrap.servers": brokers, "message.max.bytes": MAX_BYTES, "linger.ms": 0,
            "acks": "all", "enable.idempotence": idempotent, "max.in.flight": 1,
            "socket.nagle.disable": True})
        self._failed = []
        self._warm = set()

    def send_raw(self, topic, value, key=None, headers=None, partition=None):
        """Hand over one record of any bytes; flush() waits for it."""
        def delivered(error, _message):
            if error is not None:
                self._failed.append(str(error))

        if topic not in self._warm:
            # A first record would wait a second for what is asked for here.
            self._producer.list_topics(topic, DEADLINE_S)
            self._warm.add(topic)
        self._producer.produce(topic, value=value, key=key, headers=headers or [],
                               partition=-1 if partition is None else partition,
                               on_delivery=delivered)
        self._producer.poll(0)

    def send(self, topic, event, mode="binary", key=None, partition=None):
        """Hand over one event, keyed by its subject unless told otherwise."""
        value, headers = events.ENCODERS[mode](event)
        self.send_raw(topic, value, key or event.get("subject"), headers, partition)

    def flush(self, deadline_s=DEADLINE_S):
        left = self._producer.flush(deadline_s)
        failed, self._failed = self._failed, []
        assert left == 0 and not failed, f"{left} records not delivered; {failed[:3]}"


class Collector:
    """Reads topics from their beginning; keeps every record it has seen.

    With committed=False also what a transaction wrote that is open or aborted.
    """

    def __init__(self, brokers, topics, committed=True):
        self._brokers = brokers
        self._consumer = confluent_kafka.Consumer({
            "bootstrap.servers": brokers, "group.id": "collector", "enable.auto.commit": False,
            "isolation.level": "read_committed" if committed else "read_uncommitted",
            "auto.offset.reset": "earliest", "enable.partition.eof": True, "fetch.wait.max.ms": 20, "fetch.message.max.bytes": MAX_BYTES,
            "reconnect.backoff.max.ms": 500, "socket.nagle.disable": True})
        self.records = {topic: [] for topic in topics}
        known = {}

        def all_known():
            known.update(self._consumer.list_topics(timeout=DEADLINE_S).topics)
            return all(topic in known and known[topic].partitions for topic in topics)

        # Each broker of a cluster hears of a new topic in its own time.
        wait_until(all_known, f"{topics} are known", DEADLINE_S)
        self._partitions = [TopicPartition(topic, number, 0)
                            for topic in topics for number in known[topic].partitions]
        self._read_to = {(part.topic, part.partition): 0 for part in self._partitions}
        self._consumer.assign(self._partitions)

    def close(self):
        self._consumer.close()

    def poll(self, timeout_s=0.05):
        """Take in what has arrived."""
        for message in self._consumer.consume(500, timeout_s):
            place = message.topic(), message.partition()
            if message.error() is None:
                self.records[message.topic()].append(events.Record(message))
                self._read_to[place] = message.offset() + 1
            elif message.error().code() == KafkaError._PARTITION_EOF:
                self._read_to[place] = max(self._read_to[place], message.offset())

    def until(self, condition, what, deadline_s=DEADLINE_S):
        """Read until condition(self) holds; whatever it returns is returned."""
        end = time.monotonic() + deadline_s
        while True:
            result = condition(self)
            if result:
                return result
            assert time.monotonic() < end, (
                f"{what}: not within {deadline_s} s; seen: "
                + ", ".join(f"{len(records)} in {topic}" for topic, records in self.records.items()))
            self.poll()

    def count(self, topic, number, deadline_s=DEADLINE_S):
        """Read until the topic has given that many records."""
        self.until(lambda _: len(self.records[topic]) >= number, f"{number} records in {topic}", deadline_s)
        return self.records[topic]

    def read_to_end(self, deadline_s=DEADLINE_S):
        """Read all there is, once no transaction is open any more.

        To be called when every writer has stopped: then nothing can follow, and
        what has not been seen by now does not exist. A transaction whose producer
        was killed holds the end back until the broker aborts it.
        """
        probe = confluent_kafka.Consumer({
            "bootstrap.servers": self._brokers, "group.id": "probe",
            "isolation.level": "read_uncommitted"})
        try:
            ends = {(part.topic, part.partition):
                    probe.get_watermark_offsets(TopicPartition(part.topic, part.partition), timeout=DEADLINE_S)[1]
                    for part in self._partitions}
        finally:
            probe.close()
        self.until(lambda _: all(self._read_to[place] >= end for place, end in ends.items()),
                   "the end of every partition", deadline_s)

    def events(self, topic):
        return [record.event() for record in self.records[topic]]
