# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests.

Kafka and Redis run once for all tests; each test has topics of its own and an
empty Redis. A test that uses `grafana` or `stage` runs once for each simulated
version; with GRAFANA_URL set it runs against that server instead, and the tests
that need the simulator's faults or request log are skipped.
"""

import itertools
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness.desk import Desk  # noqa: E402
from harness.grafana import Grafana, Simulator  # noqa: E402
from harness.paths import services as service_module  # noqa: E402
from harness.stage import Stage  # noqa: E402
from harness.vault import Vault  # noqa: E402

REAL = os.environ.get("GRAFANA_URL")
VERSIONS = ["real"] if REAL else ["9.4", "12"]
_names = itertools.count(1)

# Files are handed out to processes as they stand here: the ones that take longest first, or
# the last of them would run alone.
LONGEST_FIRST = ["test_faults.py", "test_bootstrap.py", "test_kill_tokens.py", "test_cluster.py",
                 "test_token_mode.py", "test_orgs.py", "test_outages.py", "test_sessions.py",
                 "test_kill.py", "test_scale.py", "test_tokens.py", "test_kill_teams.py",
                 "test_actions.py", "test_dashboards.py", "test_inventory.py"]


def pytest_collection_modifyitems(items):
    rank = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    """The running Kafka and Redis."""
    pair = service_module.Services(str(tmp_path_factory.mktemp("services")), owned=True)
    pair.start()
    yield pair
    pair.stop()


@pytest.fixture
def services(servers):
    """The same, whole and with an empty Redis, whatever the test before did."""
    servers.start()
    servers.flush_redis()
    return servers


@pytest.fixture(scope="session")
def vault(tmp_path_factory):
    return Vault(str(tmp_path_factory.mktemp("vault")))


@pytest.fixture(scope="session", params=VERSIONS)
def _grafana(request, tmp_path_factory):
    if request.param == "real":
        yield Grafana(REAL, os.environ.get("GRAFANA_USER", "admin"),
                      os.environ.get("GRAFANA_PASSWORD", "admin"))
        return
    simulator = Simulator(request.param, str(tmp_path_factory.mktemp("grafana")))
    yield simulator
    simulator.close()


@pytest.fixture
def grafana(_grafana):
    """A Grafana; a simulated one is as new."""
    if _grafana.simulated:
        _grafana.reset()
    return _grafana


@pytest.fixture
def sim(grafana):
    """The simulator, for tests that need its faults or its request log."""
    if not grafana.simulated:
        pytest.skip("needs the simulated Grafana")
    return grafana


@pytest.fixture
def make_stage(services, grafana, vault, tmp_path):
    """Makes stages with as many partitions as asked for; closes them after the test."""
    made = []

    def make(partitions=1):
        made.append(Stage(services, grafana, vault, tmp_path, f"t{next(_names)}", partitions))
        return made[-1]

    yield make
    for stage in made:
        stage.close()


@pytest.fixture
def stage(make_stage):
    return make_stage()


@pytest.fixture(scope="module")
def open_stage(servers, _grafana, vault, tmp_path_factory):
    """Makes stages that the tests of a module share: nothing is reset between them."""
    servers.start()
    servers.flush_redis()
    if _grafana.simulated:
        _grafana.reset()
    made = []

    def make(partitions=1):
        made.append(Stage(servers, _grafana, vault, tmp_path_factory.mktemp("stage"),
                          f"t{next(_names)}", partitions))
        return made[-1]

    yield make
    for stage in made:
        stage.close()


@pytest.fixture(scope="module")
def desk(open_stage):
    """One plain worker that the tests of a module share; a module that needs more has its own."""
    stage = open_stage()
    stage.worker(stage.hasty()).start()
    desk = Desk(stage)
    yield desk
    if desk.grafana.simulated:
        desk.sim.clear_faults()
    desk.settle()
