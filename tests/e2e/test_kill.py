# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every boundary that a request crosses.

A worker of the build with crash points dies at the named one, twice in each
case: early, then amid the rest. A plain one finishes. Nothing may tell
afterwards: one outcome each, the same bytes where it was published again,
Grafana as a simple model has it, accounts created once, passwords that work.
"""

import pytest

from conftest import VERSIONS
from harness.boundaries import die_at, survive
from harness.load import Load, running_for_an_hour

REQUESTS = 200
# point: at which passing the first worker dies, and the second
POINTS = {
    "after_poll": (1, 60), "after_claim": (1, 70), "after_step": (3, 40), "after_write": (1, 50),
    "before_complete": (1, 4), "after_complete": (2, 3), "after_produce": (1, 3),
    "before_commit": (2, 3), "in_commit": (1, 2), "after_commit": (1, 3),
}
CASES = [pytest.param(VERSIONS[number % len(VERSIONS)], point, passings, id=point)
         for number, (point, passings) in enumerate(POINTS.items())]


@pytest.mark.parametrize("_grafana, point, passings", CASES, indirect=["_grafana"])
def test_a_worker_killed_at(point, passings, sim, make_stage):
    stage = make_stage(3)
    running_for_an_hour(stage)
    load = Load(sim, stage.name, seed=sum(point.encode()))
    stage.send(*load.requests(REQUESTS))
    die_at(stage, *(f"{point}:{passing}" for passing in passings))
    survive(stage)
    load.check(stage)

