# SPDX-License-Identifier: Apache-2.0
"""What an account does about itself, and what the server tells of itself, where versions differ.

What a recorded 9.4 and 10.1 answered is in test_replay.py.
"""

import pytest

from test_simulator import Sim


@pytest.fixture(scope="module", params=["9.4", "10.4", "12.4"])
def server(request):
    sim = Sim("--version", request.param)
    sim.version = tuple(int(part) for part in request.param.split("."))
    yield sim
    sim.stop()


@pytest.fixture
def sim(server):
    server.control("POST", "reset")
    server.control("POST", "users", {"login": "bob", "password": "pass-bob", "orgs": [{"id": 1, "role": "Viewer"}]})
    return server


def test_own_password(sim):
    def change(old, new):
        return sim.api("PUT", "/api/user/password", {"oldPassword": old, "newPassword": new}, login="bob:pass-bob")

    wrong = change("wrong", "pass-bob2")
    assert wrong == (401 if sim.version < (11, 0) else 400, {"message": "Invalid old password"})
    status, short = change("pass-bob", "abcd")
    assert status == 400
    assert short["message"] == "New password is too short"
    assert short.get("messageId") == (None if sim.version < (10, 4) else "password.password-policy-too-short")
    assert sim.counters()["password_sets"] == 0
    assert change("pass-bob", "pass-bob2") == (200, {"message": "User password changed"})
    assert sim.counters()["password_sets"] == 1
    assert sim.api("GET", "/api/user", login="bob:pass-bob")[0] == 401
    assert sim.api("GET", "/api/user", login="bob:pass-bob2")[0] == 200


def test_passwords_of_one_s_own_are_not_logged(sim):
    sim.control("DELETE", "requests")
    sim.api("PUT", "/api/user/password", {"oldPassword": "pass-bob", "newPassword": "pass-new"}, login="bob:pass-bob")
    text = sim.raw("GET", "/sim/requests", login=None)[2]
    assert b"pass-bob" not in text and b"pass-new" not in text and b"password" in text


def test_own_profile(sim):
    assert sim.api("PUT", "/api/user", {"name": "Bob B", "login": "bob"}, login="bob:pass-bob")[0] == 200
    assert sim.user("bob")["name"] == "Bob B"
    assert sim.api("PUT", "/api/user", {}, login="bob:pass-bob")[0] == 400
    assert sim.api("PUT", "/api/user", {"login": "admin"}, login="bob:pass-bob")[0] == (
        500 if sim.version < (11, 0) else 409
    )


def test_the_current_org(sim):
    org = sim.api("POST", "/api/orgs", {"name": "Org B"})[1]["orgId"]
    bob = sim.user("bob")["id"]
    refused = (401, {"message": "Not a valid organization"})
    assert sim.api("POST", f"/api/user/using/{org}", login="bob:pass-bob") == refused
    assert sim.api("POST", f"/api/users/{bob}/using/{org}") == refused
    sim.api("POST", f"/api/orgs/{org}/users", {"loginOrEmail": "bob", "role": "Viewer"})
    assert sim.api("POST", f"/api/users/{bob}/using/{org}") == (200, {"message": "Active organization changed"})
    assert sim.api("GET", "/api/org", login="bob:pass-bob")[1]["id"] == org
    assert sim.api("POST", "/api/user/using/1", login="bob:pass-bob")[0] == 200
    assert sim.api("GET", "/api/org", login="bob:pass-bob")[1]["id"] == 1


def test_stats_and_settings_are_for_server_admins(sim):
    for path in ("/api/admin/stats", "/api/admin/settings"):
        assert sim.api("GET", path)[0] == 200
        assert sim.api("GET", path, login="bob:pass-bob")[0] == 403
    stats = sim.api("GET", "/api/admin/stats")[1]
    assert (stats["orgs"], stats["users"], stats["activeUsers"]) == (1, 2, 2)


def test_settings_say_what_is_set(sim):
    def setting(section, name):
        return sim.api("GET", "/api/admin/settings")[1][section][name]

    assert setting("security", "admin_password") == "*********"
    assert setting("users", "auto_assign_org") == "true"
    assert setting("auth", "disable_login_form") == "false"
    sim.control("POST", "settings", {"auto_assign_org": False, "login_form": False})
    try:
        assert setting("users", "auto_assign_org") == "false"
        assert setting("auth", "disable_login_form") == "true"
    finally:
        sim.control("POST", "settings", {"auto_assign_org": True, "login_form": True})


def test_settings_are_those_of_the_version_and_can_be_replaced(sim):
    def settings():
        return sim.api("GET", "/api/admin/settings")[1]

    first = sim.control("GET", "settings")
    try:
        for version, has_policy, has_sync in (("7.5", False, False), ("9.4", False, True), ("12.4", True, True)):
            sim.control("POST", "settings", {"version": version})
            shown = settings()
            assert ("password_policy" in shown["auth.basic"]) == has_policy
            assert ("skip_org_role_sync" in shown["auth.google"]) == has_sync
            assert list(shown) == sorted(shown) and all(list(keys) == sorted(keys) for keys in shown.values())
        ini = {"auth.google": {"enabled": "true", "skip_org_role_sync": None}, "auth.saml": {"enabled": "true"}}
        assert sim.control("POST", "settings", {"ini": ini, "number": "13.1.0-pre"})["ini"] == ini
        assert settings()["auth.google"] == {"enabled": "true"}
        assert settings()["auth.saml"] == {"enabled": "true"}
        assert sim.api("GET", "/api/health")[1]["version"] == "13.1.0-pre"
        for wrong in ({"ini": {"auth": 7}}, {"ini": {"auth": {"a": True}}}, {"ini": []}, {"number": 'a"b'}):
            assert sim.api("POST", "/sim/settings", wrong, login=None)[0] == 400
        assert sim.control("POST", "settings", {"smtp": True, "key_max_ttl_s": 60})["smtp"]
        assert settings()["smtp"]["enabled"] == "true"
        assert settings()["auth"]["api_key_max_seconds_to_live"] == "60"
    finally:
        sim.control("POST", "settings", first)
    assert settings()["auth"]["api_key_max_seconds_to_live"] == "-1"
