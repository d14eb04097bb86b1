# SPDX-License-Identifier: Apache-2.0
"""What cannot be read, or must not be done, through real Kafka: each record of
tests/corpus/request/invalid gets its dead letter or its refusal with the exact text,
and delays no valid request that stands behind it in the same partition."""

import datetime
import json
import os
import random

import pytest

from harness.desk import Desk
from harness.events import SOURCE, now, request, to_binary, to_structured
from harness.grafana import Simulator
from harness.kafka import Collector
from harness.paths import ROOT

CORPUS = os.path.join(ROOT, "tests", "corpus", "request")
STRUCTURED = [("content-type", b"application/cloudevents+json")]
# What depends on the day it is sent, as the corpus has a fixed one.
DATED = {"time_far_future"}
NO_SOURCE = {"source_missing", "source_object", "source_too_long", "ce_source_missing", "ce_source_too_long"}


def names_of(kind):
    return sorted(set(os.listdir(os.path.join(CORPUS, kind))) - DATED)


def read(kind, name, part):
    path = os.path.join(CORPUS, kind, name, part)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


class Sample:
    """One directory of the corpus, with an id of its own in the place of "req-1"."""

    def __init__(self, kind, name, number):
        self.name, self.id = name, f"c{number:04d}"
        self.key = b"bad \xff " + name.encode()
        self.value = self._own(read(kind, name, "value"))
        generate = read(kind, name, "generate")
        if generate is not None:
            _, byte, count = generate.split()
            self.value = byte * int(count)
        self.headers = STRUCTURED
        headers = self._own(read(kind, name, "headers"))
        if headers is not None:
            self.headers = [self._header(line) for line in headers[:-1].split(b"\n")] if headers else []
        error = read(kind, name, "error")
        if error is not None:
            fate, self.readable_id, self.text = error.decode(errors="surrogateescape").splitlines()
            self.fate, self.what = fate.split(" ")
            self.answered_as = None
            if self.readable_id == "id=req-1" and name not in NO_SOURCE:
                self.answered_as = ("/portal", self.id)

    def _own(self, content):
        return content if content is None else content.replace(b"req-1", self.id.encode())

    @staticmethod
    def _header(line):
        name, colon, value = line.partition(b": ")
        return name.decode(), value if colon else None


def hang_on(desk, sample, key=None):
    """Send a bad record and, behind it in the same partition, a good one of another key."""
    desk.stage.send_raw(sample.value, key or sample.key, sample.headers, answered_as=sample.answered_as)
    return desk.stage.send(request("account.delete", user={"login": desk.name("nobody")}))


@pytest.fixture(scope="module")
def _grafana(tmp_path_factory):
    """One version will do: what is tested here is over before Grafana is asked."""
    simulator = Simulator("12", str(tmp_path_factory.mktemp("grafana")))
    yield simulator
    simulator.close()


@pytest.fixture(scope="module")
def desk(open_stage):
    stage = open_stage()
    stage.worker().start()
    desk = Desk(stage)
    yield desk
    desk.settle()
    log = stage.workers[0].log()
    assert "level=error" not in log, [line for line in log.splitlines() if "level=error" in line]


@pytest.fixture(scope="module")
def corpus(desk):
    """All of it at once, each with a good request behind it: {name: (sample, good one)}."""
    samples = [Sample("invalid", name, number) for number, name in enumerate(names_of("invalid"))]
    return {sample.name: (sample, hang_on(desk, sample)) for sample in samples}


def dead_letters(desk, key):
    return [record for record in desk.stage.committed.records[desk.stage.topics.dead_letter] if record.key == key]


def dead_letter(desk, key):
    [record] = desk.stage.committed.until(lambda _: dead_letters(desk, key), f"a dead letter with key {key!r}")
    return record


def check_dead_letter(desk, record, key, value, headers, error_class, text):
    """Untouched, with the reason beside it under both usual names."""
    assert (record.key, record.value) == (key, value)
    assert record.header_list[:len(headers)] == headers
    added = dict(record.header_list[len(headers):])
    for connect, spring, expected in (
            ("topic", "original-topic", desk.stage.topics.requests), ("partition", "original-partition", "0"),
            ("exception.class.name", "exception-fqcn", error_class),
            ("exception.message", "exception-message", text)):
        assert added.pop(f"__connect.errors.{connect}") == expected.encode(errors="surrogateescape")
        assert added.pop(f"kafka_dlt-{spring}") == expected.encode(errors="surrogateescape")
    offset = added.pop("__connect.errors.offset")
    assert added.pop("kafka_dlt-original-offset") == offset and offset.isdigit()
    assert added.pop("kafka_dlt-original-timestamp").isdigit()
    assert added.pop("kafka_dlt-original-consumer-group") == desk.stage.group.encode()
    assert not added
    return int(offset)


@pytest.mark.parametrize("name", names_of("invalid"))
def test_a_bad_record_gets_what_is_due_and_delays_nobody(desk, corpus, name):
    sample, good = corpus[name]
    assert desk.stage.outcome_of(good)["data"]["result"] == "already_so"
    if sample.fate == "poison":
        check_dead_letter(desk, dead_letter(desk, sample.key), sample.key, sample.value, sample.headers,
                          sample.what, sample.text)
    if sample.answered_as is None:
        assert all(event["data"]["request"]["id"] != sample.id for event in desk.stage.outcomes())
        return
    source, identity = sample.answered_as
    outcome = desk.stage.outcome_of({**good, "source": source, "id": identity})["data"]
    assert outcome["result"] == "refused"
    assert outcome["reason"]["code"] == (sample.what if sample.fate == "refused" else "request.invalid")
    assert outcome["reason"]["message"].encode() == sample.text.encode(errors="surrogateescape")
    assert outcome["reason"]["grafana"] is None
    if sample.fate == "refused":
        assert not dead_letters(desk, sample.key)


@pytest.mark.parametrize("name", names_of("valid"))
def test_what_is_unusual_but_valid_is_read(desk, name):
    sample = Sample("valid", name, 5000 + names_of("valid").index(name))
    before = len(desk.stage.outcomes())
    desk.stage.send_raw(sample.value, sample.key, sample.headers)
    desk.stage.committed.until(lambda _: len(desk.stage.outcomes()) > before, "its outcome")
    event = desk.stage.outcomes()[-1]
    desk.stage.requests.append({"type": "io.grantd.request.v1", **event["data"]["request"]})
    # Read well, these three are still not what their action needs.
    said = {"longest_texts": "data.action: there is no 'aaa", "nulls_are_not_said": "data.role: missing (for ",
            "structured_full": "data.expected_role: cannot be expected"}.get(name)
    reason = event["data"]["reason"]
    assert reason["code"].startswith("request.") == (said is not None), reason
    assert said is None or reason["message"].startswith(said), reason
    assert not dead_letters(desk, sample.key)


# ---- what the corpus leaves out ----


def test_a_time_in_the_far_future(desk):
    far = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=25)).isoformat()
    near = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=23)).isoformat()
    outcome = desk.stage.ask({**request("account.delete", user={"login": "nobody"}), "time": far})
    assert outcome["reason"] == {"code": "request.invalid", "grafana": None,
                                 "message": "time: is more than 24 hours in the future"}
    outcome = desk.stage.ask({**request("account.delete", user={"login": "nobody"}), "time": near})
    assert outcome["result"] == "already_so"


@pytest.mark.parametrize("data, message", [
    ({"duration_s": 60, "expires_at": "2030-01-01T00:00:00Z"},
     "data: duration_s and expires_at are both said; say one"),
    ({"org": {"id": 0}}, "data.org.id: must be from 1 to 9223372036854775807"),
    ({"org": {"id": -5}}, "data.org.id: must be from 1 to 9223372036854775807"),
    ({"user": {"login": "a\0b"}}, "data.user.login: has a NUL character"),
    ({"user": {"login": "x" * 191}}, "data.user.login: is 191 bytes long, at most 190 are allowed"),
    ({"user": {"login": "ü" * 96}}, "data.user.login: is 192 bytes long, at most 190 are allowed"),
    ({"role": ["Editor"]}, "data.role: must be a string, is an array"),
])
@pytest.mark.parametrize("encode", [to_binary, to_structured])
def test_the_same_fault_reads_the_same_in_both_modes(desk, encode, data, message):
    event = request("org_role.grant", subject="ada",
                    **{"user": {"login": "ada"}, "org": {"id": 1}, "role": "Editor", **data})
    value, headers = encode(event)
    desk.stage.send_raw(value, b"k", headers, answered_as=(event["source"], event["id"]))
    outcome = desk.stage.outcome_of(event)["data"]
    assert (outcome["reason"]["code"], outcome["reason"]["message"]) == ("request.invalid", message)
    assert (outcome["action"], outcome["instance"]) == ("org_role.grant", "main")


def test_a_good_request_of_the_same_key_comes_after_the_bad_one(desk):
    key = "one-lane"
    event = request("account.delete", user={"login": "nobody"})
    desk.stage.send_raw(b"{", key, STRUCTURED)
    desk.stage.send_raw(b"\xff\xfe", key, [])
    desk.stage.send(event, key=key)
    assert desk.stage.outcome_of(event)["data"]["result"] == "already_so"
    desk.stage.committed.until(lambda _: len(dead_letters(desk, key.encode())) == 2, "both dead letters")


@pytest.mark.parametrize("key", [None, b"", b"\0\xff", b"k" * 100000])
def test_any_key_will_do(desk, key):
    value = f"no JSON {desk.name()}".encode()
    desk.stage.send_raw(value, key, [("h", None), ("h", b"\0\xff"), ("", b"x")])
    event = request("account.delete", user={"login": desk.name()})
    desk.stage.send_raw(*to_binary(event)[:1], key, to_binary(event)[1], answered_as=(SOURCE, event["id"]))
    assert desk.stage.outcome_of(event)["data"]["result"] == "already_so"
    [record] = desk.stage.committed.until(
        lambda _: [record for record in desk.stage.committed.records[desk.stage.topics.dead_letter]
                   if record.value == value], "the dead letter")
    check_dead_letter(desk, record, key, value, [("h", None), ("h", b"\0\xff"), ("", b"x")], "missing_attribute",
                      "headers: content-type is not application/cloudevents+json, and there are no ce_ headers")


def test_the_same_bad_record_twice_has_two_dead_letters_and_one_outcome(desk):
    event = request("account.delete")
    headers = to_binary(event)[1]
    for _ in range(2):
        desk.stage.send_raw(b"[1]", b"twice", headers, answered_as=(SOURCE, event["id"]))
    assert desk.stage.outcome_of(event)["data"]["reason"]["message"] == "value: is JSON, but not an object"
    letters = desk.stage.committed.until(
        lambda _: len(dead_letters(desk, b"twice")) == 2 and dead_letters(desk, b"twice"), "both dead letters")
    offsets = [check_dead_letter(desk, record, b"twice", b"[1]", headers, "not_an_object",
                                 "value: is JSON, but not an object") for record in letters]
    assert len(set(offsets)) == 2


def test_a_dead_letter_that_is_sent_again_says_its_newest_reason_last(desk):
    key = b"again"
    desk.stage.send_raw(b"no JSON", key, STRUCTURED)
    first = dead_letter(desk, key)
    desk.stage.send_raw(b"[1]", key, first.header_list)
    second = desk.stage.committed.until(lambda _: dead_letters(desk, key)[1:], "the second dead letter")[0]
    check_dead_letter(desk, second, key, b"[1]", first.header_list, "not_an_object",
                      "value: is JSON, but not an object")
    assert second.headers["__connect.errors.exception.class.name"] == b"not_an_object"


def test_noise_is_dead_lettered_to_the_last_record(desk):
    """Bytes without meaning, and good requests with one byte changed: none is lost."""
    noise = random.Random(7)
    sent = []
    for number in range(60):
        key = f"noise-{number}".encode()
        if number % 2:
            value, headers = noise.randbytes(noise.randrange(1, 2000)), [
                ("ce_" + noise.choice(["id", "type", "x"]), noise.randbytes(5)), ("content-type", noise.randbytes(9))]
        else:
            value, headers = to_structured(request("account.delete", user={"login": "nobody"}))
            broken = bytearray(value)
            broken[noise.randrange(len(broken) // 4)] = noise.choice(b'{}[]",:\0\xff')
            value = bytes(broken)
            try:
                if json.loads(value):
                    continue  # still JSON: it may well be valid
            except ValueError:
                pass
        desk.stage.send_raw(value, key, headers)
        sent.append((key, value))
    for key, value in sent:
        assert dead_letter(desk, key).value == value
    assert desk.ask("account.delete", user={"login": "nobody"})["result"] == "already_so"


def test_outcomes_of_refusals_say_whom_and_what_they_are_about(desk):
    event = request("org_role.grant", user={"login": "ada", "email": "a@b"}, org={"id": 1}, role="Boss",
                    requested_by="bob", ticket="T-1", approved_by=["eve"], reason="because")
    outcome = desk.stage.ask(event, valid=False)
    assert outcome["reason"]["message"] == 'data.role: "Boss" is not known; must be Viewer, Editor, Admin or None'
    assert (outcome["requested_by"], outcome["ticket"], outcome["approved_by"], outcome["justification"]) == (
        "bob", "T-1", ["eve"], "because")
    assert outcome["started_at"] <= outcome["finished_at"] <= now()


def test_a_dead_letter_that_its_topic_does_not_take_is_cut(open_stage):
    """The topic is as Kafka makes it, and takes less than the topic of requests: nobody waits."""
    stage = open_stage()
    letters = f"{stage.name}.small"
    stage.services.create_topics({letters: 1}, {"max.message.bytes": 100_000})
    stage.worker({"kafka.dead_letter_topic": letters}).start()
    value = b"\xff" * 300_000
    stage.send_raw(value, b"large", STRUCTURED)
    behind = stage.send(request("account.delete", user={"login": "nobody"}), key="large")
    assert stage.outcome_of(behind)["data"]["result"] == "already_so"
    collector = Collector(stage.services.brokers, [letters])
    try:
        [record] = collector.count(letters, 1)
    finally:
        collector.close()
    headers = dict(record.header_list)
    assert record.key == b"large" and record.value and value.startswith(record.value)
    assert headers["grantd.truncated"] == b"300000"
    assert headers["__connect.errors.exception.class.name"] == b"not_utf8"
    stage.wait_consumed()
    stage.settle()
