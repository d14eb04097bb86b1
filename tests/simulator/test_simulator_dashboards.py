# SPDX-License-Identifier: Apache-2.0
"""Orgs' addresses, folders and dashboards of the simulated Grafana, beyond the recording."""

import pytest

from test_simulator import recorded_exchanges, running  # noqa: F401 (a fixture)


@pytest.fixture(params=["9.4", "10.1", "12"])
def sim(request, running):  # noqa: F811
    return running(request.param)


def org_header(org_id):
    return {"X-Grafana-Org-Id": str(org_id)}


def boards(sim, org_id=1):
    return [board for board in sim.control("GET", "state")["boards"] if board["org_id"] == org_id]


def save(sim, dashboard, headers=None, **more):
    return sim.api("POST", "/api/dashboards/db", {"dashboard": dashboard, **more}, headers=headers)


def test_the_recording_of_folders_and_dashboards_is_replayed():
    names = {exchange["name"] for exchange in recorded_exchanges()}
    assert {"folder-create", "folder-create-dup-uid", "dash-create", "dash-update-overwrite", "search",
            "org-address", "org-quotas"} <= names


def test_folders_and_dashboards_belong_to_the_org_of_the_header(sim):
    org = sim.api("POST", "/api/orgs", {"name": "Second"})[1]["orgId"]
    for where in (1, org):
        assert sim.api("POST", "/api/folders", {"uid": "f", "title": "F"}, headers=org_header(where))[0] == 200
        assert save(sim, {"uid": "d", "title": "D"}, org_header(where), folderUid="f")[0] == 200
    assert [board["uid"] for board in boards(sim, org)] == ["f", "d"]
    assert sim.api("DELETE", f"/api/orgs/{org}")[0] == 200
    assert boards(sim, org) == [] and len(boards(sim)) == 2


def test_a_server_admin_who_is_no_member_may_not(sim):
    org = sim.control("POST", "orgs", {"name": "Others"})["id"]
    for method, path in (("GET", "/api/folders"), ("POST", "/api/folders"), ("POST", "/api/dashboards/db"),
                         ("GET", "/api/dashboards/uid/x"), ("GET", "/api/search")):
        status, answer = sim.api(method, path, {} if method == "POST" else None, headers=org_header(org))
        assert (status, answer["title"]) == (403, "Access denied"), path


def test_saving_compares_versions(sim):
    assert save(sim, {"uid": "d", "title": "D", "version": 7})[1]["version"] == 1
    status, answer = save(sim, {"uid": "d", "title": "D"})
    assert (status, answer["status"]) == (412, "version-mismatch")
    assert save(sim, {"uid": "d", "title": "D2", "version": 1, "x": 1.5})[1]["version"] == 2
    assert save(sim, {"uid": "d", "title": "D3"}, overwrite=True)[1]["version"] == 3
    assert sim.api("GET", "/api/dashboards/uid/d")[1]["dashboard"]["title"] == "D3"
    assert sim.counters()["dashboard_saves"] == 3


def test_a_title_in_a_folder_is_had_once_and_overwriting_takes_its_holder(sim):
    sim.api("POST", "/api/folders", {"uid": "f", "title": "F"})
    first = save(sim, {"uid": "one", "title": "T"}, folderUid="f")[1]["id"]
    assert save(sim, {"uid": "two", "title": "T"})[0] == 200
    status, answer = save(sim, {"uid": "three", "title": "T"}, folderUid="f")
    assert (status, answer["status"]) == (412, "name-exists")
    status, answer = save(sim, {"uid": "three", "title": "T"}, folderUid="f", overwrite=True)
    assert (status, answer["id"], answer["uid"]) == (200, first, "one")


def test_a_provisioned_dashboard_cannot_be_saved(sim):
    save(sim, {"uid": "d", "title": "D"})
    sim.control("PATCH", "boards/d", {"org_id": 1, "provisioned": True})
    assert sim.api("GET", "/api/dashboards/uid/d")[1]["meta"]["provisioned"] is True
    assert save(sim, {"uid": "d", "title": "D"}, overwrite=True) == (
        400, {"message": "Cannot save provisioned dashboard"})


def test_a_folder_takes_its_dashboards_along(sim):
    sim.api("POST", "/api/folders", {"uid": "f", "title": "F"})
    save(sim, {"uid": "in", "title": "In"}, folderUid="f")
    save(sim, {"uid": "out", "title": "Out"})
    assert sim.raw("DELETE", "/api/folders/f")[0] == 200
    assert [board["uid"] for board in boards(sim)] == ["out"]


def test_a_folder_needs_a_free_title_and_a_free_uid(sim):
    assert sim.api("POST", "/api/folders", {"uid": "f", "title": "F"})[0] == 200
    assert sim.api("POST", "/api/folders", {"uid": "f", "title": "G"})[0] == 412
    status, answer = sim.api("POST", "/api/folders", {"title": "F"})
    assert status == 409 and "same name already exists" in answer["message"]
    assert sim.api("PUT", "/api/folders/f", {"title": "H", "version": 9})[0] == 412
    assert sim.api("PUT", "/api/folders/f", {"title": "H", "version": 9, "overwrite": True})[1]["version"] == 2
    counters = sim.counters()
    assert (counters["folder_creates"], counters["folder_updates"]) == (1, 1)
