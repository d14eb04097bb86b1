# SPDX-License-Identifier: Apache-2.0
"""Workers of the build with crash points that are killed at a named one, and who comes after
them. A point is "after_write:2" and the like: the name, and at which passing."""

import signal

from .load import SHORT, running_for_an_hour


def die_at(stage, *points, settings=SHORT):
    """A worker for each point dies there, one after the other."""
    for point in points:
        worker = stage.worker(settings, {"GRANTD_DEBUG_CRASH": point}, "crash/grantd", name="w1")
        worker.start(ready=False)
        worker.wait_exit(-signal.SIGKILL)


def survive(stage, settings=SHORT, secrets=()):
    """One more lives and answers everything; all that must hold is checked."""
    survivor = stage.worker(settings, name="w1").start(ready=False)
    stage.all_outcomes()
    stage.wait_consumed()
    survivor.wait_ready()  # all may have been settled before it could take a signal
    survivor.stop()
    stage.settle(secrets)


def killed_at(stage, event, *points, settings=None):
    """The data of the outcome of one request, after workers that died there."""
    settings = {**SHORT, **(settings or {})}
    running_for_an_hour(stage)
    stage.send(event)
    die_at(stage, *points, settings=settings)
    stage.worker(settings, name="w1").start(ready=False)
    outcome = stage.outcome_of(event)["data"]
    stage.wait_consumed()
    return outcome
