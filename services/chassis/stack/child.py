"""The first steps of a child process, before it becomes the program it is meant to be.

Run as a script: ``child.py PARENT_PID SIGNAL ACCOUNT PROGRAM ARGUMENT…`` where ACCOUNT is
``UID:GID`` or ``-``. It drops to the account, asks the kernel to send SIGNAL when the parent
dies (Linux; elsewhere nothing does), and becomes PROGRAM.

It is a program of its own, and not a ``preexec_fn``, because Python code between fork and exec
can deadlock in a parent that has threads. It imports nothing outside the standard library, so
that it costs some ten milliseconds.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    parent, number, account, program = int(argv[1]), int(argv[2]), argv[3], argv[4:]
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if account != "-":
        uid, gid = (int(part) for part in account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After setuid: a change of account clears the wish.
    if number and sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
        if os.getppid() != parent:
            sys.exit("the parent ended before its child began")
    try:
        os.execvp(program[0], program)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"cannot run {program[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv)
