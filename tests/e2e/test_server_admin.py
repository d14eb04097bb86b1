# SPDX-License-Identifier: Apache-2.0
"""server_admin.grant and .revoke: each end, and who is left alone."""

import pytest

from harness.desk import Desk, evidence, was
from harness.grafana import TEST_PASSWORD

BOTH = ("server_admin.grant", "server_admin.revoke")
IS, IS_NOT = {"account": True, "server_admin": True}, {"account": True, "server_admin": False}


@pytest.fixture(scope="module")
def desk(open_stage):
    """One worker with two instances: main, and guest (the same with a login without rights)."""
    stage = open_stage()
    desk = Desk(stage)
    stage.worker(settings=desk.guest_instance()).start()
    yield desk
    desk.settle([TEST_PASSWORD])


def make_admin(desk, person, is_admin=True):
    desk.grafana.expect("PUT", f"/api/admin/users/{person.id}/permissions", {"isGrafanaAdmin": is_admin})


def test_grant_and_revoke(desk):
    ada = desk.person()
    outcome = desk.ask("server_admin.grant", user=ada.by_email)
    was(outcome, "applied", status=200)
    assert outcome["target"] == ada.target()
    assert evidence(outcome) == (IS_NOT, IS)
    assert desk.grafana.is_server_admin(ada.login)
    with desk.no_writes():
        outcome = desk.ask("server_admin.grant", user=ada.by_login)
    was(outcome, "already_so")
    assert evidence(outcome) == (IS, IS)

    outcome = desk.ask("server_admin.revoke", user=ada.by_login)
    was(outcome, "applied", status=200)
    assert evidence(outcome) == (IS, IS_NOT)
    assert not desk.grafana.is_server_admin(ada.login)
    with desk.no_writes():
        outcome = desk.ask("server_admin.revoke", user=ada.by_email)
    was(outcome, "already_so")
    assert evidence(outcome) == (IS_NOT, IS_NOT)


def test_an_account_that_is_not_there(desk):
    login = desk.name("ghost")
    with desk.no_writes():
        outcome = desk.ask("server_admin.grant", user={"login": login})
        assert was(outcome, "refused", "account.not_found") == f"there is no account '{login}'"
        assert outcome["before"] == {"account": False}
        outcome = desk.ask("server_admin.revoke", user={"login": login})
    was(outcome, "already_so")
    assert evidence(outcome) == ({"account": False}, {"account": False})


@pytest.mark.parametrize("action", BOTH)
def test_the_own_login_is_left_alone(desk, action):
    with desk.no_writes():
        outcome = desk.ask(action, user={"login": desk.grafana.user})
    was(outcome, "refused", "account.protected")


def test_the_last_server_admin_stays(desk):
    """grantd's own login is one as a rule, so that it takes Grafana's word to get here."""
    ada = desk.person()
    make_admin(desk, ada)
    desk.sim.fault("status", "PUT", f"/api/admin/users/{ada.id}/permissions", status=400,
                   message="cannot remove last grafana admin")
    outcome = desk.ask("server_admin.revoke", user=ada.by_login)
    assert "make another one first" in was(outcome, "refused", "account.last_server_admin", 400)
    assert desk.grafana.is_server_admin(ada.login)
    was(desk.ask("server_admin.revoke", user=ada.by_login), "applied", status=200)


@pytest.mark.parametrize("action", BOTH)
def test_rights_from_an_identity_provider_are_left_alone(desk, action):
    ada = desk.person(auth_module="oauth_generic_oauth", role_sync=True, is_admin=action == "server_admin.revoke")
    outcome = desk.ask(action, user=ada.by_login)
    if desk.major >= 10:
        assert "skip_org_role_sync" in was(outcome, "refused", "account.externally_synced", 403)
        assert desk.grafana.is_server_admin(ada.login) == (action == "server_admin.revoke")
    else:  # this version does not ask
        was(outcome, "applied", status=200)


def test_a_yes_for_an_account_that_has_gone_is_not_believed(desk):
    """Grafana up to 10 says yes to a change of an account that is not there."""
    ada = desk.person()
    desk.sim.fault("status", "PUT", f"/api/admin/users/{ada.id}/permissions", status=200,
                   message="User permissions updated")
    outcome = desk.ask("server_admin.grant", user=ada.by_login)
    was(outcome, "applied", status=200)
    assert outcome["attempts"] == 2
    assert desk.grafana.is_server_admin(ada.login)


@pytest.mark.parametrize("action", BOTH)
def test_without_rights_it_is_refused(desk, action):
    ada = desk.person()
    with desk.no_writes():
        outcome = desk.ask(action, instance="guest", user=ada.by_login)
    was(outcome, "refused", "grafana.permission", 403)


@pytest.mark.parametrize("action", BOTH)
def test_it_needs_to_be_told_of_whom(desk, action):
    assert was(desk.ask(action), "refused", "request.invalid").startswith("data.user: missing")
