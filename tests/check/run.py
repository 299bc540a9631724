#!/usr/bin/env python3
"""Runs the tests of tools/ (all *_test.py beside this file)."""

from pathlib import Path
import sys
import unittest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / 'tools'))

if __name__ == '__main__':
    suite = unittest.defaultTestLoader.discover(str(HERE), pattern='*_test.py')
    sys.exit(not unittest.TextTestRunner().run(suite).wasSuccessful())
