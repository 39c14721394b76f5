"""Leaves a daemon behind: forked twice, in a session of its own, deaf to SIGTERM and SIGHUP. With the argument `stay`, the
main process stays too; with `leave`, it ends. Prints the daemon's pid, and writes it to the file that a second argument
names."""
import os, signal, sys, time

read, write = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.write(write, b"%d\n" % os.getpid())
        while True:
            time.sleep(600)
    os._exit(0)
os.wait()
pid = os.read(read, 100).decode()
if len(sys.argv) > 2:
    with open(sys.argv[2] + ".new", "w") as file:
        file.write(pid)
    os.rename(sys.argv[2] + ".new", sys.argv[2])
print(pid, end="", flush=True)
if sys.argv[1] == "stay":
    while True:
        time.sleep(600)
