"""Work that blocks its thread: the call and the block."""

import json
import threading

from fake_server import DEADLINE_S, LATER
from surroundings import Surroundings
from tidings import Aborted, Interrupted, LeaseLost, TidingsProblem, Tracker


class Calls(Surroundings):
    def test_the_result_of_the_work_is_the_result_and_the_record_says_all_of_it(self):
        tidings = Tracker(self.fake.url, token=lambda: "key", lease_s=60)

        def work(job):
            self.assertEqual(job.id, "job_1")
            job.log("begun")
            job.progress(50, "half")
            job.progress(100.00001, current=2)
            return {"rows": 2}

        about = {"owner": "ann", "session": "page-1", "title": "Sales", "input": {"by": "month"}}
        result = tidings.track("report", subject=("report", "7"), **about)(work)
        self.assertEqual(result, {"rows": 2})
        submit, last = self.fake.calls[0], self.fake.calls[-1]
        wanted = {**about, "subject": {"type": "report", "id": "7"}, "task": "report", "mode": "tracked", "leaseMs": 60_000}
        self.assertEqual(submit["body"], wanted)
        self.assertEqual(submit["headers"]["Authorization"], "Bearer key")
        self.assertTrue(len(submit["headers"]["Idempotency-Key"]) > 16)
        self.assertEqual(self.fake.of("output"), [{"chunks": [{"stream": "info", "text": "begun\n"}]}])
        self.assertEqual(last["verb"], "complete")
        self.assertEqual(last["body"]["result"], {"rows": 2})
        told = {}
        for body in [*self.fake.of("progress"), last["body"].get("progress", {})]:
            told |= body
        self.assertEqual(told, {"percentage": 100, "message": "half", "current": 2})
        self.assertEqual(tidings.running, 0)

    def test_silent_work_beats_by_itself(self):
        def work(_job):
            self.fake.seen("three beats", lambda _: self.fake.verbs().count("heartbeat") == 3)

        self.tidings.track("report")(work)
        self.assertEqual(self.without_beats(), ["submit", "complete"])

    def test_an_error_of_the_work_is_raised_as_it_is_and_told(self):
        error = TypeError("no paper")

        def work(_job):
            raise error

        with self.assertRaises(TypeError) as raised:
            self.tidings.track("report")(work)
        self.assertIs(raised.exception, error)
        self.assertEqual(self.fake.of("fail"), [{"error": {"kind": "TypeError", "message": "no paper"}}])
        described = Tracker(self.fake.url, describe=lambda _: ("internal", "something went wrong"))
        with self.assertRaises(TypeError):
            described.track("report")(work)
        self.assertEqual(self.fake.of("fail")[1], {"error": {"kind": "internal", "message": "something went wrong"}})

    def test_a_block_is_a_job_too(self):
        with self.tidings.track("report") as job:
            job.progress(10)
            job.result = {"rows": 1}
        self.assertEqual(self.fake.calls[-1]["body"]["result"], {"rows": 1})
        with self.assertRaises(ZeroDivisionError):
            with self.tidings.track("report"):
                raise ZeroDivisionError("by zero")
        self.assertEqual(self.fake.of("fail"), [{"error": {"kind": "ZeroDivisionError", "message": "by zero"}}])

    def test_a_result_that_cannot_be_kept_leaves_the_job_completed_without_it(self):
        self.fake.answer = lambda call: (413, {"detail": "at most 1 MB"}) if call["body"].get("result") == "much" else None
        with self.assertLogs("tidings"):
            self.assertEqual(self.tidings.track("report")(lambda job: "much"), "much")
        self.assertEqual(self.fake.of("output")[0]["chunks"][0]["text"], "The result was not kept: at most 1 MB\n")
        self.assertNotIn("result", self.fake.of("complete")[-1])
        with self.assertLogs("tidings"):
            self.assertEqual(self.tidings.track("report")(lambda job: {1, 2}), {1, 2})
        self.assertIn("TypeError", self.fake.of("output")[1]["chunks"][0]["text"])
        self.assertEqual(self.tidings.track("report", keep=len)(lambda job: [1, 2]), [1, 2])
        self.assertEqual(self.fake.of("complete")[-1]["result"], 2)


class Wishes(Surroundings):
    def steps(self, job):
        """Work in small steps, each behind a checkpoint, until `done`."""
        while not self.done.is_set():
            job.checkpoint()
            self.count += 1

    def setUp(self):
        super().setUp()
        self.count = 0
        self.done = threading.Event()
        self.addCleanup(self.done.set)

    def start(self):
        outcome = []

        def run():
            try:
                outcome.append(self.tidings.track("report")(self.steps))
            except Exception as error:
                outcome.append(error)

        thread = threading.Thread(target=run)
        thread.start()

        def end():
            thread.join(DEADLINE_S)
            return outcome[0]

        return end

    def test_a_pause_holds_the_work_at_its_checkpoint_until_the_resume(self):
        end = self.start()
        self.fake.acknowledged(self.fake.ask("pause"))
        count, beats = self.count, self.fake.verbs().count("heartbeat")
        self.fake.seen("looks for the resume", lambda _: self.fake.verbs().count("heartbeat") > beats + 3)
        # Asked to pause again while it stands: that pause too becomes a fact.
        self.fake.acknowledged(self.fake.ask("pause"))
        self.assertEqual(self.count, count)
        self.fake.acknowledged(self.fake.ask("resume"))
        self.done.set()
        self.assertIsNone(end())
        self.assertGreater(self.count, count)
        self.assertEqual(self.fake.status, "completed")

    def test_an_abort_ends_the_checkpoint_also_a_paused_one_and_is_acknowledged_once_the_work_has_stopped(self):
        for is_paused in (False, True):
            end = self.start()
            if is_paused:
                self.fake.acknowledged(self.fake.ask("pause"))
            number = self.fake.ask("abort")
            error = end()
            self.assertIsInstance(error, Aborted)
            self.assertEqual((error.asked, error.by, str(error)), ("abort", "ann", "ann asked to abort the job"))
            self.assertEqual(self.fake.calls[-1]["body"], {"acknowledge": number})
            self.fake.status = "running"

    def test_what_the_aborted_work_raised_is_the_cause(self):
        broken = OSError("the printer caught fire")

        def work(job):
            self.fake.ask("abort")
            job.progress(1)
            while not job.aborted:
                self.fake.seen("a beat", lambda _: True)
            raise broken

        with self.assertRaises(Aborted) as raised:
            self.tidings.track("report")(work)
        self.assertIs(raised.exception.__cause__, broken)
        self.assertEqual(self.fake.of("fail")[0]["error"]["message"], "the printer caught fire")

    def test_work_whose_lease_is_gone_is_stopped_and_claims_nothing(self):
        for problem, reason in [
            ({"code": "stale_lease", "detail": "another lease"}, LeaseLost),
            ({"code": "wrong_status", "detail": "it has ended", "job": {"status": "aborted"}}, Aborted),
        ]:
            self.fake.answer = lambda call: (409, problem) if call["verb"] == "heartbeat" else None
            self.assertIsInstance(self.start()(), reason)
            self.assertEqual(self.without_beats(), ["submit"])
            self.fake.calls.clear()

    def test_a_process_that_ends_fails_its_jobs_in_words_and_begins_none(self):
        ends = [self.start(), self.start()]
        self.fake.seen("both jobs", lambda _: self.fake.verbs().count("submit") == 2)
        self.tidings.shut_down("a deploy")
        for end in ends:
            self.assertIsInstance(end(), Interrupted)
        interrupted = {"error": {"kind": "interrupted", "message": "a deploy"}}
        self.assertEqual(self.fake.of("fail"), [interrupted, interrupted])
        with self.assertRaises(Interrupted):
            self.tidings.track("report")(lambda job: 1)

    def test_work_that_does_not_stop_is_told_as_failed_all_the_same(self):
        begun = threading.Event()

        def deaf(_job):
            begun.set()
            self.done.wait(DEADLINE_S)
            return "late"

        thread = threading.Thread(target=lambda: self.tidings.track("report")(deaf))
        thread.start()
        begun.wait(DEADLINE_S)
        self.tidings.shut_down("a deploy", finish_s=0.01, stop_s=0.01)
        self.assertEqual(self.fake.calls[-1]["body"], {"error": {"kind": "interrupted", "message": "a deploy"}})
        self.done.set()
        thread.join(DEADLINE_S)


class Outages(Surroundings):
    def test_when_nothing_listens_at_the_start_the_work_does_not_run(self):
        self.fake.close()
        tidings = Tracker(self.fake.url, start_within_s=0.1)
        ran = []
        with self.assertRaises(TidingsProblem) as raised:
            tidings.track("report")(ran.append)
        self.assertEqual((raised.exception.code, raised.exception.status, ran), ("unreachable", 0, []))
        self.assertRegex(str(raised.exception), "cannot be reached at http:.*refused")

    def test_an_app_that_says_so_runs_untracked_and_is_tracked_as_soon_as_the_server_is_there(self):
        self.fake.answer = lambda call: LATER
        tidings = Tracker(self.fake.url, on_unreachable="run", start_within_s=0.02)

        def work(job):
            self.assertIsNone(job.id)
            job.progress(10)
            self.fake.answer = lambda call: None
            self.fake.seen("progress", lambda call: call["verb"] == "progress")
            self.assertEqual(job.id, "job_1")
            return "done"

        with self.assertLogs("tidings") as logs:
            self.assertEqual(tidings.track("report")(work), "done")
        self.assertEqual(
            [record.getMessage() for record in logs.records],
            ["report: the store is away; the work runs untracked until it answers", "job_1: Tidings answers again"],
        )
        self.assertEqual(len({call["headers"]["Idempotency-Key"] for call in self.fake.calls if call["verb"] == "submit"}), 1)
        self.assertEqual(self.fake.calls[-1]["body"], {"result": "done"})

    def test_what_the_server_refuses_is_refused_whatever_holds_for_outages(self):
        self.fake.answer = lambda call: (403, {"code": "forbidden", "detail": "the scope jobs:submit is missing"})
        with self.assertRaises(TidingsProblem) as raised:
            self.tidings.track("report", on_unreachable="run")(lambda job: 1)
        self.assertEqual((raised.exception.code, raised.exception.status), ("forbidden", 403))

    def test_an_outage_stops_nothing_and_the_end_is_told_in_the_background(self):
        tidings = Tracker(self.fake.url, end_within_s=0.01)

        def work(job):
            self.fake.answer = lambda call: LATER
            job.progress(90)
            return 7

        with self.assertLogs("tidings"):
            self.assertEqual(tidings.track("report")(work), 7)
            self.fake.answer = lambda call: None
            self.fake.seen("the end", lambda call: call["verb"] == "complete")
            tidings.shut_down(finish_s=DEADLINE_S)
        self.assertEqual(self.fake.calls[-1]["body"], {"result": 7, "progress": {"percentage": 90}})

    def test_a_token_that_ran_out_is_asked_for_anew(self):
        tokens = ["old"]
        tidings = Tracker(self.fake.url, token=lambda: tokens[-1])
        old = lambda call: call["verb"] != "submit" and call["headers"]["Authorization"] == "Bearer old"  # noqa: E731
        self.fake.answer = lambda call: (401, {"code": "token_expired"}) if old(call) else None

        def work(_job):
            self.fake.seen("a refused beat", old)
            tokens.append("new")

        with self.assertLogs("tidings"):
            tidings.track("report")(work)
        self.assertEqual(self.fake.calls[-1]["verb"], "complete")


class Others(Surroundings):
    def test_submit_and_read(self):
        made = self.tidings.submit("scrape", input={"product": 7}, owner="ann", idempotency_key="k1")
        self.assertEqual(made["id"], "job_1")
        call = self.fake.calls[0]
        self.assertEqual((call["body"], call["headers"]["Idempotency-Key"]), ({"task": "scrape", "input": {"product": 7}, "owner": "ann"}, "k1"))
        self.assertEqual(self.tidings.job("job_1")["id"], "job_1")
        self.assertEqual(self.tidings.jobs(session="a b", limit=1, owner=None), [{"id": "job_1"}])
        self.assertEqual([call["path"] for call in self.fake.calls[1:]], ["/api/v1/jobs/job_1", "/api/v1/jobs?session=a+b&limit=1"])

    def test_what_is_no_json_is_refused_before_the_work(self):
        with self.assertRaises(TypeError):
            self.tidings.track("report", input={1, 2})
        with self.assertRaises(ValueError):
            Tracker("ftp://host")
        self.assertEqual(self.fake.calls, [])
        self.assertIsInstance(json.dumps(self.fake.calls), str)
