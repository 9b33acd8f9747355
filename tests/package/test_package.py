"""The Debian packages: what is in them, and whether it runs from nothing else.

Usage: test_package.py FOLDER, where the packages are. They are unpacked into a folder of the test; nothing of the
machine's own is changed. As root they are also installed and removed for good in a copy of the machine's tree that
is gone afterwards (an overlay in a mount namespace of its own).
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
FOLDER = os.path.realpath(sys.argv.pop(1))
CONF = "etc/outrigger/outrigger.conf"
UNITS = ("outrigger.service", "outrigger-standin.service")

# Runs $1, a script, in a copy of the machine's tree: all that it writes goes to memory.
IN_A_COPY = """
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/tree"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/tree"
mount -t proc proc "$1/tree/proc"
mount --bind /dev "$1/tree/dev"
mkdir "$1/tree/packages"
mount --bind "$2" "$1/tree/packages"
exec chroot "$1/tree" /bin/sh -ec "$3"
"""

INSTALL = """
rm -f /etc/outrigger/outrigger.conf
dpkg -i /packages/outrigger_*.deb
getent passwd outrigger | grep -q ':/nonexistent:/usr/sbin/nologin$'
getent group outrigger >/dev/null
test -d /usr/local/share/outrigger/plugins
outrigger --version
man -w outrigger outrigger.conf
# A changed setting outlives an upgrade and a removal, but not a purge. No plugin is no reason to fail an upgrade.
echo 'log_level = warn' >>/etc/outrigger/outrigger.conf
dpkg -i --force-confold /packages/outrigger_*.deb
grep -q 'log_level = warn' /etc/outrigger/outrigger.conf
# Served as the unit says it, by the package's own user, from the package's own place of plugins.
cp -r /usr/share/outrigger/examples/lua/hello-header /usr/local/share/outrigger/plugins/
@STEPS@
test "$(/usr/local/bin/hello-header -dump | head -c 1)" = '{'
rm /usr/local/bin/hello-header
export OUTRIGGER_PREFIX=/run/outrigger
setpriv --reuid outrigger --regid outrigger --clear-groups outrigger serve --exit-with-parent --log=stderr &
tries=300
until outrigger health 2>/dev/null; do
	tries=$((tries - 1)); test $tries -gt 0; sleep 0.1
done
stat -c '%U:%G %a' /run/outrigger/hello-header.socket
outrigger reload
kill $!
wait $! || true
rm -r /usr/local/share/outrigger/plugins/hello-header
dpkg -r outrigger
test -e /etc/outrigger/outrigger.conf
test ! -e /usr/local/share/outrigger
dpkg -P outrigger
test ! -e /etc/outrigger/outrigger.conf
"""


def run(*argv, **options):
    """What the command prints on stdout; it must succeed."""
    done = subprocess.run(argv, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=300, **options)
    if done.returncode != 0:
        raise AssertionError("%s: %d\n%s%s" % (" ".join(argv), done.returncode, done.stdout, done.stderr))
    return done.stdout


def package(name):
    path, = glob.glob(os.path.join(FOLDER, name + "_*.deb"))
    return path


def container_steps():
    """What the container files run beside apt, which has no network here."""
    steps = []
    for path in sorted(glob.glob(os.path.join(SOURCE, "examples/deployment/container/*"))):
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("\\\n", " ")
        for line in re.findall(r"^RUN (.*)", text, re.MULTILINE):
            steps += [step for step in re.split(r" +&& +", line) if not step.startswith(("apt-get ", "rm "))]
    return "\n".join(steps)


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = os.path.realpath(tempfile.mkdtemp(prefix="outrigger-package."))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        for name in ("outrigger", "outrigger-dev"):
            run("dpkg-deb", "-x", package(name), cls.root)
        cls.program = os.path.join(cls.root, "usr/bin/outrigger")

    def path(self, name):
        return os.path.join(self.root, name)

    def file(self, pattern):
        path, = glob.glob(self.path(pattern))
        return path

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()


class Contents(PackageTest):
    def test_dependencies_are_those_of_the_libraries(self):
        depends = run("dpkg-deb", "-f", package("outrigger"), "Depends")
        for name in ("adduser", "libc6", "libev4", "libjansson4", "libmicrohttpd12", "libssl3"):
            self.assertRegex(depends, r"(^|, )%s( |,|$)" % name)
        self.assertNotIn("-dev", depends)
        self.assertEqual(run("dpkg-deb", "-f", package("outrigger-dev"), "Depends").strip(), "")

    def test_the_configuration_is_a_conffile_and_says_what_holds(self):
        self.assertEqual(run("dpkg-deb", "-I", package("outrigger"), "conffiles"), "/%s\n" % CONF)
        text = self.read(CONF)
        commented = re.findall(r"^#([a-z_]+ = .*)$", text, re.MULTILINE)
        self.assertGreater(len(commented), 5)
        path = self.path("all.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(commented + ["plugins ="]) + "\n")
        run(self.program, "check", "--config", path, "--plugins-dir",
            self.path("usr/share/outrigger/examples/lua"))

    def test_nothing_is_where_the_administrator_rules(self):
        names = run("dpkg-deb", "-c", package("outrigger")) + run("dpkg-deb", "-c", package("outrigger-dev"))
        for line in names.splitlines():
            self.assertNotIn("usr/local", line)
            self.assertRegex(line, r"^[-d]rw[-x]r-[-x]r-[-x] root/root ")

    def test_pages_and_completion_are_there(self):
        for name in ("outrigger.1", "outrigger.conf.5"):
            result = subprocess.run(["man", "--warnings", "-l", self.file("usr/share/man/*/" + name)],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
            self.assertEqual(result.stderr, b"")
        run("bash", "-n", self.path("usr/share/bash-completion/completions/outrigger"))
        run("zsh", "-n", self.path("usr/share/zsh/vendor-completions/_outrigger"))

    def complaints(self, unit):
        """What systemd says of a unit in the package's tree, with systemd's own units beside it."""
        done = subprocess.run(["systemd-analyze", "--root=" + self.root, "--man=no", "verify", unit],
                              text=True, capture_output=True, check=False)
        return [line for line in done.stderr.splitlines() if "outrigger" in line]

    def test_units_are_without_a_fault(self):
        units = self.path("usr/lib/systemd/system")
        shutil.copytree("/usr/lib/systemd/system", units, symlinks=True, dirs_exist_ok=True,
                        ignore=lambda _, names: [n for n in names if n.startswith("outrigger")])
        for unit in UNITS:
            self.assertEqual(self.complaints(unit), [])
        wrong = self.read("usr/lib/systemd/system/outrigger.service").replace("landlock_add_rule", "landlock_ad")
        with open(os.path.join(units, "outrigger-wrong.service"), "w", encoding="utf-8") as file:
            file.write(wrong)
        self.assertIn("landlock_ad", "".join(self.complaints("outrigger-wrong.service")))

    def test_no_path_of_the_build_is_left(self):
        for pattern in ("usr/bin/outrigger", "usr/lib/*/pkgconfig/outrigger.pc"):
            with open(self.file(pattern), "rb") as file:
                self.assertNotIn((SOURCE + "/").encode(), file.read())


class Runs(PackageTest):
    def test_the_demo_runs_from_the_package(self):
        text = run("sh", self.path("usr/share/outrigger/examples/demo.sh"), self.program,
                   env={**os.environ, "OUTRIGGER_BIN": ""})
        self.assertIn("\nX-Hello: hello Ada\n", text)
        self.assertIn(" 401 ", text)

    def test_a_plugin_in_c_is_built_by_pkg_config(self):
        plugins = self.path("plugins")
        os.makedirs(plugins)
        env = {**os.environ, "PKG_CONFIG_PATH": os.path.dirname(self.file("usr/lib/*/pkgconfig/outrigger.pc"))}
        flags = run("pkg-config", "--cflags", "outrigger", env=env).split()
        self.assertIn(self.root, " ".join(flags))
        source, = glob.glob(self.path("usr/share/outrigger/examples/c/header-tag/*.c"))
        run("gcc", "-shared", "-fPIC", *flags, "-o", os.path.join(plugins, "header-tag.so"), source)
        self.assertIn("header-tag", run(self.program, "check", "--plugins-dir", plugins, "--prefix", self.root))

    def test_a_plugin_in_c_is_built_by_cmake(self):
        build = self.path("build")
        run("cmake", "-S", self.path("usr/share/outrigger/examples/c/header-tag"), "-B", build,
            "-DCMAKE_PREFIX_PATH=" + self.path("usr"))
        run("cmake", "--build", build)
        self.assertTrue(os.path.exists(os.path.join(build, "header-tag.so")))


class Installed(PackageTest):
    def in_a_copy(self, script):
        return subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", IN_A_COPY, "sh",
             tempfile.mkdtemp(dir=self.root), FOLDER, script], text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=300,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                 "DEBIAN_FRONTEND": "noninteractive"})

    def test_it_is_installed_used_upgraded_and_removed(self):
        probe = self.in_a_copy("true")
        if probe.returncode != 0:
            self.skipTest("no copy of the tree can be had here (root, and an overlay): " + probe.stdout.strip())
        done = self.in_a_copy(INSTALL.replace("@STEPS@", container_steps()))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("outrigger:outrigger 660\n", done.stdout)
        self.assertIn("pluginserver_names = hello-header", done.stdout)  # of the container file's `outrigger link`


if __name__ == "__main__":
    unittest.main(verbosity=2)
