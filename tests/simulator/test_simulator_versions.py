# SPDX-License-Identifier: Apache-2.0
"""What the versions say of themselves and of members; and the oldest, 7.5, which has roles
instead of permissions, and lists what is wrong in a body."""

import json

import pytest

from test_simulator import ADMIN, Sim

DENIED = (403, {"message": "Permission denied"})
VERSIONS = ["7.5", "9.4", "10.1-pre", "10.1", "10.4", "11.6", "12.4"]


@pytest.fixture(scope="module")
def server():
    sim = Sim("--version", "7.5")
    yield sim
    sim.stop()


@pytest.fixture
def sim(server):
    server.control("POST", "reset")
    return server


@pytest.fixture
def bob(sim):
    return sim.control(
        "POST",
        "users",
        {"login": "bob", "email": "bob@example.com", "password": "pass-bob", "orgs": [{"id": 1, "role": "Editor"}]},
    )["id"]


@pytest.mark.parametrize("version", VERSIONS)
def test_members_have_the_fields_of_their_time(version):
    since = {"isDisabled": "9.4", "isExternallySynced": "10.1-pre", "isProvisioned": "12.4", "uid": "12.4"}
    since["authLabels"] = since["isDisabled"]
    sim = Sim("--version", version)
    try:
        (member,) = sim.api("GET", "/api/orgs/1/users")[1]
        for field, first in since.items():
            assert (field in member) == (VERSIONS.index(version) >= VERSIONS.index(first)), field
        (found,) = sim.api("GET", "/api/org/users/lookup?query=adm")[1]
        assert ("uid" in found) == ("uid" in member)
        profile = sim.api("GET", "/api/users/1")[1]
        assert ("uid" in profile) == (VERSIONS.index(version) >= VERSIONS.index("11.6"))
        assert sim.api("GET", "/api/orgs/1/users/search")[0] == (200 if version == "12.4" else 404)
    finally:
        sim.stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_says_which_version_it_is(version):
    sim = Sim("--version", version)
    try:
        number = sim.api("GET", "/api/health", login=None)[1]["version"]
        assert number.startswith(version.split("-")[0] + ".")
        assert number.endswith("-pre") == version.endswith("-pre")
        assert sim.api("GET", "/api/frontend/settings")[1]["buildInfo"]["version"] == number
    finally:
        sim.stop()


def test_errors_have_a_message_and_nothing_else(sim):
    assert sim.api("GET", "/api/org", login=None) == (401, {"message": "Unauthorized"})
    assert sim.api("GET", "/api/admin/stats", login=None) == (401, {"message": "Unauthorized"})
    assert sim.api("GET", "/api/org", login="admin:no") == (401, {"message": "invalid username or password"})
    bearer = {"Authorization": "Bearer x"}
    assert sim.api("GET", "/api/org", login=None, headers=bearer) == (401, {"message": "invalid API key"})
    assert sim.api("GET", "/api/orgs/99") == (404, {"message": "Organization not found"})
    assert sim.api("PATCH", "/api/orgs/1/users/99", {"role": "Viewer"}) == (500, {"message": "Failed update org user"})
    headers = sim.raw("GET", "/api/orgs")[1]
    assert (headers["cache-control"], headers["pragma"], headers["expires"]) == ("no-cache", "no-cache", "-1")


@pytest.mark.parametrize(
    "content_type, body, status, fault",
    [
        ("application/json", '{"role":"Viewer"}', 422, {"fieldNames": ["LoginOrEmail"], "classification": "RequiredError"}),
        ("application/json", "", 422, {"fieldNames": ["LoginOrEmail"], "classification": "RequiredError"}),
        ("application/json", '{"loginOrEmail":"bob"}', 422, {"fieldNames": ["Role"], "classification": "RequiredError"}),
        ("application/json", '{"loginOrEmail":', 400, {"classification": "DeserializationError"}),
        ("application/json", '{"loginOrEmail":"bob","role":"viewer"}', 400, {"classification": "DeserializationError"}),
        ("text/plain", '{"loginOrEmail":"bob","role":"Viewer"}', 415, {"classification": "ContentTypeError"}),
    ],
)
def test_a_bad_body_is_answered_with_a_list(sim, bob, content_type, body, status, fault):
    got = sim.raw("POST", "/api/orgs/1/users", body, ADMIN, {"Content-Type": content_type})
    (entry,) = json.loads(got[2])
    assert got[0] == status
    message = entry.pop("message")
    assert message == "JSON validation error: invalid role value: viewer" or "viewer" not in body
    assert entry == fault


def test_an_empty_role_is_viewer(sim, bob):
    assert sim.api("PATCH", f"/api/orgs/1/users/{bob}", {"role": ""})[0] == 200
    assert sim.user("bob")["members"][0]["role"] == "Viewer"


def test_rights_are_roles(sim, bob):
    org = sim.api("POST", "/api/orgs", {"name": "Org B"})[1]["orgId"]
    assert sim.api("GET", "/api/org", login="bob:pass-bob")[0] == 200
    assert sim.api("GET", "/api/org/users", login="bob:pass-bob") == DENIED
    # Org admins have no business under /api/orgs, server admins none in orgs they are not in.
    assert sim.api("PATCH", f"/api/orgs/1/users/{bob}", {"role": "Admin"})[0] == 200
    assert sim.api("GET", "/api/org/users", login="bob:pass-bob")[0] == 200
    assert sim.api("GET", "/api/orgs/1/users", login="bob:pass-bob") == DENIED
    assert sim.api("POST", f"/api/orgs/{org}/users", {"loginOrEmail": "bob", "role": "Admin"})[0] == 200
    assert sim.api("DELETE", f"/api/orgs/{org}/users/1")[0] == 200
    header = {"X-Grafana-Org-Id": str(org)}
    assert sim.api("GET", "/api/org/users", headers=header) == DENIED
    assert sim.api("GET", f"/api/orgs/{org}/users")[0] == 200


def test_what_it_does_not_know(sim, bob):
    (member,) = [m for m in sim.api("GET", "/api/orgs/1/users")[1] if m["login"] == "bob"]
    assert not {"isDisabled", "authLabels", "uid"} & set(member)
    assert sim.api("GET", "/api/org?targetOrgId=99")[1]["id"] == 1
    assert sim.api("GET", "/api/orgs/abc") == (404, {"message": "Organization not found"})
    sim.control("PATCH", "users/bob", {"auth_module": "oauth_github"})
    assert sim.api("PATCH", f"/api/orgs/1/users/{bob}", {"role": "Admin"})[0] == 200
    assert sim.api("PUT", f"/api/users/{bob}", {"login": "bob", "name": "B"})[0] == 200
    assert sim.api("GET", "/api/serviceaccounts/search")[0] == 404


def test_a_login_comes_before_an_email(sim, bob):
    other = sim.control("POST", "users", {"login": "bob@example.com", "email": "other@example.com"})["id"]
    assert sim.api("GET", "/api/users/lookup?loginOrEmail=bob@example.com")[1]["id"] == other
    assert sim.api("GET", "/api/users/lookup?loginOrEmail=other@example.com")[1]["id"] == other


def test_the_current_org_can_be_deleted(sim):
    org = sim.api("POST", "/api/orgs", {"name": "Org B"})[1]["orgId"]
    assert sim.api("POST", f"/api/user/using/{org}")[0] == 200
    assert sim.api("DELETE", f"/api/orgs/{org}") == (200, {"message": "Organization deleted"})


def test_who_is_in_no_org_is_shown_no_team_of_it_and_not_refused(sim, bob):
    """SearchTeams and GetTeamByID of 7.x ask for nothing but a login, and look in the caller's org."""
    org_id = sim.api("POST", "/api/orgs", {"name": "Ours"})[1]["orgId"]
    here = {"X-Grafana-Org-Id": str(org_id)}
    team_id = sim.api("POST", "/api/teams", {"name": "Seen"}, headers=here)[1]["teamId"]
    assert sim.api("GET", "/api/teams/search?name=Seen", headers=here)[1]["totalCount"] == 1
    assert sim.api("GET", "/api/teams/search?name=Seen", login="bob:pass-bob", headers=here) == (
        200, {"totalCount": 0, "teams": [], "page": 1, "perPage": 1000})
    assert sim.api("GET", f"/api/teams/{team_id}", login="bob:pass-bob", headers=here)[0] == 404
    assert sim.api("DELETE", f"/api/teams/{team_id}", login="bob:pass-bob", headers=here) == DENIED
    assert sim.api("GET", "/api/teams/search?name=Seen", login=None)[0] == 401
