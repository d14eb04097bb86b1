# SPDX-License-Identifier: Apache-2.0
"""What scripts/demo runs once everything is installed and built. Standard library only."""

import argparse
import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "services"))
import services  # noqa: E402

TOPICS = ("access.requests", "access.outcomes", "access.credentials", "access.inventory",
          "access.dead-letter")
TTY = sys.stdout.isatty()

CONFIG = """\
[kafka]
brokers = {brokers}

[redis]
url = {redis}

[worker]
id = {worker}

[vault]
key_file = {dir}/vault.public.jwk

[grafana.main]
url = {url}
user = {user}
password = {password}
"""

# What is asked, in this order for each person: (id, action, flags of grantctl submit).
REQUESTS = [
    ("req-01", "account.create", "--user ada@example.com --login ada --name Ada --org Observability --role Viewer"),
    ("req-02", "org_role.grant", "--user ada@example.com --org Observability --role Editor --reason on-call --ticket INC-4711"),
    ("req-02", "org_role.grant", "--user ada@example.com --org Observability --role Editor --reason on-call --ticket INC-4711"),
    ("req-03", "org_role.grant", "--user bob@example.com --org Observability --role Viewer --if-no-account create"),
    ("req-04", "account.update", "--user bob@example.com --set-name Bob"),
    ("req-05", "account.disable", "--user bob@example.com"),
    ("req-06", "account.enable", "--user bob@example.com"),
    ("req-07", "org_role.revoke", "--user bob@example.com --org Observability"),
    ("req-08", "org_role.revoke", "--user bob@example.com --org Observability"),
    ("req-09", "account.reset_password", "--user ada@example.com"),
    ("req-10", "account.logout", "--user ada@example.com"),
    ("req-11", "account.delete", "--user bob@example.com"),
    ("req-12", "org_role.grant", "--user nobody@example.com --org Observability --role Admin"),
    ("req-13", "account.delete", "--login {user}"),
    ("req-14", "account.delete", "--user ada@example.com --plan"),
    ("req-15", "org_role.grant", "--user ada@example.com --org Observability --role Admin --duration {duration}"),
]
IDENTITIES = {identity for identity, _, _ in REQUESTS}
GRANT_S = 10  # how long req-15 is to hold


def bold(text):
    return f"\033[1m{text}\033[0m" if TTY else text


def say(text=""):
    print(text, flush=True)


def title(text):
    say()
    say(bold(text))


def environment(**more):
    """This one, less what would be a setting of grantd, and the scripts' own names that look like one."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("GRANTD_")}, **more}


class Demo:
    def __init__(self, directory):
        self.dir = directory
        self.pair = services.Services(directory)
        self.children = []
        self.url = os.environ.get("GRAFANA_URL", "").rstrip("/")
        self.user = os.environ.get("GRAFANA_USER", "admin")
        self.password = os.environ.get("GRAFANA_PASSWORD", "admin")

    # --- processes ---

    def spawn(self, name, argv):
        log = open(os.path.join(self.dir, f"{name}.log"), "ab")
        child = subprocess.Popen(argv, env=environment(), stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=log, start_new_session=True)
        log.close()
        self.children.append((name, child))
        return child

    def log_has(self, name, text):
        with open(os.path.join(self.dir, f"{name}.log"), encoding="utf-8", errors="replace") as file:
            return next((line for line in file if text in line), None)

    def binary(self, name):
        return os.path.join(ROOT, "build", name)

    def ctl(self, *args):
        done = subprocess.run([self.binary("grantctl"), *args], capture_output=True, text=True,
                              env=environment(GRANTD_CONFIG=f"{self.dir}/w1.ini"))
        if done.returncode != 0:
            raise SystemExit(f"grantctl {' '.join(args)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    # --- Grafana ---

    def api(self, method, path, body=None, login=None):
        pair = ":".join(login or (self.user, self.password))
        request = urllib.request.Request(
            self.url + path, method=method, data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json",
                     "Authorization": "Basic " + base64.b64encode(pair.encode()).decode()})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, None

    def org_id(self):
        return self.api("GET", "/api/orgs/name/Observability")[1]["id"]

    def show_grafana(self):
        members = {user["login"]: user["role"] for user in
                   self.api("GET", f"/api/orgs/{self.org_id()}/users")[1]}
        say(f"  {'login':24} {'name':10} {'disabled':9} role in Observability")
        for user in self.api("GET", "/api/users")[1]:
            say(f"  {user['login']:24} {user['name']:10} {str(user['isDisabled']).lower():9} "
                f"{members.get(user['login'], '-')}")

    # --- steps ---

    def start(self):
        title("Starting Kafka, Redis, Grafana and two workers")
        self.pair.start()
        self.pair.create_topics({topic: 4 for topic in TOPICS})
        say(f"  Kafka    {self.pair.brokers}\n  Redis    {self.pair.redis_url}")
        if not self.url:
            self.spawn("grafana", [self.binary("grafana-sim"), "--port", "0"])
            services.wait_until(lambda: self.log_has("grafana", "listening on"), "the simulator", 20)
            self.url = "http://" + self.log_has("grafana", "listening on").split()[-1]
        say(f"  Grafana  {self.url}")
        subprocess.run([self.binary("grantctl"), "keygen", "--private", f"{self.dir}/vault.private.jwk",
                        "--public", f"{self.dir}/vault.public.jwk"], check=True,
                       stdout=subprocess.DEVNULL)
        for worker in ("w1", "w2"):
            path = f"{self.dir}/{worker}.ini"
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
                file.write(CONFIG.format(brokers=self.pair.brokers, redis=self.pair.redis_url,
                                         worker=worker, dir=self.dir, url=self.url, user=self.user,
                                         password=self.password))
            self.spawn(worker, [self.binary("grantd"), "--config", path])
        for worker in ("w1", "w2"):
            services.wait_until(lambda name=worker: self.log_has(name, "msg=assigned"), worker, 60)
        say("  grantd   w1 and w2, each with its part of access.requests")
        if self.api("GET", "/api/orgs/name/Observability")[0] == 404:
            self.api("POST", "/api/orgs", {"name": "Observability"})

    def submit(self):
        title(f"{len(REQUESTS)} requests into access.requests: one of them twice, one only as a plan, one for a while")
        for identity, action, flags in REQUESTS:
            flags = flags.format(user=self.user, duration=GRANT_S)
            self.ctl("submit", action, "--id", identity, "--source", "/demo", "--requested-by",
                     "ada@example.com", "--approved-by", "eve@example.com", *flags.split())
            say(f"  {identity}  {action:24} {flags}")

    def outcomes(self, count):
        """The first that many, by their requests' ids."""
        lines = self.ctl("watch", "--from-beginning", "--count", str(count), "--timeout", "60")
        return sorted(map(json.loads, lines.splitlines()), key=lambda one: one["data"]["request"]["id"])

    def show_outcomes(self, outcomes):
        for outcome in outcomes:
            data = outcome["data"]
            say(f"  {data['request']['id']:11}  {data['action']:22}  {data['result']:10}  "
                f"{data['reason']['code']:17}  {data['reason']['message'][:90]}")

    def watch(self):
        outcomes = self.outcomes(len(IDENTITIES))
        title(f"{len(outcomes)} outcomes from access.outcomes, one per request")
        self.show_outcomes(outcomes)
        title("One of them in full")
        say(json.dumps(next(one for one in outcomes if one["data"]["request"]["id"] == "req-02"), indent=2))

    def watch_grant_end(self):
        title(f"req-15 was for {GRANT_S} seconds; when they are over, grantd asks for its end")
        ended = [one for one in self.outcomes(len(IDENTITIES) + 1) if "grant" in one["data"]]
        self.show_outcomes(ended)

    def open_password(self):
        title("What the vault got for ada: a sealed credential, opened with the vault's private key")
        password = self.ctl("open", "--topic", "--login", "ada", "--key", f"{self.dir}/vault.private.jwk",
                            "--password-only").strip()
        say(f"  password: {password[:3]}{'*' * (len(password) - 3)} ({len(password)} characters)")
        status, me = self.api("GET", "/api/user", login=("ada", password))
        if status != 200:
            raise SystemExit(f"the password does not log in: {status}")
        say(f"  GET /api/user as ada with it: {status}, login {me['login']}, id {me['id']}")

    def stop(self):
        """Nothing is left: the directory has passwords and the vault's key."""
        for name, child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
        for name, child in reversed(self.children):
            try:
                child.wait(timeout=30)
            except subprocess.TimeoutExpired:
                child.kill()
        self.pair.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


def run(demo):
    demo.start()
    title("Grafana before")
    demo.show_grafana()
    demo.submit()
    demo.watch()
    title("Grafana after")
    demo.show_grafana()
    demo.watch_grant_end()
    demo.open_password()


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave everything running")
    keep = parser.parse_args().keep
    demo = Demo(tempfile.mkdtemp(prefix="grantd-demo-"))
    try:
        run(demo)
    except BaseException:
        for name, _ in demo.children:
            with open(os.path.join(demo.dir, f"{name}.log"), encoding="utf-8", errors="replace") as file:
                sys.stderr.write(f"--- {name}\n" + "".join(file.readlines()[-15:]))
        demo.stop()
        raise
    if not keep:
        demo.stop()
        return
    title("Left running")
    say(f"  GRANTD_CONFIG={demo.dir}/w1.ini build/grantctl watch --from-beginning")
    say("  end with: kill " + " ".join(str(child.pid) for _, child in demo.children) +
        f" && tests/services/services stop {demo.dir} && rm -r {demo.dir}")


if __name__ == "__main__":
    main()
