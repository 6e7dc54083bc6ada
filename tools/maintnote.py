"""Reads maintenance notices with circuit-maintenance-parser, as a network provider's customers do, and holds each to
the JSON beside it: what the site says that its file says.

    maintnote.py FILE.ics...     prints `checks: N passed, N failed`
"""
import json
import sys
from pathlib import Path

from circuit_maintenance_parser import GenericProvider, NotificationData


def read(text):
    """The one maintenance of a file."""
    data = NotificationData.init_from_raw("ical", text)
    (found,) = GenericProvider().get_maintenances(data)
    return {
        "uid": found.uid,
        "sequence": found.sequence,
        "status": found.status.value,
        "start": found.start,
        "end": found.end,
        "maintenance_id": found.maintenance_id,
        "provider": found.provider,
        "account": found.account,
        "circuits": sorted(circuit.circuit_id for circuit in found.circuits),
        "impact": found.circuits[0].impact.value,
    }


passed = failed = 0
for path in map(Path, sys.argv[1:]):
    wanted = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    try:
        found = read(path.read_bytes())
    except Exception as fault:  # whatever it is, the file was not understood
        found = f"{type(fault).__name__}: {fault}"
    if found == wanted:
        passed += 1
    else:
        failed += 1
        print(f"{path.name}: {found}\n  should be {wanted}")
print(f"checks: {passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
