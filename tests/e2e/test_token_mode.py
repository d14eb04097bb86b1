# SPDX-License-Identifier: Apache-2.0
"""A worker whose credentials are a service account's token: it works in that token's org,
by the routes of the current org, and is told no by name for what is beyond it."""

import re

import pytest

from conftest import REAL, VERSIONS
from harness.boundaries import die_at, survive
from harness.desk import Desk, evidence, instance_for, was
from harness.events import request
from harness.load import SHORT, running_for_an_hour
from harness.stage import TokenInstance

pytestmark = pytest.mark.parametrize(
    "_grafana", VERSIONS if REAL else ["9.4", "10.1", "11.6", "12"], indirect=True)
LOST = ("reset_after", "hang_after", "fail_after", "truncate", "bad_json")
BEYOND = "user and password of a server admin"
MEMBERS = "/api/org/users"


@pytest.fixture(scope="module")
def open_desk(open_stage):
    """A running worker whose only instance is a token's, with the org it works in."""
    stage = open_stage()
    desk = Desk(stage)
    org = desk.org()
    token = TokenInstance(desk.grafana, org.id)
    stage.worker(settings={**token.settings("main"), "grafana.main.service_account": "grantd-itself",
                           **stage.hasty(), **token.settings("hasty"),
                           "grafana.hasty.service_account": "grantd-itself",
                           "worker.retry_base_ms": 20}).start()
    yield desk, org
    desk.settle([token.key])


@pytest.fixture
def desk(open_desk):
    return open_desk[0]


@pytest.fixture
def org(open_desk):
    return open_desk[1]


def own_calls(sim):
    return [entry for entry in sim.requests() if entry["user_agent"] == "grantd"]


# ---- grant ----


def test_a_member_s_role_is_changed_in_place(desk, org):
    ada = desk.person(org, "Viewer")
    for named, role in ((ada.by_login, "Editor"), (ada.by_email, "Admin"),
                        ({**ada.by_login, **ada.by_email}, "Viewer"),
                        ({"login": ada.login.upper()}, "Editor")):
        outcome = desk.ask("org_role.grant", org=org.by_id, user=named, role=role)
        assert role in was(outcome, "applied", status=200)
        assert outcome["target"] == ada.target(org)
        assert outcome["after"] == {"account": True, "role": role}
        assert desk.grafana.role(org.id, ada.login) == role


def test_a_role_held_already_is_left(desk, org):
    ada = desk.person(org, "Editor")
    outcome = desk.ask("org_role.grant", org=org.by_name, user=ada.by_email, role="Editor")
    was(outcome, "already_so")
    assert evidence(outcome) == ({"account": True, "role": "Editor"},) * 2


@pytest.mark.parametrize("how", ["by_login", "by_email"])
def test_somebody_from_elsewhere_is_added(desk, org, how):
    ada = desk.person()
    outcome = desk.ask("org_role.grant", org=org.by_id, user=getattr(ada, how), role="Editor")
    was(outcome, "applied", status=200)
    assert evidence(outcome) == ({"role": None}, {"account": True, "role": "Editor"})
    assert outcome["target"] == ada.target(org)
    assert desk.grafana.role(org.id, ada.login) == "Editor"


def test_nobody_of_that_name(desk, org):
    outcome = desk.ask("org_role.grant", org=org.by_id, user={"login": desk.name()}, role="Viewer")
    assert "there is no account" in was(outcome, "refused", "account.not_found", 404)


def test_an_account_cannot_be_made(desk, org):
    outcome = desk.ask("org_role.grant", org=org.by_id, user={"login": desk.name()}, role="Viewer",
                       if_no_account="create")
    assert BEYOND in was(outcome, "refused", "grafana.unsupported", 404)


def test_two_names_of_somebody_unseen(desk, org):
    ada = desk.person()
    outcome = desk.ask("org_role.grant", org=org.by_id, user={**ada.by_login, **ada.by_email},
                       role="Viewer")
    assert "say one of them" in was(outcome, "refused", "account.ambiguous")
    assert desk.grafana.role(org.id, ada.login) is None


def test_two_names_of_two_members(desk, org):
    ada, bob = desk.person(org, "Viewer"), desk.person(org, "Viewer")
    outcome = desk.ask("org_role.grant", org=org.by_id, user={**ada.by_login, **bob.by_email},
                       role="Editor")
    was(outcome, "refused", "account.ambiguous")


def test_a_role_that_was_not_expected(desk, org):
    ada, bob = desk.person(org, "Viewer"), desk.person()
    for person in (ada, bob):
        was(desk.ask("org_role.grant", org=org.by_id, user=person.by_login, role="Admin",
                     expected_role="Editor"), "refused", "role.unexpected")


def test_another_org_is_refused_by_name(desk, org):
    other, ada = desk.org(), desk.person(org, "Viewer")
    for named in (other.by_id, other.by_name, {"id": 987654}, {"name": org.name.upper()}):
        outcome = desk.ask("org_role.grant", org=named, user=ada.by_login, role="Editor")
        message = was(outcome, "refused", "grafana.unsupported")
        assert f"'{org.name}'" in message and BEYOND in message
    assert desk.grafana.role(org.id, ada.login) == "Viewer"


def test_id_and_name_of_the_org_must_fit(desk, org):
    ada = desk.person(org, "Viewer")
    was(desk.ask("org_role.grant", org={"id": org.id, "name": "Else"}, user=ada.by_login,
                 role="Editor"), "refused", "org.not_found")


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("member", [True, False], ids=["changed", "added"])
def test_a_lost_answer_to_a_grant(desk, org, fault, member):
    ada = desk.person(org, "Viewer") if member else desk.person()
    before = desk.sim.counters()
    desk.sim.fault(fault, "PATCH" if member else "POST", MEMBERS + ("/*" if member else ""), count=1)
    outcome = desk.ask("org_role.grant", instance=instance_for(fault), org=org.by_id, user=ada.by_login, role="Editor")
    was(outcome, "applied", status=outcome["reason"]["grafana"] and outcome["reason"]["grafana"]["status"])
    assert evidence(outcome)[0] == ({"account": True, "role": "Viewer"} if member else {"role": None})
    assert outcome["after"] == {"account": True, "role": "Editor"}
    assert outcome["target"] == ada.target(org)
    assert desk.grafana.role(org.id, ada.login) == "Editor"
    desk.sim.clear_faults()
    after = desk.sim.counters()
    changed = {name for name in after if after[name] != before.get(name, 0)}
    assert len(changed) == 1 and all(after[name] - before.get(name, 0) == 1 for name in changed)


# ---- revoke ----


def test_a_removal_needs_the_request_s_word(desk, org):
    ada = desk.person(org, "Editor")
    outcome = desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login)
    message = was(outcome, "refused", "account.may_go")
    assert "to_role" in message and "allow_account_removal" in message
    assert desk.grafana.role(org.id, ada.login) == "Editor"


def test_a_fall_is_no_removal(desk, org):
    ada = desk.person(org, "Editor")
    outcome = desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, to_role="Viewer")
    was(outcome, "applied", status=200)
    assert outcome["after"] == {"account": True, "role": "Viewer"}
    was(desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, to_role="Viewer"), "already_so")


def only_in(desk, org, person):
    """Take the account out of the org that accounts begin in."""
    for place in desk.grafana.expect("GET", f"/api/users/{person.id}/orgs"):
        if place["orgId"] != org.id:
            desk.grafana.expect("DELETE", f"/api/orgs/{place['orgId']}/users/{person.id}")


def test_the_last_org_takes_the_account_along(desk, org):
    ada = desk.person(org, "Editor")
    only_in(desk, org, ada)
    outcome = desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, allow_account_removal=True)
    assert "deleted the account" in was(outcome, "applied", status=200)
    assert evidence(outcome) == ({"account": True, "role": "Editor"}, {"account": False, "role": None})
    assert desk.grafana.lookup(ada.login) is None


def test_who_belongs_elsewhere_stays(desk, org):
    ada = desk.person(org, "Editor")
    desk.grafana.expect("POST", f"/api/orgs/{desk.org().id}/users",
                        {"loginOrEmail": ada.login, "role": "Viewer"})
    outcome = desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, allow_account_removal=True)
    assert "deleted" not in was(outcome, "applied", status=200)
    assert outcome["after"] == {"account": True, "role": None}
    assert desk.grafana.lookup(ada.login) is not None


def test_who_is_no_member_has_nothing_to_lose(desk, org):
    for user in (desk.person().by_login, {"login": desk.name()}):
        outcome = desk.ask("org_role.revoke", org=org.by_id, user=user)
        was(outcome, "already_so")
        assert evidence(outcome) == ({"role": None}, {"role": None})


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_to_a_removal(desk, org, fault):
    ada = desk.person(org, "Editor")
    only_in(desk, org, ada)
    desk.sim.fault(fault, "DELETE", MEMBERS + "/*", count=1)
    outcome = desk.ask("org_role.revoke", instance=instance_for(fault), org=org.by_id, user=ada.by_login,
                       allow_account_removal=True)
    was(outcome, "applied", status=outcome["reason"]["grafana"] and outcome["reason"]["grafana"]["status"])
    assert outcome["before"] == {"account": True, "role": "Editor"}
    assert outcome["after"] == {"role": None}
    assert desk.grafana.lookup(ada.login) is None
    desk.sim.clear_faults()


def test_a_synced_member(desk, org):
    ada = desk.person(auth_module="oauth_generic_oauth", role_sync=True, orgs=[{"id": org.id, "role": "Viewer"}])
    if desk.sim.version == "9.4":
        pytest.skip("a 9.4 does not tell a token who is synced")
    was(desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, allow_account_removal=True),
        "refused", "org.externally_synced")
    was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Admin"),
        "refused", "org.externally_synced", 403)


# ---- for a while ----


def test_what_was_given_for_a_while_ends(desk, org):
    """Who was no member leaves again, which takes the request's word; others fall to what they had."""
    if desk.sim.version not in VERSIONS:
        pytest.skip("waits for what is due; the calls are those of the others")
    fields, due = {"org": org.by_id, "duration_s": 3600}, f"{{{desk.stage.name}:{desk.stage.group}}}:due"
    member, comes, joins = desk.person(org, "Viewer"), desk.person(), desk.person(org, "Viewer")
    team = desk.team(org)
    asked = {"org_role.grant": {"role": "Editor", **fields}, "team_member.add": {"team": team.by_id, **fields}}
    with desk.no_writes():
        outcome = desk.ask("org_role.grant", user=comes.by_email, **asked["org_role.grant"])
    assert "allow_account_removal" in was(outcome, "refused", "account.may_go")
    given = desk.ask_all(
        request("org_role.grant", user=member.by_login, **asked["org_role.grant"]),
        request("org_role.grant", user=comes.by_email, allow_account_removal=True, **asked["org_role.grant"]),
        request("team_member.add", user=joins.by_login, **asked["team_member.add"]))
    for outcome in given:
        was(outcome, "applied", status=200)
    assert desk.grafana.role(org.id, member.login) == desk.grafana.role(org.id, comes.login) == "Editor"
    assert desk.grafana.team_members(org.id, team.id) == {joins.id}
    desk.stage.redis.zadd(due, {outcome["follow_up"]["request_id"]: 0 for outcome in given})
    for outcome in given:
        was(desk.stage.follow_up_of(outcome), "applied", status=200)
    assert (desk.grafana.role(org.id, member.login), desk.grafana.role(org.id, comes.login)) == ("Viewer", None)
    assert desk.grafana.team_members(org.id, team.id) == set()
    assert desk.grafana.lookup(comes.login)["id"] == comes.id


def test_a_role_that_the_server_does_not_know(desk, org):
    member, comes = desk.person(org, "Editor"), desk.person()
    knows = desk.sim.version not in ("9.4", "10.1")
    for person, held in ((member, "Editor"), (comes, None)):
        outcome = desk.ask("org_role.grant", org=org.by_id, user=person.by_login, role="None")
        was(outcome, *(("applied", "ok", 200) if knows else ("refused", "role.invalid", 400)))
        assert desk.grafana.role(org.id, person.login) == ("None" if knows else held)


# ---- kills ----


@pytest.mark.parametrize("point", ["after_step", "after_write"])
def test_killed_at_each_write(sim, make_stage, point):
    stage = make_stage()
    desk = Desk(stage)
    org = desk.org()
    token = TokenInstance(desk.grafana, org.id)
    running_for_an_hour(stage)
    member, stranger, leaver = desk.person(org, "Viewer"), desk.person(), desk.person(org, "Viewer")
    asked = [
        request("org_role.grant", org=org.by_id, user=member.by_login, role="Editor"),
        request("org_role.grant", org=org.by_id, user=stranger.by_login, role="Editor"),
        request("org_role.revoke", org=org.by_id, user=leaver.by_login, allow_account_removal=True),
    ]
    settings = {**SHORT, **token.settings("main"), "worker.threads": 1}
    stage.send(*asked)
    die_at(stage, *[f"{point}:1" for _ in asked], settings=settings)
    survive(stage, settings, [token.key])
    outcomes = [stage.outcome_of(event)["data"] for event in asked]
    assert [outcome["result"] for outcome in outcomes] == ["applied"] * 3
    assert [outcome["before"] for outcome in outcomes] == [
        {"account": True, "role": "Viewer"}, {"role": None}, {"account": True, "role": "Viewer"}]
    assert sim.role(org.id, member.login) == sim.role(org.id, stranger.login) == "Editor"
    assert sim.role(org.id, leaver.login) is None


# ---- what the worker knows of itself ----


def test_it_says_once_what_it_is(desk, org):
    worker = desk.stage.workers[0]
    known = worker.wait_log("grafana is known.*").group(0)
    for fact in (f"org_id={org.id} ", "credential=token ", "server_admin=no ", "login_form=on ", "smtp=unknown"):
        assert fact in known, known
    assert "not protected" not in worker.log()


# ---- a token that is good no more ----


def test_a_deleted_token_opens_the_breaker_until_it_is_replaced(sim, make_stage):
    stage = make_stage()
    desk = Desk(stage)
    org = desk.org()
    ada = desk.person(org, "Viewer")
    token = TokenInstance(sim, org.id)
    sim.expect("DELETE", f"/api/serviceaccounts/{token.account_id}/tokens/{token.token_id}", org=org.id)
    worker = stage.worker({**token.settings("main"), "grafana.main.unauthorized_wait_ms": 3600000}).start()
    event = request("org_role.grant", org=org.by_id, user=ada.by_login, role="Editor")
    stage.send(event)
    worker.wait_for(lambda: re.search(f"tried again.* req={event['id']} |could not be probed", worker.log()),
                    "the refused attempt")
    worker.stop()
    fresh = TokenInstance(sim, org.id, name="fresh")
    heir = stage.worker(fresh.settings("main")).start()
    assert stage.outcome_of(event)["data"]["result"] == "applied"
    known = heir.wait_log("grafana is known.*").group(0)
    if sim.version in ("9.4", "10.1"):  # which don't tell whose a token is
        heir.wait_log("not protected: set service_account")
    else:
        assert "login=sa-" in known and "protected" not in heir.log()
    refused = [entry for entry in sim.requests() if entry["status"] in (401, 500)]
    assert 1 <= len(refused) <= 2 and all(entry["user_agent"].startswith("grantd") for entry in refused)
    stage.settle([token.key, fresh.key])


# ---- beyond a token ----


@pytest.mark.parametrize("action, fields", [
    ("account.create", {"user": {"login": "x", "email": "x@example.com"}}),
    ("account.update", {"user": {"login": "x"}, "set": {"name": "X"}}),
    ("account.disable", {"user": {"login": "x"}}), ("account.enable", {"user": {"login": "x"}}),
    ("account.delete", {"user": {"login": "x"}}), ("account.logout", {"user": {"login": "x"}}),
    ("account.reset_password", {"user": {"login": "x"}}),
    ("server_admin.grant", {"user": {"login": "x"}}), ("server_admin.revoke", {"user": {"login": "x"}}),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_takes_a_server_admin_is_refused_by_name(desk, action, fields):
    if desk.grafana.simulated:
        before = len(own_calls(desk.grafana))
    message = was(desk.ask(action, **fields), "refused", "grafana.unsupported")
    assert action in message and BEYOND in message
    if desk.grafana.simulated:
        assert len(own_calls(desk.grafana)) == before
