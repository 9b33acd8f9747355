"""Nothing that is served needs room on the disk under the prefix."""
import json
import os
import signal
import unittest

import lib
import small_disk
from supervised import OrphansTest

SIZE = 1 << 20


@unittest.skipUnless(small_disk.enter(), "the system lets this user mount nothing")
class FullDisk(OrphansTest):
    def setUp(self):
        self.dir = self.temp_dir()
        small_disk.mount(self.dir, SIZE)
        self.addCleanup(small_disk.unmount, self.dir)
        self.file = os.path.join(self.dir, "outrigger.ids")

    def fill(self):
        self.filler = small_disk.fill(self.dir)
        self.assertTrue(small_disk.is_full(self.dir))

    def serve_here(self, **settings):
        return self.serve("wire-do", "wire-mp", prefix=self.dir, **settings)

    def instances(self, server, plugin, n):
        with server.connect(plugin) as g:
            return {g.start_instance(plugin, '{"mode":"nothing","count":%d}' % i) for i in range(n)}

    def assert_serves(self, server):
        with server.connect() as g:
            instance = g.start_instance("wire-do", '{"mode":"read"}')
            self.assertEqual(g.play(instance, lambda *_: "v")[-1], "ret")

    def test_every_plugin_starts_new_instances_on_a_full_disk(self):
        server = self.serve_here()
        self.fill()
        ids = self.instances(server, "wire-do", 3000) | self.instances(server, "wire-mp", 3000)
        self.assertEqual(len(ids), 6000)

    def test_a_worker_that_is_killed_on_a_full_disk_gets_a_successor(self):
        server = self.serve_here()
        self.fill()
        self.kill_worker(server)
        self.assert_serves(server)

    def test_a_reload_on_a_full_disk(self):
        server = self.serve_here()
        self.fill()
        server.signal(signal.SIGHUP)
        server.wait_log("reload: done")
        self.assert_serves(server)

    def test_workers_without_a_supervisor_have_ids_on_a_full_disk(self):
        server = self.serve_here()
        self.fill()
        ids = self.instances(server, "wire-do", 10)
        self.kill_supervisor(server)
        self.assertEqual(len(ids | self.instances(server, "wire-do", 2000)), 2000)

    def test_a_start_on_a_disk_that_has_become_full(self):
        first = self.serve_here()
        ids = self.instances(first, "wire-do", 10)
        first.stop()
        self.fill()
        server = self.serve_here()
        self.assertFalse(ids & self.instances(server, "wire-do", 1500))

    def test_the_first_start_on_a_full_disk_says_what_to_do(self):
        self.fill()
        server = self.serve_here(start=False)
        server.start()
        self.assertEqual(server.wait_end(), 1)
        self.assertIn("no room for %s" % self.file, server.log())
        self.assertIn("make room on its file system", server.log())
        os.unlink(self.filler)
        self.assert_serves(self.serve_here())

    def test_where_no_file_can_be_made_the_first_start_says_so_too(self):
        small_disk.unmount(self.dir)
        small_disk.mount(self.dir, SIZE, files=50)
        last = small_disk.fill_with_files(self.dir) - 1
        for text in "outrigger.ids.lock", "outrigger.ids":
            server = self.serve_here(start=False)
            server.start()
            self.assertEqual(server.wait_end(), 1)
            self.assertRegex(server.log(), "no room for .*%s, which .* make room on its file system" % text)
            os.unlink(os.path.join(self.dir, "file%d" % last))
            last -= 1

    def test_a_file_of_an_earlier_version_that_finds_no_room_is_left_as_it_is(self):
        old = {"generation": 5, "instances": 7000, "events": 1}
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump(old, file)
        self.fill()
        server = self.serve_here(start=False)
        server.start()
        self.assertEqual(server.wait_end(), 1)
        self.assertIn("no room for %s" % self.file, server.log())
        with open(self.file, encoding="utf-8") as file:
            self.assertEqual(json.load(file), old)


if __name__ == "__main__":
    lib.main()
