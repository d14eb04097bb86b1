# SPDX-License-Identifier: Apache-2.0
"""Every action against every simulated version: what it does, what it does when there is
nothing to do, and each no it can give, with the evidence in the outcome."""

import datetime

import pytest

from harness.desk import Desk, Person, evidence, was
from harness.events import now, request
from harness.grafana import TEST_PASSWORD

ALL = ("org_role.grant", "org_role.revoke", "account.create", "account.update", "account.disable",
       "account.enable", "account.delete", "account.logout", "account.reset_password")
ON_ONE_ACCOUNT = ("account.update", "account.disable", "account.enable", "account.delete",
                  "account.logout", "account.reset_password")


@pytest.fixture(scope="module")
def desk(open_stage, tmp_path_factory):
    """One worker with four instances: main, other (a second Grafana), guest (main with a
    login that has no rights there), and cached (main, whose orgs are remembered)."""
    stage = open_stage()
    desk = Desk(stage)
    desk.other = desk.another_grafana(tmp_path_factory.mktemp("other"), "other")
    stage.worker(settings={
        **{f"grafana.other.{key}": value for key, value in stage.config["grafana.main"].items()},
        "grafana.other.url": desk.other.url, **desk.guest_instance(),
        **{f"grafana.cached.{key}": value for key, value in stage.config["grafana.main"].items()},
        "grafana.cached.org_cache_ms": 600000}).start()
    yield desk
    desk.settle([TEST_PASSWORD])
    desk.close()


@pytest.fixture(scope="module")
def keyless(open_stage):
    """A worker without a vault key, which writes structured events."""
    stage = open_stage()
    stage.worker(settings={"vault.key_file": None, "publish.mode": "structured"}).start()
    desk = Desk(stage)
    yield desk
    desk.settle()


def fields_for(action, person, org):
    """What each action needs at the least."""
    data = {"user": person.by_login}
    if action.startswith("org_role"):
        data["org"] = org.by_id
    if action == "org_role.grant":
        data["role"] = "Editor"
    if action == "account.update":
        data["set"] = {"name": "Another Name"}
    return data


# ---- org_role.grant ----


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_grant_adds_a_member_and_then_changes_the_role_in_place(desk, mode):
    org, ada = desk.org(), desk.person()
    outcome = desk.ask("org_role.grant", mode, org=org.by_id, user=ada.by_login, role="Viewer")
    was(outcome, "applied", status=200)
    assert outcome["target"] == ada.target(org)
    assert evidence(outcome) == ({"account": True, "role": None}, {"account": True, "role": "Viewer"})
    outcome = desk.ask("org_role.grant", mode, org=org.by_name, user=ada.by_email, role="Admin",
                       requested_by="ada", approved_by=["bob", "eve"], ticket="INC-1", reason="on call")
    was(outcome, "applied", status=200)
    assert outcome["target"] == ada.target(org)
    assert evidence(outcome) == ({"account": True, "role": "Viewer"}, {"account": True, "role": "Admin"})
    assert (outcome["requested_by"], outcome["approved_by"], outcome["ticket"], outcome["justification"]) == (
        "ada", ["bob", "eve"], "INC-1", "on call")
    assert desk.grafana.role(org.id, ada.login) == "Admin"
    if desk.grafana.simulated:
        methods = [entry["method"] for entry in desk.sim.requests(path=f"^/api/orgs/{org.id}/users")
                   if entry["write"]]
        assert methods == ["POST", "PATCH"]


def test_grant_of_the_role_that_is_held_is_already_so(desk):
    org = desk.org()
    ada = desk.person(org, "Editor")
    with desk.no_writes():
        outcome = desk.ask("org_role.grant", org=org.by_name, user=ada.by_login, role="editor")
    was(outcome, "already_so")
    assert evidence(outcome) == ({"account": True, "role": "Editor"},) * 2
    assert outcome["target"] == ada.target(org)


def test_roles_go_down_as_well_as_up(desk):
    org = desk.org()
    ada = desk.person(org, "Admin")
    for role in ("Viewer", "Editor"):
        was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role=role), "applied", status=200)
        assert desk.grafana.role(org.id, ada.login) == role


def test_a_role_that_the_server_does_not_know_is_refused_by_its_name(desk):
    org = desk.org()
    new, member = desk.person(), desk.person(org, "Editor")
    for person, held in ((new, None), (member, "Editor")):
        outcome = desk.ask("org_role.grant", org=org.by_id, user=person.by_login, role="None")
        if desk.major >= 11:
            was(outcome, "applied", status=200)
            assert desk.grafana.role(org.id, person.login) == "None"
        else:
            was(outcome, "refused", "role.invalid", 400)
            assert desk.grafana.role(org.id, person.login) == held
            assert outcome["before"] == {"account": True, "role": held}


def test_grant_guards_the_role_that_is_expected(desk):
    org = desk.org()
    ada = desk.person(org, "Viewer")
    with desk.no_writes():
        outcome = desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Admin",
                           expected_role="Editor")
    assert "holds Viewer, not Editor" in was(outcome, "refused", "role.unexpected")
    outcome = desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Admin", expected_role="Viewer")
    was(outcome, "applied", status=200)
    # What was asked for is so: what was expected before no longer matters.
    outcome = desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Admin", expected_role="Viewer")
    was(outcome, "already_so")
    bob = desk.person()
    outcome = desk.ask("org_role.grant", org=org.by_id, user=bob.by_login, role="Admin", expected_role="Viewer")
    assert "holds no member, not Viewer" in was(outcome, "refused", "role.unexpected")


def test_grant_without_the_account_fails_or_creates_it(desk):
    org, login = desk.org(), desk.name()
    user = {"login": login, "email": f"{login}@Example.com", "name": "Ada L."}
    with desk.no_writes():
        outcome = desk.ask("org_role.grant", org=org.by_id, user=user, role="Editor")
    was(outcome, "refused", "account.not_found")
    assert login in outcome["reason"]["message"]
    outcome = desk.ask("org_role.grant", org=org.by_id, user=user, role="Editor", if_no_account="create")
    was(outcome, "applied", status=200)
    account = desk.grafana.lookup(login)
    assert (account["login"], account["email"], account["name"]) == (login, f"{login}@example.com", "Ada L.")
    assert outcome["target"] == {"user_id": account["id"], "login": login, "email": account["email"],
                                 "org_id": org.id, "org_name": org.name}
    assert outcome["before"]["account"] is False
    assert outcome["after"] == {"account": True, "role": "Editor"}
    assert desk.grafana.role(org.id, login) == "Editor"
    assert desk.grafana.can_log_in(login, desk.password_of(outcome))
    # Once it is there, the same is only a role.
    outcome = desk.ask("org_role.grant", org=org.by_id, user=user, role="Editor", if_no_account="create")
    was(outcome, "already_so")
    assert "credential" not in outcome


@pytest.mark.parametrize("bound", [{}, {"duration_s": 3600}], ids=["for good", "for a while"])
def test_grant_to_whom_somebody_else_has_just_created(desk, bound):
    """As if the account had come between the look and the creation: it is taken as it is, also by
    a second attempt, which must not think that it made it."""
    org, ada = desk.org(), desk.person()
    before = desk.sim.counters()
    desk.sim.fault("status", "GET", "/api/users/lookup", status=404, message="user not found")
    desk.sim.fault("status", "POST", f"/api/orgs/{org.id}/users", status=503)
    outcome = desk.ask("org_role.grant", org=org.by_id, user={"email": ada.email}, role="Editor",
                       if_no_account="create", **bound)
    desk.sim.clear_faults()
    was(outcome, "applied", status=200)
    assert outcome["attempts"] == 2 and outcome["before"] == {"account": True, "role": None}
    assert outcome["target"]["user_id"] == ada.id and "credential" not in outcome
    changed = {name: count - before[name] for name, count in desk.sim.counters().items() if count != before[name]}
    assert changed == {"member_adds": 1}


def test_grant_that_creates_as_viewer_needs_no_second_write(desk):
    org, login = desk.org(), desk.name()
    outcome = desk.ask("org_role.grant", org=org.by_id, user={"login": login}, role="Viewer", if_no_account="create")
    was(outcome, "applied", status=200)
    assert desk.grafana.role(org.id, login) == "Viewer"
    assert desk.grafana.can_log_in(login, desk.password_of(outcome))


def test_an_expected_role_and_a_creation_contradict(desk):
    outcome = desk.ask("org_role.grant", org={"id": 1}, user={"login": "nobody"}, role="Viewer",
                       if_no_account="create", expected_role="Viewer")
    assert was(outcome, "refused", "request.invalid").startswith("data.expected_role: cannot be expected")


# ---- org_role.revoke ----


def test_revoke_takes_the_membership_and_leaves_the_account(desk):
    org = desk.org()
    ada = desk.person(org, "Editor")
    outcome = desk.ask("org_role.revoke", org=org.by_name, user=ada.by_email)
    was(outcome, "applied", status=200)
    assert outcome["target"] == ada.target(org)
    assert evidence(outcome) == ({"account": True, "role": "Editor"}, {"account": True, "role": None})
    assert desk.grafana.role(org.id, ada.login) is None
    assert desk.grafana.lookup(ada.login)["id"] == ada.id
    with desk.no_writes():
        outcome = desk.ask("org_role.revoke", org=org.by_name, user=ada.by_email)
    was(outcome, "already_so")
    assert evidence(outcome) == ({"account": True, "role": None},) * 2


def test_revoke_never_deletes_the_account_even_from_its_last_org(desk):
    org = desk.org()
    ada = desk.person(orgs=[{"id": org.id, "role": "Viewer"}]) if desk.grafana.simulated else desk.person(org, "Viewer")
    was(desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login), "applied", status=200)
    assert desk.grafana.lookup(ada.login)["id"] == ada.id
    if desk.grafana.simulated:
        assert desk.grafana.account(ada.login)["members"] == []
        assert not desk.sim.requests("DELETE", r"^/api/org/|^/api/admin/users/" + f"{ada.id}$")


def test_revoke_falls_to_a_lower_role(desk):
    org = desk.org()
    ada = desk.person(org, "Admin")
    outcome = desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, to_role="Viewer")
    was(outcome, "applied", status=200)
    assert evidence(outcome) == ({"account": True, "role": "Admin"}, {"account": True, "role": "Viewer"})
    was(desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, to_role="Viewer"), "already_so")
    outcome = desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, to_role="Editor")
    assert "cannot raise" in was(outcome, "refused", "role.unexpected")
    assert desk.grafana.role(org.id, ada.login) == "Viewer"


@pytest.mark.parametrize("guard", ["role", "expected_role"])
def test_revoke_only_of_the_role_that_is_meant(desk, guard):
    org = desk.org()
    ada = desk.person(org, "Editor")
    with desk.no_writes():
        outcome = desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, **{guard: "Viewer"})
    assert "holds Editor, not Viewer" in was(outcome, "refused", "role.unexpected")
    assert outcome["before"] == {"account": True, "role": "Editor"}
    was(desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, **{guard: "Editor"}), "applied", status=200)


def test_revoke_of_nobody_is_already_so(desk):
    org, login = desk.org(), desk.name()
    outcome = desk.ask("org_role.revoke", org=org.by_id, user={"login": login})
    was(outcome, "already_so")
    assert evidence(outcome) == ({"account": False, "role": None},) * 2
    assert outcome["target"] == {"org_id": org.id, "org_name": org.name}


def test_the_last_admin_of_an_org_stays(desk):
    ada = desk.person()
    org = desk.org_of(ada)
    for data in ({}, {"to_role": "Viewer"}):
        outcome = desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login, **data)
        assert "give another member that role first" in was(outcome, "refused", "org.last_admin", 400)
    outcome = desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Viewer")
    was(outcome, "refused", "org.last_admin", 400)
    assert desk.grafana.role(org.id, ada.login) == "Admin"
    # With a second one the first may go.
    bob = desk.person(org, "Admin")
    was(desk.ask("org_role.revoke", org=org.by_id, user=ada.by_login), "applied", status=200)
    assert desk.grafana.role(org.id, bob.login) == "Admin"


def test_roles_from_an_identity_provider_are_left_alone(desk):
    org = desk.org()
    synced = {"auth_module": "oauth_generic_oauth", "role_sync": True}
    member = desk.person(**synced, orgs=[{"id": org.id, "role": "Viewer"}]) if desk.sim else None
    stranger = desk.person(**synced, orgs=[])
    asks = [(member, "org_role.grant", {"role": "Editor"}, 403), (stranger, "org_role.grant", {"role": "Editor"}, None),
            (member, "org_role.revoke", {}, None)]
    for person, action, data, status in asks:
        outcome = desk.ask(action, org=org.by_id, user=person.by_login, **data)
        if desk.major >= 10:
            assert "skip_org_role_sync" in was(outcome, "refused", "org.externally_synced", status)
        else:  # this version does not tell
            was(outcome, "applied", status=200)
    if desk.major >= 10:
        assert desk.grafana.role(org.id, member.login) == "Viewer"
        assert desk.grafana.role(org.id, stranger.login) is None


# ---- account.create ----


def test_create_makes_an_account_that_only_the_vault_can_open(desk):
    login = desk.name()
    outcome = desk.ask("account.create", user={"login": login, "email": f"{login}@example.com", "name": "Ada"})
    was(outcome, "applied", status=200)
    account = desk.grafana.lookup(login)
    assert outcome["target"] == {"user_id": account["id"], "login": login, "email": f"{login}@example.com"}
    assert evidence(outcome) == ({"account": False}, {"account": True, "login": login,
                                                      "email": f"{login}@example.com", "name": "Ada"})
    assert outcome["credential"] == {"version": 1}
    event = desk.credential_of(outcome)
    assert event["data"]["target"] == outcome["target"]
    assert event["data"]["path"] == f"grafana/main/{login}"
    password = desk.password_of(outcome)
    assert len(password) == 24 and not set(password) & set("0Oo1lIi|")
    assert desk.grafana.can_log_in(login, password)


def test_create_knows_people_by_login_or_by_mail_alone(desk):
    login = desk.name()
    was(desk.ask("account.create", user={"login": login}), "applied", status=200)
    assert desk.grafana.lookup(login)["email"] == login
    mail = f"{desk.name()}@example.com"
    was(desk.ask("account.create", user={"email": mail}), "applied", status=200)
    assert desk.grafana.lookup(mail)["login"] == mail


@pytest.mark.parametrize("role, expected", [("Editor", "Editor"), ("Viewer", "Viewer"), (None, "Viewer")])
def test_create_with_an_org(desk, role, expected):
    org, login = desk.org(), desk.name()
    outcome = desk.ask("account.create", org=org.by_name, user={"login": login}, role=role)
    was(outcome, "applied", status=200)
    assert outcome["target"]["org_name"] == org.name
    assert outcome["after"] == {"account": True, "login": login, "email": login, "role": expected}
    assert desk.grafana.role(org.id, login) == expected
    assert desk.grafana.can_log_in(login, desk.password_of(outcome))


@pytest.mark.parametrize("given", ["Admin", "Editor"])
def test_what_grafana_gives_everybody_is_not_what_was_allowed(desk, given):
    org, login = desk.org(), desk.name()
    ada = desk.person(org, "Editor")
    desk.sim.settings(auto_assign_org_role=given)
    try:
        for user, role in (({"login": login}, "Viewer"), (ada.by_login, "Editor")):
            outcome = desk.ask("account.create", org=org.by_name, user=user, on_existing="reset")
            was(outcome, "applied", status=200)
            assert outcome["after"]["role"] == role
            assert desk.grafana.role(org.id, outcome["target"]["login"]) == role
    finally:
        desk.sim.settings(auto_assign_org_role="Viewer")


def test_create_where_grafana_makes_an_org_for_everybody(desk):
    org, login = desk.org(), desk.name()
    desk.sim.settings(auto_assign_org=False)
    try:
        outcome = desk.ask("account.create", org=org.by_id, user={"login": login}, role="Editor")
        was(outcome, "applied", status=200)
        assert desk.grafana.role(org.id, login) == "Editor"
    finally:
        desk.sim.settings(auto_assign_org=True)


def test_create_keeps_what_is_there_or_resets_it(desk):
    ada = desk.person()
    for data in ({}, {"on_existing": "keep"}):
        with desk.no_writes():
            outcome = desk.ask("account.create", user=ada.by_email, **data)
        was(outcome, "refused", "account.exists")
        assert outcome["target"] == ada.target()
        assert evidence(outcome) == ({"account": True, "login": ada.login, "email": ada.email},) * 2
    assert desk.grafana.can_log_in(ada.login, TEST_PASSWORD)
    outcome = desk.ask("account.create", user=ada.by_email, on_existing="reset")
    was(outcome, "applied", status=200)
    assert outcome["before"]["account"] is True
    assert not desk.grafana.can_log_in(ada.login, TEST_PASSWORD)
    assert desk.grafana.can_log_in(ada.login, desk.password_of(outcome))


def test_create_of_what_half_exists_is_ambiguous(desk):
    ada, bob = desk.person(), desk.person()
    for user in ({"login": ada.login, "email": bob.email}, {"login": ada.login, "email": f"{desk.name()}@example.com"},
                 {"login": desk.name(), "email": bob.email}):
        with desk.no_writes():
            outcome = desk.ask("account.create", user=user)
        assert "do not name one account" in was(outcome, "refused", "account.ambiguous")


def test_a_role_needs_an_org(desk):
    outcome = desk.ask("account.create", user={"login": "nobody"}, role="Editor")
    assert was(outcome, "refused", "request.invalid") == "data.role: needs data.org, which is missing"


def test_a_login_that_is_somebodys_mail_is_taken(desk):
    ada = desk.person(email=f"{desk.name()}@example.com")
    mail, org = ada.email, desk.org()
    # The account that has this as its e-mail is not the one with this login. With an e-mail of
    # its own Grafana would make it.
    for user in ({"login": mail}, {"login": mail, "email": f"{desk.name()}@example.com"}, {"email": ada.login}):
        for action, more in (("account.create", {}), ("org_role.grant", {"role": "Viewer", "if_no_account": "create"})):
            with desk.no_writes():
                outcome = desk.ask(action, user=user, org=org.by_id, **more)
            assert f"'{ada.login}'" in was(outcome, "refused", "account.conflict")
            assert "credential" not in outcome
    assert desk.grafana.lookup(mail)["id"] == ada.id


@pytest.mark.parametrize("status, message, code", [
    (400, "Password is missing or too short", "password.policy"),
    (400, "New password doesn't comply with the password policy", "password.policy"),
    (403, "Quota reached", "grafana.quota"),
    (403, "user Quota reached", "grafana.quota"),
    (403, "Permission denied", "grafana.permission"),
    (404, "Not found", "grafana.unsupported"),
    (400, "User is provisioned", "account.provisioned"),
    (400, "The stars say no", "grafana.rejected"),
])
def test_create_tells_each_no_of_grafana_by_its_reason(desk, status, message, code):
    login = desk.name()
    desk.sim.fault("status", "POST", "/api/admin/users", status=status, message=message)
    outcome = desk.ask("account.create", user={"login": login})
    assert f"Grafana said {status}: {message}" in was(outcome, "refused", code, status)
    assert "credential" not in outcome
    assert desk.grafana.lookup(login) is None


def test_passwords_are_as_strong_as_grafana_can_ask_for(desk):
    login = desk.name()
    desk.sim.settings(password_policy=True)
    try:
        outcome = desk.ask("account.create", user={"login": login})
        was(outcome, "applied", status=200)
        was(desk.ask("account.reset_password", user={"login": login}), "applied", status=200)
    finally:
        desk.sim.settings(password_policy=False)


# ---- account.update ----


def test_update_changes_what_is_said_and_keeps_the_rest(desk):
    ada = desk.person()
    login, mail = desk.name("new"), f"{desk.name()}@example.com"
    outcome = desk.ask("account.update", user=ada.by_login, set={"name": "Ada L."})
    was(outcome, "applied", status=200)
    assert outcome["target"] == ada.target()
    assert evidence(outcome) == ({"account": True, "login": ada.login, "email": ada.email},
                                 {"account": True, "login": ada.login, "email": ada.email, "name": "Ada L."})
    outcome = desk.ask("account.update", user=ada.by_email, set={"login": login, "email": mail})
    was(outcome, "applied", status=200)
    assert evidence(outcome) == ({"account": True, "login": ada.login, "email": ada.email, "name": "Ada L."},
                                 {"account": True, "login": login, "email": mail, "name": "Ada L."})
    account = desk.grafana.lookup(login)
    assert (account["id"], account["email"], account["name"]) == (ada.id, mail, "Ada L.")
    with desk.no_writes():
        outcome = desk.ask("account.update", user={"login": login}, set={"email": mail, "name": "Ada L."})
    was(outcome, "already_so")
    assert outcome["before"] == outcome["after"]


def test_update_to_what_somebody_else_has_is_a_conflict(desk):
    ada, bob = desk.person(), desk.person()
    for changes in ({"login": bob.login}, {"email": bob.email}, {"login": bob.email},
                    {"name": "X", "email": bob.email}, {"login": bob.login.upper()}, {"email": bob.email.upper()}):
        with desk.no_writes():
            outcome = desk.ask("account.update", user=ada.by_login, set=changes)
        assert bob.login in was(outcome, "refused", "account.conflict")
    assert desk.grafana.lookup(ada.login)["email"] == ada.email


def test_update_of_an_external_account_is_refused(desk):
    ada = desk.person(auth_module="ldap") if desk.sim else None
    outcome = desk.ask("account.update", user=ada.by_login, set={"name": "X"})
    if desk.major >= 9:
        was(outcome, "refused", "account.external", 403)
    else:  # this version lets it be changed, until the next login
        was(outcome, "applied", status=200)


def test_update_that_grafana_only_pretends_to_make_is_no_success(desk):
    ada = desk.person()
    desk.sim.fault("status", "PUT", f"/api/users/{ada.id}", status=200, message="Email sent for verification")
    outcome = desk.ask("account.update", user=ada.by_login, set={"email": f"{desk.name()}@example.com"})
    assert "Email sent for verification" in was(outcome, "refused", "grafana.rejected", 200)
    assert outcome["after"]["email"] == ada.email


# ---- account.disable, .enable ----


def test_disable_and_enable(desk):
    ada = desk.person()
    outcome = desk.ask("account.disable", user=ada.by_login)
    was(outcome, "applied", status=200)
    assert outcome["target"] == ada.target()
    said = {"account": True, "login": ada.login, "email": ada.email}
    assert evidence(outcome) == ({**said, "disabled": False}, {**said, "disabled": True})
    assert not desk.grafana.can_log_in(ada.login, TEST_PASSWORD)
    with desk.no_writes():
        outcome = desk.ask("account.disable", user=ada.by_login)
    was(outcome, "already_so")
    assert evidence(outcome) == ({**said, "disabled": True},) * 2
    outcome = desk.ask("account.enable", user=ada.by_email)
    was(outcome, "applied", status=200)
    assert evidence(outcome) == ({**said, "disabled": True}, {**said, "disabled": False})
    with desk.no_writes():
        outcome = desk.ask("account.enable", user=ada.by_email)
    was(outcome, "already_so")
    assert evidence(outcome) == ({**said, "disabled": False},) * 2
    assert desk.grafana.can_log_in(ada.login, TEST_PASSWORD)


def test_disable_ends_the_sessions(desk):
    ada = desk.person(sessions=3) if desk.sim else None
    was(desk.ask("account.disable", user=ada.by_login), "applied", status=200)
    assert desk.sim.account(ada.login)["sessions"] == 0


@pytest.mark.parametrize("action, disabled", [("account.disable", False), ("account.enable", True)])
def test_switching_an_external_account_is_refused(desk, action, disabled):
    ada = desk.person(auth_module="ldap", is_disabled=disabled) if desk.sim else None
    outcome = desk.ask(action, user=ada.by_login)
    was(outcome, "refused", "account.external", 500)
    assert outcome["before"]["disabled"] is disabled


def test_another_server_admin_may_go_but_never_the_own_login(desk):
    ada = desk.person(is_admin=True) if desk.sim else None
    was(desk.ask("account.disable", user=ada.by_login), "applied", status=200)
    was(desk.ask("account.delete", user=ada.by_login), "applied", status=200)


# ---- account.delete ----


def test_delete(desk):
    ada = desk.person()
    outcome = desk.ask("account.delete", user={"login": ada.login, "email": ada.email})
    was(outcome, "applied", status=200)
    assert outcome["target"] == ada.target()
    assert evidence(outcome) == ({"account": True, "disabled": False, "login": ada.login, "email": ada.email},
                                 {"account": False})
    assert desk.grafana.lookup(ada.login) is None
    outcome = desk.ask("account.delete", user=ada.by_login)
    was(outcome, "already_so")
    assert evidence(outcome) == ({"account": False},) * 2


def test_delete_leaves_no_org_without_an_admin(desk):
    ada = desk.person()
    org = desk.org_of(ada)
    with desk.no_writes():
        outcome = desk.ask("account.delete", user=ada.by_login)
    assert org.name in was(outcome, "refused", "org.last_admin")
    assert desk.grafana.lookup(ada.login)["id"] == ada.id
    desk.person(org, "Admin")
    was(desk.ask("account.delete", user=ada.by_login), "applied", status=200)


# ---- account.logout, .reset_password ----


def test_of_two_last_admins_one_stays(desk):
    """Each is there while the other's account is looked at: every call takes a while."""
    org = desk.org()
    pair = [desk.person(org, "Admin"), desk.person(org, "Admin")]
    desk.grafana.expect("DELETE", f"/api/orgs/{org.id}/users/1")
    desk.sim.sim("POST", "settings", {"latency_ms": 100})
    outcomes = desk.ask_all(*(request("account.delete", user=person.by_login) for person in pair))
    desk.sim.sim("POST", "settings", {"latency_ms": 0})
    assert sorted((outcome["result"], outcome["reason"]["code"]) for outcome in outcomes) == [
        ("applied", "ok"), ("refused", "org.last_admin")]
    [kept] = desk.grafana.expect("GET", f"/api/orgs/{org.id}/users")
    assert kept["role"] == "Admin"


def test_logout_ends_the_sessions(desk):
    ada = desk.person(sessions=2) if desk.sim else None
    outcome = desk.ask("account.logout", user=ada.by_login)
    assert was(outcome, "applied", status=200).startswith("2 sessions")
    assert desk.sim.account(ada.login)["sessions"] == 0
    assert evidence(outcome) == ({"account": True, "login": ada.login, "email": ada.email},) * 2
    with desk.no_writes():
        outcome = desk.ask("account.logout", user=ada.by_login)
    was(outcome, "already_so")


def test_reset_sets_a_password_that_only_the_vault_can_open(desk):
    ada = desk.person()
    outcome = desk.ask("account.reset_password", user=ada.by_email)
    was(outcome, "applied", status=200)
    assert outcome["target"] == ada.target()
    assert evidence(outcome) == ({"account": True, "login": ada.login, "email": ada.email},) * 2
    first = desk.password_of(outcome)
    assert desk.grafana.can_log_in(ada.login, first)
    assert not desk.grafana.can_log_in(ada.login, TEST_PASSWORD)
    # Asked for again it is made again: nobody can know that the first one arrived.
    second = desk.password_of(desk.ask("account.reset_password", user=ada.by_email))
    assert first != second and desk.grafana.can_log_in(ada.login, second)


def test_reset_of_an_external_account(desk):
    ada = desk.person(auth_module="oauth_generic_oauth") if desk.sim else None
    outcome = desk.ask("account.reset_password", user=ada.by_login)
    if desk.major >= 11:
        was(outcome, "refused", "account.external", 403)
        assert "credential" not in outcome
    else:  # this version sets it, of use or not
        was(outcome, "applied", status=200)


def test_reset_where_the_login_form_is_off(desk):
    ada = desk.person()
    desk.sim.settings(login_form=False)
    try:
        outcome = desk.ask("account.reset_password", user=ada.by_login)
    finally:
        desk.sim.settings(login_form=True)
    if desk.major >= 11:
        was(outcome, "refused", "grafana.unsupported", 403)
    else:
        was(outcome, "applied", status=200)


# ---- what all have in common ----


@pytest.mark.parametrize("action", [action for action in ALL if action != "account.create"])
def test_the_own_login_is_protected(desk, action):
    own = desk.grafana.lookup(desk.grafana.user)
    org = desk.org()
    for user in ({"login": own["login"]}, {"email": own["email"]}):
        with desk.no_writes():
            outcome = desk.ask(action, **{**fields_for(action, Person(own["login"], own["email"], own["id"]), org),
                                          "user": user})
        was(outcome, "refused", "account.protected")
        assert outcome["target"]["user_id"] == own["id"]


def test_the_own_login_is_not_reset_by_a_creation(desk):
    with desk.no_writes():
        outcome = desk.ask("account.create", user={"login": desk.grafana.user}, on_existing="reset")
        was(outcome, "refused", "account.protected")
        outcome = desk.ask("org_role.grant", org={"id": 1}, user={"login": desk.grafana.user}, role="Viewer",
                           if_no_account="create")
        was(outcome, "refused", "account.protected")


@pytest.mark.parametrize("action", ["org_role.grant", "org_role.revoke", "account.create"])
def test_an_org_that_is_not_there(desk, action):
    person, org = desk.person(), desk.org()
    for named, said in (({"id": 999999}, "there is no org with id 999999"),
                        ({"name": "No Such Org"}, "there is no org named 'No Such Org'"),
                        ({"name": "No/Such Org"}, "there is no org named 'No/Such Org'"),
                        ({"name": org.name.upper()}, f"there is no org named '{org.name.upper()}'"),
                        ({"id": org.id, "name": "No Such Org"}, f"org {org.id} is named '{org.name}'")):
        with desk.no_writes():
            outcome = desk.ask(action, user=person.by_login, role="Viewer", org=named)
        assert said in was(outcome, "refused", "org.not_found")


@pytest.mark.parametrize("name", ["Ünïcode Ørg", "a/b", "100% sure?", "a+b & c=d#e", "..", "quote\"'\\"])
def test_orgs_of_any_name(desk, name):
    org, ada = desk.org(f"{name} {desk.name()}" if name != ".." else name), desk.person()
    was(desk.ask("org_role.grant", org=org.by_name, user=ada.by_login, role="Viewer"), "applied", status=200)
    was(desk.ask("org_role.revoke", org={**org.by_name, **org.by_id}, user=ada.by_login), "applied", status=200)


@pytest.mark.parametrize("login", ["a b", "jörg", "50%", "a/b", "x&y=z", "o'neil"])
def test_people_of_any_name(desk, login):
    org, login = desk.org(), f"{login} {desk.name()}"
    ada = desk.person(login=login, email=f"{desk.name()}+tag@example.com")
    was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Viewer"), "applied", status=200)
    was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_email, role="Editor"), "applied", status=200)
    outcome = desk.ask("account.reset_password", user=ada.by_login)
    assert desk.grafana.can_log_in(login, desk.password_of(outcome))


def test_people_are_matched_whatever_the_letter_case(desk):
    org, ada = desk.org(), desk.person()
    outcome = desk.ask("org_role.grant", org=org.by_id, user={"login": ada.login.upper()}, role="Viewer")
    was(outcome, "applied", status=200)
    assert outcome["target"] == ada.target(org)
    outcome = desk.ask("org_role.grant", org=org.by_id, user={"login": ada.login.title(), "email": ada.email.upper()},
                       role="Editor")
    was(outcome, "applied", status=200)
    assert outcome["target"] == ada.target(org)
    was(desk.ask("account.create", user={"login": ada.login.upper()}), "refused", "account.exists")


def test_where_letter_case_makes_two_accounts_neither_is_guessed(desk):
    if desk.major >= 10:
        pytest.skip("from 10 on there cannot be two")
    org, login = desk.org(), desk.name()
    lower, upper = desk.person(login=login), desk.person(login=login.upper(), email=f"{desk.name()}@example.com")
    for person in (lower, upper):
        outcome = desk.ask("org_role.grant", org=org.by_id, user=person.by_login, role="Viewer")
        was(outcome, "applied", status=200)
        assert outcome["target"] == person.target(org)
    outcome = desk.ask("org_role.grant", org=org.by_id, user={"login": login.title()}, role="Viewer")
    assert "more than one account" in was(outcome, "refused", "grafana.rejected", 200)


def test_an_org_that_took_the_place_of_another(desk):
    ada, org = desk.person(), desk.org()
    asked = {"instance": "cached", "org": org.by_name, "user": ada.by_login}
    was(desk.ask("org_role.grant", role="Viewer", **asked), "applied", status=200)
    desk.grafana.expect("DELETE", f"/api/orgs/{org.id}", org=1)
    new = desk.org(org.name)
    desk.grafana.expect("POST", f"/api/orgs/{new.id}/users", {"loginOrEmail": ada.login, "role": "Editor"})
    was(desk.ask("org_role.revoke", **asked), "applied", status=200)
    assert desk.grafana.role(new.id, ada.login) is None
    desk.grafana.expect("DELETE", f"/api/orgs/{new.id}", org=1)
    new = desk.org(org.name)
    was(desk.ask("org_role.grant", role="Viewer", **asked), "applied", status=200)
    assert desk.grafana.role(new.id, ada.login) == "Viewer"


def test_people_are_matched_exactly(desk):
    org, ada = desk.org(), desk.person(login=desk.name() + "-z")  # names are numbered: nobody's is a part of another's
    for user in ({"login": ada.login[:-1]}, {"login": ada.login + "x"}, {"email": "%" + ada.email[1:]}):
        outcome = desk.ask("org_role.grant", org=org.by_id, user=user, role="Viewer")
        was(outcome, "refused", "account.not_found")
    for user in ({"login": ada.email}, {"email": ada.login}):  # perhaps she is meant, perhaps somebody else
        outcome = desk.ask("org_role.grant", org=org.by_id, user=user, role="Viewer")
        assert f"'{ada.login}'" in was(outcome, "refused", "account.ambiguous")


@pytest.mark.parametrize("action", [action for action in ON_ONE_ACCOUNT if action != "account.delete"])
def test_an_account_that_is_not_there(desk, action):
    ghost = Person(desk.name("ghost"), "ghost@example.com", 0)
    with desk.no_writes():
        outcome = desk.ask(action, **fields_for(action, ghost, None))
    assert was(outcome, "refused", "account.not_found") == f"there is no account '{ghost.login}'"
    assert outcome["before"] == {"account": False}
    assert outcome["target"] == {}


@pytest.mark.parametrize("action", ALL)
def test_login_and_mail_of_two_accounts_are_ambiguous(desk, action):
    ada, bob, org = desk.person(), desk.person(), desk.org()
    with desk.no_writes():
        outcome = desk.ask(action, **{**fields_for(action, ada, org),
                                      "user": {"login": ada.login, "email": bob.email}})
    was(outcome, "refused", "account.ambiguous")


@pytest.mark.parametrize("action", ALL)
def test_without_rights_each_is_refused_with_the_missing_permission(desk, action):
    ada, org = desk.person(), desk.org()
    with desk.no_writes():
        outcome = desk.ask(action, instance="guest", **fields_for(action, ada, org))
    assert outcome["result"] == "refused" and outcome["reason"]["code"] == "grafana.permission"
    assert outcome["reason"]["grafana"]["status"] == 403
    assert "Permissions needed" in outcome["reason"]["message"] or "Permission denied" in outcome["reason"]["message"]


@pytest.mark.parametrize("action", ALL)
def test_what_an_action_cannot_do_without(desk, action):
    fields = fields_for(action, desk.person(), desk.org())
    for missing in fields:
        outcome = desk.ask(action, **{**fields, missing: None})
        assert was(outcome, "refused", "request.invalid").startswith(f"data.{missing}: missing")
        assert outcome["action"] == action


def test_unknown_actions_and_instances(desk):
    outcome = desk.stage.ask(request("org_role.give", user={"login": "a"}), valid=False)
    message = was(outcome, "refused", "request.unknown_action")
    assert message.startswith("data.action: there is no 'org_role.give'; there are: ")
    assert all(action in message for action in ALL)
    assert outcome["action"] == "org_role.give"
    outcome = desk.ask("account.logout", instance="elsewhere", user={"login": "a"})
    assert was(outcome, "refused", "request.unknown_instance") == (
        "data.instance: no [grafana.elsewhere] is configured")
    assert outcome["instance"] == "elsewhere"


def test_each_instance_is_its_own(desk):
    login = desk.name()
    desk.sim  # two servers are two only if they are simulated
    outcomes = [desk.ask("account.create", instance=instance, user={"login": login}) for instance in ("main", "other")]
    for outcome, grafana, stranger in ((outcomes[0], desk.grafana, desk.other), (outcomes[1], desk.other, desk.grafana)):
        was(outcome, "applied", status=200)
        password = desk.password_of(outcome)
        assert grafana.can_log_in(login, password) and not stranger.can_log_in(login, password)
    assert [desk.credential_of(outcome)["data"]["path"] for outcome in outcomes] == [
        f"grafana/main/{login}", f"grafana/other/{login}"]


def test_one_instance_that_is_down_delays_no_other(desk):
    desk.sim
    login = desk.name()
    ada = desk.person(grafana=desk.other, login=login)
    desk.other.fault("status", "*", "/api/users/lookup", count=-1)
    try:
        waiting = desk.stage.send(request("account.logout", instance="other", user={"login": login}))
        was(desk.ask("account.delete", user={"login": desk.name()}), "already_so")
        assert all(event["data"]["request"]["id"] != waiting["id"] for event in desk.stage.outcomes())
    finally:
        desk.other.clear_faults()
    was(desk.stage.outcome_of(waiting)["data"], "already_so")
    assert desk.other.lookup(login)["id"] == ada.id


def test_a_deadline_that_has_passed(desk):
    ada = desk.person()
    past = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=1)).isoformat()
    with desk.no_writes():
        outcome = desk.ask("account.disable", user=ada.by_login, deadline=past)
    was(outcome, "failed", "request.expired")
    future = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)).isoformat()
    was(desk.ask("account.disable", user=ada.by_login, deadline=future), "applied", status=200)


def test_a_deadline_that_passes_while_grafana_fails(desk):
    ada = desk.person()
    path = f"/api/users/{ada.id}"
    desk.sim.fault("status", "GET", path, count=-1)
    try:
        for seconds in (1, 5, 25):  # the shortest that this machine is quick enough for
            soon = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat()
            outcome = desk.ask("account.disable", user=ada.by_login, deadline=soon)
            if outcome["reason"]["code"] == "retries.exhausted" and outcome["attempts"] > 1:
                break
    finally:
        desk.sim.clear_faults()
    assert "503" in was(outcome, "failed", "retries.exhausted")
    assert outcome["attempts"] > 1


def test_another_payload_under_the_same_id_is_refused(desk):
    ada = desk.person()
    first = request("account.disable", user=ada.by_login)
    was(desk.stage.ask(first), "applied", status=200)
    desk.stage.send({**first, "data": {**first["data"], "action": "account.delete"}})

    def refusal(_):
        return [event["data"] for event in desk.stage.outcomes()
                if event["data"]["request"]["id"] == first["id"] and event["data"]["result"] == "refused"]

    [outcome] = desk.stage.committed.until(refusal, "the refusal")
    was(outcome, "refused", "request.id_reused")
    assert desk.grafana.lookup(ada.login)["id"] == ada.id


def test_the_same_request_twice_is_answered_once(desk):
    first = request("account.create", user={"login": desk.name()})
    desk.stage.send(first, first)
    outcome = desk.stage.outcome_of(first)["data"]
    was(outcome, "applied", status=200)
    # In order of spelling and spaces it may differ.
    again = {**first, "data": dict(reversed(first["data"].items()))}
    desk.stage.send(again, mode="structured")
    was(desk.ask("account.delete", user={"login": first["data"]["user"]["login"]}), "applied", status=200)
    assert sum(event["data"]["request"]["id"] == first["id"] for event in desk.stage.outcomes()) == 1


def test_one_persons_requests_keep_their_order(desk):
    login, org = desk.name(), desk.org()
    user = {"login": login}
    outcomes = desk.ask_all(
        request("account.create", user=user),
        request("org_role.grant", user=user, org=org.by_id, role="Admin"),
        request("org_role.grant", user=user, org=org.by_id, role="Viewer"),
        request("org_role.revoke", user=user, org=org.by_id),
        request("account.disable", user=user),
        request("account.delete", user=user),
        request("account.delete", user=user))
    assert [outcome["result"] for outcome in outcomes] == ["applied"] * 6 + ["already_so"]
    assert [outcome["before"].get("role", "-") for outcome in outcomes[1:4]] == [None, "Admin", "Viewer"]


def test_the_trace_goes_on_into_grafana_and_into_the_outcome(desk):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    ada = desk.person()
    event = {**request("account.disable", user=ada.by_login), "traceparent": trace}
    desk.stage.ask(event, mode="structured")
    [record] = [record for record in desk.stage.committed.records[desk.stage.topics.outcomes]
                if record.event()["data"]["request"]["id"] == event["id"]]
    assert record.headers["traceparent"] == trace.encode()
    if desk.grafana.simulated:
        [entry] = desk.sim.requests("POST", f"^/api/admin/users/{ada.id}/disable$")
        assert entry["traceparent"] == trace


# ---- without a vault key; structured events out ----


@pytest.mark.parametrize("action, data", [
    ("account.create", {}),
    ("account.reset_password", {}),
    ("org_role.grant", {"org": {"id": 1}, "role": "Editor", "if_no_account": "create"}),
])
def test_without_a_key_nothing_that_needs_one_is_begun(keyless, action, data):
    login = keyless.name()
    if action == "account.reset_password":
        keyless.person(login=login)
    with keyless.no_writes():
        outcome = keyless.ask(action, user={"login": login}, **data)
    assert was(outcome, "refused", "vault.no_key").startswith("No valid vault key is configured")


def test_without_a_key_no_token_is_begun(keyless):
    org, name = keyless.org(), keyless.name()
    account = keyless.grafana.service_account(org.id, name)
    keyless.grafana.token(org.id, account, name)
    of_bot = {"org": org.by_id, "service_account": {"id": account}}
    asked = [("service_account_token.create", of_bot), ("service_account_token.rotate", of_bot),
             ("org.bootstrap", {"org": {"name": keyless.name("org")},
                                "bootstrap": {"service_account": {"name": "bot", "role": "Viewer"}}})]
    if keyless.major < 11:
        asked.append(("api_key.create", {"org": org.by_id, "role": "Viewer"}))
    with keyless.no_writes():
        for action, data in asked:
            was(keyless.ask(action, **data), "refused", "vault.no_key")
    assert list(keyless.grafana.tokens(org.id, account)) == [name]


def test_without_a_key_all_else_is_done_and_told_in_structured_mode(keyless):
    org, ada = keyless.org(), keyless.person()
    event = request("org_role.grant", org=org.by_id, user=ada.by_login, role="Editor", if_no_account="create")
    was(keyless.stage.ask(event), "applied", status=200)
    record = keyless.stage.committed.records[keyless.stage.topics.outcomes][-1]
    assert record.headers["content-type"].startswith(b"application/cloudevents+json")
    assert record.event()["subject"] == ada.login
    assert record.event()["source"] == f"/grantd/{keyless.stage.group}"
    assert record.event()["time"] <= now()
