"""What every test here stands in: a fake server, and intervals so short that each wait is over at once."""

import unittest
from unittest import mock

from fake_server import FakeServer
from tidings import Tracker

SHORT = {
    "REPORT_EVERY_S": 0.01,
    "BEAT_AT_LEAST_EVERY_S": 0.02,
    "LOOK_EVERY_S": 0.01,
    "RETRY_AT_MOST_S": 0.02,
}


class Surroundings(unittest.TestCase):
    def setUp(self):
        short = mock.patch.multiple("tidings.reporter", **SHORT)
        short.start()
        self.addCleanup(short.stop)
        self.fake = FakeServer()
        self.addCleanup(self.fake.close)
        self.tidings = Tracker(self.fake.url)

    def without_beats(self):
        return [verb for verb in self.fake.verbs() if verb != "heartbeat"]
