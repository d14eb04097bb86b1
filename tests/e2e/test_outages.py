# SPDX-License-Identifier: Apache-2.0
"""Redis, Kafka and Grafana go away, forget and come back, all under load."""

import signal
import time

import pytest

from conftest import VERSIONS
from harness.load import SHORT, Load, running_for_an_hour
from harness.paths import DEADLINE_S, wait_until

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)
OUTAGE_S = 10
QUIET_S = 1


@pytest.fixture
def stage(sim, make_stage):
    stage = make_stage(3)
    running_for_an_hour(stage)
    return stage


@pytest.fixture
def load(sim, stage):
    load = Load(sim, stage.name, old=30)
    sim.settings(latency_ms=15)
    return load


def begin(stage, load, count=200, settings=None, **options):
    """A worker amid that many requests."""
    worker = stage.worker({**SHORT, **(settings or {})}).start()
    stage.send(*load.requests(count, **options))
    stage.committed.count(stage.topics.outcomes, count // 10)
    return worker


def finish(stage, load, **options):
    stage.all_outcomes()
    stage.wait_consumed()
    stage.settle()
    load.check(stage, **options)


def writes(sim):
    return [entry["n"] for entry in sim.requests() if entry["write"]]


def wait_quiet(worker, sim):
    """What was in flight has ended: the worker knows, and for a second no call has been under way:
    what has been claimed before goes from one call to the next without Redis."""
    worker.wait_ready(False)
    newest, since = None, time.monotonic()
    end = since + DEADLINE_S
    while time.monotonic() - since < QUIET_S:
        assert time.monotonic() < end, "calls go on"
        entries = [entry for entry in sim.requests() if entry["user_agent"] == "grantd"]
        if len(entries) != newest or not all(entry["done"] for entry in entries):
            newest, since = len(entries), time.monotonic()
        time.sleep(0.02)


def test_nothing_is_written_without_redis(stage, load, sim):
    worker = begin(stage, load)
    stage.services.stop_redis()
    end = time.monotonic() + OUTAGE_S
    wait_quiet(worker, sim)
    before = writes(sim)
    stage.send(*load.requests(230))
    while time.monotonic() < end:
        assert writes(sim) == before
        assert worker.http("/readyz")[0] == 503
        stage.committed.poll()
    stage.services.start_redis()
    worker.wait_ready()
    finish(stage, load)


@pytest.mark.parametrize("refuse, allow", [
    ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
], ids=["readonly", "out of memory"])
def test_nothing_is_written_when_redis_takes_no_writes(stage, load, sim, refuse, allow):
    worker = begin(stage, load)
    try:
        assert stage.services.redis_command(refuse) == "+OK"
        wait_quiet(worker, sim)
        before = writes(sim)
        stage.send(*load.requests(230))
        worker.wait_log("redis answered: (READONLY|OOM)")
        failures = worker.log().count("ledger is away")
        worker.wait_for(lambda: worker.log().count("ledger is away") > failures + 3, "it has tried again")
        assert writes(sim) == before
    finally:
        assert stage.services.redis_command(allow) == "+OK"
    worker.wait_ready()
    finish(stage, load)


def test_nothing_is_created_twice_when_redis_is_emptied(stage, load):
    """Duplicates are left out: whoever has forgotten a request can't know it again."""
    worker = begin(stage, load, 300, duplicates=0)
    for count in (60, 120, 180):
        stage.committed.count(stage.topics.outcomes, count)
        stage.services.flush_redis()
    stage.send(*load.requests(320, duplicates=0))
    worker.wait_log("level=error.*the ledger's epoch changed")
    # An account that another request made a moment ago may be taken for one's own.
    finish(stage, load, results=False)


def test_nothing_is_lost_when_the_broker_restarts(stage, load, sim):
    """By kill -9, while requests are at Grafana and no transaction is open: a lone broker of Kafka
    4.3 has no leader for its partitions while it starts, takes them for deleted, and ends a
    transaction that was being committed without writing its markers. Its outcomes are lost when
    the next transaction there is aborted, and no client can know. test_cluster.py kills one of
    three brokers amid transactions."""
    patient = {"grafana.main.request_timeout_ms": 3000, "worker.lease_ms": 9500}
    worker = begin(stage, load, settings=patient)
    stage.all_outcomes()
    stage.wait_consumed()
    stage.committed.read_to_end()
    load.check(stage)
    sim.settings(latency_ms=1500)
    stage.send(*load.requests(300))
    wait_until(lambda: any(not entry["done"] for entry in sim.requests()), "a call in flight", DEADLINE_S)
    stage.services.stop_kafka(signal.SIGKILL)
    sim.settings(latency_ms=15)
    stage.services.start_kafka()
    stage.send(*load.requests(330))
    finish(stage, load)
    assert worker.log().count("grantd is running") == 1


def test_requests_wait_while_grafana_is_away(stage, load, sim):
    def breaker_is(closed):
        return ('grantd_breaker_state{instance="main"} 0' in worker.http("/metrics")[1]) == closed

    worker = begin(stage, load, settings={"worker.retry_max_ms": 100})  # soon many have failed
    worker.wait_log("grafana is known.* smtp=off")
    sim.fault("reset_before", "*", "/api/users/lookup", count=-1)
    stage.send(*load.requests(230))  # the first ones may all be done
    worker.wait_for(lambda: breaker_is(False), "the breaker opens")
    assert worker.http("/readyz")[0] == 200
    sim.settings(smtp=True)
    sim.clear_faults()
    worker.wait_for(lambda: breaker_is(True), "the breaker closes")
    worker.wait_log("grafana is known.* smtp=on")  # asked anew, as after an upgrade
    finish(stage, load)
