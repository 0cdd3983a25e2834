"""Opens the memory of every process of its user in the instant in which the process begins, and prints its number.

What is open stays open: a process that hides its memory afterwards is read all the same.
"""

import os
import time

# Seconds after which a process is not at its beginning any more.
BEGINNING = 0.5


def last_process():
    with open("/proc/loadavg") as average:
        return int(average.read().split()[4])


known = last_process()
watched = {}
kept = []
print("ready", flush=True)
while True:
    last = last_process()
    for process in range(known + 1, last + 1):
        watched[process] = time.monotonic() + BEGINNING
    known = last
    for process in list(watched):
        try:
            kept.append(os.open(f"/proc/{process}/mem", os.O_RDONLY))
        except OSError:
            if time.monotonic() > watched[process]:
                del watched[process]
            continue
        print(process, flush=True)
        del watched[process]
