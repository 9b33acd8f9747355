"""small_disk.py - disks that a test can fill: small file systems in memory, which this process and its children see alone."""
import contextlib
import ctypes
import os

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_REC, MS_PRIVATE, MNT_DETACH = 1 << 14, 1 << 18, 2

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def enter():
    """Mounts of this process are its own from now on. To be called once, before any thread. False where the system does
    not let us, with what that process can then do as before."""
    uid, gid = os.geteuid(), os.getegid()
    try:
        if uid == 0:
            check(libc.unshare(CLONE_NEWNS))
        else:
            check(libc.unshare(CLONE_NEWNS | CLONE_NEWUSER))
            write("/proc/self/setgroups", "deny")
            write("/proc/self/uid_map", "%d %d 1" % (uid, uid))
            write("/proc/self/gid_map", "%d %d 1" % (gid, gid))
        check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    except OSError:
        return False
    return True


def mount(folder, size, files=0):
    """An empty file system of that many bytes, and files if that is not 0, there."""
    check(libc.mount(b"none", os.fsencode(folder), b"tmpfs", 0,
                     b"mode=0777,size=%d,nr_inodes=%d" % (size, files)))


def unmount(folder):
    check(libc.umount2(os.fsencode(folder), MNT_DETACH))


def fill(folder):
    """Takes all room that is left; returns the file that has it."""
    path = os.path.join(folder, "filler")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with contextlib.suppress(OSError):
        while True:
            os.write(fd, bytes(4096))
    os.close(fd)
    return path


def fill_with_files(folder):
    """Makes files until there can be no more; returns how many."""
    count = 0
    with contextlib.suppress(OSError):
        while True:
            write(os.path.join(folder, "file%d" % count), "")
            count += 1
    return count


def is_full(folder):
    return os.statvfs(folder).f_bavail == 0
