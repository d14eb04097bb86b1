# SPDX-License-Identifier: Apache-2.0
"""Three brokers are restarted one after another, as an upgrade does it, under load."""

import signal
import threading

import pytest

from conftest import VERSIONS
from harness.load import SHORT, Load, running_for_an_hour
from harness.paths import cluster as cluster_module
from harness.stage import Stage

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)
PER_S, MOST = 50, 3000


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    brokers = cluster_module.Cluster(str(tmp_path_factory.mktemp("cluster")))
    brokers.start()
    yield brokers
    brokers.stop()


@pytest.fixture
def stage(cluster, sim, vault, tmp_path, request):
    name = "cluster-" + request.node.callspec.id.split("-")[0]
    stage = Stage(cluster, sim, vault, tmp_path, name, partitions=3, idempotent=False)
    running_for_an_hour(stage)
    yield stage
    stage.close()


class Feed(threading.Thread):
    """Sends requests at an even pace until it is told to end; end() raises what went wrong."""

    def __init__(self, stage, load, total):
        super().__init__(daemon=True)
        self.stage, self.load, self.total = stage, load, total
        self.enough, self.error = threading.Event(), None
        self.start()

    def run(self):
        try:
            while not self.enough.wait(0.1) and self.total < MOST:
                self.total += PER_S // 10
                self.stage.send(*self.load.requests(self.total))
        except BaseException as error:  # told to the thread that waits
            self.error = error

    def end(self):
        self.enough.set()
        self.join(120)
        if self.error is not None:
            raise self.error
        assert not self.is_alive(), "it still sends"


@pytest.mark.parametrize("number, settings", [
    (signal.SIGTERM, {}),
    (signal.SIGKILL, {"kafka.transaction_timeout_ms": 5000}),
], ids=["orderly", "killed"])
def test_nothing_is_lost_when_brokers_restart(cluster, stage, sim, number, settings):
    load = Load(sim, stage.name, old=30)
    workers = [stage.worker({**SHORT, **settings}).start() for _ in range(2)]
    stage.send(*load.requests(50))
    stage.committed.count(stage.topics.outcomes, 10)
    feed = Feed(stage, load, 50)
    for node in cluster.nodes:
        cluster.restart_broker(node, number)
    feed.end()
    stage.send(*load.requests(feed.total + 30))
    stage.all_outcomes(240)
    stage.wait_consumed()
    stage.settle()
    load.check(stage)
    assert all(worker.log().count("grantd is running") == 1 for worker in workers)
