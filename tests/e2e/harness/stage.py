# SPDX-License-Identifier: Apache-2.0
"""Everything one test needs, on topics, a group and a key prefix of its own.

    stage.worker().start()
    stage.send(request("org_role.grant", user={"login": "ada"}, org={"id": 1}, role="Editor"))
    outcome = stage.outcome_of(request)
    ...
    stage.settle()      # stop the workers, check everything that must always hold
"""

import collections
import subprocess

import redis

from . import invariants
from .events import REQUEST_TYPE, faults_of, request_key
from .kafka import Collector, Producer
from .paths import DEADLINE_S, binary, kafka_wire, wait_until
from .process import environment
from .worker import Worker, base_config

VALIDATED = 50  # requests of one kind, see _is_new_kind()
Topics = collections.namedtuple("Topics", "requests outcomes credentials inventory dead_letter")


class TokenInstance:
    """Settings that make an instance a token's: of a service account made in that org."""

    def __init__(self, grafana, org_id, role="Admin", name="grantd-itself"):
        account = grafana.expect("POST", "/api/serviceaccounts", {"name": name, "role": role},
                                 org=org_id, status=201)
        made = grafana.expect("POST", f"/api/serviceaccounts/{account['id']}/tokens",
                              {"name": name}, org=org_id)
        self.url, self.key, self.name = grafana.url, made["key"], name
        self.account_id, self.token_id = account["id"], made["id"]

    def settings(self, instance):
        section = f"grafana.{instance}"
        return {f"{section}.url": self.url, f"{section}.token": self.key,
                f"{section}.user": None, f"{section}.password": None}


class KeyInstance:
    """The same with a legacy API key, which is nobody's and so no Admin that counts."""

    def __init__(self, grafana, org_id, role="Admin", name="grantd-key"):
        made = grafana.expect("POST", "/api/auth/keys", {"name": name, "role": role}, org=org_id)
        self.url, self.key = grafana.url, made["key"]

    settings = TokenInstance.settings


class Stage:
    def __init__(self, services, grafana, vault, directory, name, partitions=1, idempotent=True):
        self.services, self.grafana, self.vault = services, grafana, vault
        self.dir, self.name = str(directory), name
        self.group = f"grantd-{name}"
        self.topics = Topics(*(f"{name}.{part}" for part in ("requests", "outcomes", "credentials", "inventory", "dead-letter")))
        services.create_topics({topic: partitions for topic in self.topics},
                               {"max.message.bytes": 8 * 1024 * 1024})
        self.redis = redis.Redis(host="127.0.0.1", port=services.redis_port)
        self.producer = Producer(services.brokers, idempotent)
        self.committed = Collector(services.brokers, self.topics[1:])
        self.requests, self.workers = [], []
        self.faults, self.kinds = {}, {}
        self.cookies = set()

    @property
    def config(self):
        return base_config(self.services.brokers, self.group, self.topics, self.services.redis_url + "/0",
                           self.name, self.vault.public_file, {"main": self.grafana})

    def hasty(self):
        """Settings of an instance "hasty": main once more, which soon takes a call for lost."""
        config = {**self.config["grafana.main"], "request_timeout_ms": 1000}
        return {f"grafana.hasty.{key}": value for key, value in config.items()}

    def worker(self, settings=None, env=None, program="grantd", name=None, config=None):
        """One more grantd, not started yet."""
        worker = Worker(name or f"w{len(self.workers) + 1}", self.dir, config or self.config,
                        settings, env, program)
        self.workers.append(worker)
        return worker

    def send(self, *requests, mode="binary", key=None, partition=None, valid=True):
        """Write requests to the topic; they are waited for as delivered. What does not fit the
        schema must be refused as such, see outcome_of(); with valid=False that is not looked at."""
        for event in requests:
            if valid and self._is_new_kind(event):
                self.faults[request_key(event)] = faults_of(event)
            self.producer.send(self.topics.requests, event, mode, key, partition)
            self.requests.append(event)
        self.producer.flush()
        return requests[0]

    def _is_new_kind(self, event):
        """The schema takes its time, so of those with the same members not all are held against it."""
        kind = (event["data"].get("action"), *sorted(event["data"]))
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        return self.kinds[kind] <= VALIDATED

    def send_raw(self, value, key=None, headers=None, partition=None, answered_as=None):
        """Write a record of any bytes. No outcome is expected for it, or, with
        answered_as=(source, id), one of that request."""
        self.producer.send_raw(self.topics.requests, value, key, headers, partition)
        self.producer.flush()
        if answered_as is not None:
            source, identity = answered_as
            self.requests.append({"type": REQUEST_TYPE, "source": source, "id": identity})

    def outcomes(self):
        return self.committed.events(self.topics.outcomes)

    def credentials(self):
        return self.committed.events(self.topics.credentials)

    def outcome_of(self, request, deadline_s=DEADLINE_S):
        """The committed outcome of one request, waited for."""
        wanted = request_key(request)

        def found(_):
            return next((event for event in self.outcomes() if request_key(event) == wanted), None)

        outcome = self.committed.until(found, f"the outcome of {wanted}", deadline_s)
        if self.faults.get(wanted):
            assert outcome["data"]["reason"]["code"].startswith("request."), (self.faults[wanted], outcome)
        return outcome

    def ask(self, request, **options):
        """Send one request as send() does; its outcome's data."""
        return self.outcome_of(self.send(request, **options))["data"]

    def follow_up_of(self, outcome, deadline_s=DEADLINE_S):
        """The outcome's data of the request that grantd asks of itself because of another's."""
        told = outcome["follow_up"]
        event = {"type": REQUEST_TYPE, "source": told["source"], "id": told["request_id"]}
        self.requests.append(event)
        found = self.outcome_of(event, deadline_s)["data"]
        assert found["action"] == told["action"]
        return found

    def all_outcomes(self, deadline_s=240):
        """Wait until there are as many outcomes as requests; {request key: outcome data}."""
        wanted = {request_key(event) for event in self.requests}
        self.committed.until(lambda _: len(self.committed.records[self.topics.outcomes]) >= len(wanted),
                             f"{len(wanted)} outcomes", deadline_s)
        return {request_key(event): event["data"] for event in self.outcomes()}

    def password_of(self, login, instance="main"):
        """What the newest credential of an account opens to."""
        return self.vault.open(invariants.newest_credentials(self.credentials())[instance, login])

    def committed_offsets(self):
        """{partition: (offset, metadata)} of the group in the request topic."""
        return {partition: place for (topic, partition), place in
                kafka_wire.committed(self.services.brokers, self.group).items()
                if topic == self.topics.requests}

    def wait_consumed(self, deadline_s=DEADLINE_S):
        """Wait until the group's committed offsets have reached the end of the request topic."""
        reader = Collector(self.services.brokers, [self.topics.requests], committed=False)
        try:
            reader.read_to_end(deadline_s)
            counts = collections.Counter(record.partition for record in reader.records[self.topics.requests])
        finally:
            reader.close()
        wait_until(lambda: all(self.committed_offsets().get(partition, (0, ""))[0] >= count
                               for partition, count in counts.items()),
                   "every request consumed", deadline_s)

    def grantctl(self, *args, input=None, expected=0):
        """Run grantctl to its end; its standard output."""
        done = subprocess.run([binary("grantctl"), *args], input=input, capture_output=True, text=True,
                              timeout=120, env=environment())
        assert done.returncode == expected, (
            f"grantctl {' '.join(args)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def note_cookies(self):
        """Remember the sessions there are; a logout or a reset takes them out of sight."""
        if self.grafana.simulated and self.grafana.process.running():
            self.cookies.update(self.grafana.cookies())

    def settle(self, secrets=()):
        """Stop what runs and check all that must hold after any test."""
        self.note_cookies()
        for worker in self.workers:
            if worker.running():
                worker.stop()
        self.committed.read_to_end()
        invariants.exactly_one_outcome(self.requests, self.outcomes())
        opened = [self.vault.open(event) for event in self.credentials()]
        # The code alone lets its person in as well.
        opened += [link.rsplit("/", 1)[1] for link in opened if "/invite/" in link]
        logs = [worker.log_path for worker in self.workers]
        if self.grafana.simulated:
            logs.append(self.grafana.journal_path)
            secrets = [*secrets, *self.cookies]
        everything = Collector(self.services.brokers, self.topics, committed=False)
        try:
            everything.read_to_end()
            for topic in (self.topics.outcomes, self.topics.credentials):
                invariants.identical_replays(everything.records[topic])
            invariants.no_plaintext([*opened, *secrets], {
                **invariants.topic_places(everything),
                **invariants.redis_places(self.redis),
                **invariants.file_places(self.services.dir + "/redis-data/appendonlydir", *logs)})
        finally:
            everything.close()

    def close(self):
        """Leave nothing running; a sanitizer's report fails the test even when it passed."""
        for worker in self.workers:
            worker.close()
        self.committed.close()
        self.redis.close()
        for worker in self.workers:
            worker.assert_no_sanitizer_report()
