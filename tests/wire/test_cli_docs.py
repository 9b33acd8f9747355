"""docs/configuration.md is what the table of settings says."""
import os
import unittest

from cli_case import CliCase


class Docs(CliCase):
    def test_the_page_is_the_printed_one(self):
        path = os.path.join(os.environ["OUTRIGGER_SOURCE_DIR"], "docs", "configuration.md")
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), self.succeeds(self.outrigger("options-doc")),
                             "run: outrigger options-doc > docs/configuration.md")


if __name__ == "__main__":
    unittest.main()
