# SPDX-License-Identifier: Apache-2.0
"""Tokens of service accounts and legacy keys: what is minted is in the vault's topic and
works, there is one of it, and a rotation takes away what it was told to and nothing else."""

import datetime
import re

import pytest

from conftest import REAL, VERSIONS
from harness.desk import Desk, evidence, instance_for, was

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS if REAL else ["9.4", "10.1", "11.6", "12"], indirect=True)
LOST = ("reset_after", "hang_after", "fail_after", "truncate", "bad_json", "wrong_type")
OWN_NAME = r"grantd-[0-9a-f]{16}"


@pytest.fixture(scope="module")
def desk(open_stage):
    stage = open_stage()
    stage.worker(settings={**stage.hasty(), "worker.retry_base_ms": 20,
                           "tokens.ttl_s": 600, "tokens.max_ttl_s": 3600}).start()
    desk = Desk(stage)
    yield desk
    desk.settle()


class Bot:
    """A service account, of an org of its own if none is said."""

    def __init__(self, desk, org=None):
        self.desk, self.org, self.name = desk, org or desk.org(), desk.name("bot")
        self.id = desk.grafana.service_account(self.org.id, self.name, "Viewer")

    @property
    def tokens(self):
        return self.desk.grafana.tokens(self.org.id, self.id)

    def make(self, name):
        token_id, key = self.desk.grafana.token(self.org.id, self.id, name)
        return {"id": token_id, "name": name}, key

    def ask(self, action, **data):
        return self.desk.ask(f"service_account_token.{action}", org=self.org.by_id,
                             service_account={"name": self.name}, **data)

    def key_of(self, outcome):
        """The published key, which works, for a token that is there."""
        event = self.desk.credential_of(outcome)
        data, target = event["data"], outcome["target"]
        assert (data["kind"], data["target"]) == ("token", target)
        assert data.get("expires_at") == outcome.get("expires_at")
        assert data["path"].endswith(f"/{outcome['instance']}/org-{self.org.id}/{self.name}/{target['token_name']}")
        key = self.desk.stage.vault.open(event)
        assert self.desk.grafana.org_of_key(key) == self.org.id
        assert self.tokens[target["token_name"]] == target["token_id"]
        return key


@pytest.fixture
def bot(desk):
    return Bot(desk)


def left_s(outcome):
    ends = datetime.datetime.fromisoformat(outcome["expires_at"].replace("Z", "+00:00"))
    return (ends - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


# ---- create ----


def test_create_mints_one_for_the_vault(desk, bot):
    outcome = bot.ask("create")
    was(outcome, "applied", status=200)
    name = outcome["target"]["token_name"]
    assert re.fullmatch(OWN_NAME, name)
    assert evidence(outcome) == ({"exists": False}, {"exists": True, "name": name})
    assert outcome["credential"] == {"version": 1}
    assert 0 < left_s(outcome) <= 600
    bot.key_of(outcome)
    assert list(bot.tokens) == [name]


def test_create_by_a_name_that_is_said(desk, bot):
    outcome = bot.ask("create", token={"name": "deploy"}, ttl_s=3600)
    was(outcome, "applied", status=200)
    assert 600 < left_s(outcome) <= 3600
    bot.key_of(outcome)
    with desk.no_writes():
        again = bot.ask("create", token={"name": "deploy"})
    was(again, "refused", "token.exists")
    assert "credential" not in again
    other = Bot(desk, bot.org)
    assert "elsewhere in the org" in was(other.ask("create", token={"name": "deploy"}), "refused", "token.exists")
    assert list(bot.tokens) == ["deploy"]


def test_two_requests_are_two_tokens(desk, bot):
    first, second = bot.ask("create"), bot.ask("create")
    assert bot.key_of(first) != bot.key_of(second)
    assert len(bot.tokens) == 2


def test_lives_that_are_not_allowed(desk, bot):
    with desk.no_writes():
        assert "max_ttl_s" in was(bot.ask("create", ttl_s=3601), "refused", "token.lifetime")
        assert "never_expiring" in was(bot.ask("create", never_expires=True), "refused", "token.lifetime")
    desk.sim.settings(key_max_ttl_s=30)
    outcome = bot.ask("create", ttl_s=31)
    desk.sim.settings(key_max_ttl_s=0)
    assert "global limit" in was(outcome, "refused", "token.lifetime", 400)
    assert bot.tokens == {}


def test_what_is_not_there(desk, bot):
    nobody = {"org": bot.org.by_id, "service_account": {"name": "nobody"}}
    with desk.no_writes():
        for action in ("create", "rotate"):
            outcome = desk.ask(f"service_account_token.{action}", **nobody)
            was(outcome, "refused", "service_account.not_found")
        was(desk.ask("service_account_token.delete", token={"id": 1}, **nobody), "already_so")
        was(bot.ask("delete", token={"name": "none"}), "already_so")
        mixed = {"service_account": {"id": bot.id, "name": "nobody"}, "token": {"id": 1}}
        was(desk.ask("service_account_token.delete", org=bot.org.by_id, **mixed), "refused", "service_account.not_found")
        for named in (None, {"id": 987654}, {"name": "none"}):
            was(bot.ask("rotate", token=named), "refused", "token.not_found")
        assert was(bot.ask("create", token={"id": 4}), "refused", "request.invalid").startswith("data.token.id: ")


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_leaves_one_token_that_works(desk, bot, kind):
    """What had been made without its key being known is deleted and made anew."""
    desk.sim.fault(kind, "POST", f"/api/serviceaccounts/{bot.id}/tokens")
    outcome = bot.ask("create", instance=instance_for(kind))
    was(outcome, "applied", status=200)
    assert evidence(outcome)[0] == {"exists": False}
    assert outcome["credential"] == {"version": 2}
    bot.key_of(outcome)
    assert len(bot.tokens) == 1


@pytest.mark.parametrize("kind", ["fail_before", "reset_before", "html503"])
def test_a_call_that_did_nothing_is_made_again(desk, bot, kind):
    desk.sim.fault(kind, "POST", f"/api/serviceaccounts/{bot.id}/tokens")
    outcome = bot.ask("create", token={"name": "said"})
    was(outcome, "applied", status=200)
    assert outcome["credential"] == {"version": 1}
    bot.key_of(outcome)


@pytest.mark.parametrize("kind", ["fail_after", "reset_after", "reset_before"])
def test_the_lost_one_is_deleted_whatever_comes(desk, bot, kind):
    desk.sim.fault("reset_after", "POST", f"/api/serviceaccounts/{bot.id}/tokens")
    desk.sim.fault(kind, "DELETE", f"/api/serviceaccounts/{bot.id}/tokens/*")
    outcome = bot.ask("create", token={"name": "said"})
    was(outcome, "applied", status=200)
    bot.key_of(outcome)
    assert list(bot.tokens) == ["said"]


# ---- delete ----


@pytest.mark.parametrize("way", ["id", "name", "both"])
def test_delete(desk, bot, way):
    token, key = bot.make("old")
    bot.make("other")
    named = token if way == "both" else {way: token[way]}
    outcome = bot.ask("delete", token=named)
    was(outcome, "applied", status=200)
    assert evidence(outcome) == ({"exists": True, "name": "old"}, {"exists": False})
    assert (outcome["target"]["token_id"], outcome["target"]["token_name"]) == (token["id"], "old")
    assert list(bot.tokens) == ["other"] and desk.grafana.org_of_key(key) is None
    with desk.no_writes():
        was(bot.ask("delete", token=named), "already_so")


def test_delete_of_an_id_with_another_name(desk, bot):
    token, _ = bot.make("old")
    with desk.no_writes():
        outcome = bot.ask("delete", token={"id": token["id"], "name": "other"})
    was(outcome, "refused", "token.not_found")


@pytest.mark.parametrize("kind", LOST[:5])
def test_a_lost_answer_to_a_delete(desk, bot, kind):
    token, _ = bot.make("old")
    desk.sim.fault(kind, "DELETE", f"/api/serviceaccounts/{bot.id}/tokens/{token['id']}")
    was(bot.ask("delete", instance=instance_for(kind), token=token), "applied")
    assert bot.tokens == {}


# ---- rotate, without overlap ----


@pytest.mark.parametrize("way", [None, "id", "name"])
def test_rotate_replaces_the_old_one(desk, bot, way):
    token, old_key = bot.make("old")
    outcome = bot.ask("rotate", token=way and {way: token[way]}, overlap_s=0)
    was(outcome, "applied", status=200)
    new = outcome["target"]["token_name"]
    assert re.fullmatch(OWN_NAME, new)
    assert evidence(outcome) == ({"exists": True, "name": "old"}, {"exists": True, "name": new})
    bot.key_of(outcome)
    assert list(bot.tokens) == [new] and desk.grafana.org_of_key(old_key) is None


def test_rotate_needs_to_know_which(desk, bot):
    bot.make("one")
    bot.make("two")
    with desk.no_writes():
        outcome = bot.ask("rotate", overlap_s=0)
    was(outcome, "refused", "token.ambiguous")
    was(bot.ask("rotate", token={"name": "one"}, overlap_s=0), "applied", status=200)
    assert "two" in bot.tokens and "one" not in bot.tokens and len(bot.tokens) == 2


@pytest.mark.parametrize("kind", LOST)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_rotation_with_a_lost_answer(desk, bot, method, kind):
    bot.make("old")
    bot.make("other")
    desk.sim.fault(kind, method, f"/api/serviceaccounts/{bot.id}/tokens" + ("/*" if method == "DELETE" else ""))
    outcome = bot.ask("rotate", instance=instance_for(kind), token={"name": "old"}, overlap_s=0)
    was(outcome, "applied", outcome["reason"]["code"], (outcome["reason"]["grafana"] or {}).get("status"))
    bot.key_of(outcome)
    assert set(bot.tokens) == {"other", outcome["target"]["token_name"]}
    assert evidence(outcome)[0] == {"exists": True, "name": "old"}


# ---- rotate, with an overlap ----


def test_after_the_overlap_the_old_one_goes(desk, bot):
    token, old_key = bot.make("old")
    bot.make("other")
    outcome = bot.ask("rotate", token={"name": "old"}, overlap_s=1, requested_by="ada@example.com", ticket="INC-1")
    was(outcome, "applied", status=200)
    new = outcome["target"]["token_name"]
    bot.key_of(outcome)
    later = desk.stage.follow_up_of(outcome)
    was(later, "applied", status=200)
    assert (later["target"]["token_id"], later["target"]["token_name"]) == (token["id"], "old")
    assert (later["requested_by"], later["ticket"]) == ("ada@example.com", "INC-1")
    assert set(bot.tokens) == {"other", new} and desk.grafana.org_of_key(old_key) is None
    bot.key_of(outcome)


def test_until_then_both_work(desk, bot):
    _, old_key = bot.make("old")
    outcome = bot.ask("rotate", overlap_s=3600)
    was(outcome, "applied", status=200)
    assert "will be deleted in 3600 s" in outcome["reason"]["message"]
    at = datetime.datetime.fromisoformat(outcome["follow_up"]["at"].replace("Z", "+00:00"))
    assert 3500 < (at - datetime.datetime.now(datetime.timezone.utc)).total_seconds() <= 3600
    bot.key_of(outcome)
    assert desk.grafana.org_of_key(old_key) == bot.org.id


# ---- legacy keys ----


def has_keys(desk):
    return desk.grafana.api("GET", "/api/auth/keys")[0] == 200 and desk.major < 11


def test_legacy_keys(desk):
    org = desk.org()
    asked = {"org": org.by_id, "api_key": {"name": desk.name("key")}, "role": "Editor"}
    outcome = desk.ask("api_key.create", **asked)
    if not has_keys(desk):
        assert "service_account_token" in was(outcome, "refused", "grafana.unsupported",
                                              (outcome["reason"]["grafana"] or {}).get("status"))
        return
    was(outcome, "applied", status=200)
    name = asked["api_key"]["name"]
    assert evidence(outcome) == ({"exists": False}, {"exists": True, "role": "Editor", "name": name})
    event = desk.credential_of(outcome)
    assert event["data"]["kind"] == "api_key"
    assert event["data"]["path"].endswith(f"/main/org-{org.id}/{name}")
    assert desk.grafana.org_of_key(desk.stage.vault.open(event)) == org.id
    with desk.no_writes():
        was(desk.ask("api_key.create", **asked), "refused", "token.exists")
    outcome = desk.ask("api_key.delete", org=org.by_id, api_key={"name": name})
    was(outcome, "applied", status=200)
    with desk.no_writes():
        was(desk.ask("api_key.delete", org=org.by_id, api_key={"name": name}), "already_so")
    assert desk.grafana.expect("GET", "/api/auth/keys", org=org.id) == []


@pytest.mark.parametrize("kind", LOST)
def test_a_lost_answer_to_a_legacy_key(desk, kind):
    if not has_keys(desk):
        pytest.skip("no legacy keys in this version")
    org = desk.org()
    desk.sim.fault(kind, "POST", "/api/auth/keys")
    outcome = desk.ask("api_key.create", instance=instance_for(kind), org=org.by_id, role="Viewer")
    was(outcome, "applied", status=200)
    assert desk.grafana.org_of_key(desk.password_of(outcome)) == org.id
    assert len(desk.grafana.expect("GET", "/api/auth/keys", org=org.id)) == 1
    outcome = desk.ask("api_key.delete", org=org.by_id, api_key={"id": outcome["target"]["token_id"]})
    was(outcome, "applied", status=200)
