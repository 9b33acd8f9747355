"""Sockets as files: who owns them, what they look like, what happens when they vanish."""
import grp
import json
import os
import pwd
import shutil
import socket
import stat
import unittest

import lib
from nobody import needs_nobody


class SocketTest(lib.WireTest):
    def setUp(self):
        self.dir = self.temp_dir()
        self.path = os.path.join(self.dir, "wire-do.socket")

    def assert_serves(self, path=None):
        with lib.Gateway(path or self.path) as g:
            self.assertIn("Pid", g.call("plugin.GetStatus"))

    def serve_here(self, **settings):
        return self.serve("wire-do", prefix=self.dir, **settings)

    def start_only(self, *plugins, **settings):
        """A server that need not come up."""
        server = self.serve(*(plugins or ("wire-do",)), prefix=self.dir, start=False, **settings)
        server.start()
        return server

    def path_of_dump(self):
        return os.path.join(self.dir, "wire-do.json")

    def dump(self):
        with open(self.path_of_dump(), encoding="utf-8") as f:
            return json.load(f)

    def assert_fails(self, server, *texts):
        self.assertIn(server.wait_end(), (1, 2))
        for text in texts:
            self.assertIn(text, server.log())


class Files(SocketTest):
    def test_each_plugin_has_a_socket_and_its_dump_beside_it(self):
        self.serve("wire-do", "wire-mp", prefix=self.dir)
        for name in ("wire-do", "wire-mp"):
            self.assert_serves(os.path.join(self.dir, name + ".socket"))
            with open(os.path.join(self.dir, name + ".json"), encoding="utf-8") as f:
                dump = json.load(f)
            self.assertEqual(dump["Protocol"], "MsgPack:1")
            self.assertEqual([p["Name"] for p in dump["Plugins"]], [name])
        self.assertFalse([n for n in os.listdir(self.dir) if "~" in n or ".tmp" in n])

    def test_the_mode_is_0660_or_as_asked(self):
        self.serve_here().stop()
        for mode in (0o600, 0o666, 0o660):
            server = self.serve_here(**({} if mode == 0o660 else {"socket_mode": "%04o" % mode}))
            self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), mode)
            server.stop()

    @unittest.skipIf(os.getuid() != 0, "only root may give files away")
    def test_owner_and_group_are_as_asked(self):
        user, group = pwd.getpwnam("daemon"), grp.getgrnam("daemon")
        self.serve_here(socket_owner="daemon", socket_group=str(group.gr_gid))
        found = os.stat(self.path)
        self.assertEqual((found.st_uid, found.st_gid), (user.pw_uid, group.gr_gid))

    @unittest.skipIf(os.getuid() != 0, "only root may give files away")
    def test_the_group_of_a_setgid_folder_is_kept(self):
        group = grp.getgrnam("daemon").gr_gid
        os.chown(self.dir, -1, group)
        os.chmod(self.dir, 0o2770)
        self.serve_here()
        self.assertEqual(os.stat(self.path).st_gid, group)

    def test_an_unknown_owner_is_an_error(self):
        self.assert_fails(self.start_only(socket_owner="nobody-of-that-name"), "no user")
        self.assert_fails(self.start_only(socket_group="nobody-of-that-name"), "no group")

    def test_a_path_that_is_too_long_is_an_error_that_says_so(self):
        self.assert_fails(self.start_only(socket=os.path.join(self.dir, "x" * 100)), "longer than")

    def test_a_folder_that_is_missing_is_an_error_that_names_it(self):
        self.assert_fails(self.start_only(socket=os.path.join(self.dir, "none", "s")),
                          "there is no folder %s for the socket: make it" %
                          os.path.join(self.dir, "none"))

    @needs_nobody(lib.BINARY, lib.FIXTURES)
    def test_a_lock_of_another_user_is_an_error_that_says_so(self):
        self.serve_here().stop()
        os.chmod(self.dir, 0o777)
        for name in ("outrigger.ids", "outrigger.ids.lock"):
            os.unlink(os.path.join(self.dir, name))
        server = self.serve("wire-do", prefix=self.dir, start=False)
        server.start(user="nobody", extra_groups=[])
        self.assert_fails(server, "wire-do.socket.lock belongs to another user", "remove it")

    def test_a_file_that_is_no_socket_is_not_replaced(self):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write("precious")
        self.assert_fails(self.start_only(), "is no socket")
        with open(self.path, encoding="utf-8") as f:
            self.assertEqual(f.read(), "precious")


class Owners(SocketTest):
    def test_a_second_server_does_not_steal_the_socket(self):
        first = self.serve_here()
        second = self.start_only()
        self.assert_fails(second, "is served by another outrigger (process %d)" % first.process.pid,
                          "stop that one first")
        self.assert_serves()
        self.assertEqual(first.stop(), 0)
        self.assertFalse(os.path.exists(self.path))

    def test_a_socket_that_was_left_behind_is_replaced(self):
        first = self.serve_here()
        first.kill()
        self.assertTrue(os.path.exists(self.path))
        self.serve_here()
        self.assert_serves()

    def test_a_socket_of_another_program_is_not_stolen(self):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(self.path)
            other.listen()
            self.assert_fails(self.start_only(), "another program listens on " + self.path)
            self.assertTrue(os.path.exists(self.path))

    def test_only_the_own_file_is_removed_at_the_end(self):
        server = self.serve_here()
        os.unlink(self.path)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(self.path)
            other.listen()
            self.assertEqual(server.stop(), 0)
            self.assertTrue(os.path.exists(self.path))

    def test_a_successor_takes_over_from_one_that_leaves_and_its_file_stays(self):
        first = self.serve_here()
        with first.connect() as g:
            instance = g.start_instance("wire-do", '{"mode":"read"}')
            events = [g.event(instance)["EventId"] for _ in range(500)]
            first.signal()
            first.wait_log("leaving")
            second = self.serve_here()
            for event in events:
                self.assertEqual(g.step(event, "v")["Data"], "ret")
            self.assertEqual(first.wait_end(), 0)
        self.assertEqual([p["Name"] for p in self.dump()["Plugins"]], ["wire-do"])
        with second.connect() as g:
            self.assertEqual(g.call("plugin.GetStatus")["Pid"], second.process.pid)
        self.assertEqual(second.stop(), 0)
        self.assertFalse(os.path.exists(self.path))

    def test_a_socket_that_vanished_is_made_again(self):
        server = self.serve_here()
        for name in os.listdir(self.dir):
            if name.startswith("wire-do.socket"):
                os.unlink(os.path.join(self.dir, name))
        server.wait_log("had vanished")
        self.assert_serves()
        self.assert_fails(self.start_only(), "is served by another outrigger")


    def test_a_dump_that_vanished_is_made_again(self):
        for settings in {}, {"single": True}:
            server = self.serve_here(**settings)
            before = self.dump()
            os.unlink(self.path_of_dump())
            server.wait_log("its dump had vanished and was made again")
            self.assertEqual(self.dump(), before)
            self.assertEqual(server.stop(), 0)

    def test_a_folder_that_vanished_may_come_back_later(self):
        server = self.serve_here()
        before = self.dump()
        os.rename(self.dir, self.dir + ".away")
        self.addCleanup(shutil.rmtree, self.dir + ".away", ignore_errors=True)
        server.wait_log("can't be made again")
        os.mkdir(self.dir)
        server.wait_log("socket had vanished and was made again")
        self.assert_serves()
        server.wait_log("its dump had vanished and was made again")
        self.assertEqual(self.dump(), before)
        self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(self.path))


class Strangers(SocketTest):
    def connect_as(self, **settings):
        server = self.serve_here(**settings)
        g = self.connect(server)
        message_id, data = g.pack("plugin.GetStatus")
        g.send_bytes(data)
        return server, g, message_id

    def test_users_that_are_not_allowed_are_refused_so_that_they_fail(self):
        server, g, _ = self.connect_as(allowed_uids="4242,4243")
        self.assertEqual(g.read_to_end(), lib.UNFINISHED)
        server.wait_log("is not in allowed_uids")

    def test_users_that_are_allowed_are_served(self):
        _, g, message_id = self.connect_as(allowed_uids="4242, %s" %
                                           pwd.getpwuid(os.getuid()).pw_name)
        self.assertIn("Pid", g.read_answer(message_id))

    def test_an_unknown_user_is_an_error(self):
        self.assert_fails(self.start_only(allowed_uids="nobody-of-that-name"), "no user")


if __name__ == "__main__":
    lib.main()
