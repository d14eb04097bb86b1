# SPDX-License-Identifier: Apache-2.0
"""One grantd under test: its configuration file, its process, its health."""

import os
import urllib.error
import urllib.request

from .paths import binary, services
from .process import Process

# The one place that knows the configuration's names. Short times, so that faults are
# noticed within a test, but for Grafana's answers: a machine that stands still for seconds
# is no lost answer. Tests with calls that hang have less (Stage.hasty()). No skew, so that a
# request made now counts as fresh.
DEFAULTS = {
    "kafka": {"transaction_timeout_ms": 5000, "property.session.timeout.ms": 6000,
              "property.heartbeat.interval.ms": 500},
    "redis": {"epoch_skew_ms": 0},
    "worker": {"threads": 16, "lease_ms": 30000, "drain_ms": 10000, "retry_base_ms": 50,
               "retry_max_ms": 1000},
    "publish": {"max_delay_ms": 20},
    "log": {"level": "debug"},
}
INSTANCE_DEFAULTS = {"connect_timeout_ms": 1000, "request_timeout_ms": 10000,
                     "unauthorized_wait_ms": 1000, "org_cache_ms": 0, "version_check_ms": 0}


def base_config(brokers, group, topics, redis_url, key_prefix, key_file, instances):
    """{section: {name: value}}; 'instances' maps a name to a Grafana."""
    config = {section: dict(values) for section, values in DEFAULTS.items()}
    config["kafka"].update({
        "brokers": brokers, "group": group, "requests_topic": topics.requests,
        "outcomes_topic": topics.outcomes, "credentials_topic": topics.credentials,
        "inventory_topic": topics.inventory, "dead_letter_topic": topics.dead_letter})
    config["redis"].update({"url": redis_url, "key_prefix": key_prefix})
    config["vault"] = {"key_file": key_file}
    for name, grafana in instances.items():
        config[f"grafana.{name}"] = {**INSTANCE_DEFAULTS, "url": grafana.url, "user": grafana.user,
                                     "password": grafana.password}
    return config


def write_ini(path, config):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        for section, values in config.items():
            lines = [f"{name} = {value}" for name, value in values.items() if value is not None]
            file.write("\n".join([f"[{section}]", *lines, "", ""]))


class Worker(Process):
    """Settings are overridden by "section.name" (the last dot separates, except that
    librdkafka properties are written as "kafka.property.NAME"); None leaves one out."""

    def __init__(self, name, directory, config, settings=None, env=None, program="grantd"):
        self.port = services.free_ports(1)[0]
        self.config_path = os.path.join(directory, f"{name}.ini")
        config = {section: dict(values) for section, values in config.items()}
        config["worker"]["id"] = name
        config["http"] = {"listen": f"127.0.0.1:{self.port}"}
        for key, value in (settings or {}).items():
            section, name_in_section = self._split(key)
            config.setdefault(section, {})[name_in_section] = value
        write_ini(self.config_path, config)
        super().__init__(name, [binary(program), "--config", self.config_path],
                         os.path.join(directory, f"{name}.log"), env)

    @staticmethod
    def _split(key):
        if key.startswith("kafka.property."):
            return "kafka", key[len("kafka."):]
        return key.rpartition(".")[::2]

    def close(self):
        super().close()
        services.give_back(self.port)

    def start(self, ready=True):
        self.spawn()
        if ready:
            self.wait_ready()
        return self

    def http(self, path):
        """(status, text) of the health endpoint."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def wait_ready(self, ready=True):
        self.wait_for(lambda: (self.http("/readyz")[0] == 200) == ready,
                      "is ready" if ready else "is not ready")
