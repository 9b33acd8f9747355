"""The ngx API in Outrigger, compared with a real nginx: tests/conformance says it all."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import conformance  # noqa: E402


class Conformance(conformance.Conformance):
    PATTERN = "*.lua"
    OPTIONS = ("--nginx-http-lua-shared-dict=small 64k, lists 64k, large 1m",)

    def test_outrigger_says_what_nginx_says(self):
        self.compare()


if __name__ == "__main__":
    unittest.main()
