"""Turns work that this process does into jobs that everybody can follow. One tracker for the whole process.

Collaborators: tracking, one job from submit to end; reporter, which speaks for it; server.
"""

import asyncio
import concurrent.futures
import json
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlencode

from .reporter import Failed, Reporter
from .server import Server, TokenSource
from .stopped import Interrupted
from .tracking import Tracking

OnUnreachable = Literal["run", "fail"]
Answer = TypeVar("Answer")


class Tracker:
    """Where the server is, and what holds for all jobs of this process.

        tidings = Tracker("http://127.0.0.1:8430", token=os.environ.get("TIDINGS_TOKEN"))

    url: where Tidings listens.
    token: an API key with `jobs:submit` and `jobs:report`; left out in open mode. A function is asked before each request.
    on_unreachable: what happens when the server cannot be reached at the start. `fail`: raises TidingsProblem with code `unreachable`,
        and the work does not run. `run`: it runs untracked, and is tracked as soon as the server answers.
    start_within_s: how long a start may wait for the server.
    end_within_s: how long the end of the work waits until it is told. After that it is told in the background.
    lease_s: how long a job may be silent before it is `lost`, from 1 to 3,600; 30 unless told.
    describe: what the record says of an error, as (kind, message); its class (or its `kind`) and its text unless told. Its owner can read it.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8430",
        token: TokenSource = None,
        *,
        on_unreachable: OnUnreachable = "fail",
        start_within_s: float = 2.0,
        end_within_s: float = 2.0,
        lease_s: float | None = None,
        describe: Callable[[BaseException], tuple[str, str]] | None = None,
    ) -> None:
        self._server = Server(url, token)
        self._on_unreachable = on_unreachable
        self._start_within_s = start_within_s
        self._end_within_s = end_within_s
        self._lease_s = lease_s
        self._describe = describe or _describe
        self._reporters: set[Reporter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._guard = threading.Lock()
        #: Why the process ends; None while it does not.
        self._closing: str | None = None

    @property
    def running(self) -> int:
        """How many jobs run, or wait to have their end told."""
        with self._guard:
            return len(self._reporters)

    def track(
        self,
        task: str,
        *,
        owner: str | None = None,
        session: str | None = None,
        subject: Mapping[str, str] | tuple[str, str] | None = None,
        title: str | None = None,
        link: str | None = None,
        input: Any = None,
        tags: list[str] | None = None,
        metadata: Any = None,
        priority: int | None = None,
        parent_id: str | None = None,
        batch_id: str | None = None,
        external_id: str | None = None,
        pause: Literal["cooperative", "none"] | None = None,
        lease_s: float | None = None,
        on_unreachable: OnUnreachable | None = None,
        keep: Callable[[Any], Any] | None = None,
    ) -> Tracking:
        """A job of this task, to be called with its work or entered as a block. The task need not be declared.

            async def work(job):
                for number, order in enumerate(orders, 1):
                    await job.checkpoint()
                    await add(order)
                    job.progress(100 * number / len(orders), order.name)
                return {"rows": len(orders)}

            report = await tidings.track("report", owner=user.id, session=page)(work)

        Answers or raises what the work does. Work that was stopped raises `Aborted`, `LeaseLost` or `Interrupted`, what it raised
        itself is the cause. Raises TidingsProblem, without running the work, when the server refuses the job, or cannot be reached and
        `on_unreachable` is `fail`.

        owner: the id of the signed-in user. Take it from your session, never from the request.
        session: the page or wizard that it was started from, any text of yours. A page that returns asks for it.
        subject: what it is about, as (type, id).
        title, link: what lists and toasts call it, and where the app shows the result: an http address, or a path.
        input: what it was asked to do, at most 1 MB of JSON. Its owner can read it.
        pause: `none` for work without checkpoints: a pause is then refused instead of asked for ever.
        keep: what the record keeps of the result, which its owner can read; the result itself unless told.
        """
        lease_s = self._lease_s if lease_s is None else lease_s
        if isinstance(subject, tuple):
            subject = {"type": subject[0], "id": subject[1]}
        fields = {
            "task": task,
            "mode": "tracked",
            "owner": owner,
            "session": session,
            "subject": subject,
            "title": title,
            "link": link,
            "input": input,
            "tags": tags,
            "metadata": metadata,
            "priority": priority,
            "parentId": parent_id,
            "batchId": batch_id,
            "externalId": external_id,
            "pause": pause,
            "leaseMs": None if lease_s is None else round(lease_s * 1000),
        }
        request = _json(fields)
        policy = on_unreachable or self._on_unreachable
        begin = lambda: self._begin(request, task, lease_s, policy)  # noqa: E731
        return Tracking(begin, keep, self._describe, self._end_within_s, self._tasks)

    def submit(self, task: str, *, idempotency_key: str | None = None, **fields: Any) -> dict[str, Any]:
        """Submits a job that somebody else runs: a process of the server, or a worker. Answers it as JSON. Blocks.

        The fields are those of `POST /api/v1/jobs`: `input`, `owner`, `session`, `subject`, `title`, `runAt`, … Raises TidingsProblem.

            job = tidings.submit("scrape-reviews", input={"product": 7}, owner=user.id)
        """
        return self._alone(lambda server: server.submit(_json({"task": task, **fields}), idempotency_key or str(uuid.uuid4())))

    def job(self, id: str) -> dict[str, Any]:
        """One job as JSON, with its input and result. Blocks. Raises TidingsProblem."""
        return self._alone(lambda server: server.request("GET", f"/jobs/{quote(id, safe='')}", None, {}))

    def jobs(self, **filters: Any) -> list[dict[str, Any]]:
        """Jobs as JSON, the newest first: those of a `session`, an `owner`, a `task`, a `status`, … as `GET /api/v1/jobs` takes them. Blocks.

            newest = tidings.jobs(session=page, owner=user.id, limit=1)
        """
        query = urlencode({name: value for name, value in filters.items() if value is not None})
        jobs: list[dict[str, Any]] = self._alone(lambda server: server.request("GET", f"/jobs?{query}", None, {}))["jobs"]
        return jobs

    def shut_down(self, reason: str = "the app was stopped", *, finish_s: float = 0, stop_s: float = 1.0) -> None:
        """For a process that ends: work may finish for `finish_s`, then it is stopped with `Interrupted`, and what still runs `stop_s` later
        is told as failed. Blocks until all is told, or `end_within_s` longer. From the call on `track` raises.

        In an event loop: `await asyncio.to_thread(tidings.shut_down, "the app was restarted")`.
        """
        with self._guard:
            self._closing = reason
        self._settle(finish_s)
        for reporter in self._all():
            reporter.stop(Interrupted(reason))
        self._settle(stop_s)
        for reporter in self._all():
            reporter.finish(Failed(Interrupted.kind, reason))
        self._settle(self._end_within_s)

    def _begin(self, request: bytes, task: str, lease_s: float | None, on_unreachable: str) -> Reporter:
        reporter = Reporter(self._server.another(), request, task, lease_s)
        with self._guard:
            closing = self._closing
        if closing is not None:
            raise Interrupted(closing)
        reporter.begin(self._start_within_s, on_unreachable)
        with self._guard:
            self._reporters.add(reporter)
            closing = self._closing
        reporter.told.add_done_callback(lambda _: self._forget(reporter))
        if closing is not None:
            reporter.stop(Interrupted(closing))
        return reporter

    def _forget(self, reporter: Reporter) -> None:
        with self._guard:
            self._reporters.discard(reporter)

    def _all(self) -> list[Reporter]:
        with self._guard:
            return list(self._reporters)

    def _settle(self, within_s: float) -> None:
        """Waits until nothing runs, or for so long."""
        told = [reporter.told for reporter in self._all()]
        if told and within_s > 0:
            concurrent.futures.wait(told, within_s)

    def _alone(self, ask: Callable[[Server], Answer]) -> Answer:
        server = self._server.another()
        try:
            return ask(server)
        finally:
            server.close()


def _json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in fields.items() if value is not None}, allow_nan=False).encode()


def _describe(error: BaseException) -> tuple[str, str]:
    kind = getattr(error, "kind", None)
    name = type(error).__name__
    return (kind if isinstance(kind, str) else name), (str(error) or name)
