# SPDX-License-Identifier: Apache-2.0
"""One login for all calls, and what happens when the session or the login fails."""

import pytest

from harness.events import request
from harness.load import SHORT, Load, running_for_an_hour
from harness.paths import DEADLINE_S, wait_until

FEW = 4  # logins that a lost session may cost, however many calls were under way


@pytest.fixture
def stage(sim, make_stage):
    sim.add_user("ada", email="ada@example.com", orgs=[])
    return make_stage()


@pytest.fixture
def busy(sim, make_stage):
    """A stage and a load of many requests."""
    stage = make_stage(3)
    running_for_an_hour(stage)
    sim.settings(latency_ms=15)
    return stage, Load(sim, stage.name, old=30)


def grant(role="Editor"):
    return request("org_role.grant", user={"login": "ada"}, org={"id": 1}, role=role)


def seen(sim, path):
    return [entry for entry in sim.requests() if entry["path"] == path]


def test_one_login_serves_all_calls_and_ends_with_the_worker(stage, sim):
    worker = stage.worker().start()
    for role in ("Viewer", "Editor", "Admin"):
        assert stage.ask(grant(role))["result"] == "applied"
    worker.stop()
    assert len(seen(sim, "/login")) == 1
    assert len(seen(sim, "/logout")) == 1
    calls = [entry for entry in sim.requests() if entry["path"].startswith("/api/")
             and entry["user_agent"] == "grantd"]
    assert len(calls) >= 8
    assert {entry["credential"] for entry in calls} == {"session"}
    stage.settle()


def test_a_setting_has_user_and_password_sent(stage, sim):
    stage.worker({"grafana.main.auth": "basic"}).start()
    assert stage.ask(grant())["result"] == "applied"
    stage.settle()
    assert not seen(sim, "/login") and not seen(sim, "/logout")


@pytest.mark.parametrize("fault", ["drop_sessions", "rotate_sessions"])
def test_a_session_that_ends_under_load_harms_nothing(busy, sim, fault):
    stage, load = busy
    stage.worker(SHORT).start()
    stage.send(*load.requests(200))
    for count in (40, 80, 120):
        stage.committed.count(stage.topics.outcomes, count)
        sim.settings(**{fault: True})
    stage.send(*load.requests(220))  # so that there are calls after it in any case
    stage.all_outcomes()
    stage.wait_consumed()
    stage.settle()
    load.check(stage)
    logins = len(seen(sim, "/login"))
    assert logins == 1 if fault == "rotate_sessions" else 2 <= logins <= 1 + 3 * FEW


@pytest.mark.parametrize("fault", ["drop_sessions", "revoke_sessions"])
@pytest.mark.parametrize("action", ["account.disable", "org_role.grant"])
def test_a_write_amid_which_the_session_ends_is_done_once(stage, sim, fault, action):
    """9.x says 403 on the admin's routes to who has no session, 401 elsewhere."""
    stage.worker().start()
    is_grant = action == "org_role.grant"
    path = "/api/orgs/1/users" if is_grant else f"/api/admin/users/{sim.account('ada')['id']}/disable"

    def writes():
        return [entry for entry in sim.requests("POST") if entry["path"] == path]

    before = sim.counters()
    sim.fault("delay", "POST", path, delay_ms=3600 * 1000)
    event = stage.send(grant() if is_grant else request(action, user={"login": "ada"}))
    wait_until(writes, "the write is on its way", DEADLINE_S)
    sim.settings(**{fault: True})
    sim.release()
    outcome = stage.outcome_of(event)["data"]
    assert (outcome["result"], outcome["attempts"]) == ("applied", 1)
    has_no_session = 403 if sim.version == "9.4" and not is_grant and fault == "drop_sessions" else 401
    assert [(entry["status"], entry["applied"]) for entry in writes()] == [(has_no_session, False), (200, True)]
    counter = "member_adds" if is_grant else "user_disables"
    assert sim.counters()[counter] == before[counter] + 1
    assert len(seen(sim, "/login")) == 2
    stage.settle()


def test_a_refused_login_is_tried_once_a_window_until_it_is_let_in(busy, sim):
    stage, load = busy
    window_ms = 1500
    stage.worker({**SHORT, "grafana.main.password": "not-it-yet",
                  "grafana.main.unauthorized_wait_ms": window_ms}).start()
    stage.send(*load.requests(60))
    wait_until(lambda: len(seen(sim, "/login")) >= 2, "the next window's try", DEADLINE_S)
    sim.change_user(sim.user, password="not-it-yet")
    sim.password = "not-it-yet"  # for what the test itself asks
    try:
        stage.all_outcomes()
        stage.wait_consumed()
        stage.settle(["not-it-yet"])
        load.check(stage)
    finally:
        sim.password = "admin"
    tries = seen(sim, "/login")
    assert tries[-1]["status"] == 200 and all(entry["status"] in (400, 401) for entry in tries[:-1])
    waits = [later["t_ms"] - earlier["t_ms"] for earlier, later in zip(tries, tries[1:])]
    assert all(wait_ms >= window_ms for wait_ms in waits), waits


def test_a_grafana_that_is_away_at_the_login_opens_the_breaker(busy, sim):
    stage, load = busy
    sim.fault("reset_before", "POST", "/login", count=-1)
    worker = stage.worker({**SHORT, "worker.retry_max_ms": 100}).start()
    stage.send(*load.requests(60))

    def breaker_is(closed):
        return ('grantd_breaker_state{instance="main"} 0' in worker.http("/metrics")[1]) == closed

    worker.wait_for(lambda: breaker_is(False), "the breaker opens")
    sim.clear_faults()
    worker.wait_for(lambda: breaker_is(True), "the breaker closes")
    stage.all_outcomes()
    stage.wait_consumed()
    stage.settle()
    load.check(stage)


def test_without_a_login_form_calls_carry_user_and_password(stage, sim):
    sim.settings(login_form=False)
    try:
        stage.worker().start()
        for role in ("Viewer", "Editor"):
            assert stage.ask(grant(role))["result"] == "applied"
        stage.settle()
    finally:
        sim.settings(login_form=True)
    assert len(seen(sim, "/login")) == 1
    assert {entry["credential"] for entry in seen(sim, "/api/users/lookup")} == {"basic"}


def test_a_wrong_password_costs_one_login(busy, sim):
    stage, load = busy
    worker = stage.worker({**SHORT, "grafana.main.password": "wrong",
                           "grafana.main.unauthorized_wait_ms": 3600 * 1000}).start()
    stage.send(*load.requests(100))
    worker.wait_for(lambda: 'grantd_breaker_state{instance="main"} 3' in worker.http("/metrics")[1]
                    or 'grantd_breaker_state{instance="main"} 2' in worker.http("/metrics")[1],
                    "the breaker opens")
    wait_until(lambda: all(entry["done"] for entry in sim.requests()), "calls end", DEADLINE_S)
    assert [entry["status"] in (400, 401) for entry in seen(sim, "/login")] == [True]
    assert not [entry for entry in sim.requests() if entry["user_agent"] == "grantd"
                and entry["path"] != "/login"]
    worker.kill()
    stage.worker(SHORT).start()
    stage.all_outcomes()
    stage.settle()
    load.check(stage)


def test_the_cookie_is_nowhere_to_be_read(stage):
    """Neither the values, which settle() looks for (here also those from before a rotation),
    nor the name, which nobody but Grafana and the connection has a use for."""
    worker = stage.worker({"log.level": "debug"}).start()
    for role in ("Editor", "Viewer", "Admin"):
        assert stage.ask(grant(role))["result"] == "applied"
        stage.note_cookies()
        stage.grafana.settings(rotate_sessions=True)
    assert len(stage.cookies) >= 3
    stage.settle()
    for text in (worker.log(), str(stage.committed.records)):
        assert "grafana_session" not in text
    assert not [key for key in stage.redis.scan_iter() if b"grafana_session" in (stage.redis.dump(key) or b"")]
