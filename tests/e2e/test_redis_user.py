# SPDX-License-Identifier: Apache-2.0
"""A user of Redis with the rights that docs/operations.md gives: they are enough, and no key but
the ledger's can be touched with them."""

import os
import re

import pytest
import redis

from conftest import VERSIONS
from harness.desk import Desk, was
from harness.paths import ROOT

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)
PASSWORD = "Redis-passw0rd"


@pytest.fixture
def stage(make_stage, sim):
    """Of a group that may not do what has not been given: the handbook's user, under its own name."""
    stage = make_stage()
    with open(os.path.join(ROOT, "docs", "operations.md"), encoding="utf-8") as file:
        [rights] = re.findall(r"^    user grantd on >PASSWORD (.*)", file.read(), re.MULTILINE)
    assert "{grantd:grantd}" in rights
    rights = rights.replace("{grantd:grantd}", f"{{{stage.name}:{stage.group}}}")
    stage.redis.execute_command("ACL", "SETUSER", stage.group, "reset", "on", f">{PASSWORD}", *rights.split())
    yield stage
    stage.redis.execute_command("ACL", "DELUSER", stage.group)


def test_the_rights_of_the_handbook_are_enough(stage, sim):
    desk, place = Desk(stage), f"127.0.0.1:{stage.services.redis_port}"
    worker = stage.worker({"redis.url": f"redis://{stage.group}:{PASSWORD}@{place}/0",
                           "policy.max_removals_per_minute": 1}).start()
    was(desk.ask("account.create", user={"login": "ada"}), "applied", status=200)
    org, bob = desk.org(), desk.person()
    given = desk.ask("org_role.grant", org=org.by_id, user=bob.by_login, role="Editor", duration_s=3600)
    [over] = desk.end(given)
    was(over, "applied", status=200)
    was(desk.ask("account.delete", user={"login": "ada"}), "applied", status=200)
    was(desk.ask("account.delete", user=bob.by_login), "refused", "policy.fuse_open")

    def ctl(*args, **options):
        return stage.grantctl("--config", worker.config_path, *args, **options)

    assert "ok    redis" in ctl("ping") and "warn  redis" not in ctl("ping")
    assert over["request"]["id"] in ctl("show", over["request"]["id"], "--source", over["request"]["source"])
    assert '"open":true' in ctl("fuse", "show", expected=1)
    ctl("fuse", "reset", "main")
    was(desk.ask("account.delete", user=bob.by_login), "applied", status=200)
    assert "due" in ctl("due", "restore")

    own = redis.Redis(host="127.0.0.1", port=stage.services.redis_port, username=stage.group, password=PASSWORD)
    for words in (["GET", "somebody's"], ["KEYS", "*"], ["FLUSHALL"], ["CONFIG", "SET", "appendonly", "no"]):
        with pytest.raises(redis.exceptions.NoPermissionError):
            own.execute_command(*words)
    own.close()
    desk.settle(secrets=[PASSWORD])
