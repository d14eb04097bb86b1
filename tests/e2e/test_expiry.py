# SPDX-License-Identifier: Apache-2.0
"""Time-bound grants: what they give, when it ends, and what is left alone at the end.

One test waits until a grant ends; in the others it is due in an hour, and Redis is told
that the hour is over, so that nothing depends on how long a test takes meanwhile.
"""

import datetime

import pytest

from harness.desk import Desk, evidence, was
from harness.events import request

SOON_S, LATER_S = (1, 5, 25), 3600
MOST = 64  # alive at one time


@pytest.fixture(scope="module")
def desk(open_stage):
    desk = Desk(open_stage(3))
    desk.stage.worker().start()
    yield desk
    desk.settle()


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def later(event, seconds):
    """That long after an event's time, as grantd writes it."""
    at = time_of(event["time"]) + datetime.timedelta(seconds=seconds)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def grant(org, person, role, duration_s=LATER_S, **more):
    return request("org_role.grant", org=org.by_id, user=person.by_login, role=role, duration_s=duration_s, **more)


def test_a_role_goes_back_to_the_one_before(desk):
    org = desk.org()
    for soon_s in SOON_S:  # the shortest that this machine is quick enough for
        ada, bob = desk.person(org, "Viewer"), desk.person()
        asked = [grant(org, ada, "Editor", soon_s, requested_by="ada@example.com", ticket="INC-1"),
                 grant(org, bob, "Admin", soon_s)]
        first, second = desk.ask_all(*asked)
        if "grant.over" not in (first["reason"]["code"], second["reason"]["code"]):
            break
        for outcome in (first, second):
            if "follow_up" in outcome:
                desk.stage.follow_up_of(outcome)
    was(first, "applied", status=200)
    assert first["expires_at"] == first["follow_up"]["at"] == later(asked[0], soon_s)
    assert first["reverts_to"] == {"role": "Viewer"} and second["reverts_to"] == {"role": None}
    assert first["reason"]["message"] == (
        f"'{ada.login}' is now Editor in '{org.name}' until {first['expires_at']} (was Viewer)")
    ended = desk.stage.follow_up_of(first)
    was(ended, "applied", status=200)
    assert time_of(ended["started_at"]) >= time_of(first["expires_at"])
    assert evidence(ended) == ({"account": True, "role": "Editor"}, {"account": True, "role": "Viewer"})
    assert (ended["requested_by"], ended["ticket"]) == ("ada@example.com", "INC-1")
    assert ended["grant"]["id"] == asked[0]["id"] and ended["target"]["user_id"] == ada.id
    was(desk.stage.follow_up_of(second), "applied", status=200)
    assert desk.grafana.role(org.id, ada.login) == "Viewer" and desk.grafana.role(org.id, bob.login) is None


def test_places_in_teams_and_server_admins(desk):
    org = desk.org()
    ada, bob = desk.person(org, "Viewer"), desk.person()
    team = desk.team(org)
    joined, raised = desk.ask_all(
        request("team_member.add", org=org.by_id, team=team.by_name, user=ada.by_login, duration_s=LATER_S),
        request("server_admin.grant", user=bob.by_login, duration_s=LATER_S))
    was(joined, "applied", status=200)
    was(raised, "applied", status=200)
    assert joined["reverts_to"] == {"team_member": False} and raised["reverts_to"] == {"server_admin": False}
    assert desk.grafana.team_members(org.id, team.id) == {ada.id} and desk.grafana.is_server_admin(bob.login)
    for ended in desk.end(joined, raised):
        was(ended, "applied", status=200)
    assert desk.grafana.team_members(org.id, team.id) == set() and not desk.grafana.is_server_admin(bob.login)
    assert desk.grafana.role(org.id, ada.login) == "Viewer"


def test_the_strongest_of_those_alive_counts(desk):
    """Editor for a while, Admin for a shorter while within it, Viewer for the longest, in one go."""
    org, ada = desk.org(), desk.person()
    asked = [grant(org, ada, role) for role in ("Editor", "Admin", "Viewer")]
    editor, admin, viewer = desk.ask_all(*asked)
    was(editor, "applied", status=200)
    was(admin, "applied", status=200)
    assert "stays Admin" in was(viewer, "already_so")
    assert [outcome["reverts_to"] for outcome in (editor, admin, viewer)] == [{"role": None}] * 3
    assert viewer["after"]["role"] == "Admin" and viewer["expires_at"] == later(asked[2], LATER_S)
    first, second, third = (desk.end(outcome)[0] for outcome in (admin, editor, viewer))
    assert [outcome["after"]["role"] for outcome in (first, second, third)] == ["Editor", "Viewer", None]
    assert [outcome["result"] for outcome in (first, second, third)] == ["applied"] * 3
    assert desk.grafana.role(org.id, ada.login) is None


def test_there_is_an_end_to_how_many_are_alive(desk):
    org = desk.org()
    ada = desk.person(org, "Viewer")
    *alive, beyond = desk.ask_all(*(grant(org, ada, "Editor") for _ in range(MOST + 1)))
    assert {outcome["reason"]["code"] for outcome in alive} == {"ok"}
    assert f"{MOST} time-bound grants" in was(beyond, "refused", "grant.too_many")
    desk.end(alive[0])
    was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Editor", duration_s=LATER_S), "already_so")


def by_hand(role):
    def change(desk, org, person):
        desk.grafana.expect("PATCH", f"/api/orgs/{org.id}/users/{person.id}", {"role": role})
    return change


def leaves(desk, org, person):
    desk.grafana.expect("DELETE", f"/api/orgs/{org.id}/users/{person.id}")


def asks(action, **data):
    def ask(desk, org, person):
        outcome = desk.ask(action, org=org.by_id, user=person.by_email, **data)
        assert outcome["result"] in ("applied", "already_so"), outcome
    return ask


def deletes_account(desk, org, person):
    desk.grafana.expect("DELETE", f"/api/admin/users/{person.id}")


def deletes_org(desk, org, person):
    desk.grafana.expect("DELETE", f"/api/orgs/{org.id}")


def renames(desk, org, person):
    desk.grafana.expect("PUT", f"/api/users/{person.id}", {"login": person.login + "-new", "email": person.email})


# What happens between the grant of Editor to a Viewer and its end; what that answers then, with
# a part of its message; the role that is left (... = nobody can say).
CASES = {
    "permanent_same": (asks("org_role.grant", role="Editor"), "already_so", "not alive any more", "Editor"),
    "permanent_more": (asks("org_role.grant", role="Admin"), "already_so", "not alive any more", "Admin"),
    "permanent_less": (asks("org_role.grant", role="None"), "already_so", "not alive any more", "None"),
    "invited": (asks("invite.create", role="Editor"), "already_so", "not alive any more", "Editor"),
    "made_anew": (asks("account.create", role="Editor", on_existing="reset"), "already_so", "not alive any more", "Editor"),
    "revoked": (asks("org_role.revoke"), "already_so", "not alive any more", None),
    "revoked_in_part": (asks("org_role.revoke", to_role="Viewer"), "already_so", "not alive any more", "Viewer"),
    "raised_by_hand": (by_hand("Admin"), "already_so", "held now is 'Admin', not the 'Editor'", "Admin"),
    "lowered_by_hand": (by_hand("Viewer"), "already_so", "held now is 'Viewer', not the 'Editor'", "Viewer"),
    "left_by_hand": (leaves, "already_so", "held now is 'no member', not the 'Editor'", None),
    "account_gone": (deletes_account, "already_so", "the account is gone", ...),
    "org_gone": (deletes_org, "already_so", "the org is gone", ...),
    "renamed": (renames, "applied", "is no longer Editor", "Viewer"),
}


def test_what_happens_in_between_is_respected(desk):
    roles = ("None", "Viewer") if desk.major >= 10 else ("Viewer",)
    cases = {name: case for name, case in CASES.items() if case[3] != "None" or "None" in roles}
    scenes = {name: (desk.org(), desk.person()) for name in cases}
    for org, person in scenes.values():
        desk.grafana.expect("POST", f"/api/orgs/{org.id}/users", {"loginOrEmail": person.login, "role": "Viewer"})
    given = dict(zip(scenes, desk.ask_all(*(grant(*scene, "Editor") for scene in scenes.values()))))
    for name, (between, *_) in cases.items():
        was(given[name], "applied", status=200)
        between(desk, *scenes[name])
    ends = dict(zip(cases, desk.end(*(given[name] for name in cases))))
    for name, (_, result, text, left) in cases.items():
        ended, (org, person) = ends[name], scenes[name]
        assert (name, ended["result"], ended["reason"]["code"]) == (name, result, "ok"), ended
        assert text in ended["reason"]["message"], (name, ended)
        if left is not ...:
            login = person.login + ("-new" if name == "renamed" else "")
            assert (name, desk.grafana.role(org.id, login)) == (name, left)


def test_what_may_have_been_given_ends_though_nobody_may_look(desk):
    """The answer to a grant is lost, and then grantd's own rights: at once, or before it tries again."""
    org, ada, bob = desk.org(), desk.person(), desk.person()
    for person in (ada, bob):
        desk.grafana.expect("POST", f"/api/orgs/{org.id}/users", {"loginOrEmail": person.login, "role": "Viewer"})
        desk.sim.fault("reset_after", "PATCH", f"/api/orgs/{org.id}/users/{person.id}")
    desk.sim.fault("fail_before", "GET", f"/api/users/{bob.id}/orgs", skip=1)
    for person in (ada, bob):
        desk.sim.fault("status", "GET", f"/api/users/{person.id}/orgs", status=403, skip=1)
    given = desk.ask_all(*(grant(org, person, "Editor") for person in (ada, bob)))
    for outcome, person in zip(given, (ada, bob)):
        assert "may have given it" in was(outcome, "failed", "grafana.permission", status=403)
        assert desk.grafana.role(org.id, person.login) == "Editor" and outcome["reverts_to"] == {"role": "Viewer"}
    for ended, person in zip(desk.end(*given), (ada, bob)):
        was(ended, "applied", status=200)
        assert desk.grafana.role(org.id, person.login) == "Viewer"


def test_one_grant_can_be_ended_early(desk):
    org, ada = desk.org(), desk.person()
    asked = [grant(org, ada, "Editor"), grant(org, ada, "Admin")]
    _, admin = desk.ask_all(*asked)
    early = {"org": org.by_id, "user": ada.by_login, "grant": {"id": asked[1]["id"]}}
    was(desk.ask("org_role.revoke", **early), "applied", status=200)
    assert desk.grafana.role(org.id, ada.login) == "Editor"
    assert "not alive any more" in was(desk.ask("org_role.revoke", **early), "already_so")
    assert "not alive any more" in was(desk.end(admin)[0], "already_so")
    early["grant"] = {"id": asked[0]["id"], "source": asked[0]["source"]}
    was(desk.ask("org_role.revoke", **early), "applied", status=200)
    assert desk.grafana.role(org.id, ada.login) is None


def test_a_duplicate_extends_nothing(desk):
    org = desk.org()
    ada = desk.person(org, "Viewer")
    event = grant(org, ada, "Editor")
    outcome = desk.stage.ask(event)
    desk.stage.send(event)
    was(desk.end(outcome)[0], "applied", status=200)
    desk.stage.send(event)
    was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Viewer"), "already_so")
    assert desk.grafana.role(org.id, ada.login) == "Viewer"


def test_who_asks_for_more_in_other_names(desk):
    """By e-mail and login, under other keys, and so in other lanes and partitions."""
    org, ada = desk.org(), desk.person()
    asked = [request("org_role.grant", org=org.by_name if n % 2 else org.by_id, role="Editor" if n % 3 else "Admin",
                     user=ada.by_email if n % 2 else ada.by_login, duration_s=LATER_S, subject=f"{ada.login}/{n}")
             for n in range(9)]
    outcomes = desk.ask_all(*asked)
    assert {outcome["result"] for outcome in outcomes} == {"applied", "already_so"}
    assert {outcome["reverts_to"]["role"] for outcome in outcomes} == {None}
    assert {ended["result"] for ended in desk.end(*outcomes)} <= {"applied", "already_so"}
    assert desk.grafana.role(org.id, ada.login) is None


def test_what_cannot_be_bound(desk):
    org, ada = desk.org(), desk.person()
    past = "2026-01-01T00:00:00Z"
    place = {"org": org.by_id, "user": ada.by_login}
    table = [
        ("org_role.grant", {**place, "role": "Editor", "expires_at": past}, "grant.over", "has passed"),
        ("org_role.grant", {**place, "role": "Editor", "duration_s": 60, "if_no_account": "invite"}, "request.invalid",
         "data.if_no_account: what an invite gives cannot be bound"),
        ("team_member.add", {**place, "team": {"name": "t"}, "role": "Viewer", "duration_s": 60}, "request.invalid",
         "data.role: a place in the org cannot be given for a while"),
        ("org_role.revoke", {**place, "duration_s": 60}, "request.invalid",
         "data: duration_s and expires_at have no meaning for org_role.revoke"),
        ("account.disable", {"user": ada.by_login, "expires_at": "2030-01-01T00:00:00Z"}, "request.invalid", "366 days"),
        ("org_role.grant", {**place, "role": "Editor", "grant": {"id": "x"}}, "request.invalid",
         "data.grant: has no meaning for org_role.grant"),
    ]
    with desk.no_writes():
        outcomes = desk.ask_all(*(request(action, **data) for action, data, *_ in table))
    for outcome, (_, _, code, text) in zip(outcomes, table):
        assert text in was(outcome, "refused", code)
    assert "expires_at" not in outcomes[0] and "follow_up" not in outcomes[0]


def test_an_end_that_grafana_refuses_is_told(desk):
    """The last Admin stays; the outcome, the log and a counter say that he should not."""
    worker = desk.stage.workers[0]
    boss, ada = desk.person(), desk.person()
    org, admin = desk.org_of(boss), desk.person()
    given, raised = desk.ask_all(grant(org, ada, "Admin"), request(
        "server_admin.grant", user=admin.by_login, duration_s=LATER_S))
    was(given, "applied", status=200)
    desk.grafana.expect("DELETE", f"/api/orgs/{org.id}/users/{boss.id}")
    desk.sim.fault("status", "PUT", f"/api/admin/users/{admin.id}/permissions", status=400,
                   message="cannot remove last grafana admin")
    kept, stays = desk.end(given, raised)
    was(kept, "refused", "org.last_admin", 400)
    was(stays, "refused", "account.last_server_admin", 400)
    assert desk.grafana.role(org.id, ada.login) == "Admin"
    assert "grantd_grants_not_ended_total 2" in worker.http("/metrics")[1]
    worker.wait_log("a time-bound grant could not be ended")


@pytest.mark.parametrize("kind", ["reset_after", "fail_after", "truncate"])
def test_with_lost_answers(desk, kind):
    """Of the grant's write and of the end's, for each way a role comes and goes."""
    org = desk.org()
    ada, bob, cleo = desk.person(org, "Viewer"), desk.person(), desk.person(org, "Viewer")
    team = desk.team(org)
    for method, path in (("PATCH", f"orgs/{org.id}/users/{ada.id}"), ("POST", f"orgs/{org.id}/users"),
                         ("DELETE", f"orgs/{org.id}/users/{bob.id}"), ("POST", f"teams/{team.id}/members"),
                         ("DELETE", f"teams/{team.id}/members/{cleo.id}")):
        desk.sim.fault(kind, method, f"/api/{path}")
    desk.sim.fault(kind, "PATCH", f"/api/orgs/{org.id}/users/{ada.id}", skip=1)
    outcomes = desk.ask_all(grant(org, ada, "Editor"), grant(org, bob, "Editor"), request(
        "team_member.add", org=org.by_id, team=team.by_id, user=cleo.by_login, duration_s=LATER_S))
    assert [outcome["result"] for outcome in outcomes] == ["applied"] * 3
    assert [ended["result"] for ended in desk.end(*outcomes)] == ["applied"] * 3
    assert [desk.grafana.role(org.id, who.login) for who in (ada, bob, cleo)] == ["Viewer", None, "Viewer"]
    assert desk.grafana.team_members(org.id, team.id) == set()
    desk.sim.clear_faults()
