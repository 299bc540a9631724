"""Small trees of sources, so that each check is seen to fail on the mistake it is there for."""

from pathlib import Path
import tempfile
import unittest


class TreeTest(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.root = Path(place.name)

    def tree(self, files):
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return self.root

    def assert_finds(self, findings, *parts):
        """Exactly one finding, and it says all the parts."""
        self.assertEqual(len(findings), 1, findings)
        for part in parts:
            self.assertIn(part, findings[0])
