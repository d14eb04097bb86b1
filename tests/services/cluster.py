# SPDX-License-Identifier: Apache-2.0
"""Three Kafka brokers and a redis-server: what one broker's restart looks like to its clients.

Used by the end-to-end tests. The same as services.Services for whoever only asks for `brokers` and
`redis_url`; each broker has a directory of its own below it, and can be stopped and started alone.
Every topic has three replicas, of which two must be in sync.
"""

import os
import signal

import kafka_wire
import services

BROKERS = (1, 2, 3)
IN_SYNC_S = 120
REPLICATION = {
    "default.replication.factor": 3, "min.insync.replicas": 2,
    "offsets.topic.replication.factor": 3,
    "transaction.state.log.replication.factor": 3, "transaction.state.log.min.isr": 2,
}


class Broker(services.Services):
    """One of the three: its own ports, properties and data."""

    def __init__(self, directory, node, jvm_flags=None):
        super().__init__(directory, True, jvm_flags)
        os.makedirs(self.dir, exist_ok=True)
        self.node, self.voters = node, None
        self.kafka_port, self.controller_port = services.free_ports(2)

    def _properties(self):
        changed = {**REPLICATION, "node.id": self.node, "controller.quorum.voters": self.voters}
        lines = super()._properties().splitlines()
        kept = [line for line in lines if line.partition("=")[0] not in changed]
        return "\n".join([*kept, *(f"{name}={value}" for name, value in changed.items())]) + "\n"


class Cluster(services.Services):
    """Three brokers, and Redis."""

    def __init__(self, directory):
        super().__init__(directory, owned=True)
        self.nodes = {node: Broker(os.path.join(directory, f"broker-{node}"), node)
                      for node in BROKERS}
        voters = ",".join(f"{node}@127.0.0.1:{broker.controller_port}"
                          for node, broker in self.nodes.items())
        for broker in self.nodes.values():
            broker.voters = voters

    @property
    def brokers(self):
        return ",".join(broker.brokers for broker in self.nodes.values())

    def start(self):
        services.fetch_jars()
        os.makedirs(os.path.join(self.dir, "redis-data"), exist_ok=True)
        (self.redis_port,) = services.free_ports(1)
        try:
            self.start_redis(wait=False)
            for broker in self.nodes.values():
                broker.start_kafka(wait=False)
            self.wait_redis()
            self.wait_in_sync()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Killed: an orderly end would have each wait for the others."""
        for broker in self.nodes.values():
            broker.stop_kafka(signal.SIGKILL)
        self.redis.end()

    def wait_in_sync(self):
        """All brokers are there and no replica lags behind, as each of them sees it."""
        def whole(broker):
            seen = kafka_wire.metadata(broker.brokers)
            return seen["brokers"] == list(BROKERS) and seen["lagging"] == 0

        services.wait_until(lambda: all(whole(broker) for broker in self.nodes.values()),
                            "three brokers in sync", IN_SYNC_S)

    def restart_broker(self, node, number=signal.SIGTERM):
        """As an operator does it: the next one only when this one has caught up."""
        self.nodes[node].stop_kafka(number)
        self.nodes[node].start_kafka(wait=False)
        self.wait_in_sync()

    def create_topics(self, topics, configs=None):
        kafka_wire.create_topics(self.brokers, topics, configs, replicas=len(BROKERS))
        self.wait_in_sync()
