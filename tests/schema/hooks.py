"""Gives the generated requests something to meet: an id that the document allows becomes that of a job that is really there, in every state that
a job can be in, with its lease. Waits are cut to what a test has time for.
"""

import itertools
import os

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation

URL = os.environ["SCHEMA_URL"] + "/api/v1/jobs"
SESSION = requests.Session()
if os.environ.get("SCHEMA_TOKEN"):
    SESSION.headers["Authorization"] = f"Bearer {os.environ['SCHEMA_TOKEN']}"
FUTURE = "2999-01-01T00:00:00Z"
# Of six requests to a job, three meet one that runs.
KINDS = itertools.cycle(["running", "scheduled", "running", "ended", "running", "unknown"])


# Waits that are allowed, as a query says them.
SECONDS = {str(seconds) for seconds in range(56)}


def a_job(kind):
    """Id and lease of a new job of a kind."""
    if kind == "unknown":
        return None, None
    body = {"task": "app", "mode": "tracked", "input": {"n": 1}, "tags": ["a"]} if kind != "scheduled" else {"task": "work", "runAt": FUTURE}
    answer = SESSION.post(URL, json=body, timeout=20)
    answer.raise_for_status()
    job = answer.json()
    lease = job.get("lease", {}).get("token")
    if kind == "ended":
        SESSION.post(f"{URL}/{job['id']}/complete", json={"result": 1}, headers={"Tidings-Lease": lease}, timeout=20).raise_for_status()
    return job["id"], lease


def is_positive(case, location):
    component = case.meta.components.get(location) if case.meta else None
    return component is None or component.mode.is_positive


@schemathesis.hook
def before_call(context, case, kwargs):
    parameters = case.path_parameters or {}
    if "id" in parameters and is_positive(case, ParameterLocation.PATH):
        identity, lease = a_job(next(KINDS))
        if identity:
            parameters["id"] = identity
            if lease and case.headers and "Tidings-Lease" in case.headers and is_positive(case, ParameterLocation.HEADER):
                case.headers["Tidings-Lease"] = lease
    query = case.query
    for name in ("wait", "follow"):
        if isinstance(query, dict) and str(query.get(name)) in SECONDS:
            query[name] = 0
    if case.operation.label == "GET /api/v1/live/poll" and isinstance(query, dict) and is_positive(case, ParameterLocation.QUERY):
        query.setdefault("wait", 0)
        query["topic"] = '{"tenant":true}'
    if isinstance(case.body, dict) and isinstance(case.body.get("wait"), int):
        case.body["wait"] = min(case.body["wait"], 0)
    if case.headers and "Prefer" in case.headers:
        case.headers["Prefer"] = "respond-async"
