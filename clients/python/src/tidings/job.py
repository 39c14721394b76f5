"""What the work holds of its job: say how far it is, hear that it should stop or stand still.

Collaborators: reporter, which speaks to the server in a thread of its own. Nothing here fails because the server is away.
"""

import asyncio
from typing import Any

from .reporter import Reporter
from .stopped import Stopped


class _Words:
    """What both kinds of work say."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        #: For `with` blocks: what the record keeps as the result; it must be JSON. Its owner can read it.
        self.result: Any = None

    @property
    def id(self) -> str | None:
        """The job's id at Tidings; None while it runs untracked because the server was away at its start."""
        return self._reporter.id

    @property
    def aborted(self) -> bool:
        """Whether the work should stop: it was aborted, its lease is gone, or the app ends."""
        return self._reporter.stopped is not None

    @property
    def reason(self) -> Stopped | None:
        """Why it should stop: `Aborted`, `LeaseLost` or `Interrupted`; None while it may go on."""
        return self._reporter.stopped

    def progress(
        self,
        percentage: float | None = None,
        message: str | None = None,
        *,
        current: int | None = None,
        total: int | None = None,
        ok: int | None = None,
        failed: int | None = None,
        skipped: int | None = None,
    ) -> None:
        """Says how far the work is. Call it as often as you like: the newest value of each field is sent, every 0.2 s at the most.

        `percentage` is from 0 to 100, `message` a sentence for people; `current` of `total` items are done, of which `ok` went well,
        `failed` failed and `skipped` were left out. What is left out stays as it was.

            job.progress(25, "reading the orders")
            job.progress(current=3, total=12, failed=1)
        """
        given = {
            "percentage": percentage,
            "message": message,
            "current": current,
            "total": total,
            "ok": ok,
            "failed": failed,
            "skipped": skipped,
        }
        self._reporter.progress({name: value for name, value in given.items() if value is not None})

    def log(self, text: str, stream: str = "info") -> None:
        """Adds lines to the job's output; `stream` is `stdout`, `stderr`, `debug`, `info`, `warn` or `error`.

        At most a megabyte waits while the server is away; above, the oldest is dropped.
        """
        self._reporter.output(text if text.endswith("\n") else text + "\n", stream)

    def _raise_if_stopped(self) -> None:
        if self._reporter.stopped:
            raise self._reporter.stopped


class Job(_Words):
    """One run of a task, in the hands of work that blocks its thread."""

    def checkpoint(self) -> None:
        """A safe point: returns at once, or after the resume when somebody asked to pause. Raises `Stopped` when the work is no longer wanted.

        Put it between two steps: it is how an abort reaches work that blocks.
        """
        self._raise_if_stopped()
        while self._reporter.hold_still():
            self._reporter.wait_for_news()
            self._raise_if_stopped()


class AsyncJob(_Words):
    """One run of a task, in the hands of a coroutine. An abort cancels the coroutine at its next `await`."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__(reporter)
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None
        #: Whether the cancellation of the task is ours.
        self._was_cancelled = False
        reporter.on_heard = self._heard

    async def checkpoint(self) -> None:
        """A safe point: returns at once, or after the resume when somebody asked to pause. Raises `Stopped` when the work is no longer wanted."""
        self._raise_if_stopped()
        while True:
            self._news.clear()
            if not self._reporter.hold_still():
                return
            await self._news.wait()
            self._raise_if_stopped()

    def _cancels(self, task: "asyncio.Task[Any] | None") -> None:
        """From now on a stop cancels this task; None: nothing any more."""
        self._task = task
        if task and self._reporter.stopped:
            self._react()

    def _heard(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._react)
        except RuntimeError:
            # The loop has ended, and the work with it.
            pass

    def _react(self) -> None:
        self._news.set()
        if self._reporter.stopped and self._task and not self._was_cancelled:
            self._was_cancelled = True
            self._task.cancel()
