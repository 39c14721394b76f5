"""Keeps one job: gets it from the server, says what is new, beats when there is nothing to say, hears what is asked, tells the end.

Collaborators: server, outbox; job and tracking, which say and listen. One thread a job, one request at a time, so that what is heard is
always newer. Refuses to stop work because the server is away: it tries again for as long as it takes.
"""

import concurrent.futures
import logging
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .outbox import Outbox
from .problem import TidingsProblem
from .server import Server
from .stopped import Aborted, LeaseLost, Stopped

log = logging.getLogger("tidings")

#: Length of a lease when none was asked for: the server's own.
LEASE_S = 30.0
#: Shortest time between two reports of progress or output.
REPORT_EVERY_S = 0.2
#: Longest time between two words: an abort that is not acknowledged within 10 s ends the job unconfirmed.
BEAT_AT_LEAST_EVERY_S = 3.0
#: How often held work looks for its resume.
LOOK_EVERY_S = 1.0
#: The longest wait between two tries; it doubles from REPORT_EVERY_S.
RETRY_AT_MOST_S = 10.0
#: How long the end is said again while the server is away.
TELL_FOR_S = 15 * 60.0


@dataclass
class Completed:
    #: Gives what the record keeps.
    result: Callable[[], Any]


@dataclass
class Failed:
    kind: str
    message: str


@dataclass
class Ceased:
    """It stopped because it was asked to."""


End = Completed | Failed | Ceased


class Reporter:
    def __init__(self, server: Server, request: bytes, name: str, lease_s: float | None) -> None:
        self._server = server
        self._request = request
        self._name = name
        self._key = str(uuid.uuid4())
        self._beat_every_s = min(BEAT_AT_LEAST_EVERY_S, (lease_s or LEASE_S) / 3)
        self._lease = ""
        self._outbox = Outbox()
        self._status = "running"
        self._wish: dict[str, Any] = {"kind": "none", "number": 0}
        self._acknowledged = 0
        self._end: End | None = None
        self._ended_at = 0.0
        self._failures = 0
        self._retry_after_s = 0.0
        self._last_at = time.monotonic()
        self._is_away = False
        self._is_silent = False
        #: Guards all of this, and tells who waits that something changed.
        self._changed = threading.Condition()
        #: The job; None until the server made it.
        self.id: str | None = None
        #: Why the work has to stop; None while it may go on.
        self.stopped: Stopped | None = None
        #: Called in the reporter's thread when the work has to stop, or something else is asked of it.
        self.on_heard: Callable[[], None] = lambda: None
        #: Done when the end was told, or never will be.
        self.told: concurrent.futures.Future[None] = concurrent.futures.Future()
        # Who gives up waiting for it does not cancel it.
        self.told.set_running_or_notify_cancel()

    def begin(self, within_s: float, on_unreachable: str) -> None:
        """Gets the job from the server, and starts to speak for it. Tries again until `within_s` is over.

        Raises TidingsProblem, unless the server is only away and the work may begin without it: then it goes on trying, under the same key.
        """
        until = time.monotonic() + within_s
        while True:
            try:
                self._take_seat()
                break
            except TidingsProblem as problem:
                self._count_failure(problem)
                wait_s = self._patience_s()
                if problem.is_passing and time.monotonic() + wait_s < until:
                    time.sleep(wait_s)
                elif problem.is_passing and on_unreachable == "run":
                    self._complain(problem, "the work runs untracked until it answers")
                    break
                else:
                    self._server.close()
                    raise
        if self.id is not None:
            self._failures = 0
        threading.Thread(target=self._keep, name=f"tidings {self.id or self._name}", daemon=True).start()

    def progress(self, progress: dict[str, Any]) -> None:
        with self._changed:
            self._outbox.add_progress(progress)
            self._changed.notify_all()

    def output(self, text: str, stream: str) -> None:
        with self._changed:
            self._outbox.add_output(text, stream)
            self._changed.notify_all()

    def hold_still(self) -> bool:
        """The work stands at a safe point. Answers whether it has to stay there; a pause that was asked is now a fact."""
        with self._changed:
            if self._wish["kind"] == "pause":
                self._acknowledge()
            return self._is_held

    def wait_for_news(self) -> None:
        """Blocks while the work is held and nothing tells it to stop."""
        with self._changed:
            number = self._wish["number"]
            self._changed.wait_for(lambda: self.stopped or not self._is_held or self._wish["number"] != number)

    def finish(self, end: End) -> None:
        """The work has ended; the first end counts."""
        with self._changed:
            if self._end is None:
                self._end = end
                self._ended_at = time.monotonic()
                self._changed.notify_all()

    def stop(self, stopped: Stopped) -> None:
        with self._changed:
            if self.stopped:
                return
            self.stopped = stopped
            self._changed.notify_all()
        self.on_heard()

    @property
    def _is_held(self) -> bool:
        return self._wish["kind"] == "pause" or self._status == "paused"

    def _take_seat(self) -> None:
        made = self._server.submit(self._request, self._key)
        if "lease" not in made:
            # A job that ended before this answer came has none left.
            raise TidingsProblem("the job came without a lease", code="no_lease", status=409)
        self.id, self._lease = made["id"], made["lease"]["token"]
        self._last_at = time.monotonic()

    def _keep(self) -> None:
        """Speaks for the job until its end is told."""
        try:
            while not self._is_silent:
                with self._changed:
                    due_s = self._last_at + self._patience_s() - time.monotonic()
                    if due_s > 0:
                        self._changed.wait(due_s)
                        continue
                if self._end and time.monotonic() - self._ended_at > TELL_FOR_S:
                    self._fall_silent("Tidings was away for too long")
                else:
                    self._speak()
        finally:
            self._server.close()
            self.told.set_result(None)

    def _patience_s(self) -> float:
        """How long after the last word the next is due."""
        if self._failures:
            back_off_s = min(RETRY_AT_MOST_S, REPORT_EVERY_S * 2.0 ** min(self._failures - 1, 16))
            return max(self._retry_after_s, back_off_s * random.uniform(0.75, 1.25))
        if self._end or self.id is None or self._outbox.is_urgent:
            return 0
        if not self._outbox.is_empty:
            return REPORT_EVERY_S
        return min(LOOK_EVERY_S, self._beat_every_s) if self._is_held else self._beat_every_s

    def _speak(self) -> None:
        with self._changed:
            takes = self.id is not None and (self._outbox.has_output or not self._end)
            word = self._outbox.take() if takes else None
        try:
            if self.id is None:
                self._take_seat()
            elif word:
                self._hear(self._report(*word))
            elif self._end:
                self._tell(self._end)
            else:
                self._hear(self._report("heartbeat", {}))
            if self._is_away:
                self._say("Tidings answers again")
            self._is_away = False
            self._failures = 0
        except TidingsProblem as problem:
            self._failed(problem, word)
        self._last_at = time.monotonic()

    def _report(self, verb: str, body: Any) -> dict[str, Any]:
        return self._server.report(self.id or "", self._lease, verb, body)

    def _tell(self, end: End) -> None:
        with self._changed:
            progress = self._outbox.take_progress()
        also = {"progress": progress} if progress else {}
        try:
            if isinstance(end, Completed):
                self._complete(end, also)
            elif isinstance(end, Failed):
                self._report("fail", {"error": {"kind": end.kind, "message": end.message}, **also})
            else:
                self._report("progress", {**progress, "acknowledge": self._wish["number"]})
        except TidingsProblem:
            self._outbox.put_back(progress)
            raise
        self._is_silent = True

    def _complete(self, end: Completed, also: dict[str, Any]) -> None:
        """A result that cannot be kept does not undo the work: the job completes without it, and its output says why."""
        try:
            self._report("complete", {"result": end.result(), **also})
            return
        except TidingsProblem as problem:
            if problem.status not in (400, 413, 422):
                raise
            why = str(problem)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
        self._say(f"its result cannot be kept: {why}")
        self._report("output", {"chunks": [{"stream": "warn", "text": f"The result was not kept: {why}\n"}]})
        self._report("complete", also)

    def _hear(self, answer: dict[str, Any]) -> None:
        wish = answer["wish"]
        with self._changed:
            is_news = (answer["status"], wish["number"], wish["kind"]) != (self._status, self._wish["number"], self._wish["kind"])
            self._status, self._wish = answer["status"], wish
            if wish["kind"] == "resume":
                self._acknowledge()
            self._changed.notify_all()
        if wish["kind"] in ("abort", "kill"):
            self.stop(Aborted(wish["kind"], wish.get("by")))
        if is_news:
            self.on_heard()

    def _acknowledge(self) -> None:
        if self._acknowledged != self._wish["number"]:
            self._acknowledged = self._wish["number"]
            self._outbox.acknowledge(self._acknowledged)
            self._changed.notify_all()

    def _failed(self, problem: TidingsProblem, word: tuple[str, dict[str, Any]] | None) -> None:
        is_refused = not problem.is_passing and problem.status not in (401, 403)
        if not is_refused or self.id is None:
            if word:
                with self._changed:
                    self._outbox.put_back(word[1])
            self._complain(problem, "the work goes on")
            self._count_failure(problem)
            if is_refused:
                # A job that was never made and is refused now stays untracked.
                self._fall_silent(str(problem))
        elif problem.status in (404, 409):
            is_aborted = problem.job_status == "aborted" and self._wish["kind"] == "none"
            self.stop(Aborted("abort", "somebody") if is_aborted else LeaseLost(str(problem)))
            self._fall_silent(str(problem))
        else:
            self._say(f"a report was refused: {problem}")
            if not word and self._end:
                self._fall_silent(str(problem))

    def _count_failure(self, problem: TidingsProblem) -> None:
        self._failures += 1
        self._retry_after_s = problem.retry_after_s

    def _complain(self, problem: TidingsProblem, what: str) -> None:
        """Once for each time that the server is away."""
        if not self._is_away:
            self._say(f"{problem}; {what}")
        self._is_away = True

    def _fall_silent(self, why: str) -> None:
        """Nothing more can be told."""
        self._is_silent = True
        if isinstance(self._end, Completed):
            self._say(f"the work is done, but its record cannot say so: {why}")

    def _say(self, words: str) -> None:
        log.warning("%s: %s", self.id or self._name, words)
