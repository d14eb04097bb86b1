# SPDX-License-Identifier: Apache-2.0
"""Plans: for every action, and every reason code that is reached before a write, what a plan
says is what the real run then does, and nothing is written for it.

All plans are asked at once, then all real runs: that they say the same also shows that a plan
left nothing behind."""

import json

import pytest

from harness.desk import Desk, was
from harness.events import request
from harness.grafana import TEST_PASSWORD
from harness.stage import TokenInstance

PORTAL = "portal@plan.example.com"
WELL = {"applied": "planned", "needs_action": "planned"}


@pytest.fixture(scope="module")
def open_desk(open_stage):
    stage = open_stage()
    desk = Desk(stage)
    desk.token_org = desk.org()
    token = TokenInstance(desk.grafana, desk.token_org.id)
    stage.worker(settings={
        **desk.guest_instance(),
        **token.settings("token"), "grafana.token.request_timeout_ms": 2000,
        "grafana.token.connect_timeout_ms": 1000, "tokens.max_ttl_s": 7776000,
        "policy.protected_users": "keep-*",
        "policy.portal.requesters": PORTAL, "policy.portal.actions": "org_role.*",
        "policy.portal.instances": "main", "policy.portal.orgs": "Open *", "policy.portal.roles": "Viewer, Editor",
        "policy.portal.time_bound": "Editor"}).start()
    yield desk
    desk.settle([TEST_PASSWORD, token.key])


class Table:
    """Requests with what they come to: (result, code)."""

    def __init__(self, desk):
        self.desk, self.rows = desk, []

    def add(self, expected, action, **data):
        self.rows.append((tuple(expected.split(" ")), action, data))

    def applied(self, action, **data):
        self.add("applied ok", action, **data)

    def so(self, action, **data):
        self.add("already_so ok", action, **data)

    def no(self, code, action, **data):
        self.add("refused " + code, action, **data)

    # ---- what is there ----

    def board(self, org, uid, title, **more):
        body = {"dashboard": {"uid": uid, "title": title, **more}, "overwrite": False}
        self.desk.grafana.expect("POST", "/api/dashboards/db", body, org=org.id)

    def folder(self, org, uid, title):
        self.desk.grafana.expect("POST", "/api/folders", {"uid": uid, "title": title}, org=org.id)

    def pending(self, org, email, role="Viewer"):
        self.desk.grafana.expect("POST", "/api/org/invites", {"loginOrEmail": email, "role": role,
                                                              "sendEmail": False}, org=org.id)


def roles(table, desk):
    org = desk.org()
    ada, bob, eve = desk.person(org, "Viewer"), desk.person(), desk.person(org, "Editor")
    new, ghost = desk.name(), {"login": desk.name("ghost")}
    grant = {"org": org.by_id, "role": "Editor"}
    table.applied("org_role.grant", user=ada.by_email, **grant)
    table.applied("org_role.grant", user=bob.by_login, **grant)
    table.applied("org_role.grant", user={"login": new, "email": f"{new}@example.com"}, if_no_account="create", **grant)
    table.add("needs_action ok", "org_role.grant", user={"email": f"{desk.name()}@example.com"},
              if_no_account="invite", **grant)
    table.so("org_role.grant", user=eve.by_login, **grant)
    table.no("account.not_found", "org_role.grant", user=ghost, **grant)
    table.no("account.ambiguous", "org_role.grant", user={"login": ada.login, "email": bob.email}, **grant)
    table.no("account.protected", "org_role.grant", user={"login": desk.grafana.user}, **grant)
    table.no("role.unexpected", "org_role.grant", user=eve.by_login, org=org.by_id, role="Admin", expected_role="Viewer")
    table.no("org.not_found", "org_role.grant", user=ada.by_login, org={"id": 987654}, role="Editor")
    table.no("grafana.permission", "org_role.grant", instance="guest", user=ada.by_login, **grant)
    for data in ({"action": "org_role.revoke"}, {"action": "org_role.revoke", "to_role": "Viewer"},
                 {"action": "org_role.grant", "role": "Viewer"}):
        last = desk.person()
        table.no("org.last_admin", org=desk.org_of(last).by_id, user=last.by_login, **data)
    carl, dora = desk.person(org, "Admin"), desk.person(org, "Editor")
    table.applied("org_role.revoke", user=carl.by_login, org=org.by_id)
    table.applied("org_role.revoke", user=dora.by_login, org=org.by_id, to_role="Viewer")
    table.so("org_role.revoke", user=ghost, org=org.by_id)
    table.no("role.unexpected", "org_role.revoke", user=desk.person(org, "Viewer").by_login, org=org.by_id, role="Admin")
    if desk.grafana.simulated:
        synced = desk.person(auth_module="oauth_generic_oauth", role_sync=True, orgs=[{"id": org.id, "role": "Viewer"}])
        if desk.major >= 10:
            table.no("org.externally_synced", "org_role.grant", user=synced.by_login, **grant)
            table.no("org.externally_synced", "org_role.revoke", user=synced.by_login, org=org.by_id)


def accounts(table, desk):
    org, new, other = desk.org(), desk.name(), desk.name()
    table.applied("account.create", user={"login": new, "email": f"{new}@example.com", "name": "New"})
    table.applied("account.create", user={"login": other}, org=org.by_id, role="Admin")
    table.applied("account.create", user=desk.person().by_login, on_existing="reset", org=org.by_id)
    ada = desk.person()
    table.no("account.exists", "account.create", user=ada.by_email)
    table.applied("account.update", user=desk.person().by_login,
                  set={"login": desk.name(), "email": f"{desk.name()}@example.com", "name": "Other"})
    table.so("account.update", user=ada.by_login, set={"email": ada.email})
    table.no("account.conflict", "account.update", user=ada.by_login, set={"login": desk.person().login})
    off = desk.person()
    desk.grafana.expect("POST", f"/api/admin/users/{off.id}/disable")
    table.applied("account.disable", user=desk.person().by_email)
    table.so("account.disable", user=off.by_login)
    table.applied("account.enable", user=desk.person_off().by_login)
    table.so("account.enable", user=ada.by_login)
    table.applied("account.delete", user=desk.person().by_login)
    table.so("account.delete", user={"login": desk.name("ghost")})
    lonely = desk.person()
    desk.org_of(lonely)
    table.no("org.last_admin", "account.delete", user=lonely.by_login)
    table.applied("account.reset_password", user=desk.person().by_login)
    table.so("account.logout", user=ada.by_login)
    if desk.grafana.simulated:
        table.applied("account.logout", user=desk.person(sessions=2).by_login)
    if desk.grafana.simulated:
        for action, data in (("account.disable", {}), ("account.update", {"set": {"name": "X"}})):
            table.no("account.external", action, user=desk.person(auth_module="ldap").by_login, **data)
        table.no("account.external", "account.enable", user=desk.person(auth_module="ldap", is_disabled=True).by_login)
        reset = {"user": desk.person(auth_module="ldap").by_login}
        if desk.major >= 11:
            table.no("account.external", "account.reset_password", **reset)
            table.no("account.externally_synced", "server_admin.grant", user=desk.person(
                auth_module="oauth_generic_oauth", role_sync=True).by_login)
        else:
            table.applied("account.reset_password", **reset)
    table.no("grafana.unsupported", "account.disable", instance="token", user=ada.by_login)
    table.applied("server_admin.grant", user=desk.person().by_login)
    table.so("server_admin.revoke", user=ada.by_login)
    was_one = desk.person()
    desk.grafana.expect("PUT", f"/api/admin/users/{was_one.id}/permissions", {"isGrafanaAdmin": True})
    table.applied("server_admin.revoke", user=was_one.by_login)


def invites(table, desk):
    org, mail = desk.org(), f"{desk.name()}@example.com"
    table.add("needs_action ok", "invite.create", org=org.by_id, user={"email": mail}, role="Viewer")
    table.add("needs_action ok", "invite.create", org=org.by_id, user={"email": f"{desk.name()}@example.com"},
              role="Viewer", delivery="link")
    asked = [f"{desk.name()}@example.com" for _ in range(3)]
    for email in asked:
        table.pending(org, email)
    table.so("invite.create", org=org.by_id, user={"email": asked[0]}, role="Viewer")
    table.add("needs_action ok", "invite.create", org=org.by_id, user={"email": asked[1]}, role="Admin")
    table.applied("invite.revoke", org=org.by_id, user={"email": asked[2]})
    table.so("invite.revoke", org=org.by_id, user={"email": f"{desk.name()}@example.com"})


def teams(table, desk):
    org = desk.org()
    inside, outside = desk.person(org, "Viewer"), desk.person()
    team = desk.team(org, inside)
    here = {"org": org.by_id, "team": team.by_name}
    table.applied("team.create", org=org.by_id, team={"name": desk.name("team")})
    table.so("team.create", **here)
    table.applied("team.delete", org=org.by_id, team=desk.team(org).by_id)
    table.so("team.delete", org=org.by_id, team={"name": "none"})
    table.applied("team_member.add", user=desk.person(org, "Viewer").by_login, **here)
    table.applied("team_member.add", user=desk.person().by_login, role="Editor", **here)
    table.so("team_member.add", user=inside.by_login, **here)
    table.no("account.not_member", "team_member.add", user=outside.by_login, **here)
    table.no("team.not_found", "team_member.add", user=inside.by_login, org=org.by_id, team={"name": "none"})
    table.so("team_member.remove", user=outside.by_login, **here)
    table.applied("team_member.remove", user=inside.by_login, org=org.by_id, team=desk.team(org, inside).by_id)


def machines(table, desk):
    org, sim = desk.org(), desk.grafana

    def bot(**more):
        name = desk.name("bot")
        return {"id": sim.service_account(org.id, name, **more), "name": name}

    here, one, two = {"org": org.by_id}, bot(), bot()
    table.applied("service_account.create", service_account={"name": desk.name("bot")}, role="Editor", **here)
    table.so("service_account.create", service_account={"name": one["name"]}, **here)
    table.no("service_account.exists", "service_account.create", service_account={"name": one["name"]}, role="Admin", **here)
    table.applied("service_account.update", service_account=bot(), role="Editor", set={"name": desk.name("bot")}, **here)
    table.so("service_account.update", service_account=one, role="Viewer", **here)
    table.no("role.unexpected", "service_account.update", service_account=one, role="Admin", expected_role="Editor", **here)
    table.no("service_account.exists", "service_account.update", service_account=one, set={"name": two["name"]}, **here)
    table.applied("service_account.disable", service_account=bot(), **here)
    table.so("service_account.enable", service_account=one, **here)
    off = bot()
    sim.expect("PATCH", f"/api/serviceaccounts/{off['id']}", {"isDisabled": True}, org=org.id)
    table.applied("service_account.enable", service_account=off, **here)
    table.applied("service_account.delete", service_account=bot(), **here)
    table.so("service_account.delete", service_account={"name": "none"}, **here)
    table.no("service_account.not_found", "service_account.disable", service_account={"name": "none"}, **here)
    twin, other = bot(), bot()
    sim.expect("PATCH", f"/api/serviceaccounts/{other['id']}", {"name": twin["name"]}, org=org.id)
    table.no("service_account.ambiguous", "service_account.delete", service_account={"name": twin["name"]}, **here)

    table.applied("service_account_token.create", service_account=one, **here)
    table.applied("service_account_token.create", service_account=two, token={"name": desk.name("t")}, ttl_s=600, **here)
    table.no("token.lifetime", "service_account_token.create", service_account=one, ttl_s=7776001, **here)
    name = desk.name("t")
    sim.token(org.id, two["id"], name)
    table.no("token.exists", "service_account_token.create", service_account=two, token={"name": name}, **here)
    for overlap_s in (0, 3600):
        turning = bot()
        sim.token(org.id, turning["id"], desk.name("t"))
        table.applied("service_account_token.rotate", service_account=turning, overlap_s=overlap_s, **here)
    many = bot()
    for _ in range(2):
        sim.token(org.id, many["id"], desk.name("t"))
    table.no("token.ambiguous", "service_account_token.rotate", service_account=many, **here)
    table.no("token.not_found", "service_account_token.rotate", service_account=off, **here)
    going = sim.token(org.id, bot_id := bot()["id"], desk.name("t"))[0]
    table.applied("service_account_token.delete", service_account={"id": bot_id}, token={"id": going}, **here)
    table.so("service_account_token.delete", service_account=one, token={"name": "none"}, **here)


def keys(table, desk):
    """Legacy keys: 9.4 has them, 12 does not."""
    org, name = desk.org(), desk.name("key")
    here = {"org": org.by_id}
    if desk.major >= 12:
        table.no("grafana.unsupported", "api_key.create", role="Viewer", **here)
        table.no("grafana.unsupported", "api_key.delete", api_key={"name": name}, **here)
        return
    desk.grafana.expect("POST", "/api/auth/keys", {"name": name, "role": "Viewer"}, org=org.id)
    table.applied("api_key.create", role="Viewer", **here)
    table.no("token.exists", "api_key.create", role="Viewer", api_key={"name": name}, **here)
    other = desk.name("key")
    desk.grafana.expect("POST", "/api/auth/keys", {"name": other, "role": "Viewer"}, org=org.id)
    table.applied("api_key.delete", api_key={"name": other}, **here)
    table.so("api_key.delete", api_key={"name": "none"}, **here)


def orgs(table, desk):
    full, named = desk.org(), desk.org()
    desk.person(full, "Viewer")
    table.applied("org.create", org={"name": desk.name("org")})
    table.so("org.create", org=named.by_name)
    table.applied("org.rename", org=desk.org().by_id, set={"name": desk.name("org")})
    table.so("org.rename", org=named.by_id, set={"name": named.name})
    table.no("org.name_taken", "org.rename", org=full.by_id, set={"name": named.name})
    table.applied("org.delete", org=desk.org().by_id)
    table.so("org.delete", org={"name": desk.name("org")})
    table.no("org.has_members", "org.delete", org=full.by_id)
    forced = desk.org()
    desk.person(forced, "Viewer")
    table.applied("org.delete", org=forced.by_id, force=True)
    table.no("org.protected", "org.delete", org={"id": 1})


def boards(table, desk):
    org = desk.org()
    table.folder(org, "here", "Here")
    table.board(org, "one", "One", step=1)
    here = {"org": org.by_id}
    table.applied("dashboard.apply", dashboard={"title": "New"}, **here)
    table.applied("dashboard.apply", dashboard={"title": "New"}, folder={"title": "There"}, **here)
    table.applied("dashboard.apply", dashboard={"title": "New"}, folder={"uid": "here"}, **here)
    table.so("dashboard.apply", dashboard={"uid": "one", "title": "One", "step": 1}, **here)
    table.no("dashboard.conflict", "dashboard.apply", dashboard={"uid": "one", "title": "One", "step": 2}, **here)
    table.no("folder.not_found", "dashboard.apply", dashboard={"title": "New"}, folder={"uid": "none"}, **here)
    other = desk.org()
    table.board(other, "two", "Two", step=1)
    table.applied("dashboard.apply", org=other.by_id, dashboard={"uid": "two", "title": "Two", "step": 2}, overwrite=True)
    # The folder would be made before the no: a plan looks as far as the real run.
    table.no("dashboard.conflict", "dashboard.apply", dashboard={"uid": "one", "title": "One", "step": 3},
             folder={"title": "Never"}, **here)
    if desk.grafana.simulated:
        table.board(org, "file", "File")
        desk.sim.sim("PATCH", "boards/file", {"org_id": org.id, "provisioned": True})
        table.no("dashboard.provisioned", "dashboard.apply", dashboard={"uid": "file", "title": "File", "x": 1},
                 overwrite=True, **here)


def bootstraps(table, desk):
    ada, there = desk.person(), desk.org()
    table.folder(there, "old", "Old")
    table.board(there, "load", "Load", step=1)

    def asked(*admins, folders=None):
        return {"admins": list(admins), "service_account": {"name": desk.name("ci"), "ttl_s": 3600},
                "folders": folders or [{"title": "Services", "dashboards": [{"title": "Health"}]}, {"title": "Empty"}]}

    table.applied("org.bootstrap", org={"name": desk.name("org")}, bootstrap=asked(ada.by_login))
    table.applied("org.bootstrap", org=there.by_id, bootstrap=asked(
        ada.by_login, folders=[{"uid": "old", "dashboards": [{"title": "Health"}]}, {"title": "New"}]))
    table.so("org.bootstrap", org=desk.org().by_name, bootstrap={})
    table.no("account.not_found", "org.bootstrap", org={"name": desk.name("org")},
             bootstrap=asked({"login": desk.name("ghost")}))
    table.no("folder.not_found", "org.bootstrap", org={"name": desk.name("org")},
             bootstrap=asked(folders=[{"uid": "none", "dashboards": []}]))
    table.no("dashboard.conflict", "org.bootstrap", org=desk.org_with_board(table).by_id,
             bootstrap=asked(folders=[{"title": "New", "dashboards": [{"uid": "b", "title": "B", "step": 2}]}]))


def inventories(table, desk):
    table.applied("inventory.snapshot")
    table.applied("inventory.snapshot", org=desk.org().by_name)
    table.applied("inventory.snapshot", instance="token")
    table.no("org.not_found", "inventory.snapshot", org={"id": 987654})
    table.no("grafana.permission", "inventory.snapshot", instance="guest")


def for_a_while(table, desk):
    org, new = desk.org(), desk.name()
    ada, team = desk.person(org, "Viewer"), desk.team(org)
    here, a_while = {"org": org.by_id, "role": "Editor"}, {"duration_s": 3600}
    table.applied("org_role.grant", user=ada.by_login, **here, **a_while)
    table.applied("org_role.grant", user=desk.person().by_login, **here, **a_while)
    table.applied("org_role.grant", user={"login": new, "email": f"{new}@example.com"}, if_no_account="create",
                  **here, **a_while)
    table.so("org_role.grant", user=desk.person(org, "Editor").by_login, **here, **a_while)
    table.applied("team_member.add", user=desk.person(org, "Viewer").by_login, org=org.by_id, team=team.by_id, **a_while)
    table.applied("server_admin.grant", user=desk.person().by_login, **a_while)
    table.no("grant.over", "org_role.grant", user=ada.by_login, **here, expires_at="2020-01-01T00:00:00Z")
    table.so("org_role.revoke", user=desk.person(org, "Viewer").by_login, org=org.by_id, grant={"id": "nothing", "source": "/x"})


def with_a_token(table, desk):
    """Where nobody but the org's members can be seen."""
    org = desk.token_org
    ada, eve = desk.person(org, "Editor"), desk.person(org, "Viewer")
    table.no("account.may_go", "org_role.revoke", instance="token", org=org.by_id, user=ada.by_login)
    table.applied("org_role.revoke", instance="token", org=org.by_id, user=ada.by_login, to_role="Viewer")
    table.applied("org_role.grant", instance="token", org=org.by_id, user=eve.by_login, role="Admin")
    table.no("grafana.unsupported", "org_role.grant", instance="token", org=desk.org().by_id, user=ada.by_login,
             role="Viewer")


def limits(table, desk):
    """What is refused without Grafana."""
    ada, org = desk.person(), desk.org("Open " + desk.name("org"))
    closed = desk.org()
    by_portal = {"user": ada.by_login, "requested_by": PORTAL}
    table.no("policy.action_denied", "account.delete", **by_portal)
    table.no("policy.instance_denied", "org_role.revoke", instance="guest", org=org.by_id, **by_portal)
    table.no("policy.org_denied", "org_role.revoke", org=closed.by_id, **by_portal)
    table.no("policy.role_denied", "org_role.grant", org=org.by_id, role="Admin", **by_portal)
    table.no("policy.duration_denied", "org_role.grant", org=org.by_id, role="Editor", **by_portal)
    table.no("policy.protected_user", "account.delete", user={"login": "keep-me"})
    table.no("policy.protected_user", "account.delete", user={"email": desk.person(login=desk.name("keep")).email})
    table.no("request.invalid", "org_role.grant", org=org.by_id, user=ada.by_login)
    table.no("request.unknown_instance", "account.delete", instance="nowhere", user=ada.by_login)
    table.add("failed request.expired", "account.delete", user=ada.by_login, deadline="2020-01-01T00:00:00Z")


class Seen(dict):
    def __missing__(self, key):
        return None


def same(plan, real):
    """Is what the plan said what then happened?"""
    assert plan["mode"] == "plan" and "mode" not in real
    assert plan["result"] == WELL.get(real["result"], real["result"]), "plan {result} {reason} {before} {after} {parts}, ".format_map(Seen(plan)) + "real {result} {reason} {before} {after} {parts}".format_map(Seen(real))
    assert plan["reason"]["code"] == real["reason"]["code"], "plan {result} {reason} {before} {after} {parts}, ".format_map(Seen(plan)) + "real {result} {reason} {before} {after} {parts}".format_map(Seen(real))
    assert plan["reason"].get("rule") == real["reason"].get("rule")
    if plan["result"] == "planned":
        assert plan["reason"]["message"].startswith("asked without a plan, this would say: ")
    # Names that grantd makes are made of the request's id, so a plan cannot tell them.
    if (real.get("after") or {}).get("name", "").startswith("grantd-"):
        assert "name" not in plan["after"] and "token_name" not in plan["target"]
        plan["after"]["name"] = real["after"]["name"]
    for which in ("before", "after"):
        assert plan.get(which) == real.get(which), (which, plan.get(which), real.get(which))
    assert plan.get("reverts_to") == real.get("reverts_to")
    if real["result"] != "needs_action":  # when an invite ends is known when it is made
        assert ("expires_at" in plan) == ("expires_at" in real), (plan, real)
    assert not {"credential", "follow_up"} & set(plan)
    parts = [[(part["part"], part["name"], WELL.get(part["result"], part["result"]))
              for part in outcome.get("parts", ())] for outcome in (plan, real)]
    assert parts[0] == parts[1], "plan {result} {reason} {before} {after} {parts}, ".format_map(Seen(plan)) + "real {result} {reason} {before} {after} {parts}".format_map(Seen(real))
    assert plan["target"].get("org_name") == real["target"].get("org_name") if "target" in plan else True


@pytest.fixture(scope="module")
def desk(open_desk, open_stage):
    desk = open_desk

    def person_off():
        person = desk.person()
        desk.grafana.expect("POST", f"/api/admin/users/{person.id}/disable")
        return person

    def org_with_board(table):
        org = desk.org()
        table.board(org, "b", "B", step=1)
        return org

    def keyless():
        stage = open_stage()
        stage.worker(settings={"vault.key_file": None}).start()
        return stage

    desk.person_off, desk.org_with_board, desk.keyless = person_off, org_with_board, keyless
    return desk


def test_a_plan_says_what_the_real_run_then_does(desk):
    table = Table(desk)
    for area in (roles, accounts, invites, teams, machines, keys, orgs, boards, bootstraps, inventories, for_a_while,
                 with_a_token, limits):
        area(table, desk)
    last = [entry["n"] for entry in desk.sim.requests()][-1:] if desk.grafana.simulated else []
    plans = desk.ask_all(*(request(action, mode="plan", **data) for _, action, data in table.rows))
    if desk.grafana.simulated:
        asked = desk.sim.sim("GET", f"requests?since={last[0]}")
        assert len(asked) > len(table.rows)
        assert {entry["path"] for entry in asked if entry["method"] != "GET"} <= {"/login", "/logout"}
    reals = desk.ask_all(*(request(action, **data) for _, action, data in table.rows))
    wrong = []
    for (expected, action, data), plan, real in zip(table.rows, plans, reals):
        try:
            assert (real["result"], real["reason"]["code"]) == expected, real["reason"]
            same(plan, real)
        except AssertionError as fault:
            wrong.append(f"{action} {data}: {fault}"[:1500])
    assert not wrong, "\n".join(wrong)
    with open(__file__.replace("tests/e2e/test_plan.py", "docs/schema/request.schema.json"), encoding="utf-8") as file:
        assert {action for _, action, _ in table.rows} == set(json.load(file)["properties"]["action"]["enum"])
    assert not [event for event in desk.stage.credentials()
                if event["data"]["request"] in [plan["request"] for plan in plans]]


def test_without_a_vault_key(desk):
    """Whatever would need a secret is refused before it is made."""
    stage = desk.keyless()
    org, ada = desk.org(), desk.person()
    bot = {"id": desk.grafana.service_account(org.id, desk.name("bot"))}
    asks = [("account.create", {"user": {"login": desk.name()}}), ("account.reset_password", {"user": ada.by_login}),
            ("service_account_token.create", {"org": org.by_id, "service_account": bot}),
            ("invite.create", {"org": org.by_id, "user": {"email": f"{desk.name()}@example.com"}, "role": "Viewer",
                               "delivery": "link"}),
            ("org.bootstrap", {"org": {"name": desk.name("org")}, "bootstrap": {"service_account": {"name": "ci"}}})]
    with desk.no_writes():
        events = [request(action, mode=mode, **data) for action, data in asks for mode in ("plan", None)]
        stage.send(*events)
        for event in events:
            was(stage.outcome_of(event)["data"], "refused", "vault.no_key")


def test_a_plan_of_an_unknown_action(desk):
    for mode in ("plan", None):
        event = request("coffee.make", mode=mode)
        desk.stage.send(event, valid=False)
        assert was(desk.stage.outcome_of(event)["data"], "refused", "request.unknown_action")


def test_a_plan_has_an_id_of_its_own(desk):
    """With the id of another request it is another content under that id; asked twice it is
    answered once."""
    ada, org = desk.person(), desk.org()
    event = request("org_role.grant", org=org.by_id, user=ada.by_login, role="Viewer", mode="plan")
    plan = desk.stage.ask(event)
    assert plan["result"] == "planned" and desk.grafana.role(org.id, ada.login) is None
    desk.stage.send(event)  # the same again: no second outcome, which settle() checks
    real = {**event, "data": {key: value for key, value in event["data"].items() if key != "mode"}}
    desk.stage.producer.send(desk.stage.topics.requests, real, "binary", None, None)
    desk.stage.producer.flush()

    def reused(_):
        return [found for found in desk.stage.outcomes() if found["data"]["request"]["id"] == event["id"]
                and found["data"]["result"] == "refused"]

    [no] = desk.stage.committed.until(reused, "the refusal of the reused id")
    was(no["data"], "refused", "request.id_reused")
    assert desk.grafana.role(org.id, ada.login) is None
