"""Reads a calendar with Python's icalendar and prints its entries as JSON, sorted, in UTC.

A local time is placed twice: by the zone's name, and by the rules that the file itself brings.
"""
import json
import sys
from datetime import timezone
from pathlib import Path

from icalendar import Calendar


calendar = Calendar.from_ical(Path(sys.argv[1]).read_bytes())
rules = {str(zone["TZID"]): zone.to_tz(lookup_tzid=False) for zone in calendar.walk("VTIMEZONE")}


def utc(when):
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(component, name):
    value = component[name]
    zone = value.params.get("TZID")
    if zone is not None:
        own = value.dt.replace(tzinfo=rules[str(zone)])
        assert utc(own) == utc(value.dt), f"{name} {value.dt}: the file's own rules say {utc(own)}"
    return utc(value.dt)


found = []
for event in calendar.walk("VEVENT"):
    found.append({
        "uid": str(event["UID"]),
        "start": instant(event, "DTSTART"),
        "end": instant(event, "DTEND"),
        "sequence": int(event["SEQUENCE"]),
        "status": str(event["STATUS"]),
        "summary": str(event["SUMMARY"]),
        "description": str(event.get("DESCRIPTION", "")),
    })
for free_busy in calendar.walk("VFREEBUSY"):
    lines = free_busy.get("FREEBUSY", [])
    for line in lines if isinstance(lines, list) else [lines]:
        for one in getattr(line, "dts", [line]):
            period = getattr(one, "dt", one)
            start, end = period if isinstance(period, tuple) else (one.start, one.end)
            found.append({
                "uid": str(free_busy["UID"]),
                "start": utc(start),
                "end": utc(end),
                "sequence": 0,
                "status": str(line.params["FBTYPE"]),
                "summary": "",
                "description": "",
            })
print(json.dumps(found, ensure_ascii=False))
