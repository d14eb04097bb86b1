# SPDX-License-Identifier: Apache-2.0
"""The fuse: as many removals a minute as are expected, over all workers, and no more until
somebody has looked."""

import json
import re

import pytest

from harness.desk import Desk, was
from harness.events import request

MOST = 6
WORKERS = 3


@pytest.fixture(scope="module")
def desk(open_stage):
    stage = open_stage(partitions=WORKERS)
    desk = Desk(stage)
    for _ in range(WORKERS):
        stage.worker(settings={"policy.max_removals_per_minute": MOST, "worker.retry_base_ms": 20}).start()
    yield desk
    desk.settle()


def grantctl(desk, *args, expected=0):
    return desk.stage.grantctl("--config", desk.stage.workers[0].config_path, "fuse", *args, expected=expected)


def shown(desk, expected):
    return json.loads(grantctl(desk, "show", expected=expected))


def metric(desk, name):
    """Over all workers."""
    return sum(int(re.search(rf"^grantd_{name} (\d+)$", worker.http("/metrics")[1], re.M).group(1))
               for worker in desk.stage.workers)


def removals(desk, org):
    """One of each action that takes away: each would count."""
    sim, here = desk.grafana, {"org": org.by_id}
    team = desk.team(org, member := desk.person(org, "Viewer"))
    one, two = ({"id": sim.service_account(org.id, desk.name("bot"))} for _ in range(2))
    token = {"id": sim.token(org.id, one["id"], desk.name("t"))[0]}
    mail = f"{desk.name()}@example.com"
    sim.expect("POST", "/api/org/invites", {"loginOrEmail": mail, "role": "Viewer", "sendEmail": False}, org=org.id)
    admin = desk.person()
    sim.expect("PUT", f"/api/admin/users/{admin.id}/permissions", {"isGrafanaAdmin": True})
    found = [
        ("org_role.revoke", {"user": desk.person(org, "Viewer").by_login, **here}),
        ("account.disable", {"user": desk.person().by_login}),
        ("account.delete", {"user": desk.person().by_login}),
        ("server_admin.revoke", {"user": admin.by_login}),
        ("invite.revoke", {"user": {"email": mail}, **here}),
        ("team_member.remove", {"user": member.by_login, "team": team.by_id, **here}),
        ("team.delete", {"team": desk.team(org).by_id, **here}),
        ("service_account.disable", {"service_account": two, **here}),
        ("service_account.delete", {"service_account": {"id": sim.service_account(org.id, desk.name("bot"))}, **here}),
        ("service_account_token.delete", {"service_account": one, "token": token, **here}),
        ("org.delete", {"org": desk.org().by_id}),
    ]
    if desk.major < 12:
        name = desk.name("key")
        sim.expect("POST", "/api/auth/keys", {"name": name, "role": "Viewer"}, org=org.id)
        found.append(("api_key.delete", {"api_key": {"name": name}, **here}))
    return found


def test_it_trips_and_is_reset_under_three_workers(desk):
    org = desk.org()
    people = [desk.person(org, "Viewer") for _ in range(5 * MOST)]
    asked = [request("org_role.revoke", org=org.by_id, user=person.by_login) for person in people]
    outcomes = desk.ask_all(*asked)
    done = [outcome for outcome in outcomes if outcome["result"] == "applied"]
    assert len(done) == MOST
    for outcome in outcomes:
        if outcome["result"] != "applied":
            assert "grantctl fuse reset main" in was(outcome, "refused", "policy.fuse_open")
            assert outcome["reason"]["rule"] == "policy"
    left = [person for person in people if desk.grafana.role(org.id, person.login)]
    assert len(left) == len(people) - MOST
    assert metric(desk, "fuse_trips_total") == 1
    assert metric(desk, "fuse_refusals_total") >= len(people) - MOST
    state = shown(desk, expected=1)
    assert state["open"] and (state["instance"], state["limit"]) == ("main", MOST)
    assert state["request_id"] in {event["id"] for event in asked}
    lines = [line for worker in desk.stage.workers for line in open(worker.log_path, encoding="utf-8")]
    assert [line for line in lines if "level=error" in line and "the fuse of removals is open" in line]

    # Nothing else is held up, not even what was promised to end, and plans say what would be said.
    ada = desk.person()
    was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Viewer"), "applied", status=200)
    with desk.no_writes():
        for mode in ("plan", None):
            was(desk.stage.ask(request("account.delete", user=ada.by_login, mode=mode)), "refused", "policy.fuse_open")

    bound = desk.ask("org_role.grant", org=org.by_id, user=desk.person().by_login, role="Viewer", duration_s=3600)
    was(desk.end(bound)[0], "applied", status=200)

    assert grantctl(desk, "reset", "main") == "main: reset\n"
    assert shown(desk, expected=0) == {"instance": "main", "open": False, "removals_in_last_minute": 0}
    outcomes = desk.ask_all(*(request("org_role.revoke", org=org.by_id, user=person.by_login) for person in left[:MOST]))
    assert [outcome["result"] for outcome in outcomes] == ["applied"] * MOST
    assert shown(desk, expected=0)["removals_in_last_minute"] == MOST
    assert grantctl(desk, "reset") == "main: was not open\n"


def test_what_takes_nothing_away_does_not_count(desk):
    """Nor does a plan, a refusal, what is so already, or the same request once more."""
    grantctl(desk, "reset")
    org, ada = desk.org(), desk.person()
    with desk.no_writes():
        for _ in range(MOST + 1):
            was(desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login), "already_so")
            was(desk.ask("account.delete", user={"login": desk.grafana.user}), "refused", "account.protected")
            assert desk.stage.ask(request("account.delete", user=ada.by_login, mode="plan"))["result"] == "planned"
    assert shown(desk, expected=0)["removals_in_last_minute"] == 0
    # Retries of one request, each of which comes to the write.
    desk.sim.fault("fail_before", "DELETE", f"/api/admin/users/{ada.id}", count=3)
    event = request("account.delete", user=ada.by_login)
    was(desk.stage.ask(event), "applied", status=200)
    desk.stage.send(event)
    assert shown(desk, expected=0)["removals_in_last_minute"] == 1


def test_each_removal_counts_once(desk):
    org = desk.org()
    asked = removals(desk, org)
    for start in range(0, len(asked), MOST):
        grantctl(desk, "reset")
        outcomes = desk.ask_all(*(request(action, **data) for action, data in asked[start:start + MOST]))
        assert [outcome["result"] for outcome in outcomes] == ["applied"] * len(outcomes), outcomes
        assert shown(desk, expected=0)["removals_in_last_minute"] == len(outcomes)
    grantctl(desk, "reset")
