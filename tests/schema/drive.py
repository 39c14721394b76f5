#!/usr/bin/env python3
"""Drives docs/reference/openapi.json against the real server: no answer is a 5xx, every answer is what the document says, and data that the
document forbids is refused.

Twice: in open mode, and with a token against a closed server, where a missing or wrong token must be refused as well. The tool is Schemathesis,
pinned in requirements.txt, in a virtual environment of its own under target/schema/. The seed is fixed and printed; SCHEMA_SEED and
SCHEMA_EXAMPLES (cases of each operation) change a run. `drive.py --setup` only makes the environment.

Left out are three routes that are no request with one answer: `live` (a WebSocket), `liveEvents` and `liveJob` (streams without an end). They have
tests of their own in tests/live/. The long poll is in, and hooks.py bounds how long it and a claim wait.
"""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target" / "schema"
ENVIRONMENT = TARGET / "venv"
SEED = os.environ.get("SCHEMA_SEED", "20261122")
EXAMPLES = os.environ.get("SCHEMA_EXAMPLES", "10")
SECRET = "a secret of at least thirty-two bytes"
HELD = ["live", "liveEvents", "liveJob"]

# Not asked of it: `positive_data_acceptance`, because whether a request makes sense depends on more than its shape (which tasks are declared,
# which jobs exist, lengths in bytes), and `allow_header_conformance` and `response_headers_conformance`, which have nothing to look at here.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
]
ACCESS_CHECKS = ["ignored_auth"]
# 412: If-Match is looked at before the body, so that data which is wrong as well may be refused for it.
SETTINGS = """
[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 411, 412, 413, 415, 422, 426, 428, 429, 431]
"""

TASKS = """
[tasks.greet]
command = ["true"]
env = ["PATH"]

[tasks.work]
mode = "worker"

[tasks.app]
mode = "tracked"
"""
# The preparations of a case are requests of the same user: on a fast machine there are more in a second than one is usually allowed.
CLOSED = """
[access]
jwt = { algorithm = "HS256", secret_file = "secret" }

[limits]
requests_per_second = 0
"""


def make_environment():
    wanted = (HERE / "requirements.txt").read_text()
    made = ENVIRONMENT / "made-from.txt"
    if made.exists() and made.read_text() == wanted:
        return
    print("installing Schemathesis into target/schema/venv", flush=True)
    try:
        run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)])
        run([str(ENVIRONMENT / "bin" / "pip"), "install", "-q", "--no-deps", "-r", str(HERE / "requirements.txt")])
    except subprocess.CalledProcessError as error:
        sys.exit(
            f"schema: {' '.join(error.cmd)} failed. It needs Python 3.11 or newer with venv and pip "
            "(Debian: apt-get install python3 python3-venv), and a package index that pip can reach."
        )
    made.write_text(wanted)


def run(command):
    subprocess.run(command, check=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def token(subject, scopes):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    head = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    claims = {"sub": subject, "scope": scopes, "exp": int(time.time()) + 3600, "tenant_wide": True, "service": True}
    signed = head + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest())).decode()


class Server:
    """A server of our own, in a folder of its own, ended by its process id."""

    def __init__(self, folder, config):
        self.url = f"http://127.0.0.1:{free_port()}"
        (folder / "tidings.toml").write_text(config)
        (folder / "secret").write_text(SECRET)
        self.log = open(folder / "server.log", "w+")
        binary = os.environ.get("TIDINGS_BIN", str(ROOT / "target" / "debug" / "tidings"))
        arguments = ["serve", "--config", str(folder / "tidings.toml"), "--data", str(folder / "data")]
        listen = ["--listen", self.url.removeprefix("http://")]
        self.process = subprocess.Popen([binary, *arguments, *listen], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def until_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                sys.exit(f"schema: the server ended at once:\n{self.said()}")
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
        sys.exit("schema: the server did not get ready within 60 s")

    def said(self):
        self.log.flush()
        self.log.seek(0)
        return self.log.read()

    def end(self):
        """Whether it lived until now, left in order, and no part of it panicked."""
        lived = self.process.poll() is None
        if lived:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        said = self.said()
        if not lived or code != 0 or "panicked" in said:
            print(f"schema: the server ended with {code}\n{said[-8000:]}")
            return False
        return True


def drive(name, config, bearer):
    """One run; whether everything was as the document says."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        server = Server(folder, config)
        try:
            server.until_ready()
            document = json.loads((ROOT / "docs" / "reference" / "openapi.json").read_text())
            checks = list(CHECKS)
            if bearer:
                checks += ACCESS_CHECKS
            else:
                # Open mode asks nobody who they are.
                document.pop("security", None)
            (folder / "openapi.json").write_text(json.dumps(document))
            (folder / "schemathesis.toml").write_text(SETTINGS)
            command = [str(ENVIRONMENT / "bin" / "st"), "run", str(folder / "openapi.json"), "--url", server.url]
            command += ["--phases", "coverage,fuzzing", "--seed", SEED, "--max-examples", EXAMPLES, "--checks", ",".join(checks)]
            command += ["--request-timeout", "20", "--warnings", "off", "--suppress-health-check", "all", "--generation-database", "none"]
            for operation in HELD:
                command += ["--exclude-operation-id", operation]
            if bearer:
                command += ["--header", f"Authorization: Bearer {bearer}"]
            surroundings = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
            surroundings |= {"SCHEMA_URL": server.url, "SCHEMA_TOKEN": bearer, "NO_COLOR": "1", "COLUMNS": "140"}
            print(f"\nschema: {name}, seed {SEED}, {EXAMPLES} cases of each operation", flush=True)
            is_good = subprocess.run(command, env=surroundings, cwd=folder).returncode == 0
        finally:
            is_well = server.end()
        return is_good and is_well


def main():
    make_environment()
    if sys.argv[1:] == ["--setup"]:
        return
    everything = "jobs:read jobs:submit jobs:control jobs:report admin"
    runs = [("open mode", TASKS, ""), ("with a token", CLOSED + TASKS, token("robot", everything))]
    results = [drive(*one) for one in runs]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
