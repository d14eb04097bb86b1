# SPDX-License-Identifier: Apache-2.0
"""kill -9 at every boundary of the operations on service accounts and tokens.

Workers of the build with crash points die one after the other at the named point, a
plain one finishes. Nothing may tell afterwards: one account, one new token whose
key is in the vault's topic and works, the named token gone and no other.
"""

import pytest

from conftest import VERSIONS
from harness.boundaries import die_at, survive
from harness.desk import Desk
from harness.events import request
from harness.load import SHORT, running_for_an_hour

ALONE = {**SHORT, "worker.threads": 1}
# At which passing each worker dies. A request for a token passes after_step twice and
# after_write once; one that finds a token whose key is lost, each once more.
TOKEN_POINTS = {"after_step": (1, 1, 2), "after_write": (1, 1, 1, 2), "before_complete": (1, 1),
                "after_complete": (1,), "in_commit": (1,), "after_commit": (1,)}
SAID_POINTS = {"after_step": (1, 2), "after_write": (1, 1)}
# With the old one's deletion as the last write.
ROTATE_POINTS = {"after_step": (1, 1, 2), "after_write": (1, 2, 3), "before_complete": (1,), "in_commit": (1,)}
# Passed by the rotation first, but for after_due, and then by what comes due. What a
# worker took that died comes due again 20 seconds later.
OVERLAP_POINTS = {"after_due": (1,), "before_complete": (1, 2), "after_produce": (1, 1), "after_commit": (1, 1)}
OVERLAP_DEADLINE_S = 120
ACCOUNT_POINTS = {"after_write": (1,) * 5, "after_step": (1, 2, 3)}


def cases(points):
    return [pytest.param(VERSIONS[number % len(VERSIONS)], point, passings, id=point)
            for number, (point, passings) in enumerate(points.items())]


def killed(stage, point, passings, *events):
    """Their outcomes' data, after workers that died there."""
    stage.send(*events)
    die_at(stage, *(f"{point}:{passing}" for passing in passings), settings=ALONE)
    survive(stage)
    outcomes = [stage.outcome_of(event)["data"] for event in events]
    for outcome in outcomes:
        assert (outcome["result"], outcome["reason"]["code"]) == ("applied", "ok"), outcome
    return outcomes


@pytest.fixture
def desk(sim, make_stage):
    stage = make_stage()
    running_for_an_hour(stage)
    return Desk(stage)


def bot_in(desk, *tokens):
    org, name = desk.org(), desk.name("bot")
    account = desk.grafana.service_account(org.id, name)
    return org, account, {token: desk.grafana.token(org.id, account, token) for token in tokens}


def made_once(desk, sim, point, passings, said):
    org, account, _ = bot_in(desk, "other")
    event = request("service_account_token.create", org=org.by_id, service_account={"id": account}, token=said)
    [outcome] = killed(desk.stage, point, passings, event)
    assert outcome["before"] == {"exists": False}
    assert set(sim.tokens(org.id, account)) == {"other", outcome["target"]["token_name"]}
    assert sim.tokens(org.id, account)[outcome["target"]["token_name"]] == outcome["target"]["token_id"]
    assert sim.org_of_key(desk.password_of(outcome)) == org.id


@pytest.mark.parametrize("_grafana, point, passings", cases(TOKEN_POINTS), indirect=["_grafana"])
def test_a_token_is_made_once(desk, sim, point, passings):
    made_once(desk, sim, point, passings, None)


@pytest.mark.parametrize("_grafana, point, passings", cases(SAID_POINTS), indirect=["_grafana"])
def test_a_token_of_a_name_that_is_said_is_made_once(desk, sim, point, passings):
    made_once(desk, sim, point, passings, {"name": "said"})


@pytest.mark.parametrize("_grafana, point, passings", cases(ROTATE_POINTS), indirect=["_grafana"])
def test_a_rotation_takes_away_what_it_was_told(desk, sim, point, passings):
    org, account, made = bot_in(desk, "old", "other")
    event = request("service_account_token.rotate", org=org.by_id, service_account={"id": account},
                    token={"name": "old"}, overlap_s=0)
    [outcome] = killed(desk.stage, point, passings, event)
    assert outcome["before"] == {"exists": True, "name": "old"}
    assert set(sim.tokens(org.id, account)) == {"other", outcome["target"]["token_name"]}
    assert sim.org_of_key(desk.password_of(outcome)) == org.id
    assert sim.org_of_key(made["old"][1]) is None
    assert sim.org_of_key(made["other"][1]) == org.id


@pytest.mark.parametrize("_grafana, point, passings", cases(OVERLAP_POINTS), indirect=["_grafana"])
def test_the_old_token_goes_once_when_its_time_has_come(desk, sim, point, passings):
    """Workers die before or while what came due is written; two that are left see to it."""
    org, account, made = bot_in(desk, "old", "other")
    stage = desk.stage
    event = request("service_account_token.rotate", org=org.by_id, service_account={"id": account},
                    token={"id": made["old"][0]}, overlap_s=2)
    stage.send(event)
    die_at(stage, *(f"{point}:{passing}" for passing in passings), settings=ALONE)
    survivors = [stage.worker(SHORT, name=name).start(ready=False) for name in ("w1", "w2")]
    outcome = stage.outcome_of(event)["data"]
    later = stage.follow_up_of(outcome, deadline_s=OVERLAP_DEADLINE_S)
    stage.wait_consumed()
    for survivor in survivors:
        survivor.stop()
    stage.settle()
    for ended in (outcome, later):
        assert (ended["result"], ended["reason"]["code"]) == ("applied", "ok"), ended
    assert set(sim.tokens(org.id, account)) == {"other", outcome["target"]["token_name"]}
    assert sim.counters()["token_deletes"] == 1
    assert sim.org_of_key(desk.password_of(outcome)) == org.id


@pytest.mark.parametrize("_grafana, point, passings", cases(ACCOUNT_POINTS), indirect=["_grafana"])
def test_accounts(desk, sim, point, passings):
    org, account, made = bot_in(desk, "gone")
    gone = sim.service_account(org.id, "gone")
    before = sim.counters()
    outcomes = killed(
        desk.stage, point, passings,
        request("service_account.create", org=org.by_id, service_account={"name": "made"}, role="Editor"),
        request("service_account.update", org=org.by_id, service_account={"id": account}, role="Editor"),
        request("service_account.disable", org=org.by_id, service_account={"id": account}),
        request("service_account.delete", org=org.by_id, service_account={"id": gone}),
        request("service_account_token.delete", org=org.by_id, service_account={"id": account},
                token={"id": made["gone"][0]}))
    assert [outcome["before"]["exists"] for outcome in outcomes] == [False, True, True, True, True]
    left = {name: (shown["role"], shown["isDisabled"]) for name, shown in sim.service_accounts(org.id).items()}
    assert left.pop("made") == ("Editor", False)
    assert list(left.values()) == [("Editor", True)]
    assert sim.tokens(org.id, account) == {}
    done = {name: count - before[name] for name, count in sim.counters().items() if count != before[name]}
    assert done == {"service_creates": 1, "service_updates": 2, "service_deletes": 1, "token_deletes": 1}


@pytest.mark.parametrize("_grafana", ["9.4"], indirect=True)
def test_a_legacy_key_is_made_once_and_goes_once(desk, sim):
    """A worker dies when a key was made, the next when it has replaced that one."""
    org = desk.org()
    old = sim.expect("POST", "/api/auth/keys", {"name": "old", "role": "Viewer"}, org=org.id)["id"]
    made, gone = killed(desk.stage, "after_write", (1, 2),
                        request("api_key.create", org=org.by_id, role="Viewer"),
                        request("api_key.delete", org=org.by_id, api_key={"id": old}))
    assert made["before"] == {"exists": False} and gone["before"]["name"] == "old"
    [key] = sim.expect("GET", "/api/auth/keys", org=org.id)
    assert key["id"] == made["target"]["token_id"]
    assert sim.org_of_key(desk.password_of(made)) == org.id
