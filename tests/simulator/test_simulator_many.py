# SPDX-License-Identifier: Apache-2.0
"""The simulated Grafana with 100,000 accounts: complete, in order, and kept so."""

import pytest

from test_simulator import Sim

COUNT = 100_000
PER_PAGE = 1000


@pytest.fixture(scope="module", params=["9.4", "12"])
def sim(request):
    sim = Sim("--version", request.param)
    sim.control("POST", "users", {"prefix": "user", "count": COUNT, "org_id": 1, "role": "Viewer"})
    yield sim
    sim.stop()


def search(sim, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    status, answer = sim.api("GET", "/api/users/search?" + text)
    assert status == 200
    return answer


def test_pages_hold_everybody_once_and_in_order(sim):
    logins = []
    page = 1
    while users := (answer := search(sim, perpage=PER_PAGE, page=page))["users"]:
        assert answer["totalCount"] == COUNT + 1
        logins += [user["login"] for user in users]
        page += 1
    assert logins == sorted(["admin"] + [f"user{i}" for i in range(COUNT)])


def test_a_search_finds_all_and_only_those(sim):
    answer = search(sim, query="SER9999", perpage=20, page=1)
    want = sorted(["user9999"] + [f"user9999{i}" for i in range(10)])
    assert answer["totalCount"] == len(want)
    assert [user["login"] for user in answer["users"]] == want
    second = search(sim, query="user9999", perpage=4, page=2)
    assert [user["login"] for user in second["users"]] == want[4:8]


def test_members_of_the_org_are_all_there(sim):
    status, members = sim.api("GET", "/api/orgs/1/users")
    assert status == 200
    assert {member["login"] for member in members} == {"admin"} | {f"user{i}" for i in range(COUNT)}
    status, found = sim.api("GET", "/api/org/users/search?perpage=7&page=3")
    assert status == 200 and found["totalCount"] == COUNT + 1


def test_the_order_is_kept_as_accounts_come_change_and_go(sim):
    body = {"login": "user50000a", "email": "a@example.com", "password": "pass-word"}
    status, created = sim.api("POST", "/api/admin/users", body)
    assert status == 200

    def around(query):
        return [user["login"] for user in search(sim, query=query)["users"]]

    def page_of(login):
        logins = sorted(["admin", login] + [f"user{i}" for i in range(COUNT)])
        place = logins.index(login)
        answer = search(sim, perpage=10, page=place // 10 + 1)
        assert answer["totalCount"] == COUNT + 2
        return [user["login"] for user in answer["users"]], logins[place // 10 * 10 :][:10]

    got, want = page_of("user50000a")
    assert got == want
    changed = {"login": "abc", "email": "abc@example.com"}
    assert sim.api("PUT", f"/api/users/{created['id']}", changed)[0] == 200
    got, want = page_of("abc")
    assert got == want and around("user50000a") == []
    assert sim.api("DELETE", f"/api/admin/users/{created['id']}")[0] == 200
    assert search(sim, perpage=1)["totalCount"] == COUNT + 1 and around("abc") == []
