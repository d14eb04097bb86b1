# SPDX-License-Identifier: Apache-2.0
"""The policy end to end: what is refused before Grafana is asked, and what only when Grafana
has told which org or account that is. Every rule and case: tests/unit/test_worker_permit.c."""

import pytest

from harness.desk import Desk, was
from harness.events import request
from harness.load import running_for_an_hour

# What a worker asks of every Grafana beside its work.
PROBED = {"/api/health", "/api/frontend/settings", "/api/user", "/api/orgs", "/login"}
PORTAL, CAROL, GIVER = "portal@example.com", "carol@example.com", "giver@example.net"


@pytest.fixture(scope="module")
def desk(open_stage):
    stage = open_stage()
    desk = Desk(stage)
    stage.worker(settings={
        "policy.actions": "org_role.*, account.*, org.*, team_member.*",
        "policy.protected_users": "keep-*, *@board.example.com",
        "policy.portal.requesters": "*@EXAMPLE.com",
        "policy.portal.orgs": "Open *, (none)",
        "policy.portal.roles": "Viewer, Editor",
        "policy.giver.requesters": GIVER,
        "policy.giver.actions": "org_role.grant",
        "policy.giver.max_duration_s": 60, "policy.giver.time_bound": "*",
        "policy.carol.requesters": CAROL,
        "policy.carol.actions": "org_role.revoke"}).start()
    yield desk
    desk.settle()


@pytest.fixture(scope="module")
def orgs(desk):
    return desk.org("Open " + desk.name("org")), desk.org("Closed " + desk.name("org"))


def said_no(outcome, code, rule):
    """Refused by that rule, without Grafana."""
    message = was(outcome, "refused", "policy." + code)
    assert outcome["reason"]["rule"] == rule and f"[{rule}]" in message
    return message


def test_what_a_request_says_is_enough_for_a_no(desk, orgs):
    """Not even a call to look: nobody and no org is asked for."""
    ada, (is_open, closed) = desk.person(), orgs
    last = [entry["n"] for entry in desk.sim.requests()][-1:] or [0]
    grant = {"user": ada.by_email, "role": "Editor"}
    said_no(desk.ask("team.create", org=is_open.by_name, team={"name": "t"}), "action_denied", "policy")
    message = said_no(desk.ask("org_role.grant", org=closed.by_name, **grant, requested_by=PORTAL),
                      "org_denied", "policy.portal")
    assert f"'{closed.name}' is not in its orgs" in message and PORTAL in message
    said_no(desk.ask("org_role.grant", org=is_open.by_name, **{**grant, "role": "Admin"},
                     requested_by=PORTAL), "role_denied", "policy.portal")
    said_no(desk.ask("account.disable", user={"login": "KEEP-me"}), "protected_user", "policy")
    asked = {entry["path"].partition("?")[0] for entry in desk.sim.sim("GET", f"requests?since={last[0]}")}
    assert asked <= PROBED


def test_an_id_is_no_way_around_a_name(desk, orgs):
    ada, (is_open, closed) = desk.person(), orgs
    grant = {"user": ada.by_email, "role": "Editor", "requested_by": PORTAL}
    with desk.no_writes():
        said_no(desk.ask("org_role.grant", org=closed.by_id, **grant), "org_denied", "policy.portal")
        said_no(desk.ask("org.rename", org=closed.by_id, set={"name": "Open " + desk.name()},
                         requested_by=PORTAL), "org_denied", "policy.portal")
        said_no(desk.ask("org.rename", org=is_open.by_id, set={"name": "Closed " + desk.name()},
                         requested_by=PORTAL), "org_denied", "policy.portal")
        said_no(desk.ask("org.create", org={"name": "Closed " + desk.name()}, requested_by=PORTAL),
                "org_denied", "policy.portal")
    was(desk.ask("org_role.grant", org=is_open.by_id, **grant), "applied", status=200)
    assert desk.grafana.role(is_open.id, ada.login) == "Editor"


def test_a_login_is_no_way_around_an_email(desk, orgs):
    login = desk.name("eve")
    eve = desk.person(login=login, email=f"{login}@board.example.com")
    fay = desk.person(login=desk.name("keep"), email=f"{login}@example.com")
    is_open, _ = orgs
    with desk.no_writes():
        for action, data in (("account.disable", {}), ("account.delete", {}),
                             ("account.update", {"set": {"name": "x"}}),
                             ("account.reset_password", {}), ("account.logout", {}),
                             ("account.create", {"on_existing": "reset"}),
                             ("org_role.grant", {"org": is_open.by_id, "role": "Viewer"}),
                             ("org_role.revoke", {"org": is_open.by_id})):
            for user in (eve.by_login, fay.by_email):
                said_no(desk.ask(action, user=user, **data), "protected_user", "policy")


def test_any_of_the_rules_that_name_the_requester_is_enough(desk, orgs):
    """Carol is named by two: the one allows orgs, the other only to revoke, but anywhere."""
    ada, (is_open, closed) = desk.person(), orgs
    grant = {"user": ada.by_email, "role": "Editor", "requested_by": CAROL}
    was(desk.ask("org_role.grant", org=is_open.by_name, **grant), "applied", status=200)
    said_no(desk.ask("org_role.grant", org=closed.by_name, **grant), "org_denied", "policy.portal")
    was(desk.ask("org_role.revoke", org=closed.by_name, user=ada.by_login, requested_by=CAROL), "already_so")
    # Who is in no rule has [policy] alone.
    was(desk.ask("org_role.grant", org=closed.by_name, **{**grant, "requested_by": "x"}),
        "applied", status=200)


def test_what_was_given_for_a_while_ends_whoever_may_not_revoke(desk, orgs):
    ada, (_, closed) = desk.person(), orgs
    asked = {"org": closed.by_id, "user": ada.by_login, "requested_by": GIVER}
    said_no(desk.ask("org_role.grant", role="Admin", **asked), "duration_denied", "policy.giver")
    said_no(desk.ask("org_role.grant", role="Admin", duration_s=61, **asked), "duration_denied", "policy.giver")
    said_no(desk.ask("org_role.revoke", **asked), "action_denied", "policy.giver")
    given = desk.ask("org_role.grant", role="Admin", duration_s=60, **asked)
    was(given, "applied", status=200)
    [ended] = desk.end(given)
    was(ended, "applied", status=200)
    assert ended["requested_by"] == GIVER and desk.grafana.role(closed.id, ada.login) is None


def test_only_what_was_begun_is_finished_under_another_policy(open_stage):
    """A worker was turned away by Grafana, once before anything was done and once in doubt; the
    next one has a policy that allows neither."""
    desk = Desk(open_stage())
    running_for_an_hour(desk.stage)
    people = desk.person(), desk.person()
    turned_away, in_doubt = asked = [request("account.disable", user=user.by_login) for user in people]
    for user, kind, more in zip(people, ("retry_after", "html503"), ({"retry_after": "3600"}, {})):
        desk.sim.fault(kind, "POST", f"/api/admin/users/{user.id}/disable", count=1000, **more)
    worker = desk.stage.worker().start()
    desk.stage.send(*asked)
    worker.wait_for(lambda: all(fault["hits"] for fault in desk.sim.sim("GET", "faults")), "both attempts")
    worker.stop()
    desk.sim.clear_faults()
    desk.stage.worker(settings={"policy.actions": "account.enable"}).start()
    said_no(desk.stage.outcome_of(turned_away)["data"], "action_denied", "policy")
    was(desk.stage.outcome_of(in_doubt)["data"], "applied", status=200)
    assert [desk.sim.account(user.login)["isDisabled"] for user in people] == [False, True]
    desk.stage.settle()
