#!/usr/bin/env python3
"""Turn a folder of Open Science Grid downtime notices into import files.

    tools/osg.py FOLDER [--out DIR]

FOLDER holds downtimes.csv and resources.csv. DIR (default: target/osg) receives
organisations.csv, services.csv, items.csv and changes.csv, to be imported in
that order with `signalbox import KIND FILE`.

Facility becomes organisation, resource becomes item, resource group becomes
site, and every kind of service that runs on the resources becomes a service of
the body that runs the grid. Nothing is repaired here: a notice that ends before
it starts, or that has no time of receipt, goes out as it came in, because
finding it is the importer's work.
"""

import argparse
import csv
import pathlib
import re
import sys
import unicodedata

OPERATOR = ("OSG", "Open Science Grid operations")
SMALL_WORDS = {"and", "at", "de", "della", "di", "do", "for", "in", "of", "the"}


def plain(text):
    """Upper-case ASCII letters and digits, everything else a hyphen."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]+", "-", ascii_text.upper()).strip("-")


def initials(name):
    words = [w for w in plain(name).split("-") if w and w.lower() not in SMALL_WORDS]
    return words[0][:8] if len(words) == 1 else "".join(w[0] for w in words)


def make_codes(names, shorten):
    """One code for each name, the same on every run: a number tells apart those
    that come out alike, in the order of the names."""
    codes, taken = {}, {OPERATOR[0]}
    for name in sorted(names):
        base = shorten(name)
        code, n = base, 1
        while code in taken:
            n += 1
            code = f"{base}-{n}"
        taken.add(code)
        codes[name] = code
    return codes


def parts(services):
    return [s.strip() for s in services.split("|") if s.strip()]


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, header, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\r\n")  # RFC 4180
        out.writerow(header)
        out.writerows(rows)
    print(f"{path}: {len(rows):,} rows")


def title_of(notice):
    described = one_line(notice["description"])
    kind = notice["severity"]
    return f"{notice['resource']}: {described}" if described else f"{notice['resource']}: {kind}"


def reason_of(notice):
    """UNSCHEDULED is the reason the notice came late; how bad it was, and what
    ran there, are kept behind it."""
    words = [notice["severity"]]
    if notice["class"] == "UNSCHEDULED":
        words.insert(0, "UNSCHEDULED")
    words.append("services: " + ", ".join(parts(notice["services"])))
    return "; ".join(words)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--out", type=pathlib.Path, default=pathlib.Path("target/osg"))
    options = arguments.parse_args()

    resources = read(options.folder / "resources.csv")
    notices = read(options.folder / "downtimes.csv")
    known = {r["resource"] for r in resources}
    unknown = sorted({n["resource"] for n in notices} - known)
    if unknown:
        print(f"resources.csv lacks {', '.join(unknown)}", file=sys.stderr)
        return 1

    organisations = make_codes({r["facility"] for r in resources}, initials)
    services = make_codes({s for r in resources for s in parts(r["services"])}, plain)
    items = make_codes(known, plain)

    options.out.mkdir(parents=True, exist_ok=True)
    write(
        options.out / "organisations.csv",
        ["code", "name", "kind", "ods_code", "email_domain"],
        [[OPERATOR[0], OPERATOR[1], "supplier", "", ""]]
        + [[code, name, "trust", "", ""] for name, code in organisations.items()],
    )
    write(
        options.out / "services.csv",
        ["code", "name", "owner"],
        [[code, name, OPERATOR[0]] for name, code in services.items()],
    )
    write(
        options.out / "items.csv",
        ["code", "name", "type", "organisation", "site", "service"],
        [
            [
                items[r["resource"]],
                r["resource"],
                "server",
                organisations[r["facility"]],
                r["resource_group"],
                # An item stands under one service: the first named for it.
                services[parts(r["services"])[0]] if parts(r["services"]) else "",
            ]
            for r in resources
        ],
    )
    write(
        options.out / "changes.csv",
        [
            "source_ref", "kind", "title", "organisation", "items", "window_start",
            "window_end", "received_at", "state", "outcome", "reason",
        ],
        [
            [
                n["id"],
                "planned_outage",
                title_of(n),
                organisations[n["facility"]],
                items[n["resource"]],
                n["start_utc"],
                n["end_utc"],
                n["created_utc"],
                "closed",
                "successful",
                reason_of(n),
            ]
            for n in notices
        ],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
