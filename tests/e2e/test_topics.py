# SPDX-License-Identifier: Apache-2.0
"""Topics and partitions that come while a worker is running."""

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from conftest import VERSIONS
from harness.desk import was
from harness.events import request
from harness.kafka import Collector, Producer

pytestmark = pytest.mark.parametrize("_grafana", VERSIONS[-1:], indirect=True)


def ask_for(stage, login, partition=None):
    return stage.send(request("account.create", user={"login": login}), partition=partition)


def made(stage, event):
    was(stage.outcome_of(event)["data"], "applied", status=200)


def test_a_topic_of_requests_that_comes_later(stage):
    stage.topics = stage.topics._replace(requests=f"{stage.name}.later")
    worker = stage.worker(config=stage.config).start(ready=False)
    worker.wait_log("Subscribed topic not available")
    stage.services.create_topics({stage.topics.requests: 1})
    made(stage, ask_for(stage, "ada"))
    stage.settle()


def test_a_partition_that_is_added_is_read_from_its_beginning(stage):
    stage.worker().start()
    made(stage, ask_for(stage, "ada"))
    admin = AdminClient({"bootstrap.servers": stage.services.brokers})
    admin.create_partitions([NewPartitions(stage.topics.requests, 2)])[stage.topics.requests].result(60)
    stage.producer = Producer(stage.services.brokers)
    made(stage, ask_for(stage, "bob", partition=1))
    stage.settle()


@pytest.mark.parametrize("which", ["outcomes", "credentials"])
def test_a_topic_of_results_that_comes_later(stage, which):
    missing = f"{stage.name}.later"
    stage.topics = stage.topics._replace(**{which: missing})
    # For so long librdkafka believes that a topic will be there yet; half a minute by default.
    worker = stage.worker({"kafka.property.topic.metadata.propagation.max.ms": 1000}, config=stage.config).start()
    event = ask_for(stage, "ada")
    worker.wait_log(f"not published.*{missing}")
    assert stage.grafana.lookup("ada")

    stage.services.create_topics({missing: 1})
    stage.committed.close()
    stage.committed = Collector(stage.services.brokers, stage.topics[1:])
    made(stage, event)
    assert stage.grafana.can_log_in("ada", stage.password_of("ada"))
    stage.settle()
