# SPDX-License-Identifier: Apache-2.0
"""The actions once through against the versions that the other tests do not run with: one
account's life, and the noes whose words changed."""

import pytest

from harness.desk import was

pytestmark = pytest.mark.parametrize("_grafana", ["7.5", "10.1-pre", "10.4", "11.6"], indirect=True, scope="session")


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


def test_the_life_of_a_team(desk):
    org, ada, bob = desk.org(), desk.person(), desk.person()
    desk.grafana.expect("POST", f"/api/orgs/{org.id}/users", {"loginOrEmail": ada.login, "role": "Viewer"})
    team = {"org": org.by_name, "team": {"name": desk.name("team")}}
    was(desk.ask("team.create", **team), "applied", status=200)
    was(desk.ask("team.create", **team), "already_so")
    team_id = desk.grafana.teams(org.id)[team["team"]["name"]]
    was(desk.ask("team_member.add", user=bob.by_login, **team), "refused", "account.not_member")
    was(desk.ask("team_member.add", user=bob.by_login, role="Editor", **team), "applied", status=200)
    was(desk.ask("team_member.add", user=ada.by_email, **team), "applied", status=200)
    was(desk.ask("team_member.add", user=ada.by_login, **team), "already_so")
    assert desk.grafana.team_members(org.id, team_id) == {ada.id, bob.id}
    was(desk.ask("team_member.remove", user=ada.by_login, **team), "applied", status=200)
    was(desk.ask("team_member.remove", user=ada.by_login, **team), "already_so")
    assert desk.grafana.team_members(org.id, team_id) == {bob.id}
    was(desk.ask("team.delete", **team), "applied", status=200)
    was(desk.ask("team.delete", **team), "already_so")
    was(desk.ask("team_member.add", user=ada.by_login, **team), "refused", "team.not_found")


def test_the_life_of_an_invite(desk):
    org, ada = desk.org(), desk.person()
    fields = {"org": org.by_id, "user": {"email": f"{desk.name()}@example.com"}}
    outcome = desk.ask("invite.create", role="Viewer", delivery="link", **fields)
    was(outcome, "needs_action", status=200)
    assert "/invite/" in desk.password_of(outcome)
    outcome = desk.ask("invite.create", role="Editor", **fields)  # no mail is sent here, so it is a link as well
    assert (outcome["result"], outcome["reason"]["grafana"]["status"]) == ("needs_action", 412), outcome
    [invite] = desk.grafana.expect("GET", "/api/org/invites", org=org.id)
    assert invite["role"] == "Editor"
    was(desk.ask("invite.revoke", **fields), "applied", status=200)
    was(desk.ask("invite.revoke", **fields), "already_so")
    was(desk.ask("invite.create", role="Editor", org=org.by_id, user=ada.by_email), "applied", status=200)
    assert desk.grafana.role(org.id, ada.login) == "Editor"


def test_a_server_admin_comes_and_goes(desk):
    ada = desk.person()
    for action, is_one in (("server_admin.grant", True), ("server_admin.revoke", False)):
        was(desk.ask(action, user=ada.by_email), "applied", status=200)
        assert desk.grafana.is_server_admin(ada.login) is is_one
        was(desk.ask(action, user=ada.by_login), "already_so")


def test_the_life_of_an_org(desk):
    name, new = desk.name("org"), desk.name("org")
    was(desk.ask("org.create", org={"name": name}), "applied", status=200)
    was(desk.ask("org.create", org={"name": name}), "already_so")
    uid = desk.name("d")
    board = {"org": {"name": name}, "folder": {"title": "Services"}, "dashboard": {"uid": uid, "title": "Load"}}
    was(desk.ask("dashboard.apply", **board), "applied", status=200)
    was(desk.ask("dashboard.apply", **board), "already_so")
    board["dashboard"]["title"] = "Loads"
    was(desk.ask("dashboard.apply", **board), "refused", "dashboard.conflict")
    was(desk.ask("dashboard.apply", overwrite=True, **board), "applied", status=200)
    was(desk.ask("org.rename", org={"name": name}, set={"name": new}), "applied", status=200)
    was(desk.ask("org.delete", org={"name": new}), "applied", status=200)
    was(desk.ask("org.delete", org={"name": new}), "already_so")
    was(desk.ask("org.rename", org={"name": new}, set={"name": name}), "refused", "org.not_found")


def test_machines(desk):
    org, name = desk.org(), desk.name("bot")
    fields = {"org": org.by_name, "service_account": {"name": name}}
    if desk.major < 9:
        was(desk.ask("service_account.create", **fields), "refused", "grafana.unsupported")
    else:
        was(desk.ask("service_account.create", **fields), "applied", status=201)
        was(desk.ask("service_account.update", role="Editor", **fields), "applied", status=200)
        outcome = desk.ask("service_account_token.create", **fields)
        was(outcome, "applied", status=200)
        assert desk.grafana.org_of_key(desk.password_of(outcome)) == org.id
        outcome = desk.ask("service_account_token.rotate", overlap_s=0, **fields)
        was(outcome, "applied", status=200)
        token = {"name": outcome["target"]["token_name"]}
        was(desk.ask("service_account_token.delete", token=token, **fields), "applied", status=200)
        was(desk.ask("service_account_token.delete", token=token, **fields), "already_so")
        was(desk.ask("service_account.disable", **fields), "applied", status=200)
        was(desk.ask("service_account.enable", **fields), "applied", status=200)
        was(desk.ask("service_account.delete", **fields), "applied", status=200)
        was(desk.ask("service_account.delete", **fields), "already_so")
    outcome = desk.ask("api_key.create", org=org.by_id, role="Viewer")
    if desk.major < 11:
        was(outcome, "applied", status=200)
        key = {"id": outcome["target"]["token_id"]}
        was(desk.ask("api_key.delete", org=org.by_id, api_key=key), "applied", status=200)
    else:
        was(outcome, "refused", "grafana.unsupported")


def test_what_is_the_login_of_one_is_the_mail_of_another(desk):
    mail, org = f"{desk.name()}@example.com", desk.org()
    ada = desk.person(login=mail, email=f"{desk.name()}@example.com")
    bob = desk.person(email=mail)
    here = {"org": org.by_id}
    for user in (ada.by_login, ada.by_email):
        outcome = desk.ask("org_role.grant", user=user, role="Viewer", **here)
        was(outcome, "applied", status=200)
        assert outcome["target"] == ada.target(org)
        assert (desk.grafana.role(org.id, ada.login), desk.grafana.role(org.id, bob.login)) == ("Viewer", None)
        was(desk.ask("org_role.revoke", user=user, **here), "applied", status=200)
    was(desk.ask("org_role.grant", user=bob.by_email, role="Editor", **here), "applied", status=200)
    was(desk.ask("org_role.revoke", user=ada.by_login, **here), "already_so")
    assert desk.grafana.role(org.id, bob.login) == "Editor"
    was(desk.ask("account.delete", user=ada.by_login), "applied", status=200)
    assert desk.grafana.lookup(mail)["id"] == bob.id


def test_who_has_it_only_as_the_other_name_is_left_alone(desk):
    org, mail = desk.org(), f"{desk.name()}@example.com"
    ada = desk.person(login=mail, email=f"{desk.name()}@example.com")
    bob = desk.person()
    for user, person in (({"email": ada.login}, ada), ({"login": bob.email}, bob)):
        here = {"org": org.by_id, "user": user}
        for action, more in (("org_role.grant", {"role": "Viewer"}), ("org_role.revoke", {}),
                             ("org_role.grant", {"role": "Viewer", "if_no_account": "invite"}),
                             ("invite.create", {"role": "Viewer"})):
            with desk.no_writes():
                outcome = desk.ask(action, **here, **more)
            assert f"'{person.login}'" in was(outcome, "refused", "account.ambiguous")
        for action in ("account.delete", "account.disable", "server_admin.revoke"):
            with desk.no_writes():
                was(desk.ask(action, user=user), "refused", "account.ambiguous")


def test_teams_that_cannot_be_seen_are_not_gone(desk):
    org, bob = desk.org(), desk.person()
    team = desk.team(org, bob)
    desk.grafana.expect("POST", f"/api/orgs/{org.id}/users", {"loginOrEmail": bob.login, "role": "Admin"})
    own = desk.grafana.lookup(desk.grafana.user)["id"]
    desk.grafana.expect("DELETE", f"/api/orgs/{org.id}/users/{own}")
    for fields in ({"team": team.by_name}, {"team": team.by_id}):
        outcome = desk.ask("team.delete", org=org.by_id, **fields)
        assert (outcome["result"], outcome["reason"]["code"]) == ("refused", "grafana.permission"), outcome
        outcome = desk.ask("team_member.remove", org=org.by_id, user=bob.by_login, **fields)
        assert (outcome["result"], outcome["reason"]["code"]) == ("refused", "grafana.permission"), outcome
        assert "an Admin of the org" in outcome["reason"]["message"]
