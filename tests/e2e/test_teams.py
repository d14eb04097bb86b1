# SPDX-License-Identifier: Apache-2.0
"""Teams: what each action does, what it does when there is nothing to do, each no.

Faults on their writes are in test_faults.py, kills in test_kill_teams.py.
"""

import pytest

from harness.desk import Desk, evidence, was
from harness.events import REQUEST_TYPE, request
from harness.grafana import TEST_PASSWORD
from harness.paths import DEADLINE_S, wait_until

ALL = ("team.create", "team.delete", "team_member.add", "team_member.remove")
ON_MEMBERS = ("team_member.add", "team_member.remove")
NOT_THERE = {"account": True, "role": "Viewer", "team_member": False}
THERE = {**NOT_THERE, "team_member": True}


@pytest.fixture(scope="module")
def desk(open_stage):
    """One worker with two instances: main, and guest (the same with a login without rights)."""
    stage = open_stage()
    desk = Desk(stage)
    stage.worker(settings=desk.guest_instance()).start()
    yield desk
    desk.settle([TEST_PASSWORD])


def target(org, team, person=None):
    return {**(person.target() if person else {}), "org_id": org.id, "org_name": org.name,
            "team_id": team.id, "team_name": team.name}


def fields_for(action, org, team, person):
    """What each action needs at the least."""
    return {"org": org.by_id, "team": team.by_name,
            **({"user": person.by_login} if action in ON_MEMBERS else {})}


# ---- team.create, team.delete ----


def test_create_makes_a_team_and_finds_it_there(desk):
    org, name = desk.org(), f"Bäck/end & Co. {desk.name()}"
    outcome = desk.ask("team.create", org=org.by_name, team={"name": name, "email": "backend@example.com"})
    was(outcome, "applied", status=200)
    team_id = desk.grafana.teams(org.id)[name]
    shown = {"org_id": org.id, "org_name": org.name, "team_id": team_id, "team_name": name}
    assert outcome["target"] == shown
    assert evidence(outcome) == ({"exists": False}, {"exists": True})
    assert desk.grafana.expect("GET", f"/api/teams/{team_id}", org=org.id)["email"] == "backend@example.com"
    with desk.no_writes():
        outcome = desk.ask("team.create", org=org.by_id, team={"name": name, "email": "other@example.com"})
    was(outcome, "already_so")
    assert outcome["target"] == shown
    assert evidence(outcome) == ({"exists": True}, {"exists": True})


def test_letter_case_makes_another_team(desk):
    org, name = desk.org(), desk.name("team")
    for spelling in (name, name.upper()):
        was(desk.ask("team.create", org=org.by_id, team={"name": spelling}), "applied", status=200)
    assert set(desk.grafana.teams(org.id)) == {name, name.upper()}


def test_where_letter_case_does_not_count_the_name_is_taken(desk):
    """A server on MySQL says so; the simulated one must be told."""
    org = desk.org()
    desk.sim.fault("status", "POST", "/api/teams", status=409, message="Team name taken")
    outcome = desk.ask("team.create", org=org.by_id, team={"name": "Backend"})
    assert "letter case aside" in was(outcome, "refused", "team.conflict", 409)
    assert outcome["before"] == {"exists": False}


def test_a_new_team_has_a_name_and_no_id(desk):
    outcome = desk.ask("team.create", org={"id": 1}, team={"id": 4})
    assert was(outcome, "refused", "request.invalid") == "data.team.name: missing (for team.create)"
    outcome = desk.ask("team.create", org={"id": 1}, team={"id": 4, "name": "Backend"})
    assert was(outcome, "refused", "request.invalid").startswith("data.team.id: ")


@pytest.mark.parametrize("way", ["by_id", "by_name"])
def test_delete_takes_the_team_and_leaves_the_people(desk, way):
    org = desk.org()
    ada = desk.person(org, "Viewer")
    team, other = desk.team(org, ada), desk.team(org, ada)
    outcome = desk.ask("team.delete", org=org.by_id, team=getattr(team, way))
    was(outcome, "applied", status=200)
    assert outcome["target"] == target(org, team)
    assert evidence(outcome) == ({"exists": True}, {"exists": False})
    assert desk.grafana.teams(org.id) == {other.name: other.id}
    assert desk.grafana.role(org.id, ada.login) == "Viewer"
    with desk.no_writes():
        outcome = desk.ask("team.delete", org=org.by_id, team=getattr(team, way))
    was(outcome, "already_so")
    assert evidence(outcome) == ({"exists": False}, {"exists": False})


# ---- team_member.add ----


def test_add_and_remove_a_member(desk):
    org = desk.org()
    ada = desk.person(org, "Viewer")
    team = desk.team(org)
    outcome = desk.ask("team_member.add", org=org.by_id, team=team.by_name, user=ada.by_email)
    was(outcome, "applied", status=200)
    assert outcome["target"] == target(org, team, ada)
    assert evidence(outcome) == (NOT_THERE, THERE)
    assert desk.grafana.team_members(org.id, team.id) == {ada.id}
    with desk.no_writes():
        outcome = desk.ask("team_member.add", org=org.by_id, team=team.by_id, user=ada.by_login)
    was(outcome, "already_so")
    assert evidence(outcome) == (THERE, THERE)

    outcome = desk.ask("team_member.remove", org=org.by_name, team=team.by_id, user=ada.by_login)
    was(outcome, "applied", status=200)
    assert outcome["target"] == target(org, team, ada)
    assert evidence(outcome) == ({"account": True, "team_member": True}, {"account": True, "team_member": False})
    assert desk.grafana.team_members(org.id, team.id) == set()
    assert desk.grafana.role(org.id, ada.login) == "Viewer"
    with desk.no_writes():
        outcome = desk.ask("team_member.remove", org=org.by_name, team=team.by_id, user=ada.by_login)
    was(outcome, "already_so")


def test_who_does_not_belong_to_the_org_is_given_the_role_first(desk):
    org, ada = desk.org(), desk.person()
    team = desk.team(org)
    with desk.no_writes():
        outcome = desk.ask("team_member.add", org=org.by_id, team=team.by_id, user=ada.by_login)
    assert "say role" in was(outcome, "refused", "account.not_member")
    assert outcome["before"] == {"account": True, "role": None, "team_member": False}

    outcome = desk.ask("team_member.add", org=org.by_id, team=team.by_id, user=ada.by_login, role="Editor")
    was(outcome, "applied", status=200)
    assert evidence(outcome) == ({"account": True, "role": None, "team_member": False},
                                 {"account": True, "role": "Editor", "team_member": True})
    assert desk.grafana.role(org.id, ada.login) == "Editor"
    assert desk.grafana.team_members(org.id, team.id) == {ada.id}


def test_a_role_that_is_held_is_left_as_it_is(desk):
    org = desk.org()
    ada = desk.person(org, "Viewer")
    team = desk.team(org)
    was(desk.ask("team_member.add", org=org.by_id, team=team.by_id, user=ada.by_login, role="Admin"),
        "applied", status=200)
    assert desk.grafana.role(org.id, ada.login) == "Viewer"


def test_a_team_member_of_no_org_gets_a_place_in_it(desk):
    """Grafana lets anybody into a team."""
    org, ada = desk.org(), desk.person()
    team = desk.team(org, ada)
    was(desk.ask("team_member.add", org=org.by_id, team=team.by_id, user=ada.by_login), "refused", "account.not_member")
    was(desk.ask("team_member.add", org=org.by_id, team=team.by_id, user=ada.by_login, role="Viewer"),
        "applied", status=200)
    assert desk.grafana.role(org.id, ada.login) == "Viewer"


def test_a_500_on_an_addition_is_looked_into(desk):
    org = desk.org()
    ada = desk.person(org, "Viewer")
    team = desk.team(org)
    desk.sim.fault("fail_before", "POST", f"/api/teams/{team.id}/members", message="Failed to add Member to Team")
    outcome = desk.ask("team_member.add", org=org.by_id, team=team.by_id, user=ada.by_login)
    was(outcome, "applied", status=200)
    assert outcome["attempts"] == 2


@pytest.mark.parametrize("what, code", [("team", "team.not_found"), ("user", "account.not_found")])
def test_what_vanishes_meanwhile_is_not_waited_for(desk, what, code):
    """Grafana up to 11 answers an addition with the same 500 when the team or the account has
    gone as when it is in trouble; here the answer is lost altogether."""
    org = desk.org()
    ada = desk.person(org, "Viewer")
    team = desk.team(org)
    path = f"/api/teams/{team.id}/members"
    desk.sim.fault("hang_before", "POST", path, delay_ms=3600 * 1000)
    event = desk.stage.send(request("team_member.add", org=org.by_id, team=team.by_id, user=ada.by_login))
    wait_until(lambda: desk.sim.requests("POST", f"^{path}$"), "the addition has been sent", DEADLINE_S)
    if what == "team":
        desk.grafana.expect("DELETE", f"/api/teams/{team.id}", org=org.id)
    else:
        desk.grafana.expect("DELETE", f"/api/admin/users/{ada.id}")
    desk.sim.release()
    was(desk.stage.outcome_of(event)["data"], "refused", code)


def test_remove_of_nobody_is_already_so(desk):
    org = desk.org()
    team = desk.team(org)
    with desk.no_writes():
        outcome = desk.ask("team_member.remove", org=org.by_id, team=team.by_id, user={"login": desk.name()})
    was(outcome, "already_so")
    assert evidence(outcome) == ({"account": False, "team_member": False},) * 2


# ---- each no ----


@pytest.mark.parametrize("action", ON_MEMBERS)
def test_a_team_that_is_not_there(desk, action):
    org, ada = desk.org(), desk.person()
    team, elsewhere = desk.team(org), desk.team(desk.org())
    for named, said in (({"id": 999999}, "there is no team with id 999999 in the org"),
                        ({"name": "No Such Team"}, "there is no team 'No Such Team' in the org"),
                        (elsewhere.by_id, f"there is no team with id {elsewhere.id} in"),
                        (elsewhere.by_name, f"there is no team '{elsewhere.name}' in"),
                        ({"name": team.name.upper()}, f"there is no team '{team.name.upper()}'"),
                        ({**team.by_id, "name": "Other"}, f"team {team.id} is named '{team.name}', not 'Other'")):
        with desk.no_writes():
            outcome = desk.ask(action, org=org.by_id, team=named, user=ada.by_login)
        assert said in was(outcome, "refused", "team.not_found")


def test_a_team_is_not_deleted_under_another_name(desk):
    org = desk.org()
    team = desk.team(org)
    with desk.no_writes():
        outcome = desk.ask("team.delete", org=org.by_id, team={**team.by_id, "name": "Other"})
    was(outcome, "refused", "team.not_found")


def test_an_account_that_is_not_there_is_added_nowhere(desk):
    org = desk.org()
    team, login = desk.team(org), desk.name()
    with desk.no_writes():
        outcome = desk.ask("team_member.add", org=org.by_id, team=team.by_id, user={"login": login}, role="Viewer")
    assert login in was(outcome, "refused", "account.not_found")


@pytest.mark.parametrize("action", ON_MEMBERS)
def test_the_own_login_is_left_alone(desk, action):
    org = desk.org()
    team = desk.team(org)
    with desk.no_writes():
        outcome = desk.ask(action, org=org.by_id, team=team.by_id, user={"login": desk.grafana.user})
    was(outcome, "refused", "account.protected")


@pytest.mark.parametrize("action", ALL)
def test_an_org_that_is_not_there(desk, action):
    outcome = desk.ask(action, org={"id": 999999}, team={"name": "T"},
                       user=desk.person().by_login if action in ON_MEMBERS else None)
    was(outcome, "refused", "org.not_found")


@pytest.mark.parametrize("action", ALL)
def test_in_an_org_that_grantds_login_does_not_belong_to(desk, action):
    """A server admin has no rights there; it does not make itself a member."""
    owner = desk.person()
    org = desk.org()
    team = desk.team(org)
    desk.grafana.expect("POST", f"/api/orgs/{org.id}/users", {"loginOrEmail": owner.login, "role": "Admin"})
    own = desk.grafana.lookup(desk.grafana.user)
    desk.grafana.expect("DELETE", f"/api/orgs/{org.id}/users/{own['id']}")
    with desk.no_writes():
        outcome = desk.ask(action, **fields_for(action, org, team, owner))
    message = was(outcome, "refused", "grafana.permission", 403)
    assert f"make grantd's own login '{desk.grafana.user}' an Admin of the org '{org.name}'" in message


@pytest.mark.parametrize("action", ALL)
def test_without_rights_each_is_refused(desk, action):
    org, ada = desk.org(), desk.person()
    team = desk.team(org)
    with desk.no_writes():
        outcome = desk.ask(action, instance="guest", **fields_for(action, org, team, ada))
    was(outcome, "refused", "grafana.permission", 403)


@pytest.mark.parametrize("action", ["team.delete", *ON_MEMBERS])
def test_a_team_that_scim_made(desk, action):
    org = desk.org()
    ada, bob = desk.person(org, "Viewer"), desk.person(org, "Viewer")
    team = desk.team(org, bob)
    desk.sim.sim("PATCH", f"teams/{team.id}", {"org_id": org.id, "is_provisioned": True})
    outcome = desk.ask(action, **fields_for(action, org, team, ada if action == "team_member.add" else bob))
    assert "SCIM" in was(outcome, "refused", "team.provisioned", 400)
    assert desk.grafana.team_members(org.id, team.id) == {bob.id}


def test_roles_from_an_identity_provider_are_left_alone(desk):
    org = desk.org()
    team = desk.team(org)
    ada = desk.person(auth_module="oauth_generic_oauth", role_sync=True, orgs=[])
    outcome = desk.ask("team_member.add", org=org.by_id, team=team.by_id, user=ada.by_login, role="Viewer")
    if desk.major >= 10:
        was(outcome, "refused", "org.externally_synced")
        assert desk.grafana.team_members(org.id, team.id) == set()
    else:  # this version does not tell
        was(outcome, "applied", status=200)


@pytest.mark.parametrize("action", ALL)
def test_what_an_action_cannot_do_without(desk, action):
    org = desk.org()
    fields = fields_for(action, org, desk.team(org), desk.person())
    for missing in fields:
        outcome = desk.ask(action, **{**fields, missing: None})
        assert was(outcome, "refused", "request.invalid").startswith(f"data.{missing}: missing")


# ---- the operator's tool ----


def test_grantctl_asks_for_a_team(desk):
    org = desk.org()
    config, identity = desk.stage.workers[0].config_path, desk.name("ctl")
    desk.stage.grantctl("--config", config, "submit", "team.create", "--org-id", str(org.id), "--team", "Tools",
                        "--team-email", "tools@example.com", "--instance", "main", "--id", identity,
                        "--source", "/ctl", "--wait")
    desk.stage.requests.append({"type": REQUEST_TYPE, "source": "/ctl", "id": identity})
    assert "Tools" in desk.grafana.teams(org.id)
