# SPDX-License-Identifier: Apache-2.0
"""Every write of every action: the worker is killed while it is under way, before or after it
took effect, with user and password and with a token; and with a token its answer is lost
(with a password: test_faults.py and the tests of each area).

Each way has a simulated Grafana of its own, so that all go on at once, asked by one worker,
which begins anew when it was killed amid all of them.
"""

import collections
import os

import pytest

from conftest import REAL, VERSIONS
from harness.desk import Desk
from harness.events import request
from harness.grafana import TEST_PASSWORD
from harness.paths import DEADLINE_S, wait_until
from harness.stage import TokenInstance

pytestmark = [pytest.mark.skipif(REAL is not None, reason="needs the simulated Grafana"),
              pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)]
WITH_KEYS = ("9.4", "10.1")
# Each kind of fault, whether the write took effect all the same, whether it is with a token,
# and on which version.
LOST = (("fail_before", False, True, "10.1"), ("reset_after", True, True, "12"), ("truncate", True, True, "9.4"))
KILLED = (("hang_before", False, False, "9.4"), ("hang_before", False, True, "12"),
          ("hang_after", True, False, "12"), ("hang_after", True, True, "9.4"))
# Of these a request may make one more whenever nobody knows what the last one came to.
REPEATED = ("token_creates", "token_deletes", "key_creates", "key_deletes", "password_sets", "logouts")
TIMES = {"connect_timeout_ms": 1000, "request_timeout_ms": 1000, "concurrency": 32}


class Place:
    """A simulated Grafana, as an instance of the worker's, and what is asked of it."""

    def __init__(self, desk, directory, way, which, areas):
        self.kind, self.takes_effect, has_token, version = way
        self.name = f"{self.kind}-{which}-{'token' if has_token else 'login'}".replace("_", "-")
        self.desk = desk
        os.makedirs(directory / self.name)
        self.sim = desk.simulator_of(version, directory / self.name)
        self.org = desk.org(grafana=self.sim)
        self.token = TokenInstance(self.sim, self.org.id, name="grantd-itself") if has_token else None
        self.cases = [case for area in areas for case in area(self)]

    def settings(self):
        fields = {**self.desk.stage.config["grafana.main"], **TIMES, "url": self.sim.url}
        made = {f"grafana.{self.name}.{key}": value for key, value in fields.items()}
        if self.token:
            made.update({**self.token.settings(self.name), f"grafana.{self.name}.service_account": self.token.name})
        return made

    def person(self, role=None, **fields):
        orgs = [{"id": 1, "role": "Viewer"}, *([{"id": self.org.id, "role": role}] if role else [])]
        return self.desk.person(grafana=self.sim, **{"orgs": orgs, **fields})

    def expect(self, method, path, body=None, **more):
        return self.sim.expect(method, path, body, org=self.org.id, **more)

    def member_path(self, person=None):
        head = "/api/org/users" if self.token else f"/api/orgs/{self.org.id}/users"
        return f"{head}/{person.id}" if person else head

    def begin(self):
        """A fault waits on each case's write, and the requests can be sent."""
        self.before = self.sim.counters()
        for (method, path), count in collections.Counter(case.route for case in self.cases).items():
            # What is tried again before the worker is killed hangs again.
            self.sim.fault(self.kind, method, path, count=-1 if self.kind == "hang_before" else count)
        return [case.event for case in self.cases]

    def are_all_hit(self):
        waiting = collections.Counter(case.route for case in self.cases)
        return all(fault["hits"] >= waiting[fault["method"], fault["path"]] for fault in self.sim.sim("GET", "faults"))

    def check(self):
        self.sim.clear_faults()
        stage, wrong, wanted = self.desk.stage, [], collections.Counter()
        for case in self.cases:
            outcome = stage.outcome_of(case.event)["data"]
            if (outcome["result"], outcome["reason"]["code"]) != (case.result, "ok"):
                wrong.append(f"{case.name}: {outcome['result']} {outcome['reason']}")
            elif not case.before.items() <= outcome.get("before", {}).items():
                wrong.append(f"{case.name}: before was {outcome.get('before')}")
            elif not case.check(outcome):
                wrong.append(f"{case.name}: it is not so: {outcome}")
            wanted.update(case.done)
            wanted.update(case.done_anew if self.takes_effect else {})
        assert not wrong, f"{self.name}: " + "\n".join(wrong)
        done = {name: count - self.before[name] for name, count in self.sim.counters().items()
                if count != self.before[name]}
        assert done.keys() == wanted.keys(), self.name
        wrong = [f"{name}: {count}, not {wanted[name]}" for name, count in done.items()
                 if count < wanted[name] or (count > wanted[name] and name not in REPEATED)]
        assert not wrong, f"{self.name}: " + "\n".join(wrong)


class Case:
    """A write: the request it is of, its route, what must be so in the end, and what was so
    before. 'done' counts the request's writes; 'done_anew' those that come on top when it took
    effect, as nobody knows what the secret was then."""

    def __init__(self, name, event, route, check, done, before=(), result="applied", anew=()):
        # A subject of its own, so that none waits for another.
        self.name, self.event, self.route, self.check = name, {"subject": event["id"], **event}, route, check
        self.done, self.before, self.result, self.done_anew = done, dict(before), result, dict(anew)


def once(*names):
    return dict(collections.Counter(names))


def is_key(place, outcome):
    """There is one of it, and the vault has its key."""
    return place.sim.org_of_key(place.desk.password_of(outcome)) == place.org.id


def roles(place):
    sim, org, head = place.sim, place.org, place.member_path()

    def ask(action, who, **data):
        return request(action, instance=place.name, org=org.by_id, user=who.by_login, **data)

    def has(who, role):
        return lambda _: sim.role(org.id, who.login) == role

    member, falls, leaves, comes = place.person("Viewer"), place.person("Admin"), place.person("Editor"), place.person()
    gone = {"allow_account_removal": True} if place.token else {}
    return [
        Case("change", ask("org_role.grant", member, role="Editor"), ("PATCH", f"{head}/{member.id}"),
             has(member, "Editor"), once("role_patches"), {"role": "Viewer"}),
        Case("fall", ask("org_role.revoke", falls, to_role="Viewer"), ("PATCH", f"{head}/{falls.id}"),
             has(falls, "Viewer"), once("role_patches"), {"role": "Admin"}),
        Case("leave", ask("org_role.revoke", leaves, **gone), ("DELETE", f"{head}/{leaves.id}"),
             has(leaves, None), once("member_removes"), {"role": "Editor"}),
        Case("come", ask("org_role.grant", comes, role="Editor"), ("POST", head),
             has(comes, "Editor"), once("member_adds"), {"role": None}),
    ]


def grants_for_a_while(place):
    member, comes = place.person("Viewer"), place.person()

    def ask(who):
        return request("org_role.grant", instance=place.name, org=place.org.by_id, user=who.by_login, role="Editor",
                       duration_s=3600, allow_account_removal=True)

    def has(who):
        return lambda outcome: (place.sim.role(place.org.id, who.login) == "Editor" and
                                outcome["follow_up"]["action"] == "org_role.revoke")

    return [
        Case("change for a while", ask(member), ("PATCH", place.member_path(member)), has(member),
             once("role_patches"), {"role": "Viewer"}),
        Case("come for a while", ask(comes), ("POST", place.member_path()), has(comes), once("member_adds"),
             {"role": None}),
    ]


def invites(place):
    def ask(action, who, **data):
        return request(action, instance=place.name, org=place.org.by_id, user=who, **data)

    def somebody(*roles):
        who = {"email": f"{place.desk.name()}@example.com"}
        for role in roles:
            place.expect("POST", "/api/org/invites", {"loginOrEmail": who["email"], "role": role, "sendEmail": False})
        return who

    def pending(who, *roles):
        return lambda _: [each["role"] for each in place.expect("GET", "/api/org/invites")
                          if each["email"] == who["email"]] == list(roles)

    def code(who):
        [invite] = [each for each in place.expect("GET", "/api/org/invites") if each["email"] == who["email"]]
        return invite["code"]

    new, by_grant, other, last = somebody(), somebody(), somebody("Viewer"), somebody("Viewer")
    asked, path = {"role": "Editor", "delivery": "link"}, "/api/org/invites"
    return [
        Case("invite", ask("invite.create", new, **asked), ("POST", path), pending(new, "Editor"),
             once("invite_creates"), {"exists": False}, "needs_action"),
        Case("invite by a grant", ask("org_role.grant", by_grant, if_no_account="invite", **asked), ("POST", path),
             pending(by_grant, "Editor"), once("invite_creates"), {"exists": False}, "needs_action"),
        Case("invite anew", ask("invite.create", other, **asked), ("PATCH", f"{path}/{code(other)}/revoke"),
             pending(other, "Editor"), once("invite_revokes", "invite_creates"), {"exists": True}, "needs_action"),
        Case("no invite", ask("invite.revoke", last), ("PATCH", f"{path}/{code(last)}/revoke"), pending(last),
             once("invite_revokes"), {"exists": True}),
    ]


def teams(place):
    desk, sim, org = place.desk, place.sim, place.org
    joins, leaves = place.person("Viewer"), place.person("Viewer")
    team, gone, name = desk.team(org, leaves, grafana=sim), desk.team(org, grafana=sim), desk.name("team")
    path = f"/api/teams/{team.id}/members"

    def ask(action, **data):
        return request(action, instance=place.name, org=org.by_id, **data)

    def is_in(who, expected):
        return lambda _: (who.id in sim.team_members(org.id, team.id)) is expected

    return [
        Case("team", ask("team.create", team={"name": name}), ("POST", "/api/teams"),
             lambda _: name in sim.teams(org.id), once("team_creates"), {"exists": False}),
        Case("no team", ask("team.delete", team=gone.by_name), ("DELETE", f"/api/teams/{gone.id}"),
             lambda _: gone.name not in sim.teams(org.id), once("team_deletes"), {"exists": True}),
        Case("join", ask("team_member.add", team=team.by_id, user=joins.by_login), ("POST", path), is_in(joins, True),
             once("team_member_adds"), {"team_member": False}),
        Case("quit", ask("team_member.remove", team=team.by_id, user=leaves.by_login),
             ("DELETE", f"{path}/{leaves.id}"), is_in(leaves, False), once("team_member_removes"),
             {"team_member": True}),
    ]


def service_accounts(place):
    desk, sim, org, name = place.desk, place.sim, place.org, place.desk.name("bot")
    bots = {what: (sim.service_account(org.id, desk.name(what)), what) for what in ("update", "disable", "enable", "gone")}
    place.expect("PATCH", f"/api/serviceaccounts/{bots['enable'][0]}", {"isDisabled": True})

    def ask(action, bot, **data):
        return request(f"service_account.{action}", instance=place.name, org=org.by_id, service_account=bot, **data)

    def shows(bot, **expected):
        return lambda _: expected.items() <= place.expect("GET", f"/api/serviceaccounts/{bot}").items()

    def change(action, bot, before, expected, **data):
        return Case(f"{action} a bot", ask(action, {"id": bot}, **data), ("PATCH", f"/api/serviceaccounts/{bot}"),
                    shows(bot, **expected), once("service_updates"), before)

    gone = bots["gone"][0]
    return [
        Case("bot", ask("create", {"name": name}, role="Editor"), ("POST", "/api/serviceaccounts"),
             lambda _: sim.service_accounts(org.id)[name]["role"] == "Editor", once("service_creates"),
             {"exists": False}),
        change("update", bots["update"][0], {"role": "Viewer"}, {"role": "Editor"}, role="Editor"),
        change("disable", bots["disable"][0], {"disabled": False}, {"isDisabled": True}),
        change("enable", bots["enable"][0], {"disabled": True}, {"isDisabled": False}),
        Case("no bot", ask("delete", {"id": gone}), ("DELETE", f"/api/serviceaccounts/{gone}"),
             lambda _: gone not in [bot["id"] for bot in sim.service_accounts(org.id).values()],
             once("service_deletes"), {"exists": True}),
    ]


def tokens(place):
    sim, org = place.sim, place.org
    bots = [sim.service_account(org.id, place.desk.name("bot")) for _ in range(4)]
    old = [sim.token(org.id, bot, f"old-{bot}")[0] for bot in bots[1:]]

    def ask(action, bot, **data):
        return request(f"service_account_token.{action}", instance=place.name, org=org.by_id,
                       service_account={"id": bot}, **data)

    def one(bot):
        return lambda outcome: (list(sim.tokens(org.id, bot)) == [outcome["target"]["token_name"]] and
                                is_key(place, outcome))

    anew = once("token_creates", "token_deletes")
    paths = [f"/api/serviceaccounts/{bot}/tokens" for bot in bots]
    return [
        Case("token", ask("create", bots[0]), ("POST", paths[0]), one(bots[0]), once("token_creates"),
             {"exists": False}, anew=anew),
        Case("rotate: new", ask("rotate", bots[1], overlap_s=0), ("POST", paths[1]), one(bots[1]),
             once("token_creates", "token_deletes"), {"name": f"old-{bots[1]}"}, anew=anew),
        Case("rotate: old", ask("rotate", bots[2], overlap_s=0), ("DELETE", f"{paths[2]}/{old[1]}"), one(bots[2]),
             once("token_creates", "token_deletes"), {"name": f"old-{bots[2]}"}),
        Case("no token", ask("delete", bots[3], token={"id": old[2]}), ("DELETE", f"{paths[3]}/{old[2]}"),
             lambda _: sim.tokens(org.id, bots[3]) == {}, once("token_deletes"), {"exists": True}),
    ]


def api_keys(place):
    if place.sim.version not in WITH_KEYS:
        return []
    old = place.expect("POST", "/api/auth/keys", {"name": "old", "role": "Viewer"})["id"]

    def keys():
        return {key["name"] for key in place.expect("GET", "/api/auth/keys")}

    def ask(action, **data):
        return request(f"api_key.{action}", instance=place.name, org=place.org.by_id, **data)

    return [
        Case("key", ask("create", role="Viewer"), ("POST", "/api/auth/keys"), lambda outcome: is_key(place, outcome),
             once("key_creates"), {"exists": False}, anew=once("key_creates", "key_deletes")),
        Case("no key", ask("delete", api_key={"id": old}), ("DELETE", f"/api/auth/keys/{old}"),
             lambda _: "old" not in keys(), once("key_deletes"), {"name": "old"}),
    ]


def dashboards(place):
    def ask(folder):
        return request("dashboard.apply", instance=place.name, org=place.org.by_id, folder=folder,
                       dashboard={"title": place.desk.name("Dash")})

    def is_in(title):
        def check(outcome):
            shown = place.expect("GET", f"/api/dashboards/uid/{outcome['target']['dashboard_uid']}")
            return (shown["dashboard"]["version"], shown["meta"]["folderTitle"]) == (1, title)
        return check

    place.expect("POST", "/api/folders", {"uid": "here", "title": "Here"})
    return [
        Case("dashboard", ask({"uid": "here"}), ("POST", "/api/dashboards/db"), is_in("Here"), once("dashboard_saves"),
             {"exists": False}),
        Case("folder", ask({"title": "New"}), ("POST", "/api/folders"), is_in("New"),
             once("folder_creates", "dashboard_saves"), {"exists": False}),
    ]


def accounts(place):
    """What takes a server admin; with one, for what test_faults.py does not ask."""
    sim, desk, org = place.sim, place.desk, place.org
    update, delete, disable, enable = place.person(), place.person(), place.person(), place.person(is_disabled=True)
    logout, reset, grants, revokes = place.person(sessions=2), place.person(), place.person(), place.person(is_admin=True)
    new, name, renamed, doomed = desk.name("new"), desk.name("org"), desk.org(grafana=sim), desk.org(grafana=sim)

    def ask(action, who, **data):
        return request(action, instance=place.name, user=who.by_login, **data)

    def shows(who, **expected):
        return lambda _: expected.items() <= sim.account(who.login).items()

    def opens(outcome):
        return sim.can_log_in(outcome["target"]["login"], desk.password_of(outcome))

    def org_names():
        return {shown["name"] for shown in sim.expect("GET", "/api/orgs?perpage=1000")}

    def admin(who, path):
        return f"/api/admin/users/{who.id}{path}"

    return [
        Case("account", request("account.create", instance=place.name, user={"login": new}, org=org.by_id, role="Editor"),
             ("POST", "/api/admin/users"), lambda outcome: opens(outcome) and sim.role(org.id, new) == "Editor",
             once("user_creates", "role_patches"), {"account": False}, anew=once("password_sets", "logouts")),
        Case("update", ask("account.update", update, set={"name": "N"}), ("PUT", f"/api/users/{update.id}"),
             shows(update, name="N"), once("user_updates"), {"login": update.login}),
        Case("delete", ask("account.delete", delete), ("DELETE", admin(delete, "")),
             lambda _: sim.lookup(delete.login) is None, once("user_deletes"), {"account": True}),
        Case("disable", ask("account.disable", disable), ("POST", admin(disable, "/disable")),
             shows(disable, isDisabled=True), once("user_disables"), {"disabled": False}),
        Case("enable", ask("account.enable", enable), ("POST", admin(enable, "/enable")),
             shows(enable, isDisabled=False), once("user_enables"), {"disabled": True}),
        Case("logout", ask("account.logout", logout), ("POST", admin(logout, "/logout")), shows(logout, sessions=0),
             once("logouts"), {"account": True}),
        Case("reset", ask("account.reset_password", reset), ("PUT", admin(reset, "/password")), opens,
             once("password_sets", "logouts"), {"account": True}, anew=once("password_sets")),
        Case("admin", ask("server_admin.grant", grants), ("PUT", admin(grants, "/permissions")),
             shows(grants, isAdmin=True), once("permission_sets"), {"server_admin": False}),
        Case("no admin", ask("server_admin.revoke", revokes), ("PUT", admin(revokes, "/permissions")),
             shows(revokes, isAdmin=False), once("permission_sets"), {"server_admin": True}),
        Case("org", request("org.create", instance=place.name, org={"name": name}), ("POST", "/api/orgs"),
             lambda _: name in org_names(), once("org_creates"), {"exists": False}),
        Case("rename", request("org.rename", instance=place.name, org=renamed.by_name, set={"name": f"{name} 2"}),
             ("PUT", f"/api/orgs/{renamed.id}"), lambda _: f"{name} 2" in org_names(), once("org_updates"),
             {"name": renamed.name}),
        Case("no org", request("org.delete", instance=place.name, org=doomed.by_id), ("DELETE", f"/api/orgs/{doomed.id}"),
             lambda _: doomed.name not in org_names(), once("org_deletes"), {"exists": True}),
    ]


def second_writes(place):
    """The last write of requests that make two: the first has been made when it is lost."""
    desk, sim, org = place.desk, place.sim, place.org
    joins, team = place.person(), desk.team(org, grafana=sim)
    who = {"email": f"{desk.name()}@example.com"}
    place.expect("POST", "/api/org/invites", {"loginOrEmail": who["email"], "role": "Viewer", "sendEmail": False})

    def invited(_):
        return [each["role"] for each in place.expect("GET", "/api/org/invites")] == ["Editor"]

    made = [
        Case("join: team", request("team_member.add", instance=place.name, org=org.by_id, team=team.by_id,
                                   user=joins.by_login, role="Editor"),
             ("POST", f"/api/teams/{team.id}/members"),
             lambda _: joins.id in sim.team_members(org.id, team.id) and sim.role(org.id, joins.login) == "Editor",
             once("member_adds", "team_member_adds"), {"role": None, "team_member": False}),
        Case("invite anew: new", request("invite.create", instance=place.name, org=org.by_id, user=who, role="Editor",
                                         delivery="link"), ("POST", "/api/org/invites"), invited,
             once("invite_revokes", "invite_creates"), {"exists": True}, "needs_action"),
        Case("folder: dashboard", request("dashboard.apply", instance=place.name, org=org.by_id,
                                          folder={"title": "New"}, dashboard={"title": "D"}),
             ("POST", "/api/dashboards/db"),
             lambda outcome: place.expect("GET", f"/api/dashboards/uid/{outcome['target']['dashboard_uid']}"),
             once("folder_creates", "dashboard_saves"), {"exists": False}),
    ]
    return made if place.token else made + second_writes_on_accounts(place)


def second_writes_on_accounts(place):
    desk, sim, org, reset = place.desk, place.sim, place.org, place.person(sessions=1)
    names = [desk.name("new") for _ in range(2)]

    def opens(outcome):
        return sim.can_log_in(outcome["target"]["login"], desk.password_of(outcome))

    def has(name):
        return lambda outcome: opens(outcome) and sim.role(org.id, name) == "Editor"

    def ask(action, name, **data):
        return request(action, instance=place.name, user={"login": name}, org=org.by_id, role="Editor", **data)

    path = f"{place.member_path()}/*"
    return [
        Case("account: role", ask("account.create", names[0]), ("PATCH", path), has(names[0]),
             once("user_creates", "role_patches"), {"account": False}),
        Case("account by a grant: role", ask("org_role.grant", names[1], if_no_account="create"), ("PATCH", path),
             has(names[1]), once("user_creates", "role_patches"), {"account": False}),
        Case("reset: logout", request("account.reset_password", instance=place.name, user=reset.by_login),
             ("POST", f"/api/admin/users/{reset.id}/logout"),
             opens, once("password_sets", "logouts"), {"account": True}, anew=once("logouts")),
    ]


FIRST = (roles, grants_for_a_while, invites, teams, service_accounts, tokens, api_keys, dashboards)


class Hall:
    def __init__(self, stage, directory):
        self.stage, self.desk = stage, Desk(stage)
        self.lost = [place for way in LOST for place in self.places(directory, way)]
        self.killed = [place for way in KILLED for place in self.places(directory, way)]

    def places(self, directory, way):
        """A write that is the first of one request and the last of another waits in two places."""
        with_token = way[2]
        for which, areas in (("first", FIRST if with_token else (*FIRST, accounts)), ("second", (second_writes,))):
            yield Place(self.desk, directory, way, which, areas)

    @property
    def settings(self):
        made = {"worker.threads": 256, "worker.lease_ms": 3000, "worker.retry_base_ms": 20,
                "kafka.property.session.timeout.ms": 1500, "kafka.property.heartbeat.interval.ms": 300}
        made.update({f"grafana.main.{key}": value for key, value in TIMES.items()})
        for place in (*self.lost, *self.killed):
            made.update(place.settings())
        return made

    def begin(self, places):
        self.stage.send(*[event for place in places for event in place.begin()], valid=False)


@pytest.fixture(scope="module")
def hall(open_stage, tmp_path_factory):
    hall = Hall(open_stage(4), tmp_path_factory.mktemp("sims"))
    hall.stage.worker(hall.settings, name="w1").start()
    yield hall
    keys = [place.token.key for place in (*hall.lost, *hall.killed) if place.token]
    hall.desk.settle([TEST_PASSWORD, *keys])
    hall.desk.close()


def test_a_lost_answer_to_any_write(hall):
    hall.begin(hall.lost)
    for place in hall.lost:
        place.check()


def test_a_worker_killed_amid_every_write(hall):
    hall.begin(hall.killed)
    for place in hall.killed:
        wait_until(place.are_all_hit, f"every write is under way: {place.name}", DEADLINE_S)
    [worker] = hall.stage.workers
    worker.kill()
    for place in hall.killed:
        place.sim.clear_faults()
    worker.start(ready=False)
    for place in hall.killed:
        place.check()
