# SPDX-License-Identifier: Apache-2.0
"""The models of load, played in real time; what they come to is tested in virtual time
(tests/unit/test_simulator_model.c). Only least durations are asserted: a busy machine
makes things later, never earlier."""

import concurrent.futures
import subprocess
import time

import pytest

from test_simulator import BINARY, Sim

READ = "/api/users/1/orgs"


@pytest.fixture
def modelled():
    sims = []

    def start(model):
        sims.append(Sim("--model", model))
        return sims[-1]

    yield start
    for sim in sims:
        sim.stop()


def took_s(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began


def test_a_read_of_9_4_takes_its_waits_and_a_password(modelled):
    sim = modelled("9.4")
    assert took_s(lambda: sim.api("GET", READ)) >= 0.050


def test_writes_of_10_1_wait_for_each_other(modelled):
    sim = modelled("10.1")
    users = [sim.control("POST", "users", {"login": f"u{n}", "orgs": [{"id": 1, "role": "Viewer"}]})["id"]
             for n in range(20)]

    def patch(user):
        # without a password: 401, but it has been inside like any other
        return sim.api("PATCH", f"/api/orgs/1/users/{user}", {"role": "Editor"}, login=None)[0]

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert took_s(lambda: list(pool.map(patch, users))) >= 20 * 0.0026 * 0.99


def test_10_1_answers_some_with_500_when_too_many_are_inside(modelled):
    sim = modelled("10.1")
    assert {sim.api("GET", READ)[0] for _ in range(50)} == {200}
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        statuses = []
        while 500 not in statuses and len(statuses) < 20000:  # how many come at once is not said
            statuses += pool.map(lambda _: sim.api("GET", READ)[0], range(400))
    assert set(statuses) == {200, 500}
    assert statuses.count(500) < len(statuses) / 4
    log = sim.control("GET", "requests")
    entries = log["requests"] if isinstance(log, dict) else log
    assert sum(entry["fault"] == "overload" for entry in entries) == statuses.count(500)
    assert sim.api("GET", READ)[0] == 200


def test_a_model_can_be_set_and_taken_away(modelled):
    sim = modelled("9.4")
    assert sim.control("GET", "settings")["model"] == "9.4"
    assert sim.control("POST", "settings", {"model": "10.1"})["model"] == "10.1"
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(sim.api, "GET", READ) for _ in range(40)]
        assert sim.control("POST", "settings", {"model": ""})["model"] == ""
        assert {answer.result()[0] for answer in answers} <= {200, 500}
    assert sim.api("POST", "/sim/settings", {"model": "8"}, login=None)[0] == 400


def test_there_are_no_other_models():
    done = subprocess.run([BINARY, "--model", "8"], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2 and "there is no model '8'" in done.stderr
