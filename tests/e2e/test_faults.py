# SPDX-License-Identifier: Apache-2.0
"""Every kind of fault on every write: the right result in the end, nothing done twice,
and never a second creating call that no look came before.

Each kind of fault has a simulated Grafana of its own, so that all kinds go on at once.
"""

import collections
import datetime
import email.utils
import re

import pytest

from harness.desk import Desk
from harness.events import request
from harness.grafana import TEST_PASSWORD
from harness.invariants import newest_credentials
from harness.paths import DEADLINE_S, wait_until


# name of the instance: the fault, and what it is told
KINDS = {
    "fail-before": ("fail_before", {}),
    "fail-after": ("fail_after", {}),
    "bad-gateway-after": ("fail_after", {"status": 502}),
    "hang-before": ("hang_before", {}),
    "hang-after": ("hang_after", {}),
    "closed-before": ("hang_before", {"delay_ms": 50}),
    "reset-before": ("reset_before", {}),
    "reset-after": ("reset_after", {}),
    "truncate": ("truncate", {}),
    "bad-json": ("bad_json", {}),
    "wrong-type": ("wrong_type", {}),
    "huge-body": ("huge_body", {}),
    "endless-body": ("huge_body", {"bytes": 20 * 1024 * 1024}),
    "slow-drip": ("slow_drip", {"delay_ms": 200}),
    "delay": ("delay", {"delay_ms": 300}),
    "unavailable": ("status", {}),
    "retry-now": ("retry_after", {}),
    "retry-in-1-s": ("retry_after", {"retry_after": "1"}),
    "unauthorized": ("unauthorized", {}),
    "unauthorized-untyped": ("unauthorized_untyped", {}),
    "html503": ("html503", {}),
    "html503-retry": ("html503", {"retry_after": "1"}),
}


class Hall:
    """The worker, and a desk for each kind of fault."""

    def __init__(self, stage, directory):
        self.stage, self.desk = stage, Desk(stage)
        self.sims = {name: self.desk.another_grafana(directory, name) for name in KINDS}

    def settings(self):
        settings = {}
        for name, sim in self.sims.items():
            # What refuses a password is shown one; sessions have their own (test_sessions.py).
            auth = "basic" if name.startswith("unauthorized") else "session"
            config = {**self.stage.config["grafana.main"], "url": sim.url, "auth": auth, "request_timeout_ms": 2000}
            settings.update({f"grafana.{name}.{key}": value for key, value in config.items()})
        return settings


@pytest.fixture(scope="module")
def hall(open_stage, _grafana, tmp_path_factory):
    if not _grafana.simulated:
        pytest.skip("needs the simulated Grafana")
    stage = open_stage(3)
    hall = Hall(stage, tmp_path_factory.mktemp("sims"))
    stage.worker(settings={**hall.settings(), "worker.threads": 64}).start()
    yield hall
    hall.desk.settle([TEST_PASSWORD])
    hall.desk.close()


class Case:
    """One write: how it is asked for, on which route the fault waits, and what must be
    so in the end."""

    def __init__(self, name, event, route, check):
        self.name, self.event, self.route, self.check = name, event, route, check


def cases_on(desk, sim, instance):
    """All writes there are, each for people of its own."""
    org = desk.org(grafana=sim)

    def person(**fields):
        return desk.person(grafana=sim, **fields)

    def ask(action, who, **data):
        return request(action, instance=instance, user=who.by_login, **data)

    def role_is(who, role):
        return lambda _: sim.role(org.id, who.login) == role

    def account(login, **expected):
        return lambda _: expected.items() <= sim.account(login).items()

    def opens(login):
        def check(_):
            found = newest_credentials(desk.stage.credentials())[instance, login]
            return sim.can_log_in(login, desk.stage.vault.open(found))
        return check

    made = []
    who = desk.name("new")
    made.append(Case("create", request("account.create", instance=instance, user={"login": who, "email": f"{who}@Example.com"}),
                     ("POST", "/api/admin/users"), opens(who)))
    who = desk.person(grafana=sim)
    made.append(Case("reset", ask("account.reset_password", who), ("PUT", f"/api/admin/users/{who.id}/password"),
                     opens(who.login)))
    who = person(sessions=2)
    made.append(Case("reset-logout", ask("account.create", who, on_existing="reset"),
                     ("POST", f"/api/admin/users/{who.id}/logout"),
                     lambda _, who=who: opens(who.login)(_) and account(who.login, sessions=0)(_)))
    who = person(sessions=2)
    made.append(Case("logout", ask("account.logout", who), ("POST", f"/api/admin/users/{who.id}/logout"),
                     account(who.login, sessions=0)))
    who = person()
    own = desk.org(grafana=sim)  # an org for its own, as the route names no person
    made.append(Case("add", ask("org_role.grant", who, org=own.by_id, role="Editor"),
                     ("POST", f"/api/orgs/{own.id}/users"),
                     lambda _, who=who, own=own: sim.role(own.id, who.login) == "Editor"))
    who = person(orgs=[{"id": org.id, "role": "Viewer"}])
    made.append(Case("patch", ask("org_role.grant", who, org=org.by_name, role="Editor"),
                     ("PATCH", f"/api/orgs/{org.id}/users/{who.id}"), role_is(who, "Editor")))
    who = person(orgs=[{"id": org.id, "role": "Admin"}])
    made.append(Case("fall", ask("org_role.revoke", who, org=org.by_id, to_role="Viewer"),
                     ("PATCH", f"/api/orgs/{org.id}/users/{who.id}"), role_is(who, "Viewer")))
    who = person(orgs=[{"id": org.id, "role": "Viewer"}])
    made.append(Case("remove", ask("org_role.revoke", who, org=org.by_id),
                     ("DELETE", f"/api/orgs/{org.id}/users/{who.id}"),
                     lambda _, who=who: sim.role(org.id, who.login) is None and sim.lookup(who.login)))
    who = person()
    made.append(Case("update", ask("account.update", who, set={"name": "N", "email": f"new-{who.email}"}),
                     ("PUT", f"/api/users/{who.id}"), account(who.login, name="N", email=f"new-{who.email}")))
    who = person()
    made.append(Case("disable", ask("account.disable", who), ("POST", f"/api/admin/users/{who.id}/disable"),
                     account(who.login, isDisabled=True)))
    who = person(is_disabled=True)
    made.append(Case("enable", ask("account.enable", who), ("POST", f"/api/admin/users/{who.id}/enable"),
                     account(who.login, isDisabled=False)))
    who = person()
    made.append(Case("admin", ask("server_admin.grant", who), ("PUT", f"/api/admin/users/{who.id}/permissions"),
                     account(who.login, isAdmin=True)))
    who = person(is_admin=True)
    made.append(Case("no-admin", ask("server_admin.revoke", who), ("PUT", f"/api/admin/users/{who.id}/permissions"),
                     account(who.login, isAdmin=False)))
    made.extend(cases_on_teams(desk, sim, org, instance))
    who = person()
    made.append(Case("delete", ask("account.delete", who), ("DELETE", f"/api/admin/users/{who.id}"),
                     lambda _, who=who: sim.lookup(who.login) is None))
    return made


def cases_on_teams(desk, sim, org, instance):
    who = [desk.person(grafana=sim, orgs=[{"id": org.id, "role": "Viewer"}]) for _ in range(2)]
    team, gone, name = desk.team(org, who[1], grafana=sim), desk.team(org, grafana=sim), desk.name("team")

    def ask(action, **data):
        return request(action, instance=instance, org=org.by_id, **data)

    def is_in(person, expected):
        return lambda _: (person.id in sim.team_members(org.id, team.id)) is expected

    path = f"/api/teams/{team.id}/members"
    return [
        Case("team", ask("team.create", team={"name": name}), ("POST", "/api/teams"),
             lambda _: name in sim.teams(org.id)),
        Case("no-team", ask("team.delete", team=gone.by_name), ("DELETE", f"/api/teams/{gone.id}"),
             lambda _: gone.name not in sim.teams(org.id)),
        Case("join", ask("team_member.add", team=team.by_id, user=who[0].by_login), ("POST", path), is_in(who[0], True)),
        Case("leave", ask("team_member.remove", team=team.by_name, user=who[1].by_login),
             ("DELETE", f"{path}/{who[1].id}"), is_in(who[1], False)),
    ]


def check_creations(sim):
    """Each account was made once, and between two calls for one there was a look."""
    applied = collections.Counter()
    since_look = {}
    for entry in sim.requests():
        if entry["path"] == "/api/admin/users" and entry["method"] == "POST" and entry["login"] == "admin":
            login = entry["body"]["login"]
            if entry.get("password_sha256") is None:
                continue
            assert not since_look.get(login), f"{login} was created again without a look"
            since_look[login] = True
            applied[login] += bool(entry["applied"])
        elif entry["path"] in ("/api/users/lookup", "/api/users/search"):
            for login in since_look:
                if login in entry["query"]:
                    since_look[login] = False
    assert not [login for login, count in applied.items() if count != 1], applied


def test_the_checker_of_creations_fails_when_it_should():
    class Log:
        def __init__(self, *entries):
            self.entries = entries

        def requests(self):
            return self.entries

    def creation(applied):
        return {"method": "POST", "path": "/api/admin/users", "login": "admin", "body": {"login": "ada"},
                "password_sha256": "00", "applied": applied}

    look = {"method": "GET", "path": "/api/users/lookup", "query": "loginOrEmail=ada"}
    check_creations(Log(look, creation(False), look, creation(True)))
    for entries in ((creation(False), creation(True)), (look, creation(True), look, creation(True)),
                    (look, creation(False))):
        with pytest.raises(AssertionError):
            check_creations(Log(*entries))


@pytest.fixture(scope="module")
def writes(hall):
    """All kinds on all writes at once: {(kind, name of the case): case}."""
    made, events = {}, []
    for kind, sim in hall.sims.items():
        for case in cases_on(hall.desk, sim, kind):
            made[kind, case.name] = case
            events.append(case.event)
        sim.forget_requests()
        for case in (case for (where, _), case in made.items() if where == kind):
            sim.fault(KINDS[kind][0], *case.route, **KINDS[kind][1])
    hall.stage.send(*events)
    hall.stage.all_outcomes(360)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_on_a_write_does_not_change_the_end(hall, writes, kind):
    sim = hall.sims[kind]
    faults = sim.sim("GET", "faults")
    assert faults and all(fault["hits"] == 1 for fault in faults), faults
    for case in (case for (where, _), case in writes.items() if where == kind):
        outcome = hall.stage.outcome_of(case.event)["data"]
        assert (outcome["result"], outcome["reason"]["code"]) == ("applied", "ok"), (case.name, outcome)
        assert case.check(None), (case.name, outcome)
    check_creations(sim)
    counters = sim.counters()
    for counter in ("user_deletes", "user_disables", "user_enables", "member_adds", "member_removes", "user_updates"):
        assert counters[counter] == 1, (counter, counters)
    assert counters["role_patches"] == counters["permission_sets"] == 2
    # Two teams were there before, and one member.
    assert (counters["team_creates"], counters["team_deletes"]) == (3, 1)
    assert (counters["team_member_adds"], counters["team_member_removes"]) == (2, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_evidence_is_of_before_the_first_attempt(hall, writes, kind):
    def evidence(name):
        outcome = hall.stage.outcome_of(writes[kind, name].event)["data"]
        return outcome["before"], outcome["after"]

    assert evidence("patch") == ({"account": True, "role": "Viewer"}, {"account": True, "role": "Editor"})
    assert evidence("fall") == ({"account": True, "role": "Admin"}, {"account": True, "role": "Viewer"})
    assert evidence("remove") == ({"account": True, "role": "Viewer"}, {"account": True, "role": None})
    assert evidence("add") == ({"account": True, "role": None}, {"account": True, "role": "Editor"})
    assert [part["disabled"] for part in evidence("disable")] == [False, True]
    assert [part["disabled"] for part in evidence("enable")] == [True, False]
    assert [part["server_admin"] for part in evidence("admin")] == [False, True]
    assert [part["server_admin"] for part in evidence("no-admin")] == [True, False]
    assert evidence("team") == ({"exists": False}, {"exists": True})
    assert evidence("no-team") == ({"exists": True}, {"exists": False})
    assert [part["team_member"] for part in evidence("join")] == [False, True]
    assert [part["team_member"] for part in evidence("leave")] == [True, False]
    assert evidence("create")[0] == {"account": False}
    before, after = evidence("delete")
    assert before["account"] is True and after == {"account": False}


@pytest.mark.parametrize("kind", KINDS)
def test_a_credential_is_of_what_grafana_certainly_took(hall, writes, kind):
    """Whenever the creation or the reset was in doubt, a newer password was set and told."""
    doubtful = KINDS[kind][0] in ("fail_after", "hang_after", "reset_after", "truncate", "bad_json", "slow_drip") \
        or kind in ("endless-body",)
    for name in ("create", "reset"):
        case = writes[kind, name]
        outcome = hall.stage.outcome_of(case.event)["data"]
        mine = [event for event in hall.stage.credentials() if event["data"]["request"] == outcome["request"]]
        assert [event["data"]["version"] for event in mine] == [outcome["credential"]["version"]]
        if doubtful:
            assert outcome["credential"]["version"] > 1, (name, outcome)


# ---- reads ----


READS = ("/api/users/lookup", "/api/orgs/*", "/api/users/*/orgs", "/api/users/*", "/api/teams/search",
         "/api/teams/*/members")


def test_failing_reads_are_tried_again(hall):
    """Each kind, on each route that an operation reads."""
    stage, events = hall.stage, []
    for kind, sim in hall.sims.items():
        org = hall.desk.org(grafana=sim)
        who = hall.desk.person(grafana=sim, orgs=[{"id": org.id, "role": "Viewer"}])
        team = hall.desk.team(org, grafana=sim)
        sim.clear_faults()
        for path in READS:
            sim.fault(KINDS[kind][0], "GET", path, **KINDS[kind][1])
        events += [request("org_role.grant", instance=kind, user=who.by_email, org=org.by_id, role="Editor"),
                   request("team_member.add", instance=kind, user=who.by_email, org=org.by_id, team=team.by_name),
                   request("account.disable", instance=kind, user=who.by_email)]
    stage.send(*events)
    for event in events:
        outcome = stage.outcome_of(event, 180)["data"]
        assert (outcome["result"], outcome["reason"]["code"]) == ("applied", "ok"), outcome
    for kind, sim in hall.sims.items():
        assert all(fault["hits"] == 1 for fault in sim.sim("GET", "faults")), kind
        counters = sim.counters()
        assert counters["user_disables"] == 2  # one of the writes, and this one


# ---- waiting ----


def asked(sim):
    """For requests, that is: the prober asks when it likes."""
    return [entry for entry in sim.requests() if entry["user_agent"] == "grantd"]


def at(entry):
    return entry["t_ms"]


@pytest.mark.parametrize("kind", ["unauthorized", "unauthorized-untyped"])
def test_after_refused_credentials_nothing_is_sent_for_a_while(hall, kind):
    sim, desk = hall.sims[kind], hall.desk
    people = [desk.person(grafana=sim) for _ in range(5)]
    sim.clear_faults()
    desk.stage.workers[0].wait_log(f"grafana is known.* instance={kind} ")  # else the prober asks amid this
    # The untyped one is believed when it comes twice.
    times = 1 if kind == "unauthorized" else 2
    sim.fault(KINDS[kind][0], "GET", "/api/users/lookup", count=times)
    sim.forget_requests()
    first = hall.stage.send(request("account.disable", instance=kind, user=people[0].by_login))
    wait_until(lambda: sum(entry["status"] == 401 for entry in asked(sim)) == times,
               "the refused attempts", DEADLINE_S)
    rest = [request("account.disable", instance=kind, user=who.by_login) for who in people[1:]]
    hall.stage.send(*rest)
    for event in (first, *rest):
        assert hall.stage.outcome_of(event)["data"]["result"] == "applied"
    entries = asked(sim)
    assert [entry["status"] for entry in entries[:times + 1]] == [401] * times + [200]
    waits = [at(later) - at(earlier) for earlier, later in zip(entries, entries[1:times + 1])]
    assert all(wait_ms >= 1000 for wait_ms in waits), waits


@pytest.mark.parametrize("value", ["1", "date"])
def test_retry_after_is_a_floor(hall, value):
    sim, desk = hall.sims["retry-in-1-s"], hall.desk
    who = desk.person(grafana=sim)
    path = f"/api/admin/users/{who.id}/disable"
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    sim.fault("retry_after", "POST", path,
              retry_after=email.utils.format_datetime(later, usegmt=True) if value == "date" else value)
    assert desk.ask("account.disable", instance="retry-in-1-s", user=who.by_login)["result"] == "applied"
    first, second = sim.requests("POST", f"^{path}$")
    assert (first["status"], second["status"]) == (429, 200)
    # A date has no fractions of a second.
    assert at(second) >= (int(later.timestamp()) * 1000 if value == "date" else at(first) + 1000)


def test_a_grafana_that_keeps_failing_stops_being_asked_and_is_asked_again(hall):
    """The breaker opens; other instances go on; when it is well again all is done."""
    desk, sim = hall.desk, hall.sims["unavailable"]
    people = [desk.person(grafana=sim) for _ in range(30)]
    worker = desk.stage.workers[0]

    def breaker():
        return re.search(r'grantd_breaker_state\{[^}]*"unavailable"[^}]*\} (\d)', worker.http("/metrics")[1]).group(1)

    sim.clear_faults()
    sim.fault("status", "GET", "/api/users/lookup", count=-1)
    events = [request("account.disable", instance="unavailable", user=who.by_login) for who in people]
    hall.stage.send(*events)
    other = desk.person(grafana=hall.sims["delay"])
    assert desk.ask("account.disable", instance="delay", user=other.by_login)["result"] == "applied"
    worker.wait_for(lambda: breaker() == "1", "the breaker is open")
    sim.clear_faults()
    for event in events:
        assert hall.stage.outcome_of(event)["data"]["result"] == "applied"
    assert all(sim.account(who.login)["isDisabled"] for who in people)
    assert breaker() == "0"
