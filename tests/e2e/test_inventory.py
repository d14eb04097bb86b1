# SPDX-License-Identifier: Apache-2.0
"""inventory.snapshot: what is in a Grafana, on access.inventory, whole or not at all."""

import collections
import concurrent.futures
import csv
import io
import json
import re
import signal

import pytest

from conftest import REAL
from harness.boundaries import die_at
from harness.desk import Desk, was
from harness.events import REQUEST_TYPE, request
from harness.load import SHORT
from harness.paths import DEADLINE_S, wait_until
from harness.stage import TokenInstance

pytestmark = pytest.mark.parametrize(
    "_grafana", ["9.4"] if not REAL else ["real"], indirect=True)
VERSIONS = ["7.5", "10.1", "11.6", "12"]


VALIDATED = 20  # of each entity of a snapshot; the schema takes its time


def data_of(record):
    return json.loads(record.value)


class Snapshot:
    """The records of one snapshot, by entity and id."""

    def __init__(self, stage, outcome):
        self.id = outcome["snapshot"]
        topic = stage.topics.inventory

        def whole(_):
            found = [(record, data) for record in stage.committed.records[topic]
                     if (data := data_of(record))["snapshot"]["id"] == self.id]
            ends = [data["end"] for _, data in found if data["entity"] == "end"]
            assert len(ends) <= 1
            return ends and len(found) == ends[0]["counts"]["records"] + 1 and found

        found = stage.committed.until(whole, f"the snapshot {self.id}")
        self.records = [record for record, _ in found]
        self.keys = [record.key.decode() for record in self.records]
        self.found = collections.defaultdict(dict)
        for record, data in found:
            entity = data["entity"]
            if len(self.found[entity]) < VALIDATED:
                assert record.event()["subject"] == record.key.decode()
            self.found[entity][data[entity].get("id")] = data[entity]
        self.end = self.found["end"][None]
        self.users, self.orgs = self.found["user"], self.found["org"]
        self.teams, self.accounts = self.found["team"], self.found["service_account"]

    def lacks(self):
        return {lack["what"]: lack.get("orgs") for lack in self.end["lacks"]}

    def check(self):
        """What must hold of any."""
        assert len(set(self.keys)) == len(self.keys)
        counts = self.end["counts"]
        assert counts["users"] == len(self.users) and counts["orgs"] == len(self.orgs)
        assert counts["teams"] == len(self.teams)
        assert counts["service_accounts"] == len(self.accounts)
        assert counts["tokens"] == sum(len(account["tokens"]) for account in self.accounts.values())
        assert counts["memberships"] == sum(len(user["roles"]) for user in self.users.values())
        return self


@pytest.fixture(scope="module")
def desk(open_stage):
    desk = Desk(open_stage())
    desk.stage.worker().start()
    yield desk
    desk.settle()


def snapshot(desk, **data):
    outcome = desk.ask("inventory.snapshot", **data)
    was(outcome, "applied")
    return Snapshot(desk.stage, outcome).check()


def test_everything_is_in_it(desk):
    org = desk.org()
    ada, bob = desk.person(org, "Editor"), desk.person()
    team = desk.team(org, ada)
    account = desk.grafana.service_account(org.id, desk.name("robot"), "Viewer")
    token, _key = desk.grafana.token(org.id, account, desk.name("token"), secondsToLive=3600)
    found = snapshot(desk)
    assert found.users[ada.id]["login"] == ada.login and found.users[ada.id]["email"] == ada.email
    assert {"org_id": org.id, "role": "Editor"} in found.users[ada.id]["roles"]
    assert found.users[bob.id]["disabled"] is False and found.users[bob.id]["external"] is False
    assert found.users[bob.id]["last_seen_at"] is None
    assert found.orgs[org.id]["name"] == org.name and found.orgs[org.id]["members"] == 2
    assert [member["user_id"] for member in found.teams[team.id]["members"]
            if member["login"] == ada.login] == [ada.id]
    robot = found.accounts[account]
    assert robot["org_id"] == org.id and robot["role"] == "Viewer"
    assert [(one["id"], one["expires_at"] is not None) for one in robot["tokens"]] == [(token, True)]
    assert any(user["server_admin"] for user in found.users.values())


def test_one_org(desk):
    org = desk.org()
    ada, bob = desk.person(org, "Editor"), desk.person()
    desk.team(org, ada, bob)
    outcome = desk.ask("inventory.snapshot", org=org.by_name)
    assert outcome["target"] == {"org_id": org.id, "org_name": org.name}
    found = Snapshot(desk.stage, outcome).check()
    assert set(found.orgs) == {org.id} and len(found.teams) == 1
    assert ada.id in found.users and bob.id not in found.users
    assert found.users[ada.id]["roles"] == [{"org_id": org.id, "role": "Editor"}]
    assert found.users[ada.id]["server_admin"] is None
    assert all(key.startswith(f"main/org/{org.id}/") for key in found.keys)
    assert set(found.lacks()) == {"user.roles_elsewhere", "user.server_admin", "user.created_at"}
    was(desk.ask("inventory.snapshot", org={"id": 999999}), "refused", "org.not_found")


def test_orgs_that_grantd_is_no_admin_of(desk):
    org = desk.org_of(desk.person())
    found = snapshot(desk)
    assert found.orgs[org.id]["members"] == 1
    assert found.orgs[org.id]["teams_read"] is found.orgs[org.id]["service_accounts_read"] is False
    assert found.lacks()["teams"] == found.lacks()["service_accounts"] == 1


def test_what_is_in_a_team_or_an_account_may_not_be_read(desk):
    org = desk.org()
    ada = desk.person(org, "Editor")
    hidden, open_ = desk.team(org, ada), desk.team(org, ada)
    robot = desk.grafana.service_account(org.id, desk.name("robot"), "Viewer")
    desk.grafana.token(org.id, robot, desk.name("token"))
    for path in (f"/api/teams/{hidden.id}/members", f"/api/serviceaccounts/{robot}/tokens"):
        desk.sim.fault("status", "GET", path, status=403, message="Permission denied")
    outcome = desk.ask("inventory.snapshot", org=org.by_id)
    found = Snapshot(desk.stage, outcome).check()
    assert set(found.teams) == {open_.id} and found.accounts == {}
    assert found.orgs[org.id]["teams_read"] is found.orgs[org.id]["service_accounts_read"] is False
    assert {"teams", "service_accounts"} <= set(found.lacks())


def test_people_of_an_identity_provider(desk):
    ada = desk.person(auth_module="ldap", orgs=[{"id": 1, "role": "Admin"}], is_disabled=True)
    found = snapshot(desk).users[ada.id]
    assert found["external"] is True and found["external_by"] == ["LDAP"] and found["disabled"] is True
    assert found["roles"] == [{"org_id": 1, "role": "Admin"}]


# ---- grantctl ----


def inventory(desk, *options, expected=0):
    return desk.stage.grantctl("--config", desk.stage.workers[0].config_path, "inventory", *options, expected=expected)


def rows_of(text):
    csv.field_size_limit(1 << 20)
    return list(csv.DictReader(io.StringIO(text)))


def test_grantctl_shows_and_compares(desk):
    org = desk.org()
    ada = desk.person(org, "Editor", name='Ada "the, first"')
    bob, eve = desk.person(org, "Viewer"), desk.person(name='=cmd|"/c calc"!A1')
    team = desk.team(org, ada)
    robot = desk.grafana.service_account(org.id, desk.name("robot"))
    first = snapshot(desk)
    desk.grafana.expect("PATCH", f"/api/orgs/{org.id}/users/{ada.id}", {"role": "Admin"})
    desk.grafana.expect("DELETE", f"/api/admin/users/{bob.id}")
    desk.grafana.expect("POST", f"/api/teams/{team.id}/members", {"userId": eve.id}, org=org.id)
    token_id, _ = desk.grafana.token(org.id, robot, desk.name("token"))
    new = desk.person()
    second = snapshot(desk)

    lines = [json.loads(line) for line in inventory(desk).splitlines()]
    assert {line["snapshot"]["id"] for line in lines} == {second.id}
    assert len(lines) == second.end["counts"]["records"]
    rows = {(row["entity"], row["id"]): row for row in rows_of(inventory(desk, "--snapshot", first.id[:12], "--format", "csv"))}
    assert len(rows) == sum(len(found) for found in (first.users, first.orgs, first.teams, first.accounts))
    assert rows["user", str(ada.id)]["role"] == f"Editor in {org.name}"
    assert rows["user", str(ada.id)]["details"] == 'Ada "the, first"' and rows["user", str(bob.id)]["name"] == bob.login
    # A spreadsheet would run it.
    assert rows["user", str(eve.id)]["details"] == "'=cmd|\"/c calc\"!A1"
    assert rows["team", str(team.id)]["org"] == org.name and ada.login in rows["team", str(team.id)]["details"]
    assert rows["service_account", str(robot)]["role"] == "Viewer"
    users = inventory(desk, "--instance", "main", "--entity", "user", "--format", "table").splitlines()
    assert len(users) == 1 + len(second.users) and users[0].split()[:4] == ["entity", "id", "org", "name"]

    changes = {(row["change"], row["entity"], row["id"], row["field"]): (row["before"], row["after"])
               for row in rows_of(inventory(desk, "--diff", first.id, second.id, "--format", "csv", expected=1))}
    name = next(token["name"] for token in second.accounts[robot]["tokens"])
    assert changes == {
        ("changed", "user", str(ada.id), f"role in {org.id}"): ("Editor", "Admin"),
        ("removed", "user", str(bob.id), ""): ("", ""), ("added", "user", str(new.id), ""): ("", ""),
        ("changed", "org", str(org.id), "members"): ("3", "2"),
        ("changed", "team", f"{org.id}/{team.id}", f"member {eve.id}"): ("", eve.login),
        ("changed", "service_account", f"{org.id}/{robot}", f"token {token_id}"): ("", f"{name} for ever"),
    }
    assert inventory(desk, "--diff", first.id, first.id, "--format", "csv").count("\n") == 1
    [change] = inventory(desk, "--diff", first.id, second.id, "--entity", "team", expected=1).splitlines()
    assert json.loads(change)["after"] == eve.login
    assert f"{second.id}  main" in inventory(desk, "--list")


def test_grantctl_does_not_show_half_a_snapshot(desk):
    inventory(desk, "--snapshot", "ffffffff", expected=5)
    inventory(desk, "--instance", "other", expected=5)
    inventory(desk, "--diff", "one", expected=2)
    inventory(desk, "--format", "xml", expected=2)
    whole = snapshot(desk).records
    for name, keep in (("a" * 32, whole[:-1]), ("b" * 32, whole[1:])):
        for record in keep:
            data = data_of(record)
            data["snapshot"].update(id=name, started_at="2099-01-01T00:00:00.000Z")
            desk.stage.producer.send_raw(desk.stage.topics.inventory, json.dumps(data), record.key, [("content-type", b"application/json")])
    desk.stage.producer.flush()
    inventory(desk, "--snapshot", "aaaa", expected=5)
    inventory(desk, "--snapshot", "bbbb", expected=5)
    states = {line.split()[0][:1]: line.split()[-1] for line in inventory(desk, "--list").splitlines()[1:]}
    assert states["a" if whole[-1].key.endswith(b"end") else "b"] in ("open", "incomplete")
    newest = {json.loads(line)["snapshot"]["id"] for line in inventory(desk).splitlines()}
    assert newest == {data_of(whole[0])["snapshot"]["id"]}


def test_a_large_team_in_parts(desk):
    org = desk.org()
    desk.sim.sim("POST", "users", {"prefix": desk.name("part"), "count": 2005, "org_id": org.id, "role": "Viewer"})
    members = [member["userId"] for member in desk.grafana.expect("GET", f"/api/orgs/{org.id}/users")]
    team = desk.team(org)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda user_id: user_id == 1 or desk.grafana.expect(
            "POST", f"/api/teams/{team.id}/members", {"userId": user_id}, org=org.id), members))
    outcome = desk.ask("inventory.snapshot", org=org.by_id)
    found = Snapshot(desk.stage, outcome)
    parts = [data_of(record)["team"] for record in found.records if data_of(record)["entity"] == "team"]
    assert [(part["part"], part["more"], len(part["members"])) for part in parts] == [(1, True, 2000), (2, False, 6)]
    assert {member["user_id"] for part in parts for member in part["members"]} == set(members)
    assert f"main/org/{org.id}/team/{org.id}/{team.id}/2" in found.keys
    lines = [json.loads(line)["team"] for line in inventory(desk, "--org-id", str(org.id), "--entity", "team").splitlines()]
    assert sum(len(line["members"]) for line in lines) == 2006
    [row] = rows_of(inventory(desk, "--org-id", str(org.id), "--entity", "team", "--format", "csv"))
    assert row["details"].count(",") == 2005


# ---- other modes and versions ----


@pytest.fixture(scope="module")
def others(open_stage, tmp_path_factory):
    """One worker with a Grafana of each version, and one more that it has a token of."""
    desk = Desk(open_stage())
    config = {section: dict(values) for section, values in desk.stage.config.items()}
    grafanas = {}
    for version in VERSIONS:
        name = "g" + version.replace(".", "-")
        grafanas[name] = desk.simulator_of(version, tmp_path_factory.mktemp(name))
        config[f"grafana.{name}"] = {**config["grafana.main"], "url": grafanas[name].url}
    config["grafana.g7-5"]["auth"] = "basic"
    org = desk.org()
    token = TokenInstance(desk.grafana, org.id)
    config["grafana.token"] = {**config["grafana.main"], "user": None, "password": None, "token": token.key}
    weak = TokenInstance(desk.grafana, org.id, "Viewer", "weak")
    config["grafana.weak"] = {**config["grafana.token"], "token": weak.key}
    desk.person(login="plain", password="plain-password-1", orgs=[{"id": 1, "role": "Admin"}])
    config["grafana.plain"] = {**config["grafana.main"], "user": "plain", "password": "plain-password-1"}
    desk.stage.worker(config=config).start()
    yield desk, grafanas, org
    desk.settle([token.key])


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version(others, version):
    desk, grafanas, _ = others
    name = "g" + version.replace(".", "-")
    grafana = grafanas[name]
    org = desk.org(grafana=grafana)
    ada = desk.person(org, "Editor", grafana=grafana)
    team = desk.team(org, ada, grafana=grafana)
    if version != "7.5":
        robot = grafana.service_account(org.id, "robot")
        grafana.token(org.id, robot, "for-ever")
    found = snapshot(desk, instance=name)
    assert {"org_id": org.id, "role": "Editor"} in found.users[ada.id]["roles"]
    assert ada.id in [member["user_id"] for member in found.teams[team.id]["members"]]
    if version == "7.5":
        assert found.accounts == {} and found.lacks()["service_accounts"] is None
    else:
        assert [token["expires_at"] for token in found.accounts[robot]["tokens"]] == [None]


def test_with_a_token(others):
    desk, _, org = others
    ada = desk.person(org, "Viewer")
    team = desk.team(org, ada)
    found = snapshot(desk, instance="token")
    assert found.users[ada.id]["roles"] == [{"org_id": org.id, "role": "Viewer"}]
    assert set(found.orgs) == {org.id} and team.id in found.teams
    assert {"other_orgs", "user.server_admin"} <= set(found.lacks())
    was(desk.ask("inventory.snapshot", instance="token", org={"id": 1}), "refused", "grafana.unsupported")


def test_rights_that_are_missing(others):
    desk, *_ = others
    was(desk.ask("inventory.snapshot", instance="weak"), "refused", "grafana.permission", 403)
    was(desk.ask("inventory.snapshot", instance="plain"), "refused", "grafana.permission", 403)


# ---- while it is made ----


def held_at(desk, page):
    """Accounts are many, and the answer with that page of them is on its way, but held back."""
    desk.sim.fault("delay", "GET", "/api/users/search", skip=page - 1, count=1, delay_ms=3600 * 1000)
    desk.sim.forget_requests()
    event = desk.stage.send(request("inventory.snapshot"))
    wait_until(lambda: any(not entry["done"] for entry in desk.sim.requests("GET", "^/api/users/search")),
               "the page that is held", DEADLINE_S)
    return event


@pytest.mark.parametrize("made", [0, 3], ids=["fewer", "as-many"])
def test_accounts_that_come_and_go_meanwhile(desk, made):
    prefix = desk.name("come")
    desk.sim.sim("POST", "users", {"prefix": prefix, "count": 2100, "org_id": 1, "role": "Viewer"})
    known = {user["login"]: user["userId"] for user in desk.grafana.expect("GET", "/api/orgs/1/users")}
    gone = sorted(login for login in known if login.startswith(prefix))[:3]
    event = held_at(desk, 2)
    for login in gone:
        desk.grafana.expect("DELETE", f"/api/admin/users/{known[login]}")
    for number in range(made):
        desk.person(login=f"zz-{prefix}-{number}")
    desk.sim.release()
    outcome = desk.stage.outcome_of(event)["data"]
    desk.sim.clear_faults()
    found = Snapshot(desk.stage, outcome).check()
    assert {known[login] for login in known if login not in gone} <= set(found.users)
    assert found.end["changed_meanwhile"] is True


def test_nobody_waits_for_it(open_stage, _grafana):
    """Not even where one request at a time is allowed, nor one of the same subject, nor while it
    is found out whether Grafana lets grantd in again: it takes three requests to know."""
    desk = Desk(open_stage())
    worker = desk.stage.worker(settings={"grafana.main.concurrency": 1, "worker.threads": 2,
                                         "grafana.main.unauthorized_wait_ms": 1000}).start()
    org, ada, bob = desk.org(), desk.person(), desk.person()
    for method, path in (("GET", "/api/users/lookup"), ("POST", "/login")):
        desk.sim.fault("unauthorized", method, path)
    was(desk.ask("org_role.grant", org=org.by_id, user=bob.by_login, role="Viewer"), "applied", status=200)
    assert 'grantd_breaker_state{instance="main"} 2' in worker.http("/metrics")[1]
    desk.sim.fault("delay", "GET", "/api/orgs", count=1, delay_ms=3600 * 1000)
    event = desk.stage.send(request("inventory.snapshot", subject=ada.login))
    wait_until(lambda: "grantd_inventory_snapshots_running 1" in worker.http("/metrics")[1], "a running snapshot",
               DEADLINE_S)
    was(desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Editor"), "applied", status=200)
    assert "grantd_inventory_snapshots_running 1" in worker.http("/metrics")[1]
    desk.sim.release()
    found = Snapshot(desk.stage, desk.stage.outcome_of(event)["data"]).check()
    assert {"org_id": org.id, "role": "Editor"} in found.users[ada.id]["roles"]
    assert f"grantd_inventory_records_total {found.end['counts']['records']}\n" in worker.http("/metrics")[1]
    desk.settle()


def snapshots_begun(stage):
    return {data_of(record)["snapshot"]["id"] for record in stage.committed.records[stage.topics.inventory]}


@pytest.mark.parametrize("point, passings", [("after_feed", (1, 2050)), ("before_complete", (1,)),
                                             ("after_complete", (1,)), ("after_commit", (1,))])
def test_workers_killed_at(point, passings, sim, make_stage):
    stage = make_stage()
    sim.sim("POST", "users", {"prefix": "many", "count": 2100, "org_id": 1, "role": "Viewer"})
    event = stage.send(request("inventory.snapshot"))
    die_at(stage, *(f"{point}:{passing}" for passing in passings))
    stage.worker(SHORT, name="w1").start(ready=False)
    outcome = stage.outcome_of(event)["data"]
    found = Snapshot(stage, outcome).check()
    stage.wait_consumed()
    stage.settle()
    ends = [data_of(record)["snapshot"]["id"] for record in stage.committed.records[stage.topics.inventory]
            if data_of(record)["entity"] == "end"]
    assert ends == [found.id]
    begun = snapshots_begun(stage)
    assert found.id in begun and (point != "after_feed" or len(begun) > 1)


def test_a_stop_ends_it_and_another_begins_anew(sim, make_stage):
    stage = make_stage()
    desk = Desk(stage)
    sim.sim("POST", "users", {"prefix": "many", "count": 3000, "org_id": 1, "role": "Viewer"})
    first = stage.worker().start()
    event = held_at(desk, 2)
    first.send(signal.SIGTERM)
    first.wait_log("msg=draining")
    sim.release()
    first.wait_exit()
    sim.clear_faults()
    stage.worker(name="w2").start()
    found = Snapshot(stage, stage.outcome_of(event)["data"]).check()
    assert len(found.users) == 3001 and len(snapshots_begun(stage)) == 2
    stage.settle()


def test_on_schedule(make_stage, sim):
    """Two workers, and each snapshot is made once; by the operator's word, whatever the policy."""
    stage = make_stage(2)
    for name in ("w1", "w2"):
        stage.worker({"inventory.every": 1, "policy.actions": "org_role.*"}, name=name).start()

    def two(_):
        found = [event["data"] for event in stage.outcomes()]
        return len(found) >= 2 and found

    for outcome in stage.committed.until(two, "two snapshots"):
        was(outcome, "applied")
        assert outcome["request"]["source"] == f"/grantd/{stage.group}"
        assert re.fullmatch(r"inventory/main/[-0-9]+T[:0-9]+\.000Z/scheduled/[0-9a-f]{8}", outcome["request"]["id"])
        assert Snapshot(stage, outcome).check().users
    for worker in stage.workers:
        worker.stop()
    stage.committed.read_to_end()
    stage.requests += [{"type": REQUEST_TYPE, **{name: event["data"]["request"][name] for name in ("source", "id")}}
                       for event in stage.outcomes()]
    assert len({event["id"] for event in stage.requests}) == len(stage.requests)
    stage.settle()


# ---- a great many ----


def peak_rss_kib(worker):
    with open(f"/proc/{worker.child.pid}/status", encoding="utf-8") as status:
        [line] = [line for line in status if line.startswith("VmHWM")]
    return int(line.split()[1])


ACCOUNTS, ORGS = 100_000, 200


def test_a_hundred_thousand_accounts(sim, make_stage):
    """All of them, each read once, in less than 64 MiB."""
    stage = make_stage()
    sim.sim("POST", "users", {"prefix": "many", "count": ACCOUNTS, "org_id": 1, "role": "Viewer"})
    for number in range(ORGS - 1):
        sim.create_org(f"org {number}")
    sim.forget_requests()
    worker = stage.worker({"grafana.main.request_timeout_ms": 60000, "worker.lease_ms": 180000}).start()
    event = stage.send(request("inventory.snapshot"))
    outcome = stage.outcome_of(event, 180)["data"]
    assert peak_rss_kib(worker) < 64 * 1024
    was(outcome, "applied")
    topic = stage.topics.inventory
    records = stage.committed.count(topic, ACCOUNTS + 1 + ORGS + 1, 120)
    counts = {"users": ACCOUNTS + 1, "orgs": ORGS, "memberships": ACCOUNTS + 1 + ORGS - 1, "teams": 0,
              "service_accounts": 0, "tokens": 0, "records": ACCOUNTS + 1 + ORGS}
    assert json.loads(records[-1].value)["end"]["counts"] == counts
    keys = collections.Counter(record.key for record in records)
    assert len(keys) == len(records)
    assert sum(key.startswith(b"main/user/") for key in keys) == ACCOUNTS + 1
    assert sum(key.startswith(b"main/org/") for key in keys) == ORGS
    pages = [entry["query"] for entry in sim.requests("GET", "^/api/users/search")]
    assert len(pages) == len(set(pages)) == ACCOUNTS // 1000 + 1
    assert len(sim.requests("GET", "^/api/orgs/1/users")) == 1 and not sim.requests("GET", "^/api/users/\\d")
    assert "snapshot goes on" in worker.log()
    worker.stop()
