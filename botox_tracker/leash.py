"""Starts a program that ends when its parent does, even if the parent is killed with -9.

    python -I -S leash.py PARENT SIGNAL USER PROGRAM ARGUMENTS…

A wrapper rather than code between fork and exec, which is not safe in a process with threads. Standard library only. Linux
sends SIGNAL when the parent dies; on other systems the program merely has a process group of its own.
"""

import os
import sys


def main(parent: int, number: int, user: str, command: "list[str]") -> None:
    """Become `command`, as `user` if one is named, tied to the process `parent`."""
    # All that is imported is imported first: another user may not read this interpreter's files.
    libc = None
    if sys.platform == "linux":
        import ctypes

        libc = ctypes.CDLL(None)
    if user:
        import pwd

        account = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    if libc is not None:
        set_parent_death_signal = 1
        libc.prctl(set_parent_death_signal, number)  # after setuid, which clears it
        if os.getppid() != parent:  # it died before the tie was made
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
