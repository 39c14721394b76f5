"""Runs all tests against the sources beside them, with every warning an error: `python3 clients/python/tests`."""

import pathlib
import sys
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "src"))
warnings.simplefilter("error")
suite = unittest.defaultTestLoader.discover(str(HERE))
result = unittest.TextTestRunner(warnings="error").run(suite)
sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
