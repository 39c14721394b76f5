"""Work that is a coroutine: the call, which outlives its handler, and the block, which does not."""

import asyncio

from fake_server import LATER
from surroundings import Surroundings
from tidings import Aborted, Interrupted, Tracker


class Calls(Surroundings):
    def run_async(self, main):
        return asyncio.run(asyncio.wait_for(main, 15))

    async def seen(self, *what):
        return await asyncio.to_thread(self.fake.seen, *what)

    async def acknowledged(self, number):
        return await asyncio.to_thread(self.fake.acknowledged, number)

    def test_the_result_of_the_work_is_the_result(self):
        async def work(job):
            job.progress(50)
            await self.seen("progress", lambda call: call["verb"] == "progress")
            return {"rows": 2}

        async def main():
            return await self.tidings.track("report", session="page-1")(work)

        self.assertEqual(self.run_async(main()), {"rows": 2})
        self.assertEqual(self.fake.calls[0]["body"], {"task": "report", "mode": "tracked", "session": "page-1"})
        self.assertEqual(self.fake.calls[-1]["body"], {"result": {"rows": 2}})

    def test_a_handler_that_is_cancelled_does_not_take_its_work_along(self):
        async def main():
            go_on = asyncio.Event()

            async def work(job):
                job.progress(1)
                await go_on.wait()
                return "done"

            handler = asyncio.create_task(self.handler(work))
            await self.seen("progress", lambda call: call["verb"] == "progress")
            handler.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await handler
            go_on.set()
            return await self.seen("the end", lambda call: call["verb"] == "complete")

        self.assertEqual(self.run_async(main())["body"]["result"], "done")

    async def handler(self, work):
        return await self.tidings.track("report")(work)

    def test_an_abort_cancels_the_work_where_it_waits(self):
        for form in (self.handler, self.block):

            async def main():
                cleaned = []

                async def work(job):
                    job.progress(1)
                    try:
                        await asyncio.Event().wait()
                    finally:
                        cleaned.append((job.aborted, str(job.reason)))

                handler = asyncio.create_task(form(work))
                await self.seen("progress", lambda call: call["verb"] == "progress")
                number = self.fake.ask("abort")
                with self.assertRaises(Aborted) as raised:
                    await handler
                self.assertEqual((raised.exception.by, handler.cancelling()), ("ann", 0))
                self.assertEqual(cleaned, [(True, "ann asked to abort the job")])
                self.assertEqual(self.fake.calls[-1]["body"], {"acknowledge": number})
                self.fake.status = "running"
                self.fake.calls.clear()

            self.run_async(main())

    async def block(self, work):
        async with self.tidings.track("report") as job:
            job.result = await work(job)

    def test_a_pause_holds_the_work_at_its_checkpoint_until_the_resume(self):
        async def main():
            steps = []
            done = asyncio.Event()

            async def work(job):
                while not done.is_set():
                    await asyncio.gather(job.checkpoint(), job.checkpoint())
                    steps.append(1)
                    await asyncio.sleep(0)
                return "done"

            handler = asyncio.create_task(self.handler(work))
            await self.seen("a beat", lambda call: call["verb"] == "heartbeat")
            await self.acknowledged(self.fake.ask("pause"))
            count = len(steps)
            await self.acknowledged(self.fake.ask("pause"))
            self.assertEqual(len(steps), count)
            await self.acknowledged(self.fake.ask("resume"))
            done.set()
            self.assertEqual(await handler, "done")

        self.run_async(main())
        self.assertEqual(self.fake.status, "completed")

    def test_a_block_ends_with_its_handler(self):
        async def main():
            async def work(job):
                job.progress(1)
                await asyncio.Event().wait()

            handler = asyncio.create_task(self.block(work))
            await self.seen("progress", lambda call: call["verb"] == "progress")
            handler.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await handler

        self.run_async(main())
        self.assertEqual(self.fake.of("fail"), [{"error": {"kind": "cancelled", "message": "the app cancelled the work"}}])

    def test_a_process_that_ends_stops_its_coroutines(self):
        async def main():
            async def work(job):
                job.progress(1)
                await asyncio.Event().wait()

            handler = asyncio.create_task(self.handler(work))
            await self.seen("progress", lambda call: call["verb"] == "progress")
            await asyncio.to_thread(self.tidings.shut_down, "a deploy")
            with self.assertRaises(Interrupted):
                await handler

        self.run_async(main())
        self.assertEqual(self.fake.of("fail"), [{"error": {"kind": "interrupted", "message": "a deploy"}}])

    def test_an_error_is_raised_as_it_is_and_told(self):
        async def work(_job):
            raise KeyError("column")

        with self.assertRaises(KeyError):
            self.run_async(self.handler(work))
        self.assertEqual(self.fake.of("fail"), [{"error": {"kind": "KeyError", "message": "'column'"}}])

    def test_an_outage_at_the_start_does_not_block_the_loop(self):
        self.fake.answer = lambda call: LATER
        tidings = Tracker(self.fake.url, on_unreachable="run", start_within_s=0.05, end_within_s=0.01)

        async def main():
            async def work(job):
                return job.id

            turns = 0
            over = asyncio.ensure_future(tidings.track("report")(work))
            while not over.done():
                turns += 1
                await asyncio.sleep(0)
            return turns, await over

        with self.assertLogs("tidings"):
            turns, id = self.run_async(main())
        self.assertGreater(turns, 10)
        self.assertIsNone(id)

    def test_an_awaitable_of_a_plain_function_is_refused_in_words(self):
        async def work(_job):
            return 1

        with self.assertRaisesRegex(TypeError, "async def"):
            self.tidings.track("report")(lambda job: work(job))
        self.assertEqual(self.fake.of("fail")[0]["error"]["kind"], "TypeError")
