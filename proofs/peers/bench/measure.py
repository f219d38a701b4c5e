"""measure.py PROGRAM ARGS... runs a program and tells, as the last line of its errors, what that took.

The peak of memory that Linux tells of a child counts what it was before it became the program: a copy
of its parent. This one is small; a test that has made plans is not.
"""
import os
import sys
import time

began = time.monotonic_ns()
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
took = time.monotonic_ns() - began
print(took, int((used.ru_utime + used.ru_stime) * 1e9), used.ru_maxrss << 10, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
