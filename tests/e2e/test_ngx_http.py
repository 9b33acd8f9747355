"""What the ngx API does to requests and responses, compared with a real nginx: tests/conformance/http."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))

import http_conformance  # noqa: E402
from code_plugins import over_protobuf  # noqa: E402


class Http(http_conformance.HttpConformance):
    PATTERN = "http/*.lua"

    def test_a_client_and_an_upstream_see_what_nginx_makes_of_it(self):
        self.compare()


over_protobuf(globals())

if __name__ == "__main__":
    unittest.main()
