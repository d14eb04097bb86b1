# SPDX-License-Identifier: Apache-2.0
"""The simulated Grafana's login form, its sessions, and how they rotate and end."""

import json

import pytest

from test_simulator import Sim

TYPED = {"messageId", "message", "statusCode"}


@pytest.fixture(scope="module")
def sims():
    made = {}

    def get(version):
        if version not in made:
            made[version] = Sim("--version", version)
        made[version].control("POST", "reset")
        made[version].control("DELETE", "requests")
        made[version].control("POST", "settings", {"version": version, "login_form": True,
                                                   "brute_force": True})
        return made[version]

    yield get
    for sim in made.values():
        sim.stop()


@pytest.fixture(params=["9.4", "10.1", "12"])
def sim(request, sims):
    return sims(request.param)


def cookies(headers):
    """name -> (value, attributes) of what is set."""
    found = {}
    for line in headers.get_all("Set-Cookie") or []:
        pair, _, attributes = line.partition("; ")
        name, _, value = pair.partition("=")
        found[name] = (value, attributes)
    return found


def post_login(sim, user="admin", password="admin", body=None):
    body = json.dumps({"user": user, "password": password} if body is None else body)
    status, headers, data = sim.raw("POST", "/login", body, None, {"Content-Type": "application/json"})
    return status, cookies(headers), json.loads(data)


def log_in(sim, user="admin", password="admin"):
    status, set_cookies, _ = post_login(sim, user, password)
    assert status == 200
    return set_cookies["grafana_session"][0]


def ask(sim, cookie, path="/api/user", method="GET"):
    """(status, cookies set, JSON) of a call with a session."""
    status, headers, data = sim.raw(method, path, None, None, {"Cookie": f"a=b; grafana_session={cookie}"})
    return status, cookies(headers), json.loads(data)


def test_a_login_opens_a_session_that_every_call_takes(sims):
    for version, names in (("9.4", {"grafana_session"}), ("10.1", {"grafana_session", "grafana_session_expiry"})):
        sim = sims(version)
        status, set_cookies, answer = post_login(sim)
        assert (status, answer, set(set_cookies)) == (200, {"message": "Logged in"}, names)
        value, attributes = set_cookies["grafana_session"]
        assert len(value) == 32 and attributes == "Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"
        status, again, user = ask(sim, value)
        assert (status, again, user["login"]) == (200, {}, "admin")
        assert ask(sim, value, "/api/orgs")[0] == 200


@pytest.mark.parametrize("version, wrong, blocked, off, empty", [
    ("9.4", (401, None), (401, None), (401, None), (400, None)),
    ("10.1-pre", (400, "password-auth.failed"), (401, "login-attempt.blocked"), (400, "auth.client.notConfigured"),
     (400, "form-auth.invalid")),
    ("10.1", (401, "password-auth.failed"), (401, "login-attempt.blocked"), (400, "auth.client.notConfigured"),
     (400, "form-auth.invalid")),
    ("12", (401, "password-auth.failed"), (401, "password-auth.failed"), (400, "auth.client.notConfigured"),
     (400, "form-auth.invalid")),
])
def test_what_the_form_refuses(sims, version, wrong, blocked, off, empty):
    sim = sims(version)
    sim.control("POST", "users", {"login": "bob", "password": "right"})

    def refusal(*credentials, body=None):
        status, set_cookies, answer = post_login(sim, *credentials, body=body)
        assert set_cookies == {}
        if "messageId" in answer:
            assert TYPED <= set(answer) and "extra" not in answer
        return (status, answer.get("messageId")), answer["message"]

    for _ in range(3):
        assert refusal("bob", "wrong") == (wrong, "Invalid username or password")
    # Basic credentials and the form count together.
    for _ in range(2):
        assert sim.api("GET", "/api/user", login="bob:wrong")[0] == wrong[0]
    assert refusal("bob", "right") == (blocked, "Invalid username or password")
    assert sim.api("GET", "/api/user", login="bob:right")[0] == 401
    assert refusal(body={"user": "bob"}) == (empty, "bad login data")
    sim.control("POST", "settings", {"login_form": False})
    assert refusal("admin", "admin") == (off, "Login is disabled" if version == "9.4" else "Bad request")
    assert sim.api("GET", "/api/user")[0] == 200


def test_a_session_ends_with_logout_disable_deletion_and_reset(sim):
    for end in ("logout", "disable", "password", "delete"):
        user = sim.control("POST", "users", {"login": end, "password": "right"})["id"]
        cookie = log_in(sim, end, "right")
        assert ask(sim, cookie)[0] == 200
        if end == "delete":
            assert sim.api("DELETE", f"/api/admin/users/{user}")[0] == 200
        elif end == "password":
            assert sim.api("PUT", f"/api/admin/users/{user}/password", {"password": "newer"})[0] == 200
        else:
            assert sim.api("POST", f"/api/admin/users/{user}/{end}")[0] == 200
        ends = end != "password" or sim.control("GET", "settings")["version"].startswith("12")
        assert ask(sim, cookie)[0] == (401 if ends else 200)


def test_an_unknown_session_is_nobody_in_9_and_a_401_later(sims):
    status, set_cookies, answer = ask(sims("9.4"), "f" * 32)
    assert (status, answer) == (401, {"message": "Unauthorized"})
    assert set_cookies["grafana_session"] == ("", "Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
    # What 9.x leaves open to access control says 403, not 401.
    status, set_cookies, answer = ask(sims("9.4"), "f" * 32, "/api/admin/users/1/auth-tokens")
    assert (status, answer["title"]) == (403, "Access denied") and "grafana_session" in set_cookies
    for path in ("/api/user", "/api/admin/users/1/auth-tokens"):
        assert ask(sims("10.1"), "f" * 32, path) == (401, {}, {"message": "Unauthorized", "traceID": ""})


def test_the_log_out_page_ends_the_session(sim):
    cookie = log_in(sim)
    status, headers, _ = sim.raw("GET", "/logout", None, None, {"Cookie": f"grafana_session={cookie}"})
    assert (status, headers["Location"]) == (302, "/login")
    assert cookies(headers)["grafana_session"][0] == ""
    assert ask(sim, cookie)[0] == 401


def test_older_servers_rotate_with_any_answer(sims):
    for version in ("9.4", "10.1"):
        sim = sims(version)
        old = log_in(sim)
        assert ask(sim, old)[1] == {}
        sim.control("POST", "settings", {"rotate_sessions": True})
        status, set_cookies, _ = ask(sim, old)
        new = set_cookies["grafana_session"][0]
        assert status == 200 and len(new) == 32 and new != old
        # The one before is good until the next rotation.
        assert ask(sim, old)[:2] == (200, {}) and ask(sim, new)[:2] == (200, {})
        sim.control("POST", "settings", {"rotate_sessions": True})
        newest = ask(sim, new)[1]["grafana_session"][0]
        assert (ask(sim, old)[0], ask(sim, new)[0], ask(sim, newest)[0]) == (401, 200, 200)
        assert ask(sim, newest, "/api/user/auth-tokens/rotate", "POST")[0] == 404


def test_newer_servers_ask_for_the_rotation(sims):
    sim = sims("12")
    old = log_in(sim)
    assert ask(sim, old)[0] == 200
    sim.control("POST", "settings", {"rotate_sessions": True})
    for _ in range(2):
        status, set_cookies, answer = ask(sim, old)
        assert (status, answer["messageId"], set_cookies) == (401, "session.token.rotate", {})
    status, set_cookies, answer = ask(sim, old, "/api/user/auth-tokens/rotate", "POST")
    new = set_cookies["grafana_session"][0]
    assert (status, answer) == (200, {}) and "grafana_session_expiry" in set_cookies
    assert ask(sim, new)[0] == 200 and ask(sim, old)[0] == 200
    assert ask(sim, "f" * 32, "/api/user/auth-tokens/rotate", "POST")[0] == 401


def test_a_revoked_session_is_told_so(sim):
    cookie = log_in(sim)
    sim.control("POST", "settings", {"revoke_sessions": True})
    assert ask(sim, cookie) == (401, {}, {"message": "Token revoked",
                                          "error": {"id": "ERR_TOKEN_REVOKED", "maxConcurrentSessions": 0}})


def test_logins_are_listed_beside_the_sessions_that_were_made_up(sim):
    user = sim.control("POST", "users", {"login": "bob", "password": "right", "sessions": 2})["id"]
    log_in(sim, "bob", "right")
    assert len(sim.api("GET", f"/api/admin/users/{user}/auth-tokens")[1]) == 3


def test_the_log_names_the_credential_and_never_shows_it(sim):
    cookie = log_in(sim)
    ask(sim, cookie)
    ask(sim, "f" * 32)
    sim.api("GET", "/api/user")
    sim.api("GET", "/api/user", login=None)
    sim.api("GET", "/api/user", login=None, headers={"Authorization": "Bearer glsa_hush"})
    sim.api("GET", "/api/user", login=None, headers={"Authorization": "Bearer hush"})
    entries = sim.control("GET", "requests")
    assert [(e["credential"], e["login"]) for e in entries] == [
        ("none", None), ("session", "admin"), ("session", None), ("basic", "admin"), ("none", None),
        ("token", None), ("token", None)]
    assert entries[0]["body"] == {"user": "admin", "password": "***"} and not entries[0]["write"]
    text = json.dumps(entries)
    assert cookie not in text and "hush" not in text


def test_the_cookies_are_told_to_tests(sim):
    assert sim.control("GET", "cookies") == []
    first, second = log_in(sim), log_in(sim)
    assert sorted(sim.control("GET", "cookies")) == sorted([first, second])
