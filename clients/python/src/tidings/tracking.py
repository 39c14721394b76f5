"""One job from its submit to its end, around a function, a coroutine or a block.

Collaborators: tracker, which makes it; reporter, which speaks for the job. What the work returns or raises is what comes out.
"""

import asyncio
import concurrent.futures
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from .job import AsyncJob, Job
from .reporter import Ceased, Completed, End, Failed, Reporter
from .stopped import Interrupted

Result = TypeVar("Result")


class Tracking:
    """Made by `Tracker.track`; for one run. Call it with the work, or enter it: `with` for code that blocks, `async with` for coroutines.

    A call with a coroutine function runs the work in a task of its own: when the handler that awaits it is cancelled, because the browser
    left, the work and its record go on. A block is part of its handler and ends with it.
    """

    def __init__(
        self,
        begin: Callable[[], Reporter],
        keep: Callable[[Any], Any] | None,
        describe: Callable[[BaseException], tuple[str, str]],
        end_within_s: float,
        tasks: set[asyncio.Task[Any]],
    ) -> None:
        self._begin = begin
        self._keep = keep
        self._describe = describe
        self._end_within_s = end_within_s
        self._tasks = tasks
        self._job: Job | AsyncJob | None = None
        self._reporter: Reporter | None = None
        self._cancelling = 0

    @overload
    def __call__(self, work: Callable[[AsyncJob], Awaitable[Result]]) -> Awaitable[Result]: ...
    @overload
    def __call__(self, work: Callable[[Job], Result]) -> Result: ...
    def __call__(self, work: Callable[[Any], Any]) -> Any:
        if inspect.iscoroutinefunction(work) or inspect.iscoroutinefunction(getattr(work, "__call__", None)):
            return self._detached(work)
        with self as job:
            result = work(job)
            if inspect.isawaitable(result):
                if inspect.iscoroutine(result):
                    result.close()
                raise TypeError("the work answered an awaitable; hand over a function that is declared `async def`")
            job.result = result
        return result

    def __enter__(self) -> Job:
        self._reporter = self._begin()
        self._job = Job(self._reporter)
        return self._job

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        reporter = self._finish(error)
        concurrent.futures.wait([reporter.told], self._end_within_s)
        self._raise_stopped(error, isinstance(error, Exception))

    async def __aenter__(self) -> AsyncJob:
        # A cancellation that comes meanwhile finds a job with a reporter, which can say so.
        beginning = asyncio.ensure_future(asyncio.to_thread(self._begin))
        try:
            self._reporter = await asyncio.shield(beginning)
        except asyncio.CancelledError:
            beginning.add_done_callback(_fail_cancelled)
            raise
        self._job = AsyncJob(self._reporter)
        task = asyncio.current_task()
        self._cancelling = task.cancelling() if task else 0
        self._job._cancels(task)
        return self._job

    async def __aexit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        job, task = self._job, asyncio.current_task()
        assert isinstance(job, AsyncJob)
        job._cancels(None)
        is_ours = job._was_cancelled
        if is_ours and task:
            # Another cancellation besides ours goes on.
            is_ours = task.uncancel() <= self._cancelling
            if error is None:
                try:
                    await asyncio.sleep(0)
                except asyncio.CancelledError:
                    pass
        reporter = self._finish(error)
        await asyncio.wait([asyncio.ensure_future(asyncio.wrap_future(reporter.told))], timeout=self._end_within_s)
        self._raise_stopped(error, isinstance(error, Exception) or (is_ours and isinstance(error, asyncio.CancelledError)))

    async def _detached(self, work: Callable[[AsyncJob], Awaitable[Result]]) -> Result:
        async def run() -> Result:
            async with self as job:
                result = await work(job)
                job.result = result
            return result

        task = asyncio.create_task(run())
        # The loop itself holds no task: without this one whose handler has gone could vanish.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # What became of it stands in the record; nobody may be left to retrieve it.
        task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(task)

    def _finish(self, error: BaseException | None) -> Reporter:
        reporter, job = self._reporter, self._job
        assert reporter and job
        reporter.finish(self._end(reporter, job, error))
        return reporter

    def _end(self, reporter: Reporter, job: Job | AsyncJob, error: BaseException | None) -> End:
        stopped = reporter.stopped
        if error is None:
            keep, result = self._keep, job.result
            return Completed(lambda: keep(result) if keep else result)
        if isinstance(stopped, Interrupted):
            return Failed(stopped.kind, str(stopped))
        if stopped and (error is stopped or isinstance(error, asyncio.CancelledError)):
            return Ceased()
        if isinstance(error, asyncio.CancelledError):
            return Failed("cancelled", "the app cancelled the work")
        return Failed(*self._describe(error))

    def _raise_stopped(self, error: BaseException | None, is_answer: bool) -> None:
        """Work that ended because it was stopped raises why, and what it raised itself is the cause."""
        stopped = self._reporter.stopped if self._reporter else None
        if stopped and is_answer and error is not stopped:
            raise stopped from error


def _fail_cancelled(beginning: "asyncio.Future[Reporter]") -> None:
    if not beginning.cancelled() and not beginning.exception():
        beginning.result().finish(Failed("cancelled", "the app cancelled the work"))
