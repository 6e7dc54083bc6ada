"""Whether files of entries hold the same, in whatever order: the first is how it should be."""
import json
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return sorted(json.load(file), key=lambda one: (one["uid"], one["start"], one["end"]))


wanted = read(sys.argv[1])
is_same = bool(wanted)
if not wanted:
    print(f"{sys.argv[1]} holds nothing to compare")
for path in sys.argv[2:]:
    found = read(path)
    if len(found) != len(wanted):
        print(f"{path}: {len(found)} entries where {len(wanted)} are")
        is_same = False
    for should, has in zip(wanted, found):
        if should != has:
            print(f"{path}: {has}\n  should be {should}")
            is_same = False
sys.exit(0 if is_same else 1)
