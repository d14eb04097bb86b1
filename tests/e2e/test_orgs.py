# SPDX-License-Identifier: Apache-2.0
"""org.create, org.rename, org.delete: what they do, each no they can give, lost answers on
every write, and workers killed around each."""

import pytest

from conftest import REAL, VERSIONS
from harness.boundaries import killed_at
from harness.desk import instance_for, was
from harness.events import example, request

ORG_VERSIONS = VERSIONS if REAL else ["7.5", "9.4", "10.1", "10.1-pre", "12"]
# Each kind of fault, and whether the write took effect all the same.
LOST = {"fail_before": False, "fail_after": True, "reset_before": False, "reset_after": True,
        "hang_after": True, "truncate": True, "bad_json": True, "html503": False}


every_version = pytest.mark.parametrize("_grafana", ORG_VERSIONS, indirect=True)


def org_named(desk, name):
    status, answer = desk.grafana.api("GET", f"/api/orgs?name={name}")
    assert status == 200
    return answer[0] if answer else None


# ---- org.create ----


@every_version
def test_create_makes_an_org_once(desk):
    name = desk.name("org")
    outcome = desk.ask("org.create", org={"name": name})
    was(outcome, "applied", status=200)
    org = org_named(desk, name)
    assert outcome["target"] == {"org_id": org["id"], "org_name": name}
    assert (outcome["before"], outcome["after"]) == ({"exists": False}, {"exists": True})
    assert desk.grafana.role(org["id"], desk.grafana.user) == "Admin"
    with desk.no_writes():
        outcome = desk.ask("org.create", org={"name": name})
    was(outcome, "already_so")
    assert outcome["target"] == {"org_id": org["id"], "org_name": name}
    assert (outcome["before"], outcome["after"]) == ({"exists": True},) * 2


@every_version
@pytest.mark.parametrize("odd", ["a/b", "x & y? #", "Ünïcode", ".."])
def test_create_takes_odd_names(desk, odd):
    name = f"{odd}{desk.name()}" if odd != ".." else desk.name("...")
    outcome = desk.ask("org.create", org={"name": name})
    was(outcome, "applied", status=200)
    was(desk.ask("org.create", org={"name": name}), "already_so")
    assert desk.grafana.expect("GET", f"/api/orgs/{outcome['target']['org_id']}")["name"] == name


@every_version
def test_names_that_differ_in_letter_case_are_two_orgs(desk):
    name = desk.name("Org")
    first = desk.ask("org.create", org={"name": name})
    second = desk.ask("org.create", org={"name": name.lower()})
    was(second, "applied", status=200)
    assert first["target"]["org_id"] != second["target"]["org_id"]


@every_version
def test_create_takes_no_id(desk):
    outcome = desk.ask("org.create", org={"id": 7, "name": "x"})
    assert was(outcome, "refused", "request.invalid").startswith("data.org.id: ")
    assert "data.org" in was(desk.ask("org.create"), "refused", "request.invalid")


@every_version
def test_somebody_was_faster(desk):
    """Grafana looks and inserts in two steps: the slower of two gets a 500 or a 409."""
    for status in (500, 409):
        name = desk.name("org")
        desk.sim.fault("fail_after", "POST", "/api/orgs", status=status, message="Failed to create organization")
        outcome = desk.ask("org.create", org={"name": name})
        assert outcome["result"] == ("applied" if status == 500 else "already_so")
        assert outcome["target"]["org_id"] == org_named(desk, name)["id"]


@every_version
def test_a_name_that_the_database_holds_for_taken(desk):
    desk.sim.fault("status", "POST", "/api/orgs", status=409, message="Organization name taken")
    assert "letter case" in was(desk.ask("org.create", org={"name": desk.name()}), "refused", "org.name_taken")


# ---- org.rename ----


@every_version
def test_rename_by_id_and_by_name(desk):
    org, names = desk.org(), [desk.name("org") for _ in range(2)]
    outcome = desk.ask("org.rename", org=org.by_id, set={"name": names[0]})
    was(outcome, "applied", status=200)
    assert outcome["target"] == {"org_id": org.id, "org_name": names[0]}
    assert (outcome["before"], outcome["after"]) == ({"exists": True, "name": org.name},
                                                     {"exists": True, "name": names[0]})
    was(desk.ask("org.rename", org={"name": names[0]}, set={"name": names[1]}), "applied", status=200)
    with desk.no_writes():
        was(desk.ask("org.rename", org=org.by_id, set={"name": names[1]}), "already_so")
    assert desk.grafana.expect("GET", f"/api/orgs/{org.id}")["name"] == names[1]


@every_version
def test_rename_to_a_name_that_is_taken(desk):
    org, other = desk.org(), desk.org()
    with desk.no_writes():
        outcome = desk.ask("org.rename", org=org.by_name, set={"name": other.name})
    was(outcome, "refused", "org.name_taken")
    assert desk.grafana.expect("GET", f"/api/orgs/{org.id}")["name"] == org.name
    desk.sim.fault("status", "PUT", f"/api/orgs/{org.id}", status=400, message="Organization name taken")
    was(desk.ask("org.rename", org=org.by_id, set={"name": desk.name()}), "refused", "org.name_taken")


@every_version
def test_rename_of_what_is_not_there(desk):
    was(desk.ask("org.rename", org={"id": 987654}, set={"name": "x"}), "refused", "org.not_found")
    was(desk.ask("org.rename", org={"name": desk.name()}, set={"name": "x"}), "refused", "org.not_found")
    org = desk.org()
    message = was(desk.ask("org.rename", org={"id": org.id, "name": "Another"}, set={"name": "x"}),
                  "refused", "org.not_found")
    assert org.name in message


@every_version
@pytest.mark.parametrize("new", [None, {"login": "x"}, {"name": "x", "email": "y"}])
def test_rename_needs_a_name_and_nothing_else(desk, new):
    assert was(desk.ask("org.rename", org={"id": 1}, set=new), "refused", "request.invalid").startswith("data.set")


# ---- org.delete ----


@every_version
def test_delete_of_an_empty_org(desk):
    org = desk.org()
    outcome = desk.ask("org.delete", org=org.by_name)
    was(outcome, "applied", status=200)
    assert outcome["target"] == {"org_id": org.id, "org_name": org.name}
    assert (outcome["before"], outcome["after"]) == ({"exists": True}, {"exists": False})
    assert org_named(desk, org.name) is None
    for named in (org.by_id, org.by_name):
        with desk.no_writes():
            outcome = desk.ask("org.delete", org=named)
        was(outcome, "already_so")
        assert (outcome["before"], outcome["after"]) == ({"exists": False},) * 2


@every_version
def test_delete_with_members_needs_force_and_tells_who_is_left_without(desk):
    org = desk.org()
    ada, bob = desk.person(org, "Viewer"), desk.person(org, "Admin")
    main = desk.grafana.expect("GET", "/api/orgs/1/users")
    assert ada.login in {member["login"] for member in main}
    desk.grafana.expect("DELETE", f"/api/orgs/1/users/{bob.id}")
    with desk.no_writes():
        outcome = desk.ask("org.delete", org=org.by_id)
    assert "2 members" in was(outcome, "refused", "org.has_members")
    assert outcome["after"] == {"exists": True}
    message = was(desk.ask("org.delete", org=org.by_id, force=True), "applied", status=200)
    assert "its 2 members keep their accounts, 1 of them are now in no org" in message
    assert desk.grafana.lookup(bob.login)["id"] == bob.id


@every_version
def test_org_1_is_never_deleted(desk):
    for named in ({"id": 1}, {"name": "Main Org."}):
        with desk.no_writes():
            was(desk.ask("org.delete", org=named, force=True), "refused", "org.protected")


@every_version
def test_the_only_org_is_never_deleted(sim, stage):
    org_id = sim.create_org("Only")
    sim.expect("DELETE", "/api/orgs/1", org=org_id)
    stage.worker().start()
    outcome = stage.ask(request("org.delete", org={"name": "Only"}, force=True))
    assert "only org" in was(outcome, "refused", "org.protected")
    assert not sim.requests("DELETE", f"^/api/orgs/{org_id}$")
    stage.settle()


@every_version
def test_an_id_of_another_name_is_not_deleted(desk):
    org = desk.org()
    with desk.no_writes():
        outcome = desk.ask("org.delete", org={"id": org.id, "name": "Another"})
    assert org.name in was(outcome, "refused", "org.not_found")


@every_version
def test_the_org_that_grantd_is_in_can_be_deleted(desk):
    org = desk.org()
    desk.sim.change_user(desk.grafana.user, org_id=org.id)
    try:
        was(desk.ask("org.delete", org=org.by_id), "applied", status=200)
    finally:
        desk.sim.change_user(desk.grafana.user, org_id=1)


@every_version
def test_grafana_says_that_it_is_the_callers_org(desk):
    org = desk.org()
    for message in ("Can not delete org for current user",
                    "Cannot delete your active organization. Please switch to a different organization first."):
        desk.sim.fault("status", "DELETE", f"/api/orgs/{org.id}", status=400, message=message)
        assert "another org first" in was(desk.ask("org.delete", org=org.by_id), "refused", "org.protected")


@pytest.mark.parametrize("_grafana", VERSIONS[:1], indirect=True)
def test_the_examples_are_what_they_say(desk):
    for action in ("org.create", "org.rename", "org.delete"):
        event = example(action)
        was(desk.stage.ask(event, mode="structured"), "applied", status=200)
    assert org_named(desk, event["data"]["org"]["name"]) is None


# ---- lost answers ----


def cases(desk, instance):
    """(request, route, check) of each write."""
    name, to, gone, renamed = desk.name("org"), desk.name("org"), desk.org(), desk.org()
    return [
        (request("org.create", instance=instance, org={"name": name}), ("POST", "/api/orgs"),
         lambda: org_named(desk, name) is not None),
        (request("org.rename", instance=instance, org=renamed.by_name, set={"name": to}), ("PUT", f"/api/orgs/{renamed.id}"),
         lambda: org_named(desk, to)["id"] == renamed.id and org_named(desk, renamed.name) is None),
        (request("org.delete", instance=instance, org=gone.by_name), ("DELETE", f"/api/orgs/{gone.id}"),
         lambda: org_named(desk, gone.name) is None),
    ]


@every_version
@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_does_not_change_the_end(desk, kind):
    for event, route, check in cases(desk, instance_for(kind)):
        desk.sim.forget_requests()
        desk.sim.fault(kind, *route)
        outcome = desk.stage.ask(event)
        assert (outcome["result"], outcome["reason"]["code"]) == ("applied", "ok"), outcome
        assert outcome["before"] != outcome["after"]
        assert check(), event
        writes = [entry for entry in desk.sim.requests(*route) if entry["method"] == route[0]]
        assert [entry["applied"] for entry in writes].count(True) == 1
        assert len(writes) == (1 if LOST[kind] else 2)


# ---- kills ----


POINTS = [(action, point) for action in ("org.create", "org.rename", "org.delete")
          for point in ("after_step", "after_write", "before_complete", "after_complete")]
KILLS = [pytest.param(VERSIONS[number % len(VERSIONS)], *case, id="-".join(case))
         for number, case in enumerate(POINTS)]


@pytest.mark.parametrize("_grafana, action, point", KILLS, indirect=["_grafana"])
def test_a_worker_killed_around_a_write(action, point, sim, stage):
    org_id = sim.create_org("Old name")
    before = sim.counters()
    event = {"org.create": request("org.create", org={"name": "New"}),
             "org.rename": request("org.rename", org={"name": "Old name"}, set={"name": "New"}),
             "org.delete": request("org.delete", org={"name": "Old name"})}[action]
    outcome = killed_at(stage, event, f"{point}:1")
    was_done = {"org.create": "org_creates", "org.rename": "org_updates", "org.delete": "org_deletes"}[action]
    after = sim.counters()
    assert {name for name in after if after[name] != before[name]} == {was_done}
    assert after[was_done] == before[was_done] + 1
    assert (outcome["result"], outcome["reason"]["code"]) == ("applied", "ok"), outcome
    assert outcome["before"]["exists"] is (action != "org.create")
    assert outcome["target"]["org_id"] == (org_id if action != "org.create" else org_id + 1)
    stage.settle()


@pytest.mark.parametrize("_grafana", VERSIONS[:1], indirect=True)
def test_a_rename_that_nobody_remembers_is_not_done_twice(sim, stage):
    """Redis was emptied after the write: the new name is there and the old one is not."""
    org_id = sim.create_org("New")
    stage.worker(settings={"redis.epoch_skew_ms": 3600 * 1000}).start()
    outcome = stage.ask(request("org.rename", org={"name": "Old"}, set={"name": "New"}))
    was(outcome, "already_so")
    assert outcome["target"] == {"org_id": org_id, "org_name": "New"}
    stage.settle()
