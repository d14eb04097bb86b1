# SPDX-License-Identifier: Apache-2.0
"""The ways to a Grafana: TLS, with a certificate of one's own, below a path, through a proxy."""

import pytest

from conftest import VERSIONS
from harness.certificate import Certificate
from harness.desk import Desk, was
from harness.events import request
from harness.front import Front

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)


@pytest.fixture
def desk(make_stage, sim):
    return Desk(make_stage())


@pytest.fixture
def certificate(tmp_path):
    return Certificate(tmp_path, "grafana", "IP:127.0.0.1")


@pytest.fixture
def make_front(sim):
    made = []

    def make(*args, **options):
        made.append(Front(sim.url, *args, **options))
        return made[-1]

    yield make
    for front in made:
        front.close()


def work(desk, settings, env=None):
    """A worker that reaches its Grafana by those settings does all kinds of calls."""
    worker = desk.stage.worker({f"grafana.main.{name}": value for name, value in settings.items()}, env).start()
    made = desk.ask("account.create", user={"login": "ada", "email": "ada@example.com"})
    was(made, "applied", status=200)
    assert desk.grafana.can_log_in("ada", desk.password_of(made))
    org = desk.org("Observability / 1")
    was(desk.ask("org_role.grant", org=org.by_name, user={"login": "ada"}, role="Editor"), "applied", status=200)
    was(desk.ask("account.delete", user={"login": "ada"}), "applied", status=200)
    assert "ok    grafana.main" in desk.stage.grantctl("--config", worker.config_path, "ping")
    desk.settle()


def test_tls(desk, make_front, certificate):
    front = make_front(certificate)
    work(desk, {"url": front.url, "ca_file": certificate.file})
    assert len(front.seen) > 5


def test_a_certificate_of_ones_own(desk, make_front, certificate, tmp_path):
    own = Certificate(tmp_path, "grantd", "DNS:grantd.example")
    front = make_front(certificate, wanted=own)
    work(desk, {"url": front.url, "ca_file": certificate.file,
                "client_cert_file": own.file, "client_key_file": own.key})


@pytest.mark.parametrize("way", ["nobody vouches for it", "it is somebody else's", "grantd's own is wanted"])
def test_without_trust_nothing_is_said_and_nothing_lost(desk, make_front, certificate, tmp_path, way):
    other = Certificate(tmp_path, "other", "DNS:grafana.example" if "else" in way else "IP:127.0.0.1")
    trusted = tmp_path / "trusted.crt"
    with open(certificate.file) as first, open(other.file) as second:
        trusted.write_text(first.read() + (second.read() if "else" in way else ""))
    wants_one = way.startswith("grantd")
    front = make_front(certificate if wants_one else other, wanted=other if wants_one else None)
    settings = {"url": front.url, "ca_file": str(trusted)}
    worker = desk.stage.worker({f"grafana.main.{name}": value for name, value in settings.items()}).start()
    event = desk.stage.send(request("account.create", user={"login": "ada"}))
    worker.wait_log(f"req={event['id']}.*certificate")
    assert not front.seen

    if wants_one:
        worker.stop()
        settings.update(client_cert_file=other.file, client_key_file=other.key)
        desk.stage.worker({f"grafana.main.{name}": value for name, value in settings.items()}).start()
    else:
        front.show(certificate)
    was(desk.stage.outcome_of(event)["data"], "applied", status=200)
    desk.stage.settle()


@pytest.mark.parametrize("slash", ["", "/"])
def test_below_a_path(desk, make_front, slash):
    front = make_front(prefix="/tools/grafana")
    work(desk, {"url": front.url + slash})
    assert {path.split("?")[0] for _, path in front.seen if not path.startswith("/tools/grafana/api/")} <= {
        "/tools/grafana/login", "/tools/grafana/logout"}


def test_through_a_proxy(desk, make_front, sim):
    proxy = make_front()
    work(desk, {"url": sim.url, "proxy": f"http://{proxy.address}"})
    assert all(target.startswith(f"{sim.url}/") for _, target in proxy.seen)


def test_through_a_proxy_with_tls(desk, make_front, certificate):
    proxy, front = make_front(), make_front(certificate)
    work(desk, {"url": front.url, "ca_file": certificate.file, "proxy": f"http://{proxy.address}"})
    assert set(proxy.seen) == {("CONNECT", front.address)}


def test_proxies_of_the_environment_are_not_meant(desk, sim):
    nobody = "http://127.0.0.1:1"
    work(desk, {"url": sim.url}, {name: nobody for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy")})
