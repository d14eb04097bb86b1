# SPDX-License-Identifier: Apache-2.0
"""Starts and stops a real Kafka broker and a real redis-server on this machine.

Used by the end-to-end tests, scripts/demo and bench (as a module, or through
the command `services` beside this file). Standard library only.

All state of one pair of servers is in one directory: configuration, data, logs
and services.json, which names ports and processes. Both listen on 127.0.0.1
only. Processes are signalled by id, and only while /proc says that the id still
belongs to the process that was started here.

A pair made with owned=True dies with the process that started it; otherwise it
goes on until stop(), or until the process given to watch() has ended.
"""

import ctypes
import json
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

import kafka_wire

HERE = os.path.dirname(os.path.abspath(__file__))
READY_S = 180
STOP_S = 20
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)

# Quick to start and light on two cores; a broker under measurement may want others.
JVM_FLAGS = "-Xms128m -Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"

KAFKA_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={dir}/kafka-data
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=8388608
log.index.size.max.bytes=1048576
message.max.bytes=8388608
replica.fetch.max.bytes=8388608
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
"""

REDIS_CONF = """\
bind 127.0.0.1
port {port}
dir {dir}/redis-data
databases 256
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
"""


class ServiceError(Exception):
    """A server could not be started, or is not there. The text ends in its log."""


def wait_until(condition, what, deadline_s):
    """Poll until condition() is true; OSError and WireError count as not yet."""
    end = time.monotonic() + deadline_s
    last = None
    while True:
        try:
            if condition():
                return
        except (OSError, kafka_wire.WireError) as error:
            last = error
        if time.monotonic() > end:
            raise ServiceError(f"{what}: not within {deadline_s} s" + (f" ({last})" if last else ""))
        time.sleep(0.02)


_held_ports = {}  # port: the socket that keeps it


def free_ports(count):
    """Ports nobody listens on, below the range that outgoing connections are given.

    Each is kept by a socket that is bound but does not listen, until give_back(): what is told
    to listen there sets SO_REUSEADDR as well, and so may; the next who looks for a port, in
    whichever process, does not find it free, not even while its server is down for a while.
    """
    found = []
    while len(found) < count:
        port, keeper = random.randrange(20000, 32000), socket.socket()
        try:
            keeper.bind(("127.0.0.1", port))
        except OSError:
            keeper.close()
            continue
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _held_ports[port] = keeper
        found.append(port)
    return found


def give_back(*ports):
    for port in ports:
        _held_ports.pop(port).close()


# --- the broker's jars ------------------------------------------------------------------


def cache_dir():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("GRANTD_CACHE") or os.path.join(base, "grantd")


def _pom():
    with open(os.path.join(HERE, "pom.xml"), encoding="utf-8") as file:
        return file.read()


def jars_dir():
    version = re.search(r"<kafka\.version>([^<]+)<", _pom()).group(1)
    return os.path.join(cache_dir(), f"kafka-{version}", "libs")


def jars_present():
    """The cached directory holds a copy of the pom that filled it, written last."""
    try:
        with open(os.path.join(jars_dir(), "pom.xml"), encoding="utf-8") as file:
            return file.read() == _pom()
    except FileNotFoundError:
        return False


def fetch_jars():
    """Fill the cache with Maven unless it is full already."""
    if jars_present():
        return
    libs = jars_dir()
    partial = f"{libs}.{os.getpid()}"
    os.makedirs(partial, exist_ok=True)
    command = ["mvn", "-B", "-q", "-Dstyle.color=never", "-f", os.path.join(HERE, "pom.xml"),
               "dependency:copy-dependencies", "-DincludeScope=runtime",
               f"-DoutputDirectory={partial}"]
    try:
        # Not from inside the tree: Maven would leave a target directory there.
        for attempt in (1, 2, 3):
            if subprocess.run(command, cwd=partial, stdin=subprocess.DEVNULL).returncode == 0:
                break
            if attempt == 3:
                raise ServiceError("maven could not fetch the Kafka broker's jars")
        shutil.copy(os.path.join(HERE, "pom.xml"), partial)
        shutil.rmtree(libs, ignore_errors=True)
        os.rename(partial, libs)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


# --- processes --------------------------------------------------------------------------


def _start_time(pid):
    """What tells a process from a later one with its id; None once it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def die_with_parent():
    """For preexec_fn: the child is killed when the thread that started it ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Daemon:
    """One process of a pair, known by pid and start time, also to another process than its parent."""

    def __init__(self, name, directory, known=None):
        self.name = name
        self.log_path = os.path.join(directory, f"{name}.log")
        self.pid, self.started = known or (None, None)
        self._child = None

    def known(self):
        return [self.pid, self.started]

    def alive(self):
        if self._child is not None:
            self._child.poll()  # reap
        return self.pid is not None and _start_time(self.pid) == self.started

    def spawn(self, argv, owned):
        with open(self.log_path, "ab") as log:
            self._child = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=die_with_parent if owned else None)
        self.pid = self._child.pid
        self.started = _start_time(self.pid)

    def send(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def end(self, number=signal.SIGTERM):
        """Ask with the signal, insist with SIGKILL; returns when the process is gone."""
        self.send(signal.SIGCONT)
        self.send(number)
        try:
            wait_until(lambda: not self.alive(), f"{self.name} ends", STOP_S)
        except ServiceError:
            self.send(signal.SIGKILL)
            wait_until(lambda: not self.alive(), f"{self.name} is killed", STOP_S)
        self.pid = self.started = None

    def log_tail(self, lines=40):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-lines:])
        except FileNotFoundError:
            return ""

    def wait_ready(self, condition):
        def ready_or_dead():
            if not self.alive():
                raise ServiceError(f"{self.name} ended while starting")
            return condition()

        try:
            wait_until(ready_or_dead, f"{self.name} is ready", READY_S)
        except ServiceError as error:
            self.end(signal.SIGKILL)
            raise ServiceError(f"{error}\n--- {self.log_path}\n{self.log_tail()}") from None


# --- the pair ---------------------------------------------------------------------------


class Services:
    """A Kafka broker and a redis-server in one directory.

    Made anew by start(); or attached to, from services.json, by whoever knows the directory.
    """

    def __init__(self, directory, owned=False, jvm_flags=None):
        self.dir = os.path.abspath(directory)
        self.owned = owned
        self.jvm_flags = (jvm_flags or os.environ.get("GRANTD_KAFKA_JVM") or JVM_FLAGS).split()
        state = self._load()
        self.kafka_port = state.get("kafka_port")
        self.controller_port = state.get("controller_port")
        self.redis_port = state.get("redis_port")
        self.kafka = Daemon("kafka", self.dir, state.get("kafka"))
        self.redis = Daemon("redis", self.dir, state.get("redis"))
        self.watchdog = Daemon("watchdog", self.dir, state.get("watchdog"))

    @property
    def brokers(self):
        return f"127.0.0.1:{self.kafka_port}"

    @property
    def redis_url(self):
        return f"redis://127.0.0.1:{self.redis_port}"

    def _path(self, name):
        return os.path.join(self.dir, name)

    def _load(self):
        try:
            with open(self._path("services.json"), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def _save(self):
        state = {
            "kafka_port": self.kafka_port, "controller_port": self.controller_port,
            "redis_port": self.redis_port, "kafka": self.kafka.known(),
            "redis": self.redis.known(), "watchdog": self.watchdog.known(),
        }
        partial = self._path("services.json.new")
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(state, file)
        os.replace(partial, self._path("services.json"))

    def start(self):
        """Start what does not run; returns when both answer. Data from before is kept."""
        fetch_jars()
        os.makedirs(self._path("redis-data"), exist_ok=True)
        if self.kafka_port is None:
            self.kafka_port, self.controller_port, self.redis_port = free_ports(3)
            self._save()
        try:
            if not self.redis.alive():
                self.start_redis(wait=False)
            if not self.kafka.alive():
                self.start_kafka(wait=False)
            self.wait_redis()
            self.wait_kafka()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """End both, Redis last; the directory stays."""
        self.watchdog.end()
        self.kafka.end()
        self.redis.end()
        self._save()

    # Kafka

    def _java(self):
        home = os.environ.get("JAVA_HOME")
        return [os.path.join(home, "bin", "java") if home else "java", *self.jvm_flags,
                f"-Dlog4j2.configurationFile={HERE}/log4j2.properties",
                "-cp", os.path.join(jars_dir(), "*")]

    def _properties(self):
        return KAFKA_PROPERTIES.format(
            port=self.kafka_port, controller_port=self.controller_port, dir=self.dir)

    def _format_storage(self):
        properties = self._path("server.properties")
        with open(properties, "w", encoding="utf-8") as file:
            file.write(self._properties())
        if os.path.exists(self._path("kafka-data/meta.properties")):
            return
        done = subprocess.run(
            [*self._java(), "kafka.tools.StorageTool", "format", "-t", "Z3JhbnRkLXRlc3RzLTAwMQ",
             "-c", properties], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise ServiceError(f"formatting Kafka's storage failed:\n{done.stdout}{done.stderr}")

    def start_kafka(self, wait=True):
        self._format_storage()
        self.kafka.spawn([*self._java(), "kafka.Kafka", self._path("server.properties")], self.owned)
        self._save()
        if wait:
            self.wait_kafka()

    def wait_kafka(self):
        self.kafka.wait_ready(lambda: kafka_wire.metadata(self.brokers)["brokers"] == [1])

    def stop_kafka(self, number=signal.SIGTERM):
        self.kafka.end(number)
        self._save()

    def restart_kafka(self):
        """Same port, same data."""
        self.stop_kafka()
        self.start_kafka()

    def create_topics(self, topics, configs=None):
        kafka_wire.create_topics(self.brokers, topics, configs)

    # Redis

    def start_redis(self, wait=True):
        conf = self._path("redis.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(REDIS_CONF.format(port=self.redis_port, dir=self.dir))
        self.redis.spawn(["redis-server", conf], self.owned)
        self._save()
        if wait:
            self.wait_redis()

    def wait_redis(self):
        self.redis.wait_ready(lambda: self.redis_command("PING") == "+PONG")

    def stop_redis(self, number=signal.SIGTERM):
        self.redis.end(number)
        self._save()

    def restart_redis(self):
        """Same port; what reached the append-only file is read back."""
        self.stop_redis()
        self.start_redis()

    def flush_redis(self):
        """Forget everything, in all databases."""
        answer = self.redis_command("FLUSHALL")
        if answer != "+OK":
            raise ServiceError(f"FLUSHALL: {answer}")

    def redis_command(self, text):
        """First line of the answer to one inline command."""
        with socket.create_connection(("127.0.0.1", self.redis_port), timeout=30) as conn:
            conn.sendall(text.encode() + b"\r\n")
            with conn.makefile("rb") as answer:
                return answer.readline().decode().strip()

    # Both

    def pause(self, daemon):
        """Stop the process where it stands; its connections stay open."""
        daemon.send(signal.SIGSTOP)

    def resume(self, daemon):
        daemon.send(signal.SIGCONT)

    def watch(self, owner_pid):
        """Have the pair stopped when the process has ended, however it ends."""
        self.watchdog.spawn([sys.executable, os.path.join(HERE, "services"), "watch", self.dir,
                             str(owner_pid)], owned=False)
        self._save()


def stop_when_gone(directory, owner_pid):
    """The watchdog's work."""
    try:
        owner = os.pidfd_open(owner_pid)
    except ProcessLookupError:
        owner = None
    if owner is not None:
        select.select([owner], [], [])
    pair = Services(directory)
    pair.kafka.end()
    pair.redis.end()
