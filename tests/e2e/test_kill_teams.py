# SPDX-License-Identifier: Apache-2.0
"""kill -9 between the writes of the operations on teams and server admins.

One request of each kind; workers of the build with crash points die one after the
other at the named point, a plain one finishes.
"""

import pytest

from harness.boundaries import die_at, survive
from harness.desk import Desk
from harness.events import request
from harness.load import SHORT, running_for_an_hour
from harness.stage import TokenInstance

# There are eight writes, and one thread does them one after the other: at which passing
# each worker dies.
POINTS = {"after_write": (1,) * 7, "after_step": (1, 2, 3)}
ALONE = {**SHORT, "worker.threads": 1}


@pytest.mark.parametrize("point, passings", POINTS.items(), ids=POINTS)
def test_workers_killed_at(point, passings, sim, make_stage):
    stage = make_stage(3)
    running_for_an_hour(stage)
    desk = Desk(stage)
    org = desk.org()
    member, stranger, leaver = desk.person(org, "Viewer"), desk.person(), desk.person(org, "Viewer")
    admin, plain = desk.person(is_admin=True), desk.person()
    team, gone = desk.team(org, leaver), desk.team(org)
    before = sim.counters()
    on_team = {"org": org.by_id, "team": team.by_name}
    asked = {
        "create": request("team.create", org=org.by_id, team={"name": "Made"}),
        "delete": request("team.delete", org=org.by_id, team=gone.by_name),
        "join": request("team_member.add", user=member.by_login, **on_team),
        "enter": request("team_member.add", user=stranger.by_login, role="Editor", **on_team),
        "leave": request("team_member.remove", user=leaver.by_login, **on_team),
        "admin": request("server_admin.grant", user=plain.by_login),
        "no-admin": request("server_admin.revoke", user=admin.by_login),
    }
    stage.send(*asked.values())
    die_at(stage, *(f"{point}:{passing}" for passing in passings), settings=ALONE)
    survive(stage)

    outcomes = {name: stage.outcome_of(event)["data"] for name, event in asked.items()}
    for name, outcome in outcomes.items():
        assert (outcome["result"], outcome["reason"]["code"]) == ("applied", "ok"), (name, outcome)
    assert outcomes["create"]["before"] == {"exists": False}
    assert outcomes["delete"]["before"] == {"exists": True}
    assert outcomes["enter"]["before"] == {"account": True, "role": None, "team_member": False}
    assert outcomes["enter"]["after"] == {"account": True, "role": "Editor", "team_member": True}
    assert outcomes["leave"]["before"] == {"account": True, "team_member": True}
    assert sim.teams(org.id) == {team.name: team.id, "Made": outcomes["create"]["target"]["team_id"]}
    assert sim.team_members(org.id, team.id) == {member.id, stranger.id}
    assert sim.role(org.id, stranger.login) == "Editor"
    assert sim.is_server_admin(plain.login) and not sim.is_server_admin(admin.login)
    done = {name: count - before[name] for name, count in sim.counters().items() if count != before[name]}
    assert done == {"team_creates": 1, "team_deletes": 1, "team_member_adds": 2, "team_member_removes": 1,
                    "member_adds": 1, "permission_sets": 2}


@pytest.mark.parametrize("_grafana, point, passings", [
    ("9.4", "after_step", (1, 2)), ("12", "after_write", (1, 2))], indirect=["_grafana"])
def test_workers_with_a_token_killed_at(point, passings, sim, make_stage):
    """Somebody unseen gets a place and then joins; somebody who was never in the org leaves."""
    stage = make_stage()
    desk = Desk(stage)
    org, ada, bob = desk.org(), desk.person(), desk.person()
    team, token = desk.team(org, bob), TokenInstance(sim, org.id)
    running_for_an_hour(stage)
    before = sim.counters()
    fields = {"org": org.by_id, "team": team.by_id}
    joining = request("team_member.add", user=ada.by_email, role="Editor", **fields)
    leaving = request("team_member.remove", user=bob.by_login, **fields)
    settings = {**ALONE, **token.settings("main")}
    stage.send(joining, leaving)
    die_at(stage, *(f"{point}:{passing}" for passing in passings), settings=settings)
    survive(stage, settings, [token.key])

    joined, left = (stage.outcome_of(event)["data"] for event in (joining, leaving))
    assert (joined["result"], joined["before"]) == ("applied", {"role": None, "team_member": False})
    assert joined["after"] == {"account": True, "role": "Editor", "team_member": True}
    assert (left["result"], left["before"]) == ("applied", {"account": True, "team_member": True})
    assert sim.team_members(org.id, team.id) == {ada.id}
    assert sim.role(org.id, ada.login) == "Editor"
    done = {name: count - before[name] for name, count in sim.counters().items() if count != before[name]}
    assert list(done.values()) == [1, 1, 1], done
