# SPDX-License-Identifier: Apache-2.0
"""One request whose worker is killed at a named point; a second worker ends it."""

import signal

from .load import SHORT, running_for_an_hour


def killed_at(stage, event, *points, settings=None):
    """The data of the outcome. 'points' are "after_write:2" and the like: a worker for
    each dies there, one after the other."""
    settings = {**SHORT, **(settings or {})}
    running_for_an_hour(stage)
    stage.send(event)
    for point in points:
        worker = stage.worker(settings, {"GRANTD_DEBUG_CRASH": point}, "crash/grantd", name="w1")
        worker.start(ready=False)
        worker.wait_exit(-signal.SIGKILL)
    stage.worker(settings, name="w1").start(ready=False)
    outcome = stage.outcome_of(event)["data"]
    stage.wait_consumed()
    return outcome
