# SPDX-License-Identifier: Apache-2.0
"""The simulated Grafana's teams: what differs between versions, and what goes with what.

What a recorded 9.4 answered is in test_simulator.py.
"""

import pytest

from test_simulator import Sim

VERSIONS = ["9.4", "10.1", "10.4", "11.6", "12.4"]
MEMBERS_LOCKED = {"message": "Team memberships cannot be updated for provisioned teams"}


@pytest.fixture(scope="module", params=VERSIONS)
def server(request):
    sim = Sim("--version", request.param)
    sim.version = tuple(int(part) for part in request.param.split("."))
    yield sim
    sim.stop()


@pytest.fixture
def sim(server):
    server.control("POST", "reset")
    return server


def team(sim, name="Team 1", org=1, **fields):
    status, answer = sim.api("POST", "/api/teams", {"name": name, **fields}, headers=in_org(org))
    assert status == 200, answer
    return answer["teamId"]


def in_org(org):
    return {"X-Grafana-Org-Id": str(org)}


def traced(sim, message):
    """A plain error that had an inner cause."""
    return {"message": message, **({"traceID": ""} if sim.version < (11,) else {})}


def members(sim, team_id):
    return sim.api("GET", f"/api/teams/{team_id}/members")[1]


def test_a_team_is_made_and_shown(sim):
    status, answer = sim.api("POST", "/api/teams", {"name": "Team 1", "email": "t1@example.test"})
    assert status == 200
    assert set(answer) == {"message", "teamId"} | ({"uid"} if sim.version >= (11,) else set())
    keys = ["id", "uid", "orgId", "name", "email", "externalUID", "isProvisioned", "avatarUrl", "memberCount",
            "permission", "accessControl"]
    absent = ([] if sim.version >= (10,) else ["uid"]) + \
        ([] if sim.version >= (12,) else ["externalUID", "isProvisioned"])
    status, shown = sim.api("GET", "/api/teams/1")
    assert status == 200 and list(shown) == [key for key in keys if key not in absent]
    assert (shown["id"], shown["orgId"], shown["name"], shown["email"]) == (1, 1, "Team 1", "t1@example.test")
    found = sim.api("GET", "/api/teams/search?name=Team%201")[1]
    assert found == {"totalCount": 1, "teams": [shown], "page": 1, "perPage": 1000}
    assert sim.api("POST", "/api/teams", {"name": "Team 1"}) == (409, traced(sim, "Team name taken"))
    assert sim.api("GET", "/api/teams/x") == (400, traced(sim, "teamId is invalid"))
    assert sim.counters()["team_creates"] == 1


def test_who_makes_a_team_is_its_admin(sim):
    [creator] = members(sim, team(sim))
    assert (creator["login"], creator["permission"]) == ("admin", 4)
    assert ("teamUID" in creator, "userUID" in creator) == (sim.version >= (10,), sim.version >= (11,))


def test_members_come_and_go(sim):
    ada = sim.control("POST", "users", {"login": "ada", "orgs": [{"id": 1, "role": "Viewer"}]})["id"]
    eve = sim.control("POST", "users", {"login": "eve"})["id"]  # of no org at all
    team_id = team(sim)
    path = f"/api/teams/{team_id}/members"
    for user_id in (ada, eve):
        assert sim.api("POST", path, {"userId": user_id}) == (200, {"message": "Member added to Team"})
    assert sim.api("POST", path, {"userId": ada}) == (400, {"message": "User is already added to this team"})
    assert sim.api("POST", path, {"userId": 999}) == (500, traced(sim, "Failed to add Member to Team"))
    assert [(member["userId"], member["permission"]) for member in members(sim, team_id)] == [
        (ada, 0), (1, 4), (eve, 0)]
    assert [shown["id"] for shown in sim.api("GET", f"/api/users/{eve}/teams")[1]] == [team_id]
    assert sim.api("DELETE", f"{path}/{ada}") == (200, {"message": "Team Member removed"})
    assert sim.api("DELETE", f"{path}/{ada}") == (404, {"message": "Team member not found"})
    assert sim.api("GET", f"/api/teams/{team_id}")[1]["memberCount"] == 2
    counters = sim.counters()
    assert (counters["team_member_adds"], counters["team_member_removes"]) == (2, 1)


def test_a_missing_team(sim):
    new = sim.version >= (12,)
    assert sim.api("GET", "/api/teams/9") == (404, traced(sim, "Team not found"))
    assert sim.api("DELETE", "/api/teams/9") == (
        404, {"message": "Team not found" if new else "Failed to delete Team. ID not found"})
    assert sim.api("PUT", "/api/teams/9", {"name": "x"}) == (
        (404, {"message": "Team not found"}) if new else (500, traced(sim, "Failed to update Team")))
    assert sim.api("POST", "/api/teams/9/members", {"userId": 1}) == (
        (404, {"message": "Team not found"}) if new else (500, traced(sim, "Failed to add Member to Team")))
    assert sim.api("DELETE", "/api/teams/9/members/1") == (404, {"message": "Team not found"})
    assert sim.api("GET", "/api/teams/9/members") == (200, [])


def test_teams_are_an_orgs_own(sim):
    status, answer = sim.api("POST", "/api/orgs", {"name": "Other"})
    other = answer["orgId"]
    team_id = team(sim, org=other)
    assert sim.api("GET", f"/api/teams/{team_id}")[0] == 404
    assert sim.api("GET", f"/api/teams/{team_id}", headers=in_org(other))[0] == 200
    assert team(sim, org=1) != team_id  # the same name, another org
    # A server admin outside of the org has no rights there.
    stranger = sim.control("POST", "orgs", {"name": "Stranger"})["id"]
    for method, path, body in (("GET", "/api/teams/search", None), ("POST", "/api/teams", {"name": "x"}),
                               ("GET", f"/api/teams/{team_id}/members", None)):
        status, answer = sim.api(method, path, body, headers=in_org(stranger))
        assert status == 403 and "accessErrorId" in answer


def test_leaving_the_org_leaves_its_teams(sim):
    ada = sim.control("POST", "users", {"login": "ada", "orgs": [{"id": 1, "role": "Viewer"}]})["id"]
    eve = sim.control("POST", "users", {"login": "eve"})["id"]
    team_id = team(sim)
    for user_id in (ada, eve):
        sim.api("POST", f"/api/teams/{team_id}/members", {"userId": user_id})
    assert sim.api("DELETE", f"/api/orgs/1/users/{ada}")[0] == 200
    assert sim.api("DELETE", f"/api/admin/users/{eve}")[0] == 200
    assert [member["login"] for member in members(sim, team_id)] == ["admin"]
    assert sim.api("DELETE", f"/api/teams/{team_id}") == (200, {"message": "Team deleted"})
    assert sim.control("GET", "state")["teams"] == []


def test_a_team_that_scim_made_is_locked(sim):
    team_id = team(sim)
    ada = sim.control("POST", "users", {"login": "ada"})["id"]
    sim.control("PATCH", f"teams/{team_id}", {"org_id": 1, "is_provisioned": True})
    path = f"/api/teams/{team_id}"
    assert sim.api("POST", path + "/members", {"userId": ada}) == (400, MEMBERS_LOCKED)
    assert sim.api("PUT", path + "/members/1", {"permission": 0}) == (400, MEMBERS_LOCKED)
    assert sim.api("DELETE", path + "/members/1") == (400, MEMBERS_LOCKED)
    assert sim.api("DELETE", path) == (400, {"message": "Cannot delete provisioned teams"})
    assert sim.api("PUT", path, {"name": "Other"}) == (
        400, {"message": "Team name cannot be changed for provisioned teams"})
    [state] = sim.control("GET", "state")["teams"]
    assert state["members"] == [{"user_id": 1, "permission": 4}]
