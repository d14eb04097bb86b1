# SPDX-License-Identifier: Apache-2.0
"""The actions once through against the versions that the other tests do not run with: one
account's life, and the noes whose words changed."""

import pytest

from harness.desk import Desk
from test_actions import was

pytestmark = pytest.mark.parametrize("_grafana", ["7.5", "10.1-pre", "10.4", "11.6"], indirect=True, scope="session")


@pytest.fixture(scope="module")
def desk(open_stage):
    stage = open_stage()
    stage.worker().start()
    desk = Desk(stage)
    yield desk
    desk.settle()


def test_the_life_of_an_account(desk):
    login, org = desk.name(), desk.org()
    user = {"login": login, "email": f"{login}@example.com"}
    by_login = {"login": login}
    created = desk.ask("account.create", user=user)
    was(created, "applied", status=200)
    assert desk.grafana.can_log_in(login, desk.password_of(created))
    was(desk.ask("account.create", user=user), "refused", "account.exists")
    for role in ("Viewer", "Admin"):
        was(desk.ask("org_role.grant", org=org.by_name, user=by_login, role=role), "applied", status=200)
        assert desk.grafana.role(org.id, login) == role
    was(desk.ask("org_role.grant", org=org.by_id, user=by_login, role="Admin"), "already_so")
    was(desk.ask("org_role.revoke", org=org.by_id, user=by_login), "applied", status=200)
    assert desk.grafana.role(org.id, login) is None
    was(desk.ask("account.update", user=by_login, set={"name": "Ada"}), "applied", status=200)
    was(desk.ask("account.disable", user=by_login), "applied", status=200)
    assert not desk.grafana.can_log_in(login, desk.password_of(created))
    was(desk.ask("account.enable", user=by_login), "applied", status=200)
    reset = desk.ask("account.reset_password", user=by_login)
    was(reset, "applied", status=200)
    assert desk.grafana.can_log_in(login, desk.password_of(reset))
    was(desk.ask("account.delete", user=by_login), "applied", status=200)
    assert desk.grafana.lookup(login) is None


def test_noes_keep_their_reason_whatever_their_words(desk):
    ada = desk.person()
    org = desk.org_of(ada)
    was(desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login), "refused", "org.last_admin", 400)
    outcome = desk.ask("org_role.grant", org={"id": 999999}, user=ada.by_login, role="Viewer")
    assert (outcome["result"], outcome["reason"]["code"]) == ("refused", "org.not_found"), outcome
    was(desk.ask("org_role.grant", org=org.by_id, user={"login": "nobody-at-all"}, role="Viewer"),
        "refused", "account.not_found")
    if desk.major < 10:
        was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="None"), "refused", "role.invalid", 400)
