# SPDX-License-Identifier: Apache-2.0
"""A Kafka broker that lets nobody in without TLS and a password, and does nothing for whom
it has not been told to.

As services.Services, with a second listener: `secure`, SASL_SSL, mechanism PLAIN. Who comes
there may do what allow() gave them. The plain listener, for topics, rights and the tests'
own clients, is a superuser's.
"""

import kafka_wire
import services

# What comes later in the file wins.
GUARDED_PROPERTIES = """\
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port},SECURE://127.0.0.1:{secure_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},SECURE://127.0.0.1:{secure_port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
listener.name.secure.sasl.enabled.mechanisms=PLAIN
listener.name.secure.plain.sasl.jaas.config=\\
  org.apache.kafka.common.security.plain.PlainLoginModule required {users};
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location={keystore}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""


class Guarded(services.Services):
    """'keystore' is a file with the broker's key and certificate, 'users' {name: password}."""

    def __init__(self, directory, keystore, users):
        super().__init__(directory, owned=True)
        self.keystore, self.users = keystore, users
        (self.secure_port,) = services.free_ports(1)

    @property
    def secure(self):
        return f"127.0.0.1:{self.secure_port}"

    def _properties(self):
        users = " ".join(f'user_{name}="{password}"' for name, password in self.users.items())
        return super()._properties() + GUARDED_PROPERTIES.format(
            port=self.kafka_port, controller_port=self.controller_port,
            secure_port=self.secure_port, keystore=self.keystore, users=users)

    def allow(self, rights):
        kafka_wire.allow(self.brokers, rights)
