"""Ids are never used twice, whatever happens to the server."""
import fcntl
import os
import unittest

import lib


class IdTest(lib.WireTest):
    def setUp(self):
        self.dir = self.temp_dir()
        self.file = os.path.join(self.dir, "outrigger.ids")

    def serve_here(self, *plugins):
        return self.serve(*(plugins or ("wire-do",)), prefix=self.dir)

    def start_instances(self, server, n, plugin="wire-do"):
        with server.connect(plugin) as g:
            return [g.start_instance(plugin, '{"mode":"nothing","count":%d}' % i) for i in range(n)]


class Restarts(IdTest):
    def test_a_killed_servers_instances_are_unknown_to_the_next_one(self):
        first = self.serve_here()
        ids = self.start_instances(first, 5)
        first.kill()
        second = self.serve_here()
        new = self.start_instances(second, 5)
        self.assertFalse(set(ids) & set(new))
        with second.connect() as g:
            for instance in ids:
                with self.refuses("^no plugin instance %d$" % instance):
                    g.event(instance)

    def test_a_killed_servers_events_are_unknown_to_the_next_one(self):
        events = []
        for _ in range(2):
            server = self.serve_here()
            with server.connect() as g:
                instance = g.start_instance("wire-do", '{"mode":"read"}')
                events += [g.event(instance)["EventId"] for _ in range(10)]
            server.kill()
        self.assertEqual(len(set(events)), 20)
        with self.serve_here().connect() as g:
            for event in events:
                self.assertEqual(g.step(event, "v")["Data"], lib.EXIT_503)

    def test_ids_are_unique_beyond_the_first_block(self):
        server = self.serve_here()
        ids = self.start_instances(server, 1500)
        self.assertEqual(len(set(ids)), 1500)
        self.assertTrue(all(0 < i < 2**31 for i in ids))

    def test_servers_that_share_a_folder_share_no_ids(self):
        one, two = self.serve_here("wire-do"), self.serve_here("wire-mp")
        ids = self.start_instances(one, 1500) + self.start_instances(two, 1500, "wire-mp")
        self.assertEqual(len(set(ids)), 3000)

    def test_without_the_file_of_an_earlier_server_other_ids_are_given_out(self):
        first = self.serve_here()
        ids = self.start_instances(first, 5)
        first.stop()
        os.unlink(self.file)
        self.assertFalse(set(ids) & set(self.start_instances(self.serve_here(), 5)))


class Files(IdTest):
    def start_and_fail(self, *texts):
        server = self.serve("wire-do", prefix=self.dir, start=False)
        server.start()
        self.assertEqual(server.wait_end(), 1)
        for text in texts:
            self.assertIn(text, server.log())

    def test_a_file_that_is_damaged_is_an_error_that_says_what_to_do(self):
        for text in ("", "{", "{}", '{"generation":1,"instances":-1,"events":1}', "\0" * 8192, "x" * 9000):
            with open(self.file, "w", encoding="utf-8") as f:
                f.write(text)
            self.start_and_fail(self.file, "remove the file")

    def test_the_file_of_an_earlier_version_is_read_on(self):
        with open(self.file, "w", encoding="utf-8") as f:
            f.write('{"generation":5,"instances":7000,"events":1}')
        ids = self.start_instances(self.serve_here(), 3)
        self.assertTrue(all(id >= 7000 for id in ids), ids)

    @unittest.skipIf(os.getuid() == 0, "root may write everywhere")
    def test_a_folder_that_cannot_be_written_is_an_error_that_says_what_to_do(self):
        os.chmod(self.dir, 0o500)
        self.start_and_fail("outrigger.ids", "may write to")

    def lock(self, path):
        """Returns what lets go."""
        fd = os.open(path, os.O_RDONLY | (0 if os.path.isdir(path) else os.O_CREAT), 0o600)
        self.addCleanup(os.close, fd)
        fcntl.flock(fd, fcntl.LOCK_EX)
        return lambda: fcntl.flock(fd, fcntl.LOCK_UN)

    def test_a_lock_that_somebody_keeps_is_an_error(self):
        self.lock(self.file + ".lock")
        self.start_and_fail("another process keeps %s.lock locked" % self.file)

    def test_a_lock_that_somebody_keeps_hinders_only_who_needs_ids(self):
        server = self.serve_here()
        with server.connect() as g:
            instance = g.start_instance("wire-do", '{"mode":"nothing"}')
            g.event(instance)  # has the first block of events
        let_go = self.lock(self.file + ".lock")
        with self.refuses("keeps %s.lock locked" % self.file):
            self.start_instances(server, 1500)
        with server.connect() as g:
            self.assertEqual(g.play(instance, lambda *_: None)[-1], "ret")
        let_go()
        self.assertEqual(len(self.start_instances(server, 1500)), 1500)

    def test_the_lock_is_no_link_to_another_file(self):
        os.symlink(os.path.join(self.dir, "other"), self.file + ".lock")
        self.start_and_fail("can't open %s.lock" % self.file)
        self.assertFalse(os.path.exists(os.path.join(self.dir, "other")))

    def test_who_locks_the_folder_hinders_nobody(self):
        self.lock(self.dir)
        self.assertEqual(len(self.start_instances(self.serve_here(), 3)), 3)


if __name__ == "__main__":
    lib.main()
