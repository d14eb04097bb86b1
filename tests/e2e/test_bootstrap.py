# SPDX-License-Identifier: Apache-2.0
"""org.bootstrap: an org and all that it begins with, in one request; each part reported, and
done once whatever happens in between."""

import collections

import pytest

from conftest import REAL, VERSIONS
from harness.boundaries import killed_at
from harness.desk import Desk, instance_for
from harness.events import example, request
from harness.grafana import call

BOOT_VERSIONS = VERSIONS if REAL else ["9.4", "10.1", "12"]
LOST = {"fail_before": False, "fail_after": True, "reset_after": True, "hang_after": True, "truncate": True}
every_version = pytest.mark.parametrize("_grafana", BOOT_VERSIONS, indirect=True)


def was(outcome, result, code="ok"):
    reason = outcome["reason"]
    assert (outcome["result"], reason["code"]) == (result, code), outcome
    return reason["message"]


def parts(outcome):
    return [(part["part"], part["name"], part["result"]) for part in outcome["parts"]]


def machine(name):
    return {"name": name, "role": "Editor", "ttl_s": 3600}


def everything(*admins, ci="ci"):
    return {"admins": list(admins), "service_account": machine(ci),
            "folders": [{"title": "Services", "dashboards": [{"title": "Health", "x": 1}, {"title": "Load", "uid": "load"}]},
                        {"uid": "hosts", "title": "Hosts", "dashboards": [{"title": "Health"}]},
                        {"title": "Empty"}]}


def planned(org, *admins, ci="ci"):
    return [("org", org), *(("admin", admin) for admin in admins), ("folder", "Services"), ("dashboard", "Health"),
            ("dashboard", "Load"), ("folder", "Hosts"), ("dashboard", "Health"), ("folder", "Empty"),
            ("service_account", ci), ("token", ci)]


def all_of(org, result, *admins, ci="ci"):
    return [(*part, result) for part in planned(org, *admins, ci=ci)]


def boards(desk, org_id):
    folders = {folder["uid"]: folder["title"]
               for folder in desk.grafana.expect("GET", "/api/folders?limit=1000", org=org_id)}
    found = desk.grafana.expect("GET", "/api/search?type=dash-db&limit=1000", org=org_id)
    return sorted(folders.values()), sorted((folders[hit["folderUid"]], hit["title"]) for hit in found)


def check_machine(desk, outcome):
    """One service account, one token, and its key in the vault topic."""
    target = outcome["target"]
    org_id, account_id, name = target["org_id"], target["service_account_id"], target["service_account_name"]
    found = desk.grafana.expect("GET", "/api/serviceaccounts/search", org=org_id)["serviceAccounts"]
    assert [(account["id"], account["name"], account["role"]) for account in found] == [(account_id, name, "Editor")]
    tokens = desk.grafana.expect("GET", f"/api/serviceaccounts/{account_id}/tokens", org=org_id)
    assert [(token["id"], token["name"]) for token in tokens] == [(target["token_id"], target["token_name"])]
    event = desk.credential_of(outcome)
    assert (event["data"]["kind"], event["data"]["target"]) == ("token", target)
    assert event["data"]["expires_at"] == outcome["expires_at"]
    status, answer = call(desk.grafana.url + "/api/org", "GET",
                          headers={"Authorization": "Bearer " + desk.stage.vault.open(event)})
    assert (status, answer["id"]) == (200, org_id)


def check_org(desk, outcome, *admins):
    org_id = outcome["target"]["org_id"]
    check_machine(desk, outcome)
    assert boards(desk, org_id) == (["Empty", "Hosts", "Services"],
                                    [("Hosts", "Health"), ("Services", "Health"), ("Services", "Load")])
    for login in admins:
        assert desk.grafana.role(org_id, login) == "Admin"


@every_version
def test_a_new_org_and_the_same_again(desk):
    name, ada, bob = desk.name("org"), desk.person(), desk.person()
    ci = desk.name("ci")
    asked = everything(ada.by_login, bob.by_email, ci=ci)
    outcome = desk.ask("org.bootstrap", org={"name": name}, bootstrap=asked)
    was(outcome, "applied")
    assert parts(outcome) == all_of(name, "applied", ada.login, bob.email, ci=ci)
    assert outcome["target"]["org_name"] == name and "user_id" not in outcome["target"]
    check_org(desk, outcome, ada.login, bob.login)
    with desk.no_writes():
        again = desk.ask("org.bootstrap", org={"name": name}, bootstrap={**asked, "service_account": None})
    was(again, "already_so")
    assert parts(again) == all_of(name, "already_so", ada.login, bob.email)[:-2]
    assert again["target"] == {"org_id": outcome["target"]["org_id"], "org_name": name}


@every_version
def test_each_request_makes_a_token_of_its_own(desk):
    org, ci = desk.org(), machine(desk.name("ci"))
    first, second = (desk.ask("org.bootstrap", org=org.by_name, bootstrap={"service_account": ci}) for _ in range(2))
    assert [result for *_, result in parts(first)] == ["already_so", "applied", "applied"]
    assert [result for *_, result in parts(second)] == ["already_so", "already_so", "applied"]
    assert first["target"]["token_id"] != second["target"]["token_id"]
    assert len({desk.stage.vault.open(desk.credential_of(outcome)) for outcome in (first, second)}) == 2


@every_version
def test_what_the_token_may_not_be_is_said_before_anything_is_made(desk):
    name = desk.name("org")
    with desk.no_writes():
        outcome = desk.ask("org.bootstrap", org={"name": name},
                           bootstrap={"service_account": {"name": "ci", "never_expires": True}})
    was(outcome, "refused", "token.lifetime")
    assert {part["result"] for part in outcome["parts"]} == {"not_done"}


@every_version
def test_a_service_account_with_another_role_ends_it(desk):
    org, ci = desk.org(), machine(desk.name("ci"))
    was(desk.ask("org.bootstrap", org=org.by_id, bootstrap={"service_account": ci}), "applied")
    outcome = desk.ask("org.bootstrap", org=org.by_id, bootstrap={"service_account": {**ci, "role": "Viewer"}})
    was(outcome, "refused", "service_account.exists")
    assert [result for *_, result in parts(outcome)] == ["already_so", "refused", "not_done"]
    assert "credential" not in outcome


@every_version
def test_an_org_that_is_there_gets_what_it_lacks(desk):
    org, ada = desk.org(), desk.person()
    desk.grafana.expect("POST", f"/api/orgs/{org.id}/users", {"loginOrEmail": ada.login, "role": "Viewer"})
    desk.grafana.expect("POST", "/api/folders", {"uid": "hosts", "title": "Hosts"}, org=org.id)
    outcome = desk.ask("org.bootstrap", org=org.by_id, bootstrap=everything(
        ada.by_login, {"login": desk.grafana.user}, ci=desk.name("ci")))
    was(outcome, "applied")
    results = {(part, name): result for part, name, result in parts(outcome)}
    assert results[("org", None)] == results[("admin", desk.grafana.user)] == results[("folder", "Hosts")] == "already_so"
    assert results[("admin", ada.login)] == results[("dashboard", "Load")] == "applied"
    check_org(desk, outcome, ada.login)


@every_version
def test_a_no_ends_it_and_says_what_was_done(desk):
    name, ada, nobody = desk.name("org"), desk.person(), desk.name()
    outcome = desk.ask("org.bootstrap", org={"name": name}, bootstrap=everything(ada.by_login, {"login": nobody}))
    message = was(outcome, "refused", "account.not_found")
    assert message.startswith("part 3 of 11: ") and nobody in message and "stays" in message
    assert parts(outcome)[:4] == [("org", name, "applied"), ("admin", ada.login, "applied"),
                                  ("admin", nobody, "refused"), ("folder", "Services", "not_done")]
    assert {part["result"] for part in outcome["parts"][3:]} == {"not_done"}
    assert outcome["parts"][2]["reason"] == "account.not_found"
    assert desk.grafana.role(outcome["target"]["org_id"], ada.login) == "Admin"
    assert boards(desk, outcome["target"]["org_id"]) == ([], [])
    assert "credential" not in outcome


@every_version
def test_a_dashboard_that_was_changed_is_kept_unless_overwritten(desk):
    org = desk.org()
    one = {"folders": [{"title": "F", "dashboards": [{"title": "D", "uid": "d", "x": 1}]}]}
    other = {"folders": [{"title": "F", "dashboards": [{"title": "D", "uid": "d", "x": 2}]}]}
    was(desk.ask("org.bootstrap", org=org.by_name, bootstrap=one), "applied")
    was(desk.ask("org.bootstrap", org=org.by_name, bootstrap=other), "refused", "dashboard.conflict")
    outcome = desk.ask("org.bootstrap", org=org.by_name, bootstrap=other, overwrite=True)
    was(outcome, "applied")
    assert [result for *_, result in parts(outcome)] == ["already_so", "already_so", "applied"]


@every_version
def test_an_org_that_grantd_is_not_in(desk):
    ada = desk.person()
    org = desk.org_of(ada)
    outcome = desk.ask("org.bootstrap", org=org.by_id, bootstrap=everything(ada.by_login))
    assert f"'{desk.grafana.user}' an Admin of the org" in was(outcome, "refused", "grafana.permission")
    assert [result for *_, result in parts(outcome)][:3] == ["already_so", "already_so", "refused"]


@pytest.mark.parametrize("_grafana", ["7.5"], indirect=True)
def test_a_grafana_without_service_accounts(desk):
    name = desk.name("org")
    outcome = desk.ask("org.bootstrap", org={"name": name}, bootstrap={
        "folders": [{"title": "F", "dashboards": [{"title": "D"}]}], "service_account": machine("ci")})
    was(outcome, "refused", "grafana.unsupported")
    assert [result for *_, result in parts(outcome)] == ["applied"] * 3 + ["refused", "not_done"]


@pytest.mark.parametrize("_grafana", VERSIONS[:1], indirect=True)
def test_the_example_is_what_it_says(desk):
    event = example("org.bootstrap")
    [admin] = event["data"]["bootstrap"]["admins"]
    desk.person(login=admin["email"].split("@")[0], email=admin["email"], orgs=[])
    outcome = desk.stage.ask(event, mode="structured")
    was(outcome, "applied")
    assert {part["result"] for part in outcome["parts"]} == {"applied"}


@pytest.mark.parametrize("_grafana", VERSIONS[:1], indirect=True)
@pytest.mark.parametrize("bootstrap, fault", [
    (None, "data.bootstrap: missing"),
    ([], "data.bootstrap: must be an object"),
    ({"admins": {}}, "data.bootstrap.admins: must be an array"),
    ({"admins": [{}]}, "data.bootstrap.admins[0]: needs login or email"),
    ({"admins": ["ada"]}, "data.bootstrap.admins[0]: must be an object"),
    ({"admins": [{"login": "a"}] * 17}, "data.bootstrap.admins: has 17 entries, at most 16"),
    ({"folders": [{"title": "F"}] * 17}, "data.bootstrap.folders: has 17 entries, at most 16"),
    ({"folders": [{"title": "F"}, {}]}, "data.bootstrap.folders[1]: needs uid or title"),
    ({"folders": [{"uid": "a b"}]}, "data.bootstrap.folders[0].uid: may have only"),
    ({"folders": [{"title": "F", "dashboards": [{"title": "D"}] * 20}, {"title": "G", "dashboards": [{"title": "D"}] * 13}]},
     "data.bootstrap.folders[1].dashboards: has 13 entries, at most 12"),
    ({"folders": [{"title": "F", "dashboards": [{}]}]}, "data.bootstrap.folders[0].dashboards[0].title: missing"),
    ({"service_account": {}}, "data.bootstrap.service_account.name: missing"),
    ({"service_account": {"name": "s", "role": "Boss"}}, "data.bootstrap.service_account.role: must be"),
    ({"service_account": {"name": "s", "ttl_s": 5, "never_expires": True}}, "data.bootstrap.service_account: ttl_s and"),
])
def test_requests_that_say_too_little_or_too_much(desk, bootstrap, fault):
    event = request("org.bootstrap", org={"name": "Never made"}, bootstrap=bootstrap)
    desk.stage.send(event, valid=False)
    outcome = desk.stage.outcome_of(event)["data"]
    assert was(outcome, "refused", "request.invalid").startswith(fault)


@pytest.mark.parametrize("_grafana", VERSIONS[:1], indirect=True)
def test_as_many_parts_as_there_may_be(desk):
    names = ["\"" * 170 + str(number) for number in range(32)]
    admins = [desk.person().by_login for _ in range(16)]
    folders = [{"title": f"{name}-f", "dashboards": [{"title": f"{name}-{i}"} for i in range(2)]} for name in names[:16]]
    name = desk.name("\"" * 150)
    outcome = desk.ask("org.bootstrap", org={"name": name}, bootstrap={
        "admins": admins, "folders": folders, "service_account": machine(desk.name("ci"))})
    was(outcome, "applied")
    assert len(outcome["parts"]) == 1 + 16 + 16 + 32 + 2


# ---- lost answers ----


ROUTES = {"/api/orgs": 1, "/api/orgs/*/users": 1, "/api/folders": 3, "/api/dashboards/db": 3, "/api/serviceaccounts": 1,
          "/api/serviceaccounts/*/tokens": 1}


@every_version
@pytest.mark.parametrize("kind", LOST)
def test_lost_answers_on_every_write(desk, kind):
    """The second of each kind of write as well as the first."""
    ada, name, ci = desk.person(), desk.name("org"), desk.name("ci")
    before = desk.sim.counters()
    desk.sim.forget_requests()
    for path, writes in ROUTES.items():
        desk.sim.fault(kind, "POST", path)
        if writes > 1:
            desk.sim.fault(kind, "POST", path, skip=1 if LOST[kind] else 2)
    outcome = desk.ask("org.bootstrap", instance=instance_for(kind), org={"name": name},
                       bootstrap=everything(ada.by_login, ci=ci))
    was(outcome, "applied")
    assert parts(outcome) == all_of(name, "applied", ada.login, ci=ci)
    check_org(desk, outcome, ada.login)
    after = desk.sim.counters()
    made = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    tokens = 2 if LOST[kind] else 1  # one whose key was lost makes room for another
    assert made.pop("token_deletes", 0) == tokens - 1
    assert made == {"org_creates": 1, "member_adds": 1, "folder_creates": 3, "dashboard_saves": 3,
                    "service_creates": 1, "token_creates": tokens}


# ---- kills ----


WRITES = 10  # org, admin, 3 folders, 3 dashboards, service account, token
POINTS = [f"{point}:{number}" for number in range(1, WRITES + 1) for point in ("after_step", "after_write")]
POINTS += [f"after_step:{WRITES + 1}"]  # the key is sealed
POINTS += ["before_complete:1", "after_complete:1", "before_commit:1", "after_commit:1"]
KILLS = [pytest.param(VERSIONS[number % len(VERSIONS)], point, id=point) for number, point in enumerate(POINTS)]


@pytest.mark.parametrize("_grafana, point", KILLS, indirect=["_grafana"])
def test_a_worker_killed_at_every_boundary(point, sim, stage):
    sim.add_user("ada", email="ada@example.com", orgs=[])
    event = request("org.bootstrap", org={"name": "New"}, bootstrap=everything({"login": "ada"}))
    outcome = killed_at(stage, event, point)
    was(outcome, "applied")
    assert parts(outcome) == all_of("New", "applied", "ada")
    check_org(Desk(stage), outcome, "ada")
    counters = sim.counters()
    lost = point == f"after_write:{WRITES}"  # with the key of the token
    assert counters["token_deletes"] == lost and counters["token_creates"] == 1 + lost
    made = {name: count for name, count in counters.items() if count and not name.startswith("token_")}
    assert made == {"org_creates": 1, "member_adds": 1, "folder_creates": 3, "dashboard_saves": 3, "service_creates": 1}
    titles = collections.Counter((board["title"], board["folder_uid"]) for board in sim.state()["boards"])
    assert set(titles.values()) == {1}
    stage.settle()


@pytest.mark.parametrize("_grafana", VERSIONS[:1], indirect=True)
def test_what_was_so_before_is_told_so_after_a_kill(sim, stage):
    """The folder was there; the worker dies at the dashboard after it."""
    sim.add_user("ada", email="ada@example.com", orgs=[{"id": 1, "role": "Admin"}])
    sim.expect("POST", "/api/folders", {"title": "F"}, org=1)
    event = request("org.bootstrap", org={"id": 1}, bootstrap={
        "admins": [{"login": "ada"}], "folders": [{"title": "F", "dashboards": [{"title": "D"}, {"title": "E"}]}]})
    outcome = killed_at(stage, event, "after_step:2")
    was(outcome, "applied")
    assert [result for *_, result in parts(outcome)] == ["already_so"] * 3 + ["applied"] * 2
    stage.settle()
