# SPDX-License-Identifier: Apache-2.0
"""Service accounts, their tokens, legacy keys, and who a token is taken for."""

import base64
import binascii
import hashlib
import json
import re

import pytest
from test_simulator import Sim

ALL = ("9.4", "10.1-pre", "10.1", "10.4", "11.6", "12.4")


@pytest.fixture
def sim():
    running = Sim()
    yield running
    running.stop()


def set_version(sim, version):
    sim.control("POST", "settings", {"version": version})


def bearer(sim, key, path="/api/org", method="GET", body=None, org=None):
    headers = {"Authorization": "Bearer " + key}
    if org is not None:
        headers["X-Grafana-Org-Id"] = str(org)
    return sim.api(method, path, body, login=None, headers=headers)


def make_account(sim, name="robot", role="Viewer", **more):
    status, account = sim.api("POST", "/api/serviceaccounts", {"name": name, "role": role, **more})
    assert status == 201, account
    return account


def make_token(sim, account, name="tok", **more):
    status, token = sim.api(
        "POST", f"/api/serviceaccounts/{account['id']}/tokens", {"name": name, **more}
    )
    assert status == 200, token
    return token


def checksum(key):
    crc = binascii.crc32(key.rsplit("_", 1)[0].encode())
    return crc.to_bytes(4, "little").hex()


def test_an_account_is_made_shown_changed_and_deleted(sim):
    set_version(sim, "9.4")
    made = make_account(sim, "SA Admin", "Admin")
    assert list(made) == [
        "id", "name", "login", "orgId", "isDisabled", "role", "tokens", "avatarUrl",
    ]
    assert (made["login"], made["avatarUrl"]) == ("sa-sa-admin", "")
    path = f"/api/serviceaccounts/{made['id']}"
    status, shown = sim.api("GET", path)
    assert status == 200 and shown["role"] == "Admin" and shown["teams"] is None
    status, changed = sim.api("PATCH", path, {"name": "other", "role": "Viewer"})
    assert status == 200
    assert list(changed) == ["id", "message", "name", "serviceaccount"]
    assert changed["serviceaccount"]["login"] == "sa-sa-admin"
    assert sim.api("PATCH", path, {"isDisabled": True})[1]["serviceaccount"]["isDisabled"]
    assert sim.api("PATCH", path, {"name": "third"})[1]["serviceaccount"]["isDisabled"]
    assert sim.api("DELETE", path) == (200, {"message": "Service account deleted"})
    assert sim.api("GET", path)[0] == 404
    counters = sim.counters()
    assert (counters["service_creates"], counters["service_updates"]) == (1, 3)
    assert counters["service_deletes"] == 1


@pytest.mark.parametrize("version", ALL)
def test_a_login_is_unique_and_since_11_names_the_org(sim, version):
    set_version(sim, version)
    other = sim.control("POST", "orgs", {"name": "Other"})["id"]
    sim.control("PATCH", "users/admin", {"orgs": [{"id": other, "role": "Admin"}]})
    new = version in ("11.6", "12.4")
    assert make_account(sim, "robot")["login"] == ("sa-1-robot" if new else "sa-robot")
    status, answer = sim.api("POST", "/api/serviceaccounts", {"name": "Robot"})
    assert status == 400
    assert answer.get("messageId") == (
        None if version == "9.4" else "serviceaccounts.ErrAlreadyExists"
    )
    status, _ = sim.api(
        "POST", "/api/serviceaccounts", {"name": "robot"}, headers={"X-Grafana-Org-Id": str(other)}
    )
    assert status == (201 if new else 400)


def test_search_filters_sorts_and_pages(sim):
    for name in ("c", "a", "b"):
        make_account(sim, name, isDisabled=name == "b")
    status, found = sim.api("GET", "/api/serviceaccounts/search?perpage=2")
    assert status == 200
    assert (found["totalCount"], found["page"], found["perPage"]) == (3, 1, 2)
    assert [account["name"] for account in found["serviceAccounts"]] == ["a", "b"]
    assert sim.api("GET", "/api/serviceaccounts/search?disabled=true")[1]["totalCount"] == 1
    assert sim.api("GET", "/api/serviceaccounts/search?query=zzz")[1]["serviceAccounts"] == []


@pytest.mark.parametrize("version", ALL)
def test_what_is_not_there(sim, version):
    set_version(sim, version)
    plain = version == "9.4"
    account = make_account(sim)
    path = f"/api/serviceaccounts/{account['id']}"
    status, answer = sim.api("GET", "/api/serviceaccounts/999")
    assert status == 404
    assert answer["message"] == (
        "Failed to retrieve service account" if plain else "service account not found"
    )
    status, answer = sim.api("DELETE", "/api/serviceaccounts/999")
    assert status == (500 if version[:4] in ("9.4", "10.1") else 404)
    status, answer = sim.api("DELETE", path + "/tokens/999")
    assert status == (500 if plain else 404)
    assert sim.api("GET", "/api/serviceaccounts/999/tokens") == (200, [])
    assert sim.api("GET", "/api/serviceaccounts/abc")[0] == 400
    assert sim.api("PATCH", path, {"role": "King"})[1]["message"] == "Bad request data"


@pytest.mark.parametrize("version", ALL)
def test_a_token_works_in_its_org_with_its_accounts_role(sim, version):
    set_version(sim, version)
    other = sim.control("POST", "orgs", {"name": "Other"})["id"]
    admin = make_token(sim, make_account(sim, "boss", "Admin"), "t1")["key"]
    viewer = make_token(sim, make_account(sim, "eye", "Viewer"), "t2")["key"]
    assert re.fullmatch(r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}", admin)
    assert checksum(admin) == admin[-8:]
    assert bearer(sim, admin)[1]["id"] == 1
    assert bearer(sim, admin, "/api/org/users")[0] == 200
    assert bearer(sim, viewer, "/api/org/users")[0] == 403
    status, told = bearer(sim, admin, "/api/user")
    if version in ("9.4", "10.1-pre", "10.1"):
        assert (status, told) == (404, {"message": "user not found"})
    elif version == "10.4":
        assert (status, told) == (403, {"message": "Endpoint only available for users"})
    else:
        assert (status, told["login"], told["id"], told["orgId"]) == (200, "sa-1-boss", 0, 1)
    assert bearer(sim, admin, "/api/user/orgs")[0] == (404 if version in ("9.4", "10.1-pre", "10.1") else 403)
    assert bearer(sim, admin, "/api/orgs")[0] == 403
    assert bearer(sim, admin, "/api/orgs/1/users")[0] == 200
    assert bearer(sim, admin, f"/api/orgs/{other}/users")[0] == 403
    assert bearer(sim, admin, "/api/users/lookup?loginOrEmail=admin")[0] == 403
    status, _ = bearer(sim, admin, "/api/serviceaccounts", "POST", {"name": "child"})
    assert status == 201
    basic = sim.api("GET", "/api/org", login="api_key:" + admin)
    assert basic[0] == 200


def test_what_a_token_made_bears_its_accounts_login(sim):
    set_version(sim, "10.4")
    editor = make_token(sim, make_account(sim, "eddy", "Editor"))["key"]
    key = sim.api("POST", "/api/auth/keys", {"name": "old", "role": "Editor"})[1]["key"]
    for number, (secret, login) in enumerate(((editor, "sa-eddy"), (key, "Anonymous"))):
        assert bearer(sim, secret, "/api/folders", "POST", {"uid": f"f{number}", "title": f"F{number}"})[0] == 200
        dashboard = {"dashboard": {"uid": f"d{number}", "title": "D"}, "folderUid": f"f{number}"}
        assert bearer(sim, secret, "/api/dashboards/db", "POST", dashboard)[0] == 200
        assert sim.api("GET", f"/api/folders/f{number}")[1]["createdBy"] == login
        assert sim.api("GET", f"/api/dashboards/uid/d{number}")[1]["meta"]["createdBy"] == login


@pytest.mark.parametrize("version", ALL)
def test_another_org_in_the_header(sim, version):
    set_version(sim, version)
    other = sim.control("POST", "orgs", {"name": "Other"})["id"]
    key = make_token(sim, make_account(sim))["key"]
    assert bearer(sim, key, org=1)[0] == 200
    status, answer = bearer(sim, key, org=other)
    if version in ("9.4", "10.1-pre"):
        assert (status, answer["id"]) == (200, 1)
    else:
        assert (status, answer["messageId"]) == (401, "api-key.organization-mismatch")


@pytest.mark.parametrize("version", ALL)
def test_refused_tokens(sim, version):
    set_version(sim, version)
    old = version == "9.4"
    account = make_account(sim)
    token = make_token(sim, account)
    for garbage in ("garbage", "glsa_xxx", token["key"][:-1] + "g"):
        status, answer = bearer(sim, garbage)
        assert (status, answer.get("messageId")) == (401, None if old else "api-key.invalid")
    sim.api("PATCH", f"/api/serviceaccounts/{account['id']}", {"isDisabled": True})
    status, answer = bearer(sim, token["key"])
    assert status == 401
    assert answer == {"message": "Service account is disabled"} if old else (
        answer["messageId"] == "identity.disabled"
    )
    path = f"/api/serviceaccounts/{account['id']}/tokens/{token['id']}"
    assert sim.api("DELETE", path)[0] == 200
    status, answer = bearer(sim, token["key"])
    assert status == (500 if old else 401)
    assert answer["message"] == {"9.4": "invalid API key", "10.1": "Unauthorized"}.get(
        version[:4], "Invalid API key"
    )


def test_an_expired_token(sim):
    account = make_account(sim)
    key = make_token(sim, account, secondsToLive=1)["key"]
    seen = sim.api("GET", f"/api/serviceaccounts/{account['id']}/tokens")[1][0]
    while not seen["hasExpired"]:
        seen = sim.api("GET", f"/api/serviceaccounts/{account['id']}/tokens")[1][0]
    status, answer = bearer(sim, key)
    assert (status, answer["messageId"]) == (401, "api-key.expired")
    assert seen["secondsUntilExpiration"] == 0 and seen["expiration"] is not None


@pytest.mark.parametrize("version", ALL)
def test_token_names_and_lives(sim, version):
    set_version(sim, version)
    one, two = make_account(sim, "one"), make_account(sim, "two")
    make_token(sim, one, "tok")
    path = f"/api/serviceaccounts/{two['id']}/tokens"
    status, answer = sim.api("POST", path, {"name": "tok"})
    assert status == (409 if version == "9.4" else 400)
    assert answer["message"].startswith("service account token with given name already exists")
    assert sim.api("POST", path, {"name": "x", "secondsToLive": -1})[0] == 400
    sim.control("POST", "settings", {"key_max_ttl_s": 60})
    status, answer = sim.api("POST", path, {"name": "x"})
    assert (status, answer["message"]) == (
        400, "Number of seconds before expiration should be set",
    )
    status, answer = sim.api("POST", path, {"name": "x", "secondsToLive": 61})
    assert (status, answer["message"]) == (
        400, "Number of seconds before expiration is greater than the global limit",
    )
    sim.control("POST", "settings", {"key_max_ttl_s": 0, "token_limit_days": 1})
    status, headers, text = sim.raw(
        "POST", path, json.dumps({"name": "x", "secondsToLive": 86401}),
        headers={"Content-Type": "application/json"},
    )
    assert status == 400 and headers["Content-Type"].startswith("text/plain")
    assert text.startswith(b"The expiration date input exceeds the limit")
    make_token(sim, two, "x", secondsToLive=86400)


def test_an_admin_account_counts_as_an_admin_of_its_org(sim):
    account = make_account(sim, "boss", "Admin")
    assert sim.control("GET", "state")["orgs"][0]["admins"] == 2
    assert sim.api("DELETE", "/api/orgs/1/users/1")[0] == 200
    assert sim.control("GET", "state")["orgs"][0]["admins"] == 1
    sim.control("PATCH", "users/admin", {"orgs": [{"id": 1, "role": "Admin"}]})
    assert sim.api("DELETE", f"/api/serviceaccounts/{account['id']}")[0] == 200
    assert sim.control("GET", "state")["orgs"][0]["admins"] == 1
    assert "sa-1-boss" not in {user["login"] for user in sim.api("GET", "/api/users")[1]}


@pytest.mark.parametrize("version", ("9.4", "10.1", "10.4"))
def test_legacy_keys(sim, version):
    set_version(sim, version)
    body = {"name": "key1", "role": "Admin", "secondsToLive": 3600}
    status, made = sim.api("POST", "/api/auth/keys", body)
    assert status == 200 and list(made) == ["id", "name", "key"]
    inside = json.loads(base64.b64decode(made["key"]))
    assert (inside["n"], inside["id"]) == ("key1", 1)
    status, answer = sim.api("POST", "/api/auth/keys", body)
    assert (status, answer["message"]) == (409, "API key, organization ID and name must be unique")
    assert sim.api("POST", "/api/auth/keys", {"name": "k", "role": "King"})[0] == 400
    assert bearer(sim, made["key"], "/api/org/users")[0] == 200
    assert [key["name"] for key in sim.api("GET", "/api/auth/keys")[1]] == ["key1"]
    path = f"/api/auth/keys/{made['id']}"
    assert sim.api("DELETE", path) == (200, {"message": "API key deleted"})
    assert sim.api("DELETE", path)[0] == 404
    assert bearer(sim, made["key"])[0] == (500 if version == "9.4" else 401)


def test_legacy_keys_go_away(sim):
    set_version(sim, "11.6")
    status, answer = sim.api("POST", "/api/auth/keys", {"name": "k", "role": "Viewer"})
    assert status == 410 and answer["message"].startswith("this endpoint has been removed")
    assert sim.api("GET", "/api/auth/keys") == (200, [])
    set_version(sim, "12.4")
    assert sim.api("GET", "/api/auth/keys") == (404, {"message": "Not found"})


def test_rights_and_missing_credentials(sim):
    other = sim.control("POST", "orgs", {"name": "Other"})["id"]
    header = {"X-Grafana-Org-Id": str(other)}
    status, answer = sim.api("POST", "/api/serviceaccounts", {"name": "x"}, headers=header)
    assert status == 403 and answer["message"].endswith("serviceaccounts:create")
    assert sim.api("GET", "/api/serviceaccounts/search", login=None)[0] == 401
    set_version(sim, "9.4")
    assert sim.api("GET", "/api/serviceaccounts/search", login=None)[0] == 403


def test_keys_are_told_once_and_never_logged(sim):
    key = make_token(sim, make_account(sim))["key"]
    bearer(sim, key)
    _, _, log = sim.raw("GET", "/sim/requests", login=None)
    _, _, state = sim.raw("GET", "/sim/state", login=None)
    assert key.encode() not in log and key.encode() not in state
    token = json.loads(state)["tokens"][0]
    assert token["key_sha256"] == hashlib.sha256(key.encode()).hexdigest()


def test_7_5_has_keys_and_no_service_accounts(sim):
    set_version(sim, "7.5")
    assert sim.api("GET", "/api/serviceaccounts/search")[0] == 404
    status, made = sim.api("POST", "/api/auth/keys", {"name": "k", "role": "Admin"})
    assert status == 200
    assert bearer(sim, made["key"], "/api/org/users")[0] == 200
    path = f"/api/auth/keys/{made['id']}"
    assert sim.api("DELETE", path)[0] == 200
    assert sim.api("DELETE", path) == (200, {"message": "API key deleted"})
    assert bearer(sim, made["key"])[0] == 401
