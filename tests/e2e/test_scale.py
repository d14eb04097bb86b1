# SPDX-License-Identifier: Apache-2.0
"""Workers that come, go, are told to stop and are paused, all under load."""

import signal

import pytest

from conftest import VERSIONS
from harness.load import SHORT, Load, running_for_an_hour

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)


@pytest.fixture
def stage(sim, make_stage):
    stage = make_stage(6)
    running_for_an_hour(stage)
    return stage


@pytest.fixture
def load(sim, stage):
    """Calls take long enough for requests to pile up."""
    load = Load(sim, stage.name, old=30)
    sim.settings(latency_ms=15)
    return load


def wait_outcomes(stage, count):
    stage.committed.count(stage.topics.outcomes, count)


def finish(stage, load):
    stage.all_outcomes()
    stage.wait_consumed()
    stage.settle()
    load.check(stage)


def test_one_three_one(stage, load):
    stage.worker(SHORT).start()
    stage.send(*load.requests(150))
    wait_outcomes(stage, 20)
    others = [stage.worker(SHORT).start() for _ in range(2)]
    stage.send(*load.requests(450))
    for worker in others:
        worker.wait_log("msg=settled")
    for worker in others:
        worker.stop()
    stage.send(*load.requests(500))
    finish(stage, load)


def test_a_worker_that_is_told_to_stop_drains(stage, load):
    worker = stage.worker().start()
    # Some way into it, calls take so long that it is amid its work whenever the signal comes.
    stage.grafana.fault("delay", "*", "/api/users/lookup", skip=100, count=-1, delay_ms=500)
    stage.send(*load.requests(300))
    wait_outcomes(stage, 30)
    worker.stop(expected=0)
    stage.grafana.clear_faults()
    stage.committed.read_to_end()
    assert len(stage.outcomes()) < len(load.expected), "it was to be stopped amid its work"
    worker.start()
    finish(stage, load)


def test_a_second_signal_stops_at_once_and_loses_nothing(stage, load):
    settings = {**SHORT, "worker.lease_ms": 5000, "grafana.main.request_timeout_ms": 1600}
    worker = stage.worker(settings).start()
    # A request takes several such calls, one after the other.
    stage.grafana.fault("delay", "*", "/api/users/lookup", count=-1, delay_ms=1500)
    stage.grafana.fault("delay", "*", "/api/users/*", count=-1, delay_ms=1500)
    stage.grafana.fault("delay", "*", "/api/orgs/*", count=-1, delay_ms=1500)
    stage.grafana.fault("delay", "*", "/api/users/*/orgs", count=-1, delay_ms=1500)
    stage.send(*load.requests(60))
    worker.wait_for(lambda: stage.grafana.requests("GET", "^/api/users/lookup$"), "calls that hang")
    worker.send(signal.SIGTERM)
    worker.wait_log("msg=draining")
    worker.send(signal.SIGTERM)
    worker.wait_exit(1)
    stage.grafana.clear_faults()
    stage.worker(SHORT).start()
    finish(stage, load)


@pytest.mark.parametrize("wakes", ["meanwhile", "afterwards"])
def test_a_paused_worker_undoes_nothing_when_it_wakes(stage, load, wakes):
    zombie, heir = (stage.worker(SHORT).start() for _ in range(2))
    zombie.wait_log("msg=assigned.*part=[0-5]")
    stage.send(*load.requests(300))
    zombie.wait_log("msg=settled")
    before = heir.log().count("msg=assigned")
    zombie.send(signal.SIGSTOP)
    heir.wait_for(lambda: heir.log().count("msg=assigned") >= before + 6, "it has all partitions")
    if wakes == "afterwards":
        stage.all_outcomes()
        stage.wait_consumed()
    zombie.send(signal.SIGCONT)
    stage.send(*load.requests(360))
    finish(stage, load)
