# SPDX-License-Identifier: Apache-2.0
"""grantctl, as an operator uses it: its output, its exit codes, and what it keeps to itself."""

import itertools
import json
import os
import pty
import re
import stat
import subprocess

import pytest
from jwcrypto import jwe, jwk

from harness import events
from harness.kafka import Collector
from harness.paths import DEADLINE_S, SCHEMAS, binary, wait_until
from harness.process import environment
from harness.worker import write_ini

OK, NO, USAGE, CONFIG, UNREACHABLE, NOT_FOUND = range(6)
ENVIRONMENT = environment()
PASSWORD = "pass\"word\\ \u00e9"


class Grantctl:
    """Runs grantctl with one configuration file."""

    def __init__(self, config_path, config):
        self.path, self.config = config_path, config
        self.write()

    def write(self, **changes):
        """The configuration, with "section__name" replaced (None: left out)."""
        config = {section: dict(values) for section, values in self.config.items()}
        for name, value in changes.items():
            section, _, key = name.partition("__")
            config[section.replace("_main", ".main")][key] = value
        write_ini(self.path, config)

    def argv(self, *args):
        return [binary("grantctl"), "--config", self.path, *args]

    def run(self, *args, input=None, expected=OK):
        done = subprocess.run(self.argv(*args), input=input, capture_output=True, text=True, timeout=120,
                              env=ENVIRONMENT)
        assert done.returncode == expected, f"{args}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def lines(self, *args, **kwargs):
        return [json.loads(line) for line in self.run(*args, **kwargs).stdout.splitlines()]


@pytest.fixture
def ctl(stage, tmp_path):
    return Grantctl(str(tmp_path / "grantctl.ini"), stage.config)


@pytest.fixture
def bare(tmp_path, vault):
    """For what needs no servers: none of them is there."""
    return Grantctl(str(tmp_path / "bare.ini"), {
        "kafka": {"brokers": "127.0.0.1:1"}, "redis": {"url": "redis://:hidden-1@127.0.0.1:1/0"},
        "vault": {"key_file": vault.public_file},
        "grafana.main": {"url": "http://127.0.0.1:1", "user": "admin", "password": "hidden-2"}})


def created(stage, login):
    """An account, made by the running worker."""
    request = events.request("account.create", user={"login": login, "email": f"{login}@example.com"})
    assert stage.ask(request)["result"] == "applied"
    return request


# ---- without servers ----

def test_help_of_everything_names_the_exit_codes(bare):
    for command in ("submit", "watch", "show", "open", "keygen", "config", "ping", "reasons", "fuse", "doctor",
                    "due", "inventory"):
        for args in ((command, "--help"), (command, "-h")):
            shown = bare.run(*args)
            assert f"usage: grantctl {command}" in shown.stdout
            assert "Exit codes: 0 ok" in shown.stdout
        assert command in bare.run("--help").stdout
    assert bare.run("--version").stdout.startswith("grantctl ")


def test_submit_names_every_action(bare):
    listed = bare.run("submit", "--help").stdout.partition("docs/examples):\n")[2]
    named = set()
    for group in re.split("[;\n]", listed):
        first, *others = [word.strip() for word in group.split(",")]
        named |= {first, *(first.rpartition(".")[0] + other for other in others)} - {""}
    with open(os.path.join(SCHEMAS, "request.schema.json"), encoding="utf-8") as file:
        assert named == set(json.load(file)["properties"]["action"]["enum"])


@pytest.mark.parametrize("args", [
    (), ("nothing",), ("--nothing",), ("submit",), ("submit", "--nothing"), ("submit", "a", "b"),
    ("watch", "x"), ("watch", "--count", "0"), ("show",), ("show", "a", "b"), ("open",),
    ("open", "--key", "k", "--topic"), ("open", "--key", "k", "--login", "ada"), ("keygen",),
    ("keygen", "--private", "p"), ("config",), ("config", "chek"), ("ping", "x"), ("fuse",),
    ("fuse", "blow"), ("fuse", "show", "main", "lab"), ("fuse", "show", "nowhere")])
def test_misuse_is_2(bare, args):
    assert bare.run(*args, expected=USAGE).stderr


def test_a_key_pair_seals_and_opens(bare, tmp_path):
    private, public = str(tmp_path / "p.jwk"), str(tmp_path / "q.jwk")
    kid = bare.run("keygen", "--private", private, "--public", public).stdout.strip()
    assert stat.S_IMODE(os.stat(private).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(public).st_mode) == 0o644
    with open(public, encoding="utf-8") as file:
        text = file.read()
    key = jwk.JWK.from_json(text)
    assert "d" not in json.loads(text) and json.loads(text)["kid"] == kid

    token = jwe.JWE(PASSWORD.encode(), protected={"alg": "ECDH-ES", "enc": "A256GCM", "kid": kid})
    token.add_recipient(key)
    data = {"instance": "main", "kind": "password", "version": 2, "kid": kid, "path": "grafana/main/ada",
            "target": {"login": "ada"}, "request": {"id": "r-1"}, "sealed": token.serialize(compact=True)}
    file = tmp_path / "event.json"
    for event in (data, {"id": "1", "data": data}):
        file.write_text(json.dumps(event))
        opened = json.loads(bare.run("open", "--key", private, str(file)).stdout)
        assert opened == {"instance": "main", "login": "ada", "kind": "password", "version": 2, "kid": kid,
                          "path": "grafana/main/ada", "request_id": "r-1", "password": PASSWORD}
        only = bare.run("open", "--key", private, "--password-only", "-", input=json.dumps(event))
        assert only.stdout == PASSWORD + "\n"

    bare.run("open", "--key", public, str(file), expected=NO)
    bare.run("keygen", "--private", str(tmp_path / "p2.jwk"), "--public", str(tmp_path / "q2.jwk"))
    refused = bare.run("open", "--key", str(tmp_path / "p2.jwk"), str(file), expected=NO)
    assert refused.stdout == "" and PASSWORD not in refused.stderr
    bare.run("open", "--key", private, input="{}", expected=NO)
    bare.run("open", "--key", private, input="", expected=NO)


def test_keygen_never_overwrites_and_leaves_no_half_pair(bare, tmp_path):
    there = tmp_path / "there"
    there.write_text("mine")
    new = tmp_path / "new"
    for private, public in ((there, new), (new, there)):
        assert "File exists" in bare.run("keygen", "--private", str(private), "--public", str(public),
                                         expected=NO).stderr
        assert there.read_text() == "mine" and not new.exists()


def test_config_check_lists_all_faults_and_hides_secrets(bare, vault):
    assert bare.run("config", "check").stdout == "ok\n"
    dump = bare.run("config", "check", "--dump").stdout
    assert "brokers = 127.0.0.1:1" in dump and "hidden" not in dump
    bare.write(kafka__group="a b", redis__url="http://x:hidden-1@y")
    faults = bare.run("config", "check", expected=CONFIG).stderr
    assert "group" in faults and "url" in faults and "hidden" not in faults
    bare.write(vault__key_file=vault.public_file + ".not")
    assert "key_file" in bare.run("config", "check", expected=CONFIG).stderr
    bare.write(**{"kafka__property.no.such.property": "1"})
    assert "no.such.property" in bare.run("config", "check", expected=CONFIG).stderr
    bare.run("watch", expected=CONFIG)


def test_what_is_not_there_is_4(bare):
    shown = bare.run("ping", expected=UNREACHABLE).stdout.splitlines()
    assert [line.split()[:2] for line in shown] == [
        ["fail", "kafka:"], ["fail", "redis:"], ["fail", "grafana.main:"]]
    assert "hidden" not in "".join(shown)
    bare.run("show", "x", expected=UNREACHABLE)
    bare.run("watch", expected=UNREACHABLE)


def test_a_request_that_cannot_be_right_is_not_sent(bare, tmp_path):
    for args, text in ((("submit", "org_role.grant", "--user", "ada", "--role", "Boss"), "data.role"),
                       (("submit", "a", "--user", "ada", "--deadline", "soon"), "data.deadline"),
                       (("submit", str(tmp_path / "none.json")), "none.json")):
        assert text in bare.run(*args, expected=USAGE).stderr
    for value, text in (("", "is empty"), ("{", "ends in the middle"), ("[]", "not an object"), ("{}", "data.action")):
        assert text in bare.run("submit", "-", input=value, expected=USAGE).stderr


# ---- with Kafka, Redis and a Grafana ----

def test_submit_writes_a_request_as_the_contract_has_it(stage, ctl):
    first = ctl.run("submit", "org_role.grant", "--user", "ada@example.com", "--org-id", "1", "--role", "Editor",
                    "--reason", "on call", "--approved-by", "bob", "--approved-by", "eve").stdout.strip()
    second = ctl.run("submit", "-", "--id", "mine", "--source", "/portal",
                     input='{"action": "account.disable", "user": {"login": "ada"}}').stdout.strip()
    whole = events.request("account.enable", user={"login": "ada"})
    third = ctl.run("submit", "-", input=json.dumps(whole)).stdout.strip()
    ctl.run("submit", "-", "--id", "x", input=json.dumps(whole), expected=USAGE)
    fourth = ctl.run("submit", "inventory.snapshot").stdout.strip()  # needs no flags

    reader = Collector(stage.services.brokers, [stage.topics.requests], committed=True)
    try:
        reader.read_to_end()
        records = list(reader.records[stage.topics.requests])
    finally:
        reader.close()
    written = {record.event()["id"]: record for record in records}
    assert set(written) == {first, "mine", whole["id"], fourth} and (second, third) == ("mine", whole["id"])
    assert written[fourth].event()["data"] == {"action": "inventory.snapshot", "instance": "main"}
    event = written[first].event()
    assert event["source"].startswith("/grantctl/") and "@" in event["source"]
    assert event["subject"] == "ada@example.com" and written[first].key == b"ada@example.com"
    assert event["data"] == {
        "action": "org_role.grant", "instance": "main", "org": {"id": 1}, "user": {"email": "ada@example.com"},
        "role": "Editor", "reason": "on call", "approved_by": ["bob", "eve"]}
    assert written["mine"].event()["source"] == "/portal" and written["mine"].key == b"ada"
    assert written["mine"].event()["data"]["instance"] == "main"
    assert written[whole["id"]].event() == whole


def test_waiting_tells_the_result_by_the_exit_code(stage, ctl):
    ctl.run("submit", "account.logout", "--user", "nobody", "--wait", "1", expected=NOT_FOUND)
    stage.worker().start()
    flags = ("--user", "ada@example.com", "--login", "ada", "--wait", "60")
    identity, text = ctl.run("submit", "account.create", *flags).stdout.splitlines()
    outcome = json.loads(text)
    events.validate(outcome)
    assert outcome["data"]["request"]["id"] == identity and outcome["data"]["result"] == "applied"
    # A plan first, in the words of the real run, whose id it leaves free.
    for plan, result in ((("--plan",), "planned"), ((), "applied")):
        identity, text = ctl.run("submit", "account.disable", "--user", "ada", "--id", "off", "--wait", *plan).stdout.splitlines()
        data = json.loads(text)["data"]
        assert (identity, data["result"]) == ("off" + "/plan" * len(plan), result)
        assert "mode" not in data or plan
    _, text = ctl.run("submit", "account.disable", "--user", "nobody", "--wait", expected=NO).stdout.splitlines()
    assert json.loads(text)["data"]["reason"]["code"] == "account.not_found"
    # An invite that waits for its person is no "no".
    _, text = ctl.run("submit", "invite.create", "--user", "eve@example.com", "--org-id", "1", "--role", "Viewer",
                      "--delivery", "link", "--wait").stdout.splitlines()
    assert json.loads(text)["data"]["result"] == "needs_action"


def test_watch_shows_outcomes_as_they_come(stage, ctl):
    stage.worker().start()
    early = created(stage, "early")
    assert [event["data"]["request"]["id"] for event in ctl.lines("watch", "--from-beginning", "--count", "1")] == [
        early["id"]]
    ctl.run("watch", "--from-beginning", "--id", "no-such", "--timeout", "2", expected=NOT_FOUND)

    with subprocess.Popen(ctl.argv("watch", "--id", "late", "--count", "1", "--timeout", "120"),
                          stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as watch:
        # It says nothing before there is something; so others are made until it has begun to look.
        attempts = itertools.count(1)

        def has_ended():
            ctl.run("submit", "account.logout", "--user", "nobody", "--id", "late",
                    "--source", f"/test/{next(attempts)}", "--wait", expected=NO)
            return watch.poll() is not None

        wait_until(has_ended, "watch saw an outcome", DEADLINE_S)
        late = [json.loads(line) for line in watch.stdout]
        assert watch.returncode == OK
    assert [event["data"]["request"]["id"] for event in late] == ["late"]
    events.validate(late[0])


def on_terminal(ctl, *args):
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    try:
        child = subprocess.run(ctl.argv(*args), stdout=theirs, timeout=120, env=ENVIRONMENT)
        assert child.returncode == OK
        return os.read(ours, 65536).decode()
    finally:
        os.close(theirs)
        os.close(ours)


def test_a_terminal_gets_what_people_read(stage, ctl):
    stage.worker().start()
    request = created(stage, "ada")
    head, row = on_terminal(ctl, "watch", "--from-beginning", "--count", "1").splitlines()[:2]
    assert head.split()[:3] == ["FINISHED", "RESULT", "REASON"]
    for word in ("applied", "ok", "account.create", "main", "ada", request["id"]):
        assert word in row.split()
    shown = on_terminal(ctl, "show", "--source", request["source"], request["id"]).splitlines()
    assert shown[0] == f"id: {request['id']}" and '"attempts":1' in shown


def test_show_tells_the_ledger_s_record_but_no_secret(stage, ctl):
    stage.worker().start()
    request = created(stage, "ada")
    show = ("show", "--source", request["source"], request["id"])
    wait_until(lambda: ctl.lines(*show)[0]["state"] == "published", "published", DEADLINE_S)
    record = ctl.lines(*show)[0]
    assert record["id"] == request["id"] and record["attempts"] == 1
    assert record["outcome"] == stage.outcome_of(request)

    key = next(key for key in stage.redis.scan_iter("*") if request["id"].encode() in key)
    stage.redis.hset(key, mapping={
        "state": "working", "step": "create", "credential": "sealed-9", "lease_until_ms": 2 ** 45, "other": "sealed-9",
        "intent": "sealed=sealed-9\nuser_id=7\nlong=" + "sealed-9" * 100 + "\n"})
    text = ctl.run(*show).stdout
    record = json.loads(text)
    assert "sealed-9" not in text
    assert record["intent"] == {"sealed": "(8 bytes)", "user_id": "7", "long": "(800 bytes)"}
    assert record["credential"] == "(8 bytes)" and record["lease_left_ms"] > 0 and record["step"] == "create"
    ctl.run("show", request["id"], expected=NOT_FOUND)  # another source
    ctl.run("show", "--source", request["source"], "no-such", expected=NOT_FOUND)


def wait_credentials(stage, count):
    """An outcome may be seen a moment before the credential of the same transaction."""
    stage.committed.until(lambda _: len(stage.credentials()) >= count, f"{count} credentials", DEADLINE_S)


def test_open_finds_the_newest_credential_of_an_account(stage, ctl, vault):
    stage.worker().start()
    created(stage, "ada")
    created(stage, "bob")
    wait_credentials(stage, 2)
    first = stage.password_of("ada")
    open_topic = ("open", "--key", vault.private_file, "--topic", "--password-only", "--login")
    assert ctl.run(*open_topic, "ada").stdout == first + "\n"
    assert stage.ask(events.request("account.reset_password", user={"login": "ada"}))["result"] == "applied"
    wait_credentials(stage, 3)
    second = stage.password_of("ada")
    assert second != first
    assert ctl.run(*open_topic, "ADA").stdout == second + "\n"
    assert ctl.run(*open_topic, "bob", "--instance", "main").stdout == stage.password_of("bob") + "\n"
    ctl.run(*open_topic, "bob", "--instance", "other", expected=NOT_FOUND)
    ctl.run(*open_topic, "nobody", expected=NOT_FOUND)


def test_ping_says_what_is_well_and_what_is_not(stage, ctl, grafana):
    shown = ctl.run("ping").stdout
    for start in ("ok    kafka:", f"ok    kafka: topic {stage.topics.requests}, 1 partition",
                  "ok    redis:", "ok    grafana.main: version"):
        assert any(line.startswith(start) for line in shown.splitlines()), (start, shown)
    assert "fail" not in shown and "(session), server admin" in shown
    ctl.write(grafana_main__auth="basic")
    assert "(basic), server admin" in ctl.run("ping").stdout
    ctl.write()
    if grafana.simulated:
        grafana.settings(login_form=False)
        assert "(basic), server admin" in ctl.run("ping").stdout
        grafana.settings(login_form=True)
        entries = grafana.requests(path="^/log(in|out)$")
        assert [entry["path"] for entry in entries][:2] == ["/login", "/logout"]  # it leaves no session

    ctl.write(kafka__outcomes_topic="no.such.topic")
    assert "fail  kafka: there is no topic no.such.topic" in ctl.run("ping", expected=NO).stdout
    ctl.write(redis__url="redis://127.0.0.1:1/0")
    shown = ctl.run("ping", expected=UNREACHABLE).stdout
    assert "fail  redis:" in shown and "ok    grafana.main:" in shown
    if grafana.simulated:
        ctl.write(grafana_main__password="not-it")
        shown = ctl.run("ping", expected=NO).stdout
        assert "fail  grafana.main:" in shown and "not-it" not in shown
