# SPDX-License-Identifier: Apache-2.0
"""A Kafka that wants TLS, a password and rights: those that docs/operations.md names are enough,
and one that is missing is said, and loses nothing."""

import itertools
import os
import re
import shlex

import pytest

from conftest import VERSIONS
from harness.certificate import Certificate
from harness.desk import Desk, was
from harness.events import REQUEST_TYPE, request
from harness.paths import ROOT, guarded as guarded_module
from harness.stage import Stage
from harness.worker import write_ini

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)

USERS = {name: f"{name}-Kafka-passw0rd" for name in ("grantd", "portal", "vault", "operator")}
_names = itertools.count(1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("broker"), "broker", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory, certificate):
    broker = guarded_module.Guarded(str(tmp_path_factory.mktemp("guarded")), certificate.both, USERS)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def desk(guarded, sim, vault, tmp_path):
    guarded.flush_redis()
    stage = Stage(guarded, sim, vault, tmp_path, f"s{next(_names)}")
    yield Desk(stage)
    stage.close()


def access(guarded, certificate, user, password=None):
    """Settings with which that user gets in."""
    return {"kafka.brokers": guarded.secure, "kafka.property.security.protocol": "SASL_SSL",
            "kafka.property.ssl.ca.location": certificate.file, "kafka.property.sasl.mechanism": "PLAIN",
            "kafka.property.sasl.username": user, "kafka.property.sasl.password": password or USERS[user]}


def handbook(stage):
    """The rights that docs/operations.md gives with kafka-acls.sh, for this stage's topics and group."""
    with open(os.path.join(ROOT, "docs", "operations.md"), encoding="utf-8") as file:
        calls = re.findall(r"^    kafka-acls\.sh … --add (.*)", file.read().replace("\\\n", " "), re.MULTILINE)
    assert len(calls) == 7, calls
    topics = {f"access.{field.replace('_', '-')}": topic for field, topic in stage.topics._asdict().items()}
    names = {**topics, "grantd": stage.group, "grantd-": f"{stage.group}-"}
    found = []
    for call in calls:
        words = shlex.split(call)
        told = [(word[2:], value) for word, value in zip(words[::2], words[1::2])]
        one = dict(told)
        found += [(one["allow-principal"], one["operation"], kind, names.get(name, name),
                   one.get("resource-pattern-type", "literal"))
                  for kind, name in told if kind in ("topic", "group", "transactional-id")]
    return found


def ctl_as(desk, guarded, certificate, user):
    """Runs grantctl with that user's access to Kafka."""
    path = os.path.join(desk.stage.dir, f"{user}.ini")
    config = {section: dict(values) for section, values in desk.stage.config.items()}
    config["kafka"].update({key[len("kafka."):]: value
                            for key, value in access(guarded, certificate, user).items()})
    write_ini(path, config)
    return lambda *args, **options: desk.stage.grantctl("--config", path, *args, **options)


def test_the_rights_of_the_handbook_are_enough(desk, guarded, certificate, vault, tmp_path):
    stage, secret = desk.stage, tmp_path / "kafka-password"
    guarded.allow(handbook(stage))
    secret.write_text(USERS["grantd"])
    secret.chmod(0o600)
    stage.worker(access(guarded, certificate, "grantd", f"$__file{{{secret}}}")).start()

    made = desk.ask("account.create", user={"login": "ada", "email": "ada@example.com"})
    was(made, "applied", status=200)
    desk.password_of(made)
    org, bob = desk.org(), desk.person()
    given = desk.ask("org_role.grant", org=org.by_id, user=bob.by_login, role="Editor", duration_s=3600)
    [over] = desk.end(given)
    was(over, "applied", status=200)
    was(desk.ask("inventory.snapshot"), "applied")
    stage.send_raw(b"no JSON")
    stage.committed.count(stage.topics.dead_letter, 1)

    who = {user: ctl_as(desk, guarded, certificate, user) for user in USERS}
    assert "fail" not in who["grantd"]("ping")
    identity = who["portal"]("submit", "account.disable", "--user", bob.login).strip()
    [asked] = stage.committed.until(lambda _: [one for one in stage.outcomes() if
                                               one["data"]["request"]["id"] == identity], "the portal's outcome")
    stage.requests.append({"type": REQUEST_TYPE, **asked["data"]["request"]})
    assert desk.sim.account(bob.login)["isDisabled"]
    opened = who["vault"]("open", "--topic", "--login", "ada", "--key", vault.private_file)
    assert desk.password_of(made) in opened
    assert "ada" in who["operator"]("inventory", "--format", "csv")
    desk.settle(secrets=USERS.values())


def rights_without(stage, operation, kind, topic=None):
    """All of grantd's rights, and the same less one."""
    rights = [right for right in handbook(stage) if right[0] == "User:grantd"]
    lacking = operation, kind, getattr(stage.topics, topic) if topic else None
    kept = [right for right in rights if (right[1], right[2], right[3] if topic else None) != lacking]
    assert len(kept) == len(rights) - 1
    return rights, kept


@pytest.mark.parametrize("right", [
    "Read topic requests", "Write topic outcomes", "Write topic credentials", "Read group", "Write transactional-id"])
def test_a_right_that_is_missing_is_said_and_loses_nothing(desk, guarded, certificate, right):
    stage = desk.stage
    rights, kept = rights_without(stage, *right.split())
    guarded.allow(kept)
    worker = stage.worker(access(guarded, certificate, "grantd")).start(ready=False)
    event = stage.send(request("account.create", user={"login": "ada", "email": "ada@example.com"}))
    worker.wait_log("uthorization failed")

    guarded.allow(rights)
    was(stage.outcome_of(event)["data"], "applied", status=200)
    desk.settle(secrets=USERS.values())


def test_an_end_that_may_not_be_asked_for_waits(desk, guarded, certificate):
    stage = desk.stage
    rights, kept = rights_without(stage, "Write", "topic", "requests")
    guarded.allow(kept)
    worker = stage.worker(access(guarded, certificate, "grantd")).start()
    org, ada = desk.org(), desk.person()
    given = desk.ask("org_role.grant", org=org.by_id, user=ada.by_login, role="Editor", duration_s=3600)
    desk.make_due(given)
    worker.wait_log("uthorization failed")
    assert desk.sim.role(org.id, ada.login) == "Editor"

    guarded.allow(rights)
    was(stage.follow_up_of(given), "applied", status=200)
    assert desk.sim.role(org.id, ada.login) is None
    desk.settle(secrets=USERS.values())


def test_a_wrong_password_is_said(desk, guarded, certificate):
    stage = desk.stage
    guarded.allow(handbook(stage))
    worker = stage.worker(access(guarded, certificate, "grantd", "an0ther-password")).start(ready=False)
    worker.wait_log("uthentication failed")
    assert worker.http("/readyz")[0] == 503
    ctl = ctl_as(desk, guarded, certificate, "grantd")
    assert "ok    kafka" in ctl("ping")
    assert "an0ther-password" not in worker.log()
