# SPDX-License-Identifier: Apache-2.0
"""Redis is emptied while grants are alive: what was to end is found again in the outcomes."""

import json

import pytest

from conftest import VERSIONS
from harness.desk import Desk, was
from harness.events import REQUEST_TYPE, now, request
from harness.paths import DEADLINE_S, wait_until

HOUR = 3600


@pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)
def test_a_ledger_that_was_emptied_is_filled_from_the_outcomes(sim, make_stage):
    stage = make_stage(3)
    desk = Desk(stage)
    org = desk.org()
    worker = stage.worker().start()
    prefix = f"{{{stage.name}:{stage.group}}}:"

    def grant(person, role, **more):
        return request("org_role.grant", org=org.by_id, user=person.by_login, role=role, **more)

    def due():
        return {item["request"]["id"]: item for item in
                map(json.loads, stage.grantctl("--config", worker.config_path, "due", "list").splitlines())}

    def promised(outcome):
        return outcome["follow_up"]["request_id"]

    def hour_is_over(*outcomes):
        over = {promised(outcome): 0 for outcome in outcomes}
        assert stage.redis.zadd(prefix + "due", over, xx=True, ch=True) == len(over)
        return [stage.follow_up_of(outcome) for outcome in outcomes]

    alone, twice, replaced, ended, waits = (desk.person(org, "Viewer") for _ in range(5))
    team = desk.team(org)
    given = dict(zip(("alone", "editor", "admin", "replaced", "ended", "waits", "team"), desk.ask_all(
        grant(alone, "Editor", duration_s=HOUR), grant(twice, "Editor", duration_s=HOUR),
        grant(twice, "Admin", duration_s=HOUR), grant(replaced, "Editor", duration_s=HOUR),
        grant(ended, "Editor", duration_s=HOUR), grant(waits, "Editor", duration_s=HOUR),
        request("team_member.add", org=org.by_id, team=team.by_id, user=alone.by_login, duration_s=HOUR))))
    assert {outcome["result"] for outcome in given.values()} == {"applied"}
    was(desk.ask("org_role.grant", org=org.by_id, user=replaced.by_login, role="Editor"), "already_so")
    hour_is_over(given["ended"])
    before = due()
    assert set(before) == {promised(given[name]) for name in given if name != "ended"}

    stage.redis.delete(*stage.redis.keys(prefix + "*"))
    assert due() == {}
    # Somebody is given more in the emptied ledger, and an end comes that it knows nothing of.
    more = desk.stage.ask(grant(twice, "Viewer", duration_s=HOUR))
    early = {"specversion": "1.0", "type": REQUEST_TYPE, "id": promised(given["waits"]), "time": now(),
             "source": given["waits"]["follow_up"]["source"], "subject": waits.login,
             "datacontenttype": "application/json", "data": given["waits"]["follow_up"]["data"]}
    stage.send(early)
    worker.wait_log("the ledger's epoch changed: .* run 'grantctl due restore'")
    worker.wait_log("the ledger was emptied after this was given")
    assert sim.role(org.id, waits.login) == "Editor"
    # It holds up nobody else who asks about the same person.
    was(desk.ask("account.enable", user=waits.by_login), "already_so")

    told = stage.grantctl("--config", worker.config_path, "due", "restore", "--dry-run")
    assert "nothing was written" in told and len(due()) == 1
    told = stage.grantctl("--config", worker.config_path, "due", "restore")
    assert "still to come due: 7, of them added: 5; time-bound grants alive: 6 of 4 subjects" in told
    assert "of them added: 0" in stage.grantctl("--config", worker.config_path, "due", "restore")
    was(stage.outcome_of(early)["data"], "applied", status=200)
    after = due()
    assert set(after) == (set(before) | {promised(more)}) - {early["id"]}
    for identity in set(before) & set(after):
        assert after[identity] == before[identity]

    hour_is_over(*(given[name] for name in ("alone", "editor", "replaced", "team")))
    assert sim.role(org.id, twice.login) == "Admin" and sim.role(org.id, alone.login) == "Viewer"
    assert sim.role(org.id, replaced.login) == "Editor" and sim.team_members(org.id, team.id) == set()
    hour_is_over(given["admin"])
    assert sim.role(org.id, twice.login) == "Viewer"
    [last] = hour_is_over(more)
    assert (last["result"], last["after"]["role"]) == ("already_so", "Viewer")
    stage.settle()


@pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)
def test_what_was_being_given_when_it_was_emptied(sim, make_stage):
    """The worker knows what was so before, and not only what it has made of it."""
    stage = make_stage()
    desk = Desk(stage)
    org = desk.org()
    ada = desk.person(org, "Viewer")
    stage.worker().start()
    path = f"/api/orgs/{org.id}/users/{ada.id}"
    sim.fault("delay", "PATCH", path, delay_ms=3600 * 1000)
    event = stage.send(request("org_role.grant", org=org.by_id, user=ada.by_login, role="Editor", duration_s=HOUR))
    wait_until(lambda: sim.requests("PATCH", path), "the write", DEADLINE_S)
    stage.services.flush_redis()
    sim.release()
    outcome = stage.outcome_of(event)["data"]
    was(outcome, "applied")
    assert outcome["before"]["role"] == outcome["reverts_to"]["role"] == "Viewer"
    assert outcome["after"]["role"] == "Editor"
    prefix = f"{{{stage.name}:{stage.group}}}:"
    assert stage.redis.zadd(prefix + "due", {outcome["follow_up"]["request_id"]: 0}, xx=True, ch=True) == 1
    assert stage.follow_up_of(outcome)["after"]["role"] == "Viewer"
    stage.settle()
