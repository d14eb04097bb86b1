# SPDX-License-Identifier: Apache-2.0
"""Service accounts: what each action does, what it does when there is nothing to do, each
no, lost answers. Kills are in test_kill_tokens.py."""

import pytest

from conftest import REAL, VERSIONS
from harness.desk import Desk, evidence, instance_for, was
from harness.grafana import call

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS if REAL else ["9.4", "10.1", "11.6", "12"], indirect=True)
LOST = ("reset_after", "hang_after", "fail_after", "truncate", "bad_json")
SWITCHES = ("service_account.disable", "service_account.enable", "service_account.delete")


class Lonely:
    """An org without a person who is Admin, and a service account that is, with a token."""

    def __init__(self, desk):
        org = desk.org()
        self.id, self.by_id = org.id, org.by_id
        self.account = desk.grafana.service_account(org.id, desk.name("keeper"), "Admin")
        self.key = desk.grafana.token(org.id, self.account, desk.name("key"))[1]
        if desk.grafana.simulated:
            desk.grafana.change_user(desk.grafana.user, orgs=[{"id": org.id, "role": "Viewer"}])

    def machine(self, desk):
        """The id of another Admin of that kind."""
        status, made = call(desk.sim.url + "/api/serviceaccounts", "POST",
                            {"name": desk.name("bot"), "role": "Admin"}, {"Authorization": "Bearer " + self.key})
        assert status == 201, made
        return made["id"]


@pytest.fixture(scope="module")
def open_desk(open_stage):
    stage = open_stage()
    desk = Desk(stage)
    lonely = Lonely(desk)
    stage.worker(settings={
        **stage.hasty(), "worker.retry_base_ms": 20,
        "grafana.machine.url": desk.grafana.url, "grafana.machine.token": lonely.key,
        "grafana.machine.request_timeout_ms": 10000, "grafana.machine.connect_timeout_ms": 1500}).start()
    yield desk, lonely
    desk.settle([lonely.key])


@pytest.fixture
def desk(open_desk):
    return open_desk[0]


@pytest.fixture
def lonely(open_desk):
    return open_desk[1]


@pytest.fixture
def org(desk):
    return desk.org()


@pytest.fixture
def bot(desk, org):
    """A service account, as a request names it."""
    name = desk.name("bot")
    return {"id": desk.grafana.service_account(org.id, name), "name": name}


def shown(role, name, disabled=False):
    return {"exists": True, "role": role, "disabled": disabled, "name": name}


# ---- create ----


@pytest.mark.parametrize("role", [None, "Editor", "Admin"])
def test_create_makes_one_once(desk, org, role):
    name = desk.name("Bot of Ünïcode")
    asked = {"org": org.by_name, "service_account": {"name": name}, "role": role}
    outcome = desk.ask("service_account.create", **asked)
    was(outcome, "applied", status=201)
    account = desk.grafana.service_accounts(org.id)[name]
    assert account["role"] == role or "Viewer"
    assert outcome["target"] == {"org_id": org.id, "org_name": org.name,
                                 "service_account_id": account["id"], "service_account_name": name}
    assert evidence(outcome) == ({"exists": False}, shown(role or "Viewer", name))
    with desk.no_writes():
        outcome = desk.ask("service_account.create", **asked)
    was(outcome, "already_so")
    assert evidence(outcome) == (shown(role or "Viewer", name),) * 2


def test_one_that_differs_is_not_changed(desk, org, bot):
    by_name = {"name": bot["name"]}
    with desk.no_writes():
        outcome = desk.ask("service_account.create", org=org.by_id, service_account=by_name, role="Admin")
    assert "service_account.update" in was(outcome, "refused", "service_account.exists")
    assert evidence(outcome) == (shown("Viewer", bot["name"]),) * 2
    desk.grafana.expect("PATCH", f"/api/serviceaccounts/{bot['id']}", {"isDisabled": True}, org=org.id)
    with desk.no_writes():
        outcome = desk.ask("service_account.create", org=org.by_id, service_account=by_name)
    assert "disabled" in was(outcome, "refused", "service_account.exists")


def test_a_login_that_another_spelling_holds(desk, org, bot):
    outcome = desk.ask("service_account.create", org=org.by_id, service_account={"name": bot["name"].upper()})
    assert "choose another name" in was(outcome, "refused", "service_account.exists")


def test_the_same_name_in_another_org_where_logins_name_the_org(desk, bot):
    outcome = desk.ask("service_account.create", org=desk.org().by_id, service_account={"name": bot["name"]})
    if desk.major >= 11:
        was(outcome, "applied", status=201)
    else:
        was(outcome, "refused", "service_account.exists")


def test_create_takes_a_name_and_no_id(desk):
    for named in ({"id": 4}, {"id": 4, "name": "x"}):
        outcome = desk.ask("service_account.create", org={"id": 1}, service_account=named)
        assert was(outcome, "refused", "request.invalid").startswith("data.service_account.")


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_to_a_create(desk, org, kind):
    name = desk.name("bot")
    desk.sim.fault(kind, "POST", "/api/serviceaccounts", message="Failed to set permissions for service account creator")
    outcome = desk.ask("service_account.create", instance=instance_for(kind), org=org.by_id,
                       service_account={"name": name}, role="Editor")
    was(outcome, "applied")
    assert evidence(outcome) == ({"exists": False}, shown("Editor", name))
    assert list(desk.grafana.service_accounts(org.id)) == [name]


# ---- update ----


def test_update_changes_role_and_name(desk, org, bot):
    new = desk.name("renamed")
    asked = {"org": org.by_id, "service_account": {"name": bot["name"]}, "role": "Editor", "set": {"name": new}}
    outcome = desk.ask("service_account.update", expected_role="Viewer", **asked)
    was(outcome, "applied", status=200)
    assert evidence(outcome) == (shown("Viewer", bot["name"]), shown("Editor", new))
    assert outcome["target"]["service_account_id"] == bot["id"]
    with desk.no_writes():
        was(desk.ask("service_account.update", **{**asked, "service_account": {"id": bot["id"]}}), "already_so")


def test_update_refusals(desk, org, bot):
    other = desk.grafana.service_account(org.id, desk.name("bot"), "Editor")
    by_id = {"id": bot["id"]}
    with desk.no_writes():
        outcome = desk.ask("service_account.update", org=org.by_id, service_account=by_id, role="Admin",
                           expected_role="Editor")
        was(outcome, "refused", "role.unexpected")
        outcome = desk.ask("service_account.update", org=org.by_id, service_account={"id": other},
                           set={"name": bot["name"]})
        was(outcome, "refused", "service_account.exists")
        for wrong in ({}, {"set": {"login": "x"}}):
            outcome = desk.ask("service_account.update", org=org.by_id, service_account=by_id, **wrong)
            assert was(outcome, "refused", "request.invalid").startswith("data.set: ")


def test_names_that_repeat_need_the_id(desk, org, bot):
    """Grafana lets one be renamed to what another is named."""
    other = desk.grafana.service_account(org.id, desk.name("bot"))
    desk.grafana.expect("PATCH", f"/api/serviceaccounts/{other}", {"name": bot["name"]}, org=org.id)
    with desk.no_writes():
        outcome = desk.ask("service_account.disable", org=org.by_id, service_account={"name": bot["name"]})
    was(outcome, "refused", "service_account.ambiguous")
    was(desk.ask("service_account.disable", org=org.by_id, service_account=bot), "applied", status=200)
    assert not desk.grafana.expect("GET", f"/api/serviceaccounts/{other}", org=org.id)["isDisabled"]


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_to_an_update(desk, org, bot, kind):
    new = desk.name("renamed")
    desk.sim.fault(kind, "PATCH", f"/api/serviceaccounts/{bot['id']}")
    outcome = desk.ask("service_account.update", instance=instance_for(kind), org=org.by_id,
                       service_account={"name": bot["name"]}, set={"name": new}, role="Editor")
    was(outcome, "applied")
    assert evidence(outcome) == (shown("Viewer", bot["name"]), shown("Editor", new))


# ---- disable, enable, delete ----


def test_disable_and_enable(desk, org, bot):
    asked = {"org": org.by_id, "service_account": {"name": bot["name"]}}
    for action, disabled in (("disable", True), ("enable", False)):
        outcome = desk.ask(f"service_account.{action}", **asked)
        was(outcome, "applied", status=200)
        assert evidence(outcome) == (shown("Viewer", bot["name"], not disabled), shown("Viewer", bot["name"], disabled))
        with desk.no_writes():
            was(desk.ask(f"service_account.{action}", **asked), "already_so")


def test_delete(desk, org, bot):
    asked = {"org": org.by_id, "service_account": {"name": bot["name"]}}
    outcome = desk.ask("service_account.delete", **asked)
    was(outcome, "applied", status=200)
    assert evidence(outcome) == (shown("Viewer", bot["name"]), {"exists": False})
    assert desk.grafana.service_accounts(org.id) == {}
    with desk.no_writes():
        outcome = desk.ask("service_account.delete", **asked)
    was(outcome, "already_so")
    assert evidence(outcome) == ({"exists": False},) * 2


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("action", SWITCHES)
def test_a_lost_answer_to_a_switch(desk, org, bot, action, kind):
    if action == "service_account.enable":
        desk.grafana.expect("PATCH", f"/api/serviceaccounts/{bot['id']}", {"isDisabled": True}, org=org.id)
    desk.sim.fault(kind, "DELETE" if action.endswith("delete") else "PATCH", f"/api/serviceaccounts/{bot['id']}")
    outcome = desk.ask(action, instance=instance_for(kind), org=org.by_id, service_account=bot)
    was(outcome, "applied")
    left = desk.grafana.service_accounts(org.id)
    if action.endswith("delete"):
        assert left == {} and outcome["after"] == {"exists": False}
    else:
        assert left[bot["name"]]["isDisabled"] == action.endswith("disable")


@pytest.mark.parametrize("action", ["update", "disable", "enable"])
def test_one_that_is_not_there(desk, org, bot, action):
    for named in ({"id": 987654}, {"name": "nobody"}, {"id": bot["id"], "name": "nobody"}):
        with desk.no_writes():
            outcome = desk.ask(f"service_account.{action}", org=org.by_id, service_account=named, role="Viewer")
        was(outcome, "refused", "service_account.not_found")


@pytest.mark.parametrize("action", ["disable", "delete", "update"])
def test_the_last_admin_of_an_org_stays(desk, lonely, action):
    """No person is Admin there: two service accounts are, then one, whose token grantd uses."""
    spare = {"id": lonely.machine(desk)}
    asked = {"instance": "machine", "org": lonely.by_id, "role": "Viewer"}
    was(desk.ask(f"service_account.{action}", service_account=spare, **asked), "applied", status=200)
    with desk.no_writes():
        outcome = desk.ask(f"service_account.{action}", service_account={"id": lonely.account}, **asked)
    # Later versions tell a token whose it is, and the own one is left alone in any case.
    own_is_known = desk.major >= 11
    was(outcome, "refused", "account.protected" if own_is_known else "org.last_admin")


def test_requests_that_lack_something(desk):
    for action in ("update", "disable", "enable", "delete"):
        outcome = desk.ask(f"service_account.{action}", org={"id": 1}, role="Viewer")
        assert was(outcome, "refused", "request.invalid").startswith("data.service_account: ")
    with desk.no_writes():
        outcome = desk.ask("service_account.create", org={"name": "nowhere"}, service_account={"name": "x"})
    was(outcome, "refused", "org.not_found")
