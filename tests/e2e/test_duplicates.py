# SPDX-License-Identifier: Apache-2.0
"""The same request more than once, and another under its id: one effect, one outcome."""

import signal

import pytest

from conftest import VERSIONS
from harness.events import request
from harness.load import SHORT, running_for_an_hour
from harness.paths import kafka_wire

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)


@pytest.fixture
def desk(sim, make_stage):
    """A stage of three partitions, and a request that creates an account."""
    stage = make_stage(3)
    running_for_an_hour(stage)
    stage.create = request("account.create", user={"login": "ada", "email": "ada@example.com"})
    return stage


def finish(stage, outcomes=1, accounts=1):
    """Everything is consumed; there are that many outcomes, and one credential per account."""
    stage.wait_consumed()
    stage.settle()
    assert len(stage.outcomes()) == outcomes
    assert len(stage.credentials()) == accounts
    assert stage.grafana.counters()["user_creates"] == accounts
    assert stage.grafana.counters()["password_sets"] == 0


@pytest.mark.parametrize("partition", [0, 1], ids=["same partition", "other partition"])
@pytest.mark.parametrize("when", ["at once", "after publication", "after a restart"])
def test_a_duplicate_is_answered_once(desk, when, partition):
    worker = desk.worker().start()
    desk.send(desk.create, partition=0)
    if when != "at once":
        desk.outcome_of(desk.create)
    if when == "after a restart":
        worker.stop()
        worker.start()
    desk.send(desk.create, partition=partition)
    desk.outcome_of(desk.create)
    finish(desk)


def test_many_duplicates_at_once_with_two_workers(desk):
    desk.grafana.settings(latency_ms=40)
    for _ in range(2):
        desk.worker().start()
    for number in range(12):
        desk.send(desk.create, partition=number % 3)
    desk.outcome_of(desk.create)
    finish(desk)


@pytest.mark.parametrize("busy", [False, True], ids=["afterwards", "meanwhile"])
def test_an_id_that_comes_with_another_payload_is_refused(desk, busy):
    if busy:
        desk.grafana.fault("delay", "POST", "/api/admin/users", count=1, delay_ms=3600 * 1000)
    worker = desk.worker().start()
    desk.send(desk.create, partition=0)
    if busy:
        worker.wait_for(lambda: desk.grafana.requests("POST", "^/api/admin/users$"), "it is worked on")
    else:
        desk.outcome_of(desk.create)
    for partition in (0, 1):
        desk.send(request("account.create", id=desk.create["id"],
                          user={"login": "eve", "email": "eve@example.com"}), partition=partition)
    if busy:
        # The refusals don't wait for it.
        desk.committed.count(desk.topics.outcomes, 2)
        desk.grafana.release()
    desk.wait_consumed()
    desk.committed.count(desk.topics.outcomes, 3)
    finish(desk, outcomes=3)
    codes = sorted(event["data"]["reason"]["code"] for event in desk.outcomes())
    assert codes == ["ok", "request.id_reused", "request.id_reused"]
    assert desk.grafana.lookup("eve") is None
    places = {(event["data"]["request"]["partition"], event["data"]["request"]["offset"])
              for event in desk.outcomes()}
    assert places == {(0, 0), (0, 1), (1, 0)}


def test_one_id_of_two_sources_is_two_requests(desk):
    desk.worker().start()
    other = {**request("account.create", id=desk.create["id"], user={"login": "bob", "email": "bob@example.com"}),
             "source": "/elsewhere"}
    desk.send(desk.create, other)
    desk.all_outcomes()
    finish(desk, outcomes=2, accounts=2)


@pytest.mark.parametrize("point", ["after_complete", "before_commit", "after_commit"])
def test_a_duplicate_whose_twins_worker_was_killed(desk, point):
    """Only after_commit is the twin's outcome there; in no case does the ledger know."""
    worker = desk.worker(SHORT, {"GRANTD_DEBUG_CRASH": f"{point}:1"}, "crash/grantd", name="w1")
    worker.start(ready=False)
    desk.send(desk.create, partition=0)
    worker.wait_exit(-signal.SIGKILL)
    desk.send(desk.create, partition=1)
    desk.worker(SHORT, name="w1").start(ready=False)
    desk.outcome_of(desk.create)
    finish(desk)


def test_a_duplicate_of_a_record_that_is_gone_takes_its_duty(desk):
    """The worker died between the ledger and Kafka, and the record fell out of its topic."""
    worker = desk.worker(SHORT, {"GRANTD_DEBUG_CRASH": "after_complete:1"}, "crash/grantd", name="w1")
    worker.start(ready=False)
    desk.send(desk.create, partition=0)
    worker.wait_exit(-signal.SIGKILL)
    kafka_wire.delete_records(desk.services.brokers, desk.topics.requests, 0, 1)
    desk.send(desk.create, partition=1)
    desk.worker(SHORT, name="w1").start(ready=False)
    desk.outcome_of(desk.create)
    desk.settle()
    assert len(desk.outcomes()) == len(desk.credentials()) == 1
