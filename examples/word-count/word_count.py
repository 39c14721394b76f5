"""Counts the words of a folder of texts.

A worker for the channel `lines`; tidings_lines.py beside it does the talking.

    input   {folder, top?, minLength?, delayMs?}
            folder     relative to the working directory, and inside it
            top        how many frequent words and long lines the result names; 10 if not given
            minLength  letters that a word needs to be among the frequent ones; 4 if not given
            delayMs    pause before each line, so that a person can watch; 40 if not given, 0 for full speed
    result  {files, lines, words, distinct, frequent: [{word, count}], longest: [{file, line, length, text}],
             readingSeconds, failed: [{file, why}], skipped: [file]}

The counters are files: `ok` was counted, `failed` is no valid UTF-8, `skipped` is binary.
"""
import heapq
import re
import time
from collections import Counter
from pathlib import Path

from tidings_lines import Failure, run

WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
WORDS_PER_MINUTE = 230
BINARY_PROBE_BYTES = 8192
SHOWN_CHARACTERS = 120


def work(channel, input):
    input = input or {}
    folder = folder_of(input)
    top = number_of(input, "top", default=10, most=1000)
    min_length = number_of(input, "minLength", default=4, most=100)
    delay = number_of(input, "delayMs", default=40, most=60_000) / 1000

    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    readable, failed, skipped = [], [], []
    for path in files:
        channel.checkpoint()
        name = path.relative_to(folder).as_posix()
        if is_binary(path):
            skipped.append(name)
            channel.log(f"{name}: binary, skipped")
            continue
        try:
            with path.open(encoding="utf-8") as text:
                readable.append((name, path, sum(1 for _ in text)))
        except UnicodeDecodeError as error:
            failed.append({"file": name, "why": f"not UTF-8 at byte {error.start}"})
            channel.log(f"{name}: not UTF-8", level="warn")

    total = sum(lines for _, _, lines in readable)
    counts, longest, done, finished = Counter(), [], 0, 0
    for name, path, _ in readable:
        with path.open(encoding="utf-8") as text:
            for number, line in enumerate(text, start=1):
                if delay:
                    time.sleep(delay)
                channel.checkpoint()
                line = line.rstrip("\n")
                counts.update(word.casefold() for word in WORD.findall(line))
                heapq.heappush(longest, (len(line), name, number, line[:SHOWN_CHARACTERS]))
                if len(longest) > top:
                    heapq.heappop(longest)
                done += 1
                channel.progress(
                    percentage=min(100, done * 100 // max(total, 1)), current=done, total=total, message=name,
                    ok=finished, failed=len(failed), skipped=len(skipped),
                )
        finished += 1
    channel.progress(
        percentage=100, current=done, total=total, message="Done", ok=finished, failed=len(failed), skipped=len(skipped),
    )

    words = counts.total()
    frequent = sorted(
        ((word, count) for word, count in counts.items() if len(word) >= min_length), key=lambda pair: (-pair[1], pair[0]),
    )[:top]
    return {
        "files": len(files),
        "lines": done,
        "words": words,
        "distinct": len(counts),
        "frequent": [{"word": word, "count": count} for word, count in frequent],
        "longest": [
            {"file": name, "line": number, "length": length, "text": text}
            for length, name, number, text in sorted(longest, key=lambda one: (-one[0], one[1], one[2]))
        ],
        "readingSeconds": round(words * 60 / WORDS_PER_MINUTE),
        "failed": failed,
        "skipped": skipped,
    }


def folder_of(input):
    here = Path.cwd().resolve()
    name = input.get("folder")
    if not isinstance(name, str) or not name:
        raise Failure("folder is missing: name a folder below the working directory", kind="bad_input", retry=False)
    folder = (here / name).resolve()
    if not folder.is_relative_to(here) or not folder.is_dir():
        raise Failure(f"{name} is not a folder below the working directory", kind="bad_input", retry=False)
    return folder


def number_of(input, name, default, most):
    value = input.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        raise Failure(f"{name} is a number from 0 to {most}", kind="bad_input", retry=False)
    return value


def is_binary(path):
    with path.open("rb") as file:
        return b"\0" in file.read(BINARY_PROBE_BYTES)


if __name__ == "__main__":
    run(work)
