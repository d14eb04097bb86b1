# SPDX-License-Identifier: Apache-2.0
"""Requests that are settled out of order, and what a restarted worker knows of them."""

import base64
import time
import uuid

import confluent_kafka
import pytest

from conftest import VERSIONS
from harness.events import request
from harness.load import SHORT
from harness.paths import DEADLINE_S, kafka_wire, wait_until

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)
PARTITIONS = 3
QUICK = 30
WINDOW = 24552  # how far above a record that is not settled others are read


class Scene:
    """The first record of partition 0 can't be settled as long as a fault lasts; all
    the others are."""

    def __init__(self, stage):
        self.stage, self.sim = stage, stage.grafana
        self.org = self.sim.create_org("Observability")
        self.slow = self.grant("slow")
        user_id = self.sim.lookup("slow")["id"]
        self.slow_path = f"/api/orgs/{self.org}/users/{user_id}"
        self.sim.expect("POST", f"/api/orgs/{self.org}/users", {"loginOrEmail": "slow", "role": "Viewer"})
        self.quick = [self.grant(f"quick{number}") for number in range(QUICK)]
        self.block()

    def grant(self, login):
        self.sim.add_user(login, email=f"{login}@example.com", orgs=[])
        return request("org_role.grant", user={"login": login}, org={"id": self.org}, role="Editor")

    def block(self):
        self.sim.fault("status", "PATCH", self.slow_path, count=-1, status=503)

    def send(self):
        self.stage.send(self.slow, partition=0)
        for number, event in enumerate(self.quick):
            self.stage.send(event, partition=number % PARTITIONS)

    def wait_settled_out_of_order(self):
        for event in self.quick:
            self.stage.outcome_of(event)
        wait_until(lambda: self.offsets() == self.expected() and self.told() == QUICK // PARTITIONS,
                   "the commit with the map", DEADLINE_S)

    def told(self):
        """How many records of partition 0 the map tells of as settled: a bit each."""
        _, _, bits = self.stage.committed_offsets()[0][1].partition(":")
        return sum(byte.bit_count() for byte in base64.b64decode(bits))

    def offsets(self):
        return {partition: place[0] for partition, place in self.stage.committed_offsets().items()}

    def expected(self):
        each = QUICK // PARTITIONS
        return {0: 0, 1: each, 2: each}

    def people_asked_about(self):
        return {entry["query"] for entry in self.sim.requests("GET", "^/api/users/lookup$")}


@pytest.fixture
def scene(sim, make_stage):
    return Scene(make_stage(PARTITIONS))


def test_the_map_is_read_back(scene):
    """Redis is emptied in between, so only the map tells what was settled."""
    worker = scene.stage.worker(SHORT).start()
    scene.send()
    scene.wait_settled_out_of_order()
    texts = {partition: place[1] for partition, place in scene.stage.committed_offsets().items()}
    assert texts[0].startswith("g1:") and texts[1] == texts[2] == ""
    worker.kill()
    scene.stage.services.flush_redis()
    scene.sim.forget_requests()
    worker.start(ready=False)
    wait_until(lambda: scene.sim.requests("PATCH", scene.slow_path), "the slow one is tried again", DEADLINE_S)
    last = scene.stage.send(scene.grant("last"), partition=0)
    scene.stage.outcome_of(last)
    scene.sim.clear_faults()
    assert scene.stage.outcome_of(scene.slow)["data"]["result"] == "applied"
    scene.stage.wait_consumed()
    assert scene.people_asked_about() == {"loginOrEmail=slow", "loginOrEmail=last"}
    scene.stage.settle()
    assert {place[1] for place in scene.stage.committed_offsets().values()} == {""}


@pytest.mark.parametrize("metadata", ["somebody else's", "g1:!!", "g9:Bw=="])
def test_foreign_metadata_is_ignored(scene, metadata):
    """The frontier counts all the same, and the ledger knows what lies above it."""
    stage = scene.stage
    worker = stage.worker(SHORT).start()
    scene.send()
    scene.wait_settled_out_of_order()
    worker.stop()
    kafka_wire.commit(stage.services.brokers, stage.group, stage.topics.requests, 0, 0, metadata)
    scene.sim.forget_requests()
    worker.start()
    worker.wait_log("commit metadata is not grantd's")
    wait_until(lambda: scene.sim.requests("PATCH", scene.slow_path), "the slow one is tried again", DEADLINE_S)
    scene.sim.clear_faults()
    stage.outcome_of(scene.slow)
    stage.wait_consumed()
    assert scene.people_asked_about() == {"loginOrEmail=slow"}
    stage.settle()


def test_a_request_that_waits_holds_nobody_up(scene):
    """Of its own partition neither; many more than one batch pass by."""
    scene.stage.worker(SHORT).start()
    scene.send()
    scene.wait_settled_out_of_order()
    people = [scene.grant(f"later{number}") for number in range(100)]
    for event in people:
        scene.stage.producer.send(scene.stage.topics.requests, event, partition=0)
        scene.stage.requests.append(event)
    scene.stage.producer.flush()
    for event in people:
        scene.stage.outcome_of(event)
    assert scene.offsets()[0] == 0
    scene.sim.clear_faults()
    scene.stage.wait_consumed()
    scene.stage.settle()


def skip_offsets(scene, count):
    """Records of partition 0 that nobody reads, since their transaction is aborted."""
    producer = confluent_kafka.Producer({"bootstrap.servers": scene.stage.services.brokers,
                                         "transactional.id": uuid.uuid4().hex, "retry.backoff.ms": 20})
    producer.init_transactions(DEADLINE_S)
    producer.begin_transaction()
    for number in range(count):
        producer.produce(scene.stage.topics.requests, b"", partition=0)
        if number % 1000 == 0:
            producer.poll(0)
    producer.flush(DEADLINE_S)
    producer.abort_transaction(DEADLINE_S)


def test_a_partition_whose_window_was_full_goes_on(scene):
    """It is not read while its first record waits; later it is read again, without a rebalance."""
    scene.stage.worker(SHORT).start()
    scene.stage.send(scene.slow, partition=0)
    wait_until(lambda: scene.sim.requests("PATCH", scene.slow_path), "the slow one is tried", DEADLINE_S)
    skip_offsets(scene, WINDOW)
    last_read, first_unread = scene.grant("far"), scene.grant("farther")
    scene.stage.send(last_read, partition=0)
    scene.stage.outcome_of(last_read)
    scene.stage.send(first_unread, partition=0)
    scene.stage.ask(scene.grant("elsewhere"), partition=1)
    assert "loginOrEmail=farther" not in scene.people_asked_about()
    scene.sim.clear_faults()
    assert scene.stage.outcome_of(first_unread)["data"]["result"] == "applied"
    scene.stage.settle()


def lose_and_regain(stage):
    """Another member of the group joins and leaves."""
    other = confluent_kafka.Consumer({"bootstrap.servers": stage.services.brokers, "group.id": stage.group,
                                      "session.timeout.ms": 6000, "enable.auto.commit": False})
    try:
        other.subscribe([stage.topics.requests])
        wait_until(lambda: other.poll(0.05) is None and other.assignment(), "the other's share", DEADLINE_S)
    finally:
        other.close()


def test_a_worker_that_was_full_goes_on_after_a_rebalance(scene):
    """It has stopped reading when its partitions are given away; it reads them when they come back."""
    stage = scene.stage
    scene.sim.clear_faults()
    worker = stage.worker({**SHORT, "worker.max_in_flight": 4, "worker.threads": 4}).start()
    assert stage.services.redis_command("CONFIG SET min-replicas-to-write 1") == "+OK"
    try:
        for number, event in enumerate(scene.quick):
            stage.send(event, partition=number % PARTITIONS)
        worker.wait_for(lambda: "grantd_jobs_in_flight 4" in worker.http("/metrics")[1], "all it takes")
        time.sleep(1.2)  # it stops reading after a second; sooner, this test shows nothing
        given = worker.log().count("msg=assigned")
        lose_and_regain(stage)
        worker.wait_for(lambda: worker.log().count("msg=assigned") >= given + 1 + PARTITIONS, "all come back")
    finally:
        assert stage.services.redis_command("CONFIG SET min-replicas-to-write 0") == "+OK"
    stage.all_outcomes()
    stage.settle()
