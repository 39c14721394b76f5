"""Takes memory until somebody objects; with the argument `shared`, many processes share the same modest block instead."""
import os, sys, time

if sys.argv[1] == "shared":
    block = bytearray(os.urandom(1 << 20) * 40)
    for _ in range(6):
        if os.fork() == 0:
            time.sleep(1.5)
            os._exit(0)
    for _ in range(6):
        os.wait()
    sys.exit(0)
held = []
while True:
    held.append(bytearray(os.urandom(1 << 20) * 4))
    time.sleep(0.005)
