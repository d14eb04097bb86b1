# SPDX-License-Identifier: Apache-2.0
"""rediss://: the ledger over TLS, and that nothing is done while Redis cannot be told for sure.

hiredis has TLS since 1.0: Debian 13 has it, Debian 12 has not, and grantd says so there."""

import subprocess

import pytest

from conftest import VERSIONS
from harness.certificate import Certificate
from harness.desk import Desk, was
from harness.events import request
from harness.paths import binary, services as ports

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)

LINKED = subprocess.run(["ldd", binary("grantd")], capture_output=True, text=True, check=True).stdout
with_tls = pytest.mark.skipif("libhiredis_ssl" not in LINKED, reason="this hiredis has no TLS")
without_tls = pytest.mark.skipif("libhiredis_ssl" in LINKED, reason="this hiredis has TLS")


class TlsPort:
    """A second port of the running redis-server; it shows whichever certificate it was given last."""

    def __init__(self, client, certificate):
        self.client, (self.number,) = client, ports.free_ports(1)
        self.show(certificate)
        client.config_set("tls-auth-clients", "no")
        client.config_set("tls-port", self.number)

    def show(self, certificate):
        # Both at once: Redis refuses a key that is not the certificate's.
        self.client.execute_command("CONFIG", "SET", "tls-cert-file", certificate.file,
                                    "tls-key-file", certificate.key)

    def clients(self):
        return [client for client in self.client.client_list()
                if client["laddr"].endswith(f":{self.number}")]

    def settings(self, trusted):
        return {"redis.url": f"rediss://127.0.0.1:{self.number}/0", "redis.ca_file": trusted.file}

    def close(self):
        self.client.config_set("tls-port", 0)
        ports.give_back(self.number)


@pytest.fixture
def desk(make_stage, sim):
    return Desk(make_stage())


@pytest.fixture
def certificate(tmp_path):
    return Certificate(tmp_path, "redis", "IP:127.0.0.1")


@pytest.fixture
def tls(desk, certificate):
    port = TlsPort(desk.stage.redis, certificate)
    yield port
    port.close()


@with_tls
def test_requests_settle_over_tls(desk, tls, certificate):
    worker = desk.stage.worker(tls.settings(certificate)).start()
    assert tls.clients()
    ada = desk.person()
    was(desk.ask("account.disable", user=ada.by_login), "applied", status=200)
    was(desk.ask("account.disable", user=ada.by_login), "already_so")
    assert "ok    redis" in desk.stage.grantctl("--config", worker.config_path, "ping")
    desk.settle()


@with_tls
@pytest.mark.parametrize("name, is_trusted", [("IP:127.0.0.1", False), ("DNS:redis.example", True)],
                         ids=["nobody vouches for it", "it is somebody else's"])
def test_what_may_not_be_this_redis_is_told_nothing(desk, tls, certificate, tmp_path, name, is_trusted):
    stranger = Certificate(tmp_path, "stranger", name)
    if is_trusted:
        with open(certificate.file, "a") as file, open(stranger.file) as more:
            file.write(more.read())
    tls.show(stranger)
    worker = desk.stage.worker(tls.settings(certificate)).start(ready=False)
    ada = desk.person()
    event = desk.stage.send(request("account.disable", user=ada.by_login))
    worker.wait_log(f"redis 127.0.0.1:{tls.number}: .*certificate verify failed")
    assert worker.http("/readyz")[0] == 503
    assert not desk.sim.account(ada.login)["isDisabled"]

    tls.show(certificate)
    was(desk.stage.outcome_of(event)["data"], "applied", status=200)
    desk.settle()


@without_tls
def test_a_hiredis_without_tls_is_named(desk):
    worker = desk.stage.worker({"redis.url": "rediss://127.0.0.1:1/0"})
    worker.spawn()
    worker.wait_exit(1)
    assert "rediss:// needs hiredis 1.0 or newer" in worker.log()
