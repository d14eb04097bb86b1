# SPDX-License-Identifier: Apache-2.0
"""A worker whose credentials are a legacy API key, on 7.5, which has no other token, and 9.4.

A key is nobody: the last Admin among the org's people is the last one of all."""

import pytest

from harness.desk import Desk, was
from harness.events import request
from harness.stage import KeyInstance

pytestmark = pytest.mark.parametrize("_grafana", ["7.5", "9.4"], indirect=True)
BEYOND = "user and password of a server admin"


@pytest.fixture(scope="module")
def open_desk(open_stage):
    stage = open_stage()
    desk = Desk(stage)
    org = desk.org()
    key = KeyInstance(desk.grafana, org.id)
    viewer = KeyInstance(desk.grafana, org.id, "Viewer", "weak")
    stage.worker(settings={
        **key.settings("main"), **viewer.settings("weak"), "grafana.weak.connect_timeout_ms": 1500,
        "grafana.weak.request_timeout_ms": 10000,
        "worker.retry_base_ms": 20}).start()
    yield desk, org
    desk.settle([key.key, viewer.key])


@pytest.fixture
def desk(open_desk):
    return open_desk[0]


@pytest.fixture
def org(open_desk):
    return open_desk[1]


def test_roles(desk, org):
    ada = desk.person()
    fields = {"org": org.by_name, "user": ada.by_email}
    was(desk.ask("org_role.grant", role="Editor", **fields), "applied", status=200)
    assert desk.grafana.role(org.id, ada.login) == "Editor"
    with desk.no_writes():
        was(desk.ask("org_role.grant", role="Editor", **fields), "already_so")
        was(desk.ask("org_role.revoke", **fields), "refused", "account.may_go")
    was(desk.ask("org_role.revoke", to_role="Viewer", **fields), "applied", status=200)
    was(desk.ask("org_role.revoke", allow_account_removal=True, **fields), "applied", status=200)
    assert desk.grafana.role(org.id, ada.login) is None


def test_the_last_admin_stays(desk, org):
    for more in ({"to_role": "Viewer"}, {"allow_account_removal": True}):
        outcome = desk.ask("org_role.revoke", org=org.by_id, user={"login": desk.grafana.user}, **more)
        was(outcome, "refused", "org.last_admin", 400)
    outcome = desk.ask("org_role.grant", org=org.by_id, user={"login": desk.grafana.user}, role="Editor")
    was(outcome, "refused", "org.last_admin", 400)
    assert desk.grafana.role(org.id, desk.grafana.user) == "Admin"


def test_the_rest_of_the_org(desk, org):
    ada, name = desk.person(), desk.name()
    team = {"org": org.by_id, "team": {"name": name}}
    was(desk.ask("team.create", **team), "applied", status=200)
    was(desk.ask("team_member.add", user=ada.by_login, role="Viewer", **team), "applied", status=200)
    was(desk.ask("team_member.remove", user=ada.by_login, **team), "applied", status=200)
    was(desk.ask("team.delete", **team), "applied", status=200)
    invite = {"org": org.by_id, "user": {"email": f"{name}@example.com"}}
    was(desk.ask("invite.create", role="Viewer", delivery="link", **invite), "needs_action", status=200)
    was(desk.ask("invite.revoke", **invite), "applied", status=200)
    key = {"org": org.by_id, "api_key": {"name": name}}
    outcome = desk.ask("api_key.create", role="Viewer", **key)
    was(outcome, "applied", status=200)
    assert desk.grafana.org_of_key(desk.password_of(outcome)) == org.id
    was(desk.ask("api_key.delete", **key), "applied", status=200)
    board = {"org": org.by_id, "folder": {"title": name}, "dashboard": {"uid": name, "title": name}}
    was(desk.ask("dashboard.apply", **board), "applied", status=200)
    with desk.no_writes():
        was(desk.ask("dashboard.apply", **board), "already_so")


def test_what_a_viewers_key_may_not(desk, org):
    ada, team = desk.person(org, "Viewer"), desk.team(org)
    asked = [
        ("org_role.grant", {"user": ada.by_login, "role": "Editor"}),
        ("org_role.revoke", {"user": ada.by_login, "to_role": "Viewer"}),
        ("team.create", {"team": {"name": desk.name()}}),
        ("team.delete", {"team": team.by_id}),
        ("team_member.add", {"team": team.by_id, "user": ada.by_login}),
        ("invite.create", {"user": {"email": "new@example.com"}, "role": "Viewer"}),
        ("invite.revoke", {"user": {"email": "new@example.com"}}),
        ("api_key.create", {"role": "Viewer"}), ("api_key.delete", {"api_key": {"name": "x"}}),
        ("dashboard.apply", {"dashboard": {"title": desk.name()}}),
    ]
    outcomes = desk.ask_all(*(request(action, org=org.by_id, instance="weak", **fields) for action, fields in asked))
    for outcome in outcomes:
        assert outcome["reason"]["code"] == "grafana.permission", outcome
        was(outcome, "refused", "grafana.permission", 403)


def test_what_is_beyond_a_key(desk, org):
    asked = [("org.create", {"org": {"name": desk.name()}}), ("account.disable", {"user": {"login": "x"}}),
             ("server_admin.grant", {"user": {"login": "x"}})]
    for outcome in desk.ask_all(*(request(action, **fields) for action, fields in asked)):
        assert BEYOND in was(outcome, "refused", "grafana.unsupported")
    if desk.sim.version == "7.5":
        outcome = desk.ask("service_account.create", org=org.by_id, service_account={"name": "x"})
        assert "api_key.create" in was(outcome, "refused", "grafana.unsupported")
