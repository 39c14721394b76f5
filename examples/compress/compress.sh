#!/bin/sh
# Packs a folder into out/NAME.tar.gz beside this script.
#
# A plain program: it reads its input from the file named in TIDINGS_INPUT_FILE, says each file with its size and a percentage
# on stderr, prints the path of the archive on stdout, and its exit code is the outcome. It knows nothing of pause: it is frozen
# from outside.
#
#   input   {"folder": "check-links/site", "delayMs": 100}
#           folder   relative to the working directory, and inside it
#           delayMs  pause before each file, so that a person can watch; 0 if not given
#
# Files, no empty folders; a name with a line break is refused, and an archive that lacks a file is no success.
set -eu

plan=$(python3 - "${TIDINGS_INPUT_FILE:?is not set: start this through Tidings}" <<'PYTHON'
import json, pathlib, sys
wanted = json.load(open(sys.argv[1], encoding="utf-8")) or {}
name, delay = wanted.get("folder"), wanted.get("delayMs", 0)
here = pathlib.Path.cwd().resolve()
if not isinstance(name, str) or not name:
    sys.exit("folder is missing: name a folder below the working directory")
folder = (here / name).resolve()
if here not in folder.parents or not folder.is_dir() or "\n" in str(folder):
    sys.exit(f"{name} is not a folder below the working directory")
if isinstance(delay, bool) or not isinstance(delay, (int, float)) or not 0 <= delay <= 60000:
    sys.exit("delayMs is a number from 0 to 60000")
if any("\n" in path.name for path in folder.rglob("*")):
    sys.exit(f"{name} holds a file whose name has a line break")
print(delay / 1000 or 0, folder, sep="\n")
PYTHON
)
delay=$(printf '%s\n' "$plan" | sed -n 1p)
folder=$(printf '%s\n' "$plan" | sed -n 2p)

out="$(dirname "$0")/out"
mkdir -p "$out"
archive="$out/$(basename "$folder").tar.gz"
part="$out/.$(basename "$folder").$$.part"
list="$part.list"
worker=
trap 'rm -f "$part" "$list" "$list.bytes"' EXIT
trap 'test -z "$worker" || kill "$worker" 2>/dev/null; exit 143' TERM INT

(cd "$folder" && find . -type f | LC_ALL=C sort) >"$list"
total=$(wc -l <"$list" | tr -d ' ')
test "$total" -gt 0 || { echo "$folder holds no files" >&2; exit 1; }

# tar takes each name as it comes and says it, as `ls -l` would, when the file is in; that is what is counted. The pipeline runs in the
# background because a shell hears a signal only while it waits.
while IFS= read -r name; do
  test "$delay" = 0 || sleep "$delay"
  printf '%s\n' "$name"
done <"$list" | tar -czvvf "$part" -C "$folder" -T - | {
  done=0
  bytes=0
  while read -r mode owner size day time name; do
    done=$((done + 1))
    bytes=$((bytes + size))
    printf '%s, %d bytes, %d%%\n' "$name" "$size" $((done * 100 / total)) >&2
  done
  echo "$bytes" >"$list.bytes"
} &
worker=$!
wait "$worker"
worker=

packed=$(tar -tzf "$part" | wc -l | tr -d ' ')
test "$packed" -eq "$total" || { echo "only $packed of $total files were packed" >&2; exit 1; }
printf '%d files, %d bytes, packed into %d bytes\n' "$total" "$(cat "$list.bytes")" "$(wc -c <"$part")" >&2
mv "$part" "$archive"
echo "$archive"
