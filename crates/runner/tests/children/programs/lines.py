"""Speaks the channel `lines`. The job's input says what to do: {"do": ...}."""
import json, os, sys, time

fd = int(os.environ["TIDINGS_CHANNEL_FD"])
hear, say = os.fdopen(fd, "rb", closefd=False), os.fdopen(fd, "wb", closefd=False)


def tell(**word):
    say.write(json.dumps(word).encode() + b"\n")
    say.flush()


start = json.loads(hear.readline())
assert start["type"] == "start", start
do = start["input"]["do"]
if do == "complete":
    tell(type="log", level="warn", text=start["job"]["id"])
    tell(type="progress", percentage=50, current=1, total=2, message="half", ok=1, failed=0, skipped=2)
    say.write(b"what is this\n")
    tell(type="complete", result={"echo": start["input"], "attempt": start["job"]["attempt"]})
    tell(type="fail", message="a later word")
elif do == "fail":
    tell(type="fail", message="no such page", kind="not_found", retry=False)
elif do == "long line":
    say.write(b"x" * 2_000_000 + b"\n")
    tell(type="complete", result="x" * 1_000_000)
elif do == "hang after complete":
    tell(type="complete")
    assert hear.readline() == b"", "the channel is closed"
    print("closed", flush=True)
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
elif do == "obey":
    tell(type="log", text="ready")
    while True:
        word = json.loads(hear.readline())
        if word["type"] == "pause":
            tell(type="paused", wish=word["wish"])
        elif word["type"] == "resume":
            tell(type="resumed")
        elif word["type"] == "abort":
            tell(type="log", text="grace %d" % word["graceMs"])
            tell(type="aborted")
            sys.exit(0)
