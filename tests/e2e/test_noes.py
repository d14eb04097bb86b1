# SPDX-License-Identifier: Apache-2.0
"""Grafana's no to the write of each action: the reason that stands for it, whatever the
action. What an action says to its own noes is in the tests of its area."""

import pytest

from harness.events import request

NOES = [
    (403, "Permission denied", "grafana.permission"),
    (403, "org Quota reached", "grafana.quota"),
    (400, "No, thank you", "grafana.rejected"),
]


def writes(desk):
    """(action, what is asked, method and path of its write), all for things of their own."""
    grafana, org = desk.grafana, desk.org()
    people = {name: desk.person() for name in ("new", "update", "disable", "delete", "reset", "grant")}
    there = desk.person(sessions=1)
    off, boss, left = desk.person(is_disabled=True), desk.person(is_admin=True), desk.person(org, "Viewer")
    member = desk.person(org, "Viewer")
    team, crew = desk.team(org), desk.team(org, member)
    bots = {name: grafana.service_account(org.id, desk.name(name)) for name in ("update", "off", "gone", "mint", "end")}
    token = grafana.token(org.id, bots["end"], desk.name("token"))[0]
    asleep = grafana.service_account(org.id, desk.name("on"), isDisabled=True)
    grafana.expect("PATCH", f"/api/serviceaccounts/{asleep}", {"isDisabled": True}, org=org.id)
    renamed, doomed, guest = desk.org(), desk.org(), {"email": f"{desk.name()}@example.com"}
    grafana.expect("POST", "/api/org/invites", {"loginOrEmail": guest["email"], "role": "Viewer"}, org=org.id)

    def person(action, who, method, path, **data):
        return action, {"user": who.by_login, **data}, method, path.format(who.id)

    def machine(action, bot, method, tail="", **data):
        return (action, {"org": org.by_id, "service_account": {"id": bot}, **data}, method,
                f"/api/serviceaccounts/{bot}{tail}")

    made = [
        person("org_role.grant", people["grant"], "POST", f"/api/orgs/{org.id}/users", org=org.by_id, role="Viewer"),
        person("org_role.revoke", left, "DELETE", f"/api/orgs/{org.id}/users/{{}}", org=org.by_id),
        ("account.create", {"user": {"login": desk.name()}}, "POST", "/api/admin/users"),
        person("account.update", people["update"], "PUT", "/api/users/{}", set={"name": "N"}),
        person("account.disable", people["disable"], "POST", "/api/admin/users/{}/disable"),
        person("account.enable", off, "POST", "/api/admin/users/{}/enable"),
        person("account.delete", people["delete"], "DELETE", "/api/admin/users/{}"),
        person("account.logout", there, "POST", "/api/admin/users/{}/logout"),
        person("account.reset_password", people["reset"], "PUT", "/api/admin/users/{}/password"),
        person("server_admin.grant", people["new"], "PUT", "/api/admin/users/{}/permissions"),
        person("server_admin.revoke", boss, "PUT", "/api/admin/users/{}/permissions"),
        ("invite.create", {"org": org.by_id, "user": {"email": f"{desk.name()}@example.com"}, "role": "Viewer"},
         "POST", "/api/org/invites"),
        ("invite.revoke", {"org": org.by_id, "user": guest}, "PATCH", "/api/org/invites/*/revoke"),
        ("team.create", {"org": org.by_id, "team": {"name": desk.name()}}, "POST", "/api/teams"),
        ("team.delete", {"org": org.by_id, "team": team.by_id}, "DELETE", f"/api/teams/{team.id}"),
        person("team_member.add", left, "POST", f"/api/teams/{crew.id}/members", org=org.by_id, team=crew.by_id),
        person("team_member.remove", member, "DELETE", f"/api/teams/{crew.id}/members/{{}}", org=org.by_id,
               team=crew.by_id),
        ("service_account.create", {"org": org.by_id, "service_account": {"name": desk.name()}}, "POST",
         "/api/serviceaccounts"),
        machine("service_account.update", bots["update"], "PATCH", role="Editor"),
        machine("service_account.disable", bots["off"], "PATCH"),
        machine("service_account.enable", asleep, "PATCH"),
        machine("service_account.delete", bots["gone"], "DELETE"),
        machine("service_account_token.create", bots["mint"], "POST", "/tokens"),
        machine("service_account_token.rotate", bots["end"], "POST", "/tokens", token={"id": token}),
        machine("service_account_token.delete", bots["end"], "DELETE", f"/tokens/{token}", token={"id": token}),
        ("org.create", {"org": {"name": desk.name()}}, "POST", "/api/orgs"),
        ("org.rename", {"org": renamed.by_id, "set": {"name": desk.name()}}, "PUT", f"/api/orgs/{renamed.id}"),
        ("org.delete", {"org": doomed.by_id, "force": True}, "DELETE", f"/api/orgs/{doomed.id}"),
        ("org.bootstrap", {"org": {"name": desk.name()}, "bootstrap": {"admins": [left.by_login]}}, "POST", "/api/orgs"),
        ("dashboard.apply", {"org": org.by_id, "dashboard": {"title": desk.name()}}, "POST", "/api/dashboards/db"),
    ]
    if desk.major < 11:
        key = grafana.expect("POST", "/api/auth/keys", {"name": desk.name(), "role": "Viewer"}, org=org.id)["id"]
        made += [("api_key.create", {"org": org.by_id, "role": "Viewer"}, "POST", "/api/auth/keys"),
                 ("api_key.delete", {"org": org.by_id, "api_key": {"id": key}}, "DELETE", f"/api/auth/keys/{key}")]
    return made


@pytest.mark.parametrize("status, message, code", NOES, ids=[code for _, _, code in NOES])
def test_grafana_says_no(desk, status, message, code):
    made = writes(desk)
    before = desk.sim.counters()
    for _, _, method, path in made:
        desk.sim.fault("status", method, path, status=status, message=message)
    outcomes = desk.ask_all(*(request(action, **fields) for action, fields, _, _ in made))
    desk.sim.clear_faults()
    wrong = [f"{action}: {outcome['result']} {outcome['reason']}" for (action, *_), outcome in zip(made, outcomes)
             if (outcome["result"], outcome["reason"]["code"]) != ("refused", code)
             or message not in outcome["reason"]["message"] or "credential" in outcome]
    assert not wrong, "\n".join(wrong)
    assert desk.sim.counters() == before
