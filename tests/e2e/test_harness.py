# SPDX-License-Identifier: Apache-2.0
"""The harness itself, on real Kafka and Redis: that it sees what is there, does not
see what must not be seen, and fails when it should."""

import os
import signal
import sys
import uuid

import confluent_kafka
import pytest
import redis

from harness import events, invariants
from harness.kafka import Collector, Producer
from harness.paths import DEADLINE_S, kafka_wire, wait_until
from harness.process import Process


@pytest.fixture
def topic(services):
    name = f"harness.{uuid.uuid4().hex[:8]}"
    services.create_topics({name: 3}, {"max.message.bytes": 8 * 1024 * 1024})
    return name


@pytest.fixture
def collect(services, topic):
    made = []

    def make(committed=True):
        made.append(Collector(services.brokers, [topic], committed))
        return made[-1]

    yield make
    for collector in made:
        collector.close()


@pytest.fixture
def database(services):
    client = redis.Redis(host="127.0.0.1", port=services.redis_port)
    yield client
    client.close()


def transactional(services, **settings):
    producer = confluent_kafka.Producer({
        "bootstrap.servers": services.brokers, "transactional.id": uuid.uuid4().hex,
        "retry.backoff.ms": 20, **settings})
    producer.init_transactions(30)
    return producer


def new_secret():
    """With what is spelled differently in a URL; never seen before, as Redis's file keeps all."""
    return f"kT7+/{uuid.uuid4().hex[:12]}"


def outcome_of(request, **data):
    return {**request, "type": "io.grantd.outcome.v1",
            "data": {"request": {"id": request["id"], "source": request["source"]}, **data}}


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_an_event_comes_back_as_it_was_sent(services, topic, collect, mode):
    sent = events.request("org_role.grant", org={"id": 1}, user={"email": "adé@example.com"}, role="Editor")
    producer = Producer(services.brokers)
    producer.send(topic, sent, mode)
    producer.flush()
    [record] = collect().count(topic, 1)
    assert record.key == "adé@example.com".encode()
    assert record.event() == sent


def test_a_value_of_five_mebibytes_fits(services, topic, collect):
    value = os.urandom(5 * 1024 * 1024)
    producer = Producer(services.brokers)
    producer.send_raw(topic, value, b"k", [("h", b"\0\xff")])
    producer.flush()
    [record] = collect().count(topic, 1)
    assert record.value == value
    assert record.header_list == [("h", b"\0\xff")]


def test_aborted_records_are_seen_only_by_who_asks_for_them(services, topic, collect):
    producer = transactional(services)
    for value, end in ((b"aborted", producer.abort_transaction), (b"committed", producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce(topic, value=value, partition=0)
        producer.flush(30)
        end(30)
    strict, loose = collect(), collect(committed=False)
    for collector in (strict, loose):
        collector.read_to_end()
    assert [record.value for record in strict.records[topic]] == [b"committed"]
    assert [record.value for record in loose.records[topic]] == [b"aborted", b"committed"]


def test_reading_to_the_end_waits_for_an_open_transaction(services, topic, collect):
    producer = transactional(services, **{"transaction.timeout.ms": 60000})
    producer.begin_transaction()
    producer.produce(topic, value=b"open", partition=0)
    producer.flush(30)
    collector = collect()
    with pytest.raises(AssertionError, match="the end of every partition"):
        collector.read_to_end(deadline_s=1)
    producer.commit_transaction(30)
    collector.read_to_end()
    assert [record.value for record in collector.records[topic]] == [b"open"]


def test_committed_offsets_come_with_their_metadata(services, topic):
    assert kafka_wire.committed(services.brokers, "nobody") == {}
    group = uuid.uuid4().hex
    consumer = confluent_kafka.Consumer({"bootstrap.servers": services.brokers, "group.id": group})
    consumer.commit(offsets=[confluent_kafka.TopicPartition(topic, 2, 17)], asynchronous=False)
    consumer.close()
    assert kafka_wire.committed(services.brokers, group) == {(topic, 2): (17, "")}


def test_the_outcome_checker_fails_when_it_should():
    first, second = events.request("a"), events.request("b")
    outcomes = [outcome_of(first), outcome_of(second)]
    invariants.exactly_one_outcome([first, second], outcomes)
    # A duplicate that was sent twice is one request.
    invariants.exactly_one_outcome([first, second, first], outcomes)
    with pytest.raises(AssertionError, match="2 outcomes"):
        invariants.exactly_one_outcome([first, second], [*outcomes, outcome_of(first)])
    with pytest.raises(AssertionError, match="no outcome"):
        invariants.exactly_one_outcome([first, second], outcomes[:1])
    with pytest.raises(AssertionError, match="of no request"):
        invariants.exactly_one_outcome([first], outcomes)


def test_an_id_that_was_reused_is_refused_once_for_each_record():
    request = events.request("a")
    refusals = [outcome_of(request, reason={"code": "request.id_reused"}) for _ in range(2)]
    for offset, refusal in enumerate(refusals):
        refusal["data"]["request"].update(partition=0, offset=offset)
    invariants.exactly_one_outcome([request], [outcome_of(request), *refusals])
    with pytest.raises(AssertionError, match="2 outcomes"):
        invariants.exactly_one_outcome([request], [outcome_of(request), refusals[0], refusals[0]])
    with pytest.raises(AssertionError, match="no outcome"):
        invariants.exactly_one_outcome([request], refusals)


def test_a_replay_with_other_bytes_is_found(services, topic, collect, monkeypatch):
    monkeypatch.setattr(events, "validate", lambda event: None)
    request = events.request("a")
    producer = Producer(services.brokers)
    for _ in range(2):
        producer.send(topic, outcome_of(request, attempts=1))
    producer.flush()
    invariants.identical_replays(collect().count(topic, 2))
    producer.send(topic, outcome_of(request, attempts=2))
    producer.flush()
    with pytest.raises(AssertionError, match="two versions"):
        invariants.identical_replays(collect().count(topic, 3))


def test_an_event_without_a_schema_is_a_failure(monkeypatch, tmp_path):
    with pytest.raises(AssertionError, match="unknown type"):
        events.validate({"type": "io.grantd.surprise.v1"})
    monkeypatch.setattr(events, "SCHEMAS", str(tmp_path))
    events._validator.cache_clear()
    try:
        with pytest.raises(AssertionError, match="one schema is expected"):
            events.validate(events.request("org_role.grant"))
    finally:
        events._validator.cache_clear()


@pytest.mark.parametrize("change, fault", [
    ({}, None),
    ({"data": {"instance": "main"}}, r"\$: 'action' is a required property"),
    ({"data": {"action": 3, "instance": "main"}}, r"\$\.action: 3 is not one of"),
    ({"specversion": "0.3"}, "'1.0' was expected"),
    ({"id": ""}, "'' is too short"),
    ({"time": "yesterday"}, "'yesterday' does not match"),
    ({"Subject": "ada"}, "'Subject' does not match"),
])
def test_an_event_is_held_against_its_schema(change, fault):
    event = {**events.request("org_role.grant", role="Editor", user={"login": "ada"}, org={"id": 1}), **change}
    if fault is None:
        events.validate(event)
    else:
        with pytest.raises(AssertionError, match=fault):
            events.validate(event)


@pytest.mark.parametrize("text", ["{}", '{{"p":"{}"}}', "xx{}", "y{}z"])
@pytest.mark.parametrize("encode", ["plain", "base64", "hex"])
def test_a_planted_secret_is_found_in_a_topic(services, topic, collect, text, encode):
    import base64
    secret = new_secret()
    planted = text.format(secret).encode()
    planted = {"plain": planted, "base64": base64.b64encode(planted), "hex": planted.hex().encode()}[encode]
    collector = collect()
    producer = Producer(services.brokers)
    producer.send_raw(topic, b"nothing", b"k")
    producer.flush()
    collector.count(topic, 1)
    invariants.no_plaintext([secret], invariants.topic_places(collector))
    producer.send_raw(topic, b"value", b"k", [("h", planted)])
    producer.flush()
    collector.count(topic, 2)
    with pytest.raises(AssertionError, match="plaintext secrets in"):
        invariants.no_plaintext([secret], invariants.topic_places(collector))


@pytest.mark.parametrize("plant", [
    lambda client, secret: client.set("k", secret),
    lambda client, secret: client.set(f"k:{secret}", 1),
    lambda client, secret: client.hset("k", "f", f"x{secret}"),
    lambda client, secret: client.rpush("k", "a", secret),
    lambda client, secret: client.sadd("k", secret),
    lambda client, secret: client.zadd("k", {secret: 1}),
])
def test_a_planted_secret_is_found_in_redis(services, database, plant):
    secret = new_secret()
    database.hset("innocent", "f", "v")
    invariants.no_plaintext([secret], invariants.redis_places(database))
    plant(database, secret)
    with pytest.raises(AssertionError, match="redis b'k"):
        invariants.no_plaintext([secret], invariants.redis_places(database))
    # Also after it was deleted, as long as the append-only file has it.
    database.flushall()
    wait_until(lambda: database.info("persistence")["aof_pending_bio_fsync"] == 0, "written", DEADLINE_S)
    with pytest.raises(AssertionError, match="appendonly"):
        invariants.no_plaintext([secret], invariants.file_places(services.dir + "/redis-data"))


def test_the_vault_opens_what_is_sealed_for_it(vault):
    event = {"data": {"kid": vault.kid, "sealed": vault.seal("s3cret")}}
    assert vault.open(event) == "s3cret"
    damaged = event["data"]["sealed"][:-4] + "AAAA"
    with pytest.raises(Exception, match="Invalid|InvalidTag|decrypt"):
        vault.open({"data": {"kid": vault.kid, "sealed": damaged}})
    with pytest.raises(AssertionError, match="sealed for"):
        vault.open({"data": {**event["data"], "kid": "another"}})


@pytest.fixture
def answered(stage, monkeypatch):
    """A stage with one request and its outcome, written here and not by grantd."""
    request = stage.send(events.request("account.enable", user={"login": "ada"}))
    monkeypatch.setattr(events, "validate", lambda event: None)  # of what comes now
    stage.producer.send(stage.topics.outcomes, outcome_of(request))
    stage.producer.flush()
    stage.outcome_of(request)
    return stage, request


def test_a_stage_settles_when_all_is_well(answered):
    answered[0].settle()


def test_a_stage_with_a_second_outcome_does_not_settle(answered):
    stage, request = answered
    stage.producer.send(stage.topics.outcomes, outcome_of(request))
    stage.producer.flush()
    with pytest.raises(AssertionError, match="2 outcomes"):
        stage.settle()


@pytest.mark.parametrize("where", ["header", "redis", "log", "dead letter"])
def test_a_stage_where_a_password_leaked_does_not_settle(answered, vault, where):
    stage, request = answered
    password = new_secret()
    stage.producer.send(stage.topics.credentials, {
        **request, "type": "io.grantd.credential.v1",
        "data": {"kid": vault.kid, "sealed": vault.seal(password), "instance": "main",
                 "target": {"login": "ada"}}})
    stage.producer.flush()
    stage.committed.count(stage.topics.credentials, 1)
    assert stage.password_of("ada") == password
    stage.settle()
    if where == "header":
        stage.producer.send_raw(stage.topics.requests, b"{}", None, [("h", password.encode())])
    elif where == "dead letter":
        stage.producer.send_raw(stage.topics.dead_letter, password.encode())
    elif where == "redis":
        stage.redis.hset("key", "intent", password)
    else:
        stage.workers.append(Process("worker", ["echo", f"msg={password}"], os.path.join(stage.dir, "log")))
        stage.workers[0].spawn()
        stage.workers[0].wait_exit(0)
    stage.producer.flush()
    with pytest.raises(AssertionError, match="plaintext secrets in"):
        stage.settle()


def test_a_simulated_grafana_is_as_new_for_each_test(sim):
    assert sim.lookup("ada") is None
    org = sim.create_org("Observability")
    sim.create_user("ada", "Ada@example.com")
    sim.expect("POST", f"/api/orgs/{org}/users", {"loginOrEmail": "ada", "role": "Editor"})
    assert sim.lookup("Ada@example.com")["login"] == "ada"
    assert (sim.role(org, "ada"), sim.role(org, "bob")) == ("Editor", None)
    assert sim.can_log_in("ada", "made-by-the-test-1")
    assert not sim.can_log_in("ada", "another")
    sim.fault("status", "POST", "/api/orgs", count=1, status=503)
    assert sim.api("POST", "/api/orgs", {"name": "Other"})[0] == 503
    assert sim.api("POST", "/api/orgs", {"name": "Other"})[0] == 200
    assert [entry["status"] for entry in sim.requests("POST", "^/api/orgs$")] == [200, 503, 200]
    sim.settings(latency_ms=1)
    sim.reset()
    assert sim.lookup("ada") is None
    assert len(sim.requests()) == 1
    assert sim.sim("GET", "settings")["latency_ms"] == 0


def test_a_restarted_broker_has_its_data_and_its_port(services, topic, collect):
    producer = Producer(services.brokers)
    producer.send_raw(topic, b"before", b"k")
    producer.flush()
    collector = collect()
    collector.count(topic, 1)
    services.restart_kafka()
    producer.send_raw(topic, b"after", b"k")
    producer.flush()
    values = [record.value for record in collector.count(topic, 2)]
    assert values == [b"before", b"after"]


def test_a_killed_broker_has_what_it_acknowledged(services, topic, collect):
    producer = Producer(services.brokers)
    producer.send_raw(topic, b"before", b"k")
    producer.flush()
    services.stop_kafka(signal.SIGKILL)
    services.start_kafka()
    assert collect().count(topic, 1)[0].value == b"before"


def test_a_paused_broker_answers_once_it_is_resumed(services, topic):
    services.pause(services.kafka)
    with pytest.raises(OSError):
        kafka_wire.metadata(services.brokers, timeout_s=0.5)
    services.resume(services.kafka)
    assert kafka_wire.metadata(services.brokers)["topics"][topic] == 3


def test_redis_restarts_with_its_data_and_is_emptied_on_demand(services, database):
    database.set("k", "v")
    services.restart_redis()
    assert database.get("k") == b"v"
    services.flush_redis()
    assert database.get("k") is None
    assert database.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    assert database.config_get("appendonly")["appendonly"] == "yes"


def test_a_broken_start_says_what_the_log_says(services, tmp_path):
    from harness.paths import services as module
    pair = module.Services(str(tmp_path), owned=True)
    pair.kafka_port, pair.controller_port, pair.redis_port = (*module.free_ports(2), services.redis_port)
    os.makedirs(tmp_path / "redis-data")
    with pytest.raises(module.ServiceError, match="(?s)redis ended while starting.*Address already in use"):
        pair.start()
    assert not pair.kafka.alive()


def test_the_servers_die_with_who_owns_them(services, tmp_path):
    from harness.paths import services as module
    program = ("import sys, time; sys.path.insert(0, sys.argv[2]); import services\n"
               "pair = services.Services(sys.argv[1], owned=True); pair.start(); print('up', flush=True)\n"
               "time.sleep(600)")
    owner = Process("owner", [sys.executable, "-B", "-c", program, str(tmp_path), module.HERE],
                    str(tmp_path / "owner.log"))
    owner.spawn()
    owner.wait_log("^up$", deadline_s=180)
    pair = module.Services(str(tmp_path))
    assert pair.kafka.alive() and pair.redis.alive()
    owner.kill()
    wait_until(lambda: not pair.kafka.alive() and not pair.redis.alive(), "both have died", DEADLINE_S)


def test_a_process_that_ends_fails_who_waits_for_it(tmp_path):
    process = Process("p", ["sh", "-c", "echo why; exit 3"], str(tmp_path / "log"))
    process.spawn()
    with pytest.raises(AssertionError, match="(?s)ended with 3 before: log line 'never'.*why"):
        process.wait_log("never")
    with pytest.raises(AssertionError, match="ended with 3, not 0"):
        process.wait_exit(0)
    process.wait_exit(3)


def test_a_sanitizer_report_in_a_log_is_a_failure(tmp_path):
    for line, bad in (("level=info msg=fine", False), ("==1==ERROR: AddressSanitizer: heap-use-after-free", True),
                      ("x.c:3:4: runtime error: signed integer overflow", True),
                      ("WARNING: ThreadSanitizer: data race (pid=1)", True)):
        process = Process("p", ["echo", line], str(tmp_path / uuid.uuid4().hex))
        process.spawn()
        process.wait_exit(0)
        if bad:
            with pytest.raises(AssertionError, match="Sanitizer|runtime error"):
                process.assert_no_sanitizer_report()
        else:
            process.assert_no_sanitizer_report()
