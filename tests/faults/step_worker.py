"""The child of the tests of deaths: takes the job's lock, leaves a daemon that left its group, and becomes the worker itself.

Whoever holds the lock is a process of the job: the daemon shares it, and the kernel gives it back only when the last of them is gone. A
second attempt that cannot take it has found the first alive, and says so in `overlaps`. Everything it writes is in a folder of the
job's own; what it waits for are files there.
"""

import fcntl
import json
import os
import pathlib
import signal
import sys
import time

HERE = pathlib.Path(__file__).parent


def note(file, text):
    """Appends one line, whole or not at all."""
    with open(file, "a") as opened:
        opened.write(f"{text}\n")


def lock(attempt):
    held = os.open("lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        note("overlaps", f"attempt {attempt} found another alive")
    os.set_inheritable(held, True)


def leave_a_daemon():
    """A grandchild in a session of its own, deaf to SIGTERM."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            null = os.open("/dev/null", os.O_RDWR)
            for fd in range(3):
                os.dup2(null, fd)
            try:
                os.close(3)
            except OSError:
                pass
            note("daemons", os.getpid())
            time.sleep(600)
        os._exit(0)
    os.wait()
    while not os.path.exists("daemons"):
        time.sleep(0.005)


class Lines:
    """The channel `lines`."""

    def __init__(self):
        self.channel = open(int(os.environ["TIDINGS_CHANNEL_FD"]), "r+b", buffering=0)
        os.set_blocking(self.channel.fileno(), False)
        self.rest = b""

    def say(self, word):
        os.write(self.channel.fileno(), json.dumps(word).encode() + b"\n")

    def heard(self):
        try:
            self.rest += os.read(self.channel.fileno(), 65536)
        except BlockingIOError:
            pass
        *lines, self.rest = self.rest.split(b"\n")
        return [json.loads(line) for line in lines]


class Plain:
    """No channel: nothing is said and nothing heard."""

    def say(self, word):
        pass

    def heard(self):
        return []


def work(attempt, channel):
    note("up", attempt)
    if attempt > 1:
        print(f"attempt {attempt} went through", flush=True)
        channel.say({"type": "complete", "result": attempt})
        return
    signal.signal(signal.SIGTERM, lambda *_: note("terminated", attempt))
    while not os.path.exists("speak"):
        time.sleep(0.005)
    print("first words", flush=True)
    channel.say({"type": "progress", "percentage": 10, "message": "first words"})
    while True:
        for word in channel.heard():
            if word["type"] == "pause":
                channel.say({"type": "paused", "wish": word["wish"]})
            if word["type"] == "abort":
                note("terminated", attempt)
        if os.path.exists("finish"):
            channel.say({"type": "complete", "result": attempt})
            note("reported", attempt)
            if isinstance(channel, Plain):
                return
            time.sleep(600)
        if os.path.exists("fail"):
            channel.say({"type": "fail", "message": "as told"})
            note("reported", attempt)
            while not os.path.exists("leave"):
                time.sleep(0.005)
            return
        time.sleep(0.005)


def main():
    attempt = int(os.environ["TIDINGS_ATTEMPT"])
    os.makedirs(os.environ["TIDINGS_JOB"], exist_ok=True)
    os.chdir(os.environ["TIDINGS_JOB"])
    lock(attempt)
    if attempt == 1:
        leave_a_daemon()
    if sys.argv[1] == "node-ipc":
        os.execvp("node", ["node", str(HERE / "step_worker.mjs")])
    work(attempt, Lines() if sys.argv[1] == "lines" else Plain())


main()
