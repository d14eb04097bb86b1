# SPDX-License-Identifier: Apache-2.0
"""What a service account's token can do beyond roles: teams, invites, service accounts and
their tokens, legacy keys, dashboards; and what it is told where it cannot.

One worker per version serves all: "main" has an Admin's token of one org, "editor" and
"viewer" have tokens of that org with less. Legacy keys as credentials: test_key_mode.py.
"""

import pytest

from conftest import REAL, VERSIONS
from harness.desk import Desk, evidence, was
from harness.events import request
from harness.stage import TokenInstance

pytestmark = pytest.mark.parametrize(
    "_grafana", VERSIONS if REAL else ["9.4", "10.1", "11.6", "12"], indirect=True)
LOST = ("reset_after", "fail_after", "truncate", "bad_json")
BEYOND = "user and password of a server admin"


class Place:
    """The org that the tokens are of."""

    def __init__(self, desk):
        self.org = desk.org()
        self.tells = desk.major >= 11  # a token who it is; otherwise the settings say it
        self.tokens = {name: TokenInstance(desk.grafana, self.org.id, role, name=desk.name(name))
                       for name, role in (("main", "Admin"), ("editor", "Editor"), ("viewer", "Viewer"))}

    def settings(self):
        more = {}
        for name, token in self.tokens.items():
            more.update(token.settings(name))
            if not self.tells:
                more[f"grafana.{name}.service_account"] = token.name
            more.update({f"grafana.{name}.connect_timeout_ms": 1500, f"grafana.{name}.request_timeout_ms": 10000})
        return {**more, "worker.retry_base_ms": 20}

    @property
    def keys(self):
        return [token.key for token in self.tokens.values()]


@pytest.fixture(scope="module")
def open_desk(open_stage):
    stage = open_stage()
    desk = Desk(stage)
    place = Place(desk)
    stage.worker(settings=place.settings()).start()
    yield desk, place
    desk.settle(place.keys)


@pytest.fixture
def desk(open_desk):
    return open_desk[0]


@pytest.fixture
def place(open_desk):
    return open_desk[1]


@pytest.fixture
def org(place):
    return place.org


# ---- teams ----


def test_teams(desk, org):
    name, ada = desk.name("team"), desk.person(org, "Viewer")
    fields = {"org": org.by_name, "team": {"name": name}}
    was(desk.ask("team.create", **fields), "applied", status=200)
    team_id = desk.grafana.teams(org.id)[name]
    with desk.no_writes():
        was(desk.ask("team.create", **fields), "already_so")
    for person in (ada.by_login, ada.by_email, {**ada.by_login, **ada.by_email}):
        outcome = desk.ask("team_member.add", user=person, **fields)
        was(outcome, "applied", status=200)
        assert evidence(outcome)[0] == {"account": True, "role": "Viewer", "team_member": False}
        assert desk.grafana.team_members(org.id, team_id) == {ada.id}
        with desk.no_writes():
            was(desk.ask("team_member.add", user=person, **fields), "already_so")
        outcome = desk.ask("team_member.remove", user=person, **fields)
        was(outcome, "applied", status=200)
        assert evidence(outcome) == ({"account": True, "team_member": True}, {"account": True, "team_member": False})
        assert desk.grafana.team_members(org.id, team_id) == set()
        with desk.no_writes():
            was(desk.ask("team_member.remove", user=person, **fields), "already_so")
    was(desk.ask("team.delete", **fields), "applied", status=200)
    assert name not in desk.grafana.teams(org.id)
    with desk.no_writes():
        was(desk.ask("team.delete", **fields), "already_so")
        was(desk.ask("team_member.add", user=ada.by_login, **fields), "refused", "team.not_found")


def test_somebody_from_elsewhere_is_given_a_place_and_joins(desk, org):
    team, ada = desk.team(org), desk.person()
    fields = {"org": org.by_id, "team": team.by_id, "user": ada.by_login}
    with desk.no_writes():
        outcome = desk.ask("team_member.add", **fields)
        [planned] = desk.ask_all(request("team_member.add", mode="plan", role="Editor", **fields))
    assert "say role" in was(outcome, "refused", "account.not_member")
    assert planned["result"] == "planned" and planned["after"]["role"] == "Editor"
    outcome = desk.ask("team_member.add", role="Editor", **fields)
    was(outcome, "applied", status=200)
    assert evidence(outcome) == ({"role": None, "team_member": False},
                                 {"account": True, "role": "Editor", "team_member": True})
    assert outcome["target"]["user_id"] == ada.id
    assert desk.grafana.team_members(org.id, team.id) == {ada.id}
    assert desk.grafana.role(org.id, ada.login) == "Editor"


def test_nobody_joins(desk, org):
    team = desk.team(org)
    outcome = desk.ask("team_member.add", org=org.by_id, team=team.by_id, user={"login": desk.name()}, role="Viewer")
    was(outcome, "refused", "account.not_found", 404)


def test_a_team_member_who_belongs_to_no_org_can_be_taken_out(desk, org):
    """Grafana lets such people in; a token sees them in the team only."""
    bob = desk.person()
    team = desk.team(org, bob)
    outcome = desk.ask("team_member.remove", org=org.by_id, team=team.by_id, user=bob.by_email)
    was(outcome, "applied", status=200)
    assert outcome["before"]["team_member"] is True
    assert desk.grafana.team_members(org.id, team.id) == set()


def test_of_who_cannot_be_seen_nothing_is_said(desk, org):
    team = desk.team(org)
    for user in (desk.person().by_login, {"login": desk.name()}):
        outcome = desk.ask("team_member.remove", org=org.by_id, team=team.by_id, user=user)
        assert "no account" not in was(outcome, "already_so")
        assert evidence(outcome) == ({"team_member": False}, {"team_member": False})


# ---- invites ----


def test_invites(desk, org):
    desk.sim.settings(smtp=True)
    user = {"email": f"{desk.name()}@example.com"}
    fields = {"org": org.by_id, "user": user}
    outcome = desk.ask("invite.create", role="Viewer", **fields)
    was(outcome, "needs_action", status=200)
    with desk.no_writes():
        was(desk.ask("invite.create", role="Viewer", **fields), "already_so")
    outcome = desk.ask("invite.create", role="Editor", delivery="link", **fields)
    was(outcome, "needs_action", status=200)
    assert "/invite/" in desk.password_of(outcome)
    [invite] = [each for each in desk.grafana.expect("GET", "/api/org/invites", org=org.id)
                if each["email"] == user["email"]]
    assert invite["role"] == "Editor"
    was(desk.ask("invite.revoke", **fields), "applied", status=200)
    with desk.no_writes():
        was(desk.ask("invite.revoke", **fields), "already_so")
    was(desk.ask("org_role.grant", role="Viewer", if_no_account="invite", **fields), "needs_action", status=200)
    desk.sim.settings(smtp=False)


@pytest.mark.parametrize("smtp", [True, False])
def test_who_has_an_account_elsewhere_is_added(desk, org, smtp):
    desk.sim.settings(smtp=smtp)
    ada, bob = desk.person(), desk.person()
    for action, person, more in (("invite.create", ada, {}), ("org_role.grant", bob, {"if_no_account": "invite"})):
        outcome = desk.ask(action, org=org.by_id, user=person.by_email, role="Editor", **more)
        was(outcome, "applied", status=(outcome["reason"]["grafana"] or {}).get("status"))
        assert desk.grafana.role(org.id, person.login) == "Editor"
        assert outcome["target"]["user_id"] == person.id
        assert outcome["after"]["role"] == "Editor"
    desk.sim.settings(smtp=False)


# ---- service accounts and tokens ----


def test_service_accounts(desk, org):
    name, new = desk.name("bot"), desk.name("bot")
    fields = {"org": org.by_name, "service_account": {"name": name}}
    was(desk.ask("service_account.create", role="Editor", **fields), "applied", status=201)
    account = desk.grafana.service_accounts(org.id)[name]
    assert account["role"] == "Editor"
    with desk.no_writes():
        was(desk.ask("service_account.create", role="Editor", **fields), "already_so")
        was(desk.ask("service_account.create", role="Admin", **fields), "refused", "service_account.exists")
    was(desk.ask("service_account.update", role="Viewer", set={"name": new}, **fields), "applied", status=200)
    fields = {"org": org.by_id, "service_account": {"id": account["id"]}}
    for action, state in (("disable", True), ("enable", False)):
        was(desk.ask(f"service_account.{action}", **fields), "applied", status=200)
        assert desk.grafana.service_accounts(org.id)[new]["isDisabled"] is state
        with desk.no_writes():
            was(desk.ask(f"service_account.{action}", **fields), "already_so")
    was(desk.ask("service_account.delete", **fields), "applied", status=200)
    with desk.no_writes():
        was(desk.ask("service_account.delete", **fields), "already_so")
        was(desk.ask("service_account.disable", **fields), "refused", "service_account.not_found")


def test_tokens(desk, org):
    name = desk.name("bot")
    account = desk.grafana.service_account(org.id, name)
    fields = {"org": org.by_id, "service_account": {"name": name}}
    first = desk.ask("service_account_token.create", **fields)
    was(first, "applied", status=200)
    old_key = desk.password_of(first)
    assert desk.grafana.org_of_key(old_key) == org.id
    second = desk.ask("service_account_token.rotate", overlap_s=0, **fields)
    was(second, "applied", status=200)
    new_key = desk.password_of(second)
    assert desk.grafana.org_of_key(new_key) == org.id and desk.grafana.org_of_key(old_key) is None
    token = {"name": second["target"]["token_name"]}
    assert list(desk.grafana.tokens(org.id, account)) == [token["name"]]
    was(desk.ask("service_account_token.delete", token=token, **fields), "applied", status=200)
    with desk.no_writes():
        was(desk.ask("service_account_token.delete", token=token, **fields), "already_so")


def test_legacy_keys(desk, org):
    name = desk.name("key")
    outcome = desk.ask("api_key.create", org=org.by_id, api_key={"name": name}, role="Viewer")
    if desk.sim.version in ("9.4", "10.1"):
        was(outcome, "applied", status=200)
        assert desk.grafana.org_of_key(desk.password_of(outcome)) == org.id
        was(desk.ask("api_key.delete", org=org.by_id, api_key={"name": name}), "applied", status=200)
        with desk.no_writes():
            was(desk.ask("api_key.delete", org=org.by_id, api_key={"name": name}), "already_so")
    else:
        assert "service_account_token" in was(outcome, "refused", "grafana.unsupported",
                                              (outcome["reason"]["grafana"] or {}).get("status"))


# ---- dashboards ----


def test_dashboards(desk, org):
    uid, folder = desk.name("d"), desk.name("folder")
    fields = {"org": org.by_id, "folder": {"title": folder}, "dashboard": {"uid": uid, "title": desk.name("Dash")}}
    outcome = desk.ask("dashboard.apply", **fields)
    was(outcome, "applied", status=200)
    with desk.no_writes():
        was(desk.ask("dashboard.apply", **fields), "already_so")
    fields["dashboard"]["tags"] = ["new"]
    with desk.no_writes():
        was(desk.ask("dashboard.apply", **fields), "refused", "dashboard.conflict")
    was(desk.ask("dashboard.apply", overwrite=True, **fields), "applied", status=200)
    stored = desk.grafana.expect("GET", f"/api/dashboards/uid/{uid}", org=org.id)
    assert stored["dashboard"]["tags"] == ["new"] and stored["meta"]["folderTitle"] == folder


# ---- lost answers ----


def joins(desk, org):
    team, ada = desk.team(org), desk.person()
    fields = {"org": org.by_id, "team": team.by_id, "user": ada.by_email, "role": "Editor"}
    return "team_member.add", fields, lambda: (desk.grafana.team_members(org.id, team.id),
                                               desk.grafana.role(org.id, ada.login)) == ({ada.id}, "Editor")


def leaves(desk, org):
    bob = desk.person()
    team = desk.team(org, bob)
    fields = {"org": org.by_id, "team": team.by_id, "user": bob.by_login}
    return "team_member.remove", fields, lambda: desk.grafana.team_members(org.id, team.id) == set()


def is_invited(desk, org):
    ada = desk.person()
    fields = {"org": org.by_id, "user": ada.by_email, "role": "Editor"}
    return "invite.create", fields, lambda: desk.grafana.role(org.id, ada.login) == "Editor"


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("what, method, path", [
    (joins, "POST", "/api/org/users"), (joins, "POST", "/api/teams/*/members"),
    (leaves, "DELETE", "/api/teams/*/members/*"), (is_invited, "POST", "/api/org/invites"),
], ids=["place", "addition", "removal", "invite"])
def test_a_lost_answer_about_somebody_unseen(desk, org, what, method, path, kind):
    """Each write is done once, and what was so before stays told."""
    action, fields, done = what(desk, org)
    before = desk.sim.counters()
    desk.sim.fault(kind, method, path)
    outcome = desk.ask(action, **fields)
    desk.sim.clear_faults()
    was(outcome, "applied", status=(outcome["reason"]["grafana"] or {}).get("status"))
    assert done()
    assert outcome["before"].get("role") is None
    after = desk.sim.counters()
    changed = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert set(changed.values()) == {1}, changed


# ---- noes ----


def in_org(desk, org, place):
    """Every action inside an org, each with something to change."""
    ada, team, bot = desk.person(org, "Viewer"), None, desk.grafana.service_account(org.id, desk.name("bot"))
    team = desk.team(org)
    token = desk.grafana.token(org.id, bot, desk.name("token"))[0]
    account = {"org": org.by_id, "service_account": {"id": bot}}
    return [
        ("org_role.grant", {"org": org.by_id, "user": ada.by_login, "role": "Editor"}),
        ("org_role.revoke", {"org": org.by_id, "user": ada.by_login, "to_role": "None"}),
        ("invite.create", {"org": org.by_id, "user": {"email": "new@example.com"}, "role": "Viewer"}),
        ("invite.revoke", {"org": org.by_id, "user": {"email": "new@example.com"}}),
        ("team.create", {"org": org.by_id, "team": {"name": desk.name("team")}}),
        ("team.delete", {"org": org.by_id, "team": team.by_id}),
        ("team_member.add", {"org": org.by_id, "team": team.by_id, "user": ada.by_login}),
        ("team_member.remove", {"org": org.by_id, "team": team.by_id, "user": ada.by_login}),
        ("service_account.create", {"org": org.by_id, "service_account": {"name": desk.name("bot")}}),
        ("service_account.update", {**account, "role": "Editor"}),
        ("service_account.disable", account),
        ("service_account.enable", account),
        ("service_account.delete", account),
        ("service_account_token.create", account),
        ("service_account_token.rotate", {**account, "overlap_s": 0}),
        ("service_account_token.delete", {**account, "token": {"id": token}}),
        ("dashboard.apply", {"org": org.by_id, "dashboard": {"title": desk.name("Dash")}}),
        *([("api_key.create", {"org": org.by_id, "role": "Viewer"}),
           ("api_key.delete", {"org": org.by_id, "api_key": {"name": "x"}})]
          if desk.sim.version in ("9.4", "10.1") else []),
    ]


@pytest.mark.parametrize("instance", ["editor", "viewer"])
def test_a_token_of_too_small_a_role(desk, org, place, instance):
    asked = [(action, fields) for action, fields in in_org(desk, org, place) if action != "dashboard.apply"]
    with desk.no_writes():
        outcomes = desk.ask_all(*(request(action, **{**fields, "instance": instance}) for action, fields in asked))
    for (action, _), outcome in zip(asked, outcomes):
        message = was(outcome, "refused", "grafana.permission", 403)
        assert outcome["action"] == action
        assert "Admin" in message or "ermission" in message, (action, message)
    outcome = desk.ask("dashboard.apply", instance=instance, org=org.by_id, dashboard={"title": desk.name("Dash")})
    if instance == "editor":
        was(outcome, "applied", status=200)
    else:
        was(outcome, "refused", "grafana.permission", 403)


def test_another_org_is_beyond_it(desk, place):
    other = desk.org()
    asked = in_org(desk, other, place)
    with desk.no_writes():
        outcomes = desk.ask_all(*(request(action, **fields) for action, fields in asked))
    for (action, _), outcome in zip(asked, outcomes):
        message = was(outcome, "refused", "grafana.unsupported")
        assert f"'{place.org.name}'" in message and BEYOND in message, (action, message)


def test_what_takes_a_server_admin(desk, org):
    ada = desk.person(org, "Viewer")
    asked = [
        ("org.create", {"org": {"name": desk.name("org")}}),
        ("org.rename", {"org": org.by_id, "set": {"name": desk.name("org")}}),
        ("org.delete", {"org": org.by_id, "force": True}),
        ("org.bootstrap", {"org": {"name": desk.name("org")}, "bootstrap": {"admins": [ada.by_login]}}),
        ("account.create", {"user": {"login": desk.name()}}),
        ("account.update", {"user": ada.by_login, "set": {"name": "X"}}),
        *((f"account.{what}", {"user": ada.by_login})
          for what in ("disable", "enable", "delete", "logout", "reset_password")),
        *((f"server_admin.{what}", {"user": ada.by_login}) for what in ("grant", "revoke")),
    ]
    with desk.no_writes():
        outcomes = desk.ask_all(*(request(action, **fields) for action, fields in asked))
    for (action, _), outcome in zip(asked, outcomes):
        message = was(outcome, "refused", "grafana.unsupported")
        assert action in message and BEYOND in message


def test_the_own_service_account_is_left_alone(desk, place):
    own = place.tokens["main"]
    named = {"org": place.org.by_id, "service_account": {"id": own.account_id}}
    asked = [("service_account.disable", {}), ("service_account.delete", {}),
             ("service_account.update", {"role": "Viewer"}), ("service_account_token.create", {}),
             ("service_account_token.rotate", {"overlap_s": 0}),
             ("service_account_token.delete", {"token": {"id": own.token_id}})]
    with desk.no_writes():
        for outcome in desk.ask_all(*(request(action, **named, **more) for action, more in asked)):
            was(outcome, "refused", "account.protected")
