"""The order and the bounds of what waits to be reported."""

import unittest

from tidings.outbox import Outbox


class OutboxTest(unittest.TestCase):
    def test_output_goes_before_progress_and_short_writes_are_joined(self):
        outbox = Outbox()
        outbox.add_progress({"percentage": 10})
        for text, stream in [("a", "info"), ("b\n", "info"), ("c\n", "warn")]:
            outbox.add_output(text, stream)
        chunks = [{"stream": "info", "text": "ab\n"}, {"stream": "warn", "text": "c\n"}]
        self.assertEqual(outbox.take(), ("output", {"chunks": chunks}))
        self.assertEqual(outbox.take(), ("progress", {"percentage": 10}))
        self.assertIsNone(outbox.take())

    def test_what_came_since_wins_over_what_is_put_back(self):
        outbox = Outbox()
        outbox.add_progress({"percentage": 10, "current": 1})
        outbox.acknowledge(3)
        outbox.add_output("first\n", "info")
        output, progress = outbox.take(), outbox.take()
        outbox.add_progress({"percentage": 20})
        outbox.add_output("second\n", "info")
        outbox.put_back(progress[1])
        outbox.put_back(output[1])
        self.assertEqual([line["text"] for line in outbox.take()[1]["chunks"]], ["first\n", "second\n"])
        self.assertEqual(outbox.take()[1], {"percentage": 20, "current": 1, "acknowledge": 3})

    def test_output_that_waits_is_bounded_and_the_loss_is_told(self):
        outbox = Outbox()
        outbox.add_output("🙂" * 2_000_000, "info")
        kept = []
        while word := outbox.take():
            text = "".join(line["text"] for line in word[1]["chunks"])
            self.assertLessEqual(len(text.encode()), 256 * 1024)
            kept.append(text)
        self.assertIn("characters of output were dropped while Tidings was away", kept[0])
        self.assertLess(sum(map(len, kept)), 1024 * 1024 + 100)

    def test_only_sound_numbers_are_sent(self):
        outbox = Outbox()
        outbox.add_progress({"percentage": 120, "current": 1.5, "total": float("nan"), "ok": -1, "message": 7})
        self.assertEqual(outbox.take()[1], {"percentage": 100, "current": 2, "ok": 0, "message": "7"})
