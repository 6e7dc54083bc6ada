#!/usr/bin/env python3
"""Time the import of the grid's downtime notices, and the pages over them.

    tools/measure.py SIGNALBOX FOLDER [--database-url URL] [--requests 200]

SIGNALBOX is a release build of the program, FOLDER what tools/osg.py reads.
Everything is done as a person would: the four files are imported, somebody of
the authority is let in, sets a password, and asks for the first page
of each list so many times over one connection on this machine. Prints tables
in Markdown, as docs/performance.md holds them.
"""

import argparse
import http.client
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

PERSON = "pat.measure@authority.example"
PASSWORD = "a long walk by the river"
# Every page and file that lists what was imported. March 2022 is a busy month of it.
LISTS = [
    "/",
    "/changes",
    "/changes?kind=planned_outage",
    "/changes?stage=CLOSED",
    "/changes?organisation={org}",
    "/changes?q=network",
    "/outages",
    "/schedule?view=month&from=2022-03-01",
    "/schedule?view=timeline&from=2022-03-01",
    "/schedule?view=table&from=2022-03-01",
    "/promises",
    "/ops",
    "/reports",
    "/reports/success",
    "/reports/trust-raised",
    "/reports/schedule",
    "/members",
    "/setup/organisations",
    "/setup/sites",
    "/setup/services",
    "/setup/items",
    "/setup/people",
    "/changes/{reference}",
    "/api/v1/changes",
    "/api/v1/schedule?from=2022-03-01T00:00:00Z&to=2022-04-01T00:00:00Z",
]


def run(*command, accept=(0,)):
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in accept:
        sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done, time.monotonic() - began


class Visitor:
    """One connection, its cookies and the token of the last form."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies, self.csrf, self.bearer = {}, "", None

    def ask(self, path, form=None):
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        body = None
        if self.bearer and path.startswith("/api/"):
            headers = {"Authorization": f"Bearer {self.bearer}"}
        if form is not None:
            body = urllib.parse.urlencode({"csrf": self.csrf, **form})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://127.0.0.1:{self.connection.port}"
        began = time.monotonic()
        self.connection.request("GET" if form is None else "POST", path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        took = time.monotonic() - began
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, value = line.split(";")[0].split("=", 1)
            self.cookies[name] = value
        if found := re.search(rb'name="csrf"[^>]*value="([^"]+)"', text):
            self.csrf = found.group(1).decode()
        return answer, text, took


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def imported(program, store, folder, notices):
    """Imports everything; prints how long each file took."""
    run(sys.executable, str(pathlib.Path(__file__).with_name("osg.py")), notices, "--out", str(folder))
    print("| File | Rows | Seconds |\n|---|---:|---:|")
    for kind in ["organisations", "services", "items", "changes"]:
        file = folder / f"{kind}.csv"
        # Bad rows are expected of the notices: the program reports them and ends with 1.
        done, took = run(program, "import", kind, str(file), "--skip-bad", *store, accept=(0, 1))
        rows = sum(1 for _ in file.open()) - 1
        print(f"| {kind} | {rows:,} | {took:.2f} |")
    print(f"\nOf the changes: {next((line for line in done.stdout.splitlines() if ' added' in line), '?')}\n", flush=True)


def let_in(program, store, folder):
    """An administrator of the authority who manages its changes; the link for the password."""
    done, _ = run(program, "admin", "add", PERSON, "--name", "Pat Measure", *store)
    people = folder / "people.csv"
    people.write_text(f"email,name,organisation,roles\n{PERSON},Pat Measure,AUTHORITY,ACM\n")
    run(program, "import", "people", str(people), *store)
    token, _ = run(program, "token", "--person", PERSON, *store)
    return re.search(r"(/password/\S+)", done.stdout).group(1), token.stdout.strip().splitlines()[-1]


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("program")
    ask.add_argument("folder")
    ask.add_argument("--database-url")
    ask.add_argument("--requests", type=int, default=200)
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        store = ["--database-url", given.database_url] if given.database_url else ["--data", str(place / "data")]
        imported(given.program, store, place, given.folder)
        link, bearer = let_in(given.program, store, place)
        port = free_port()
        server = subprocess.Popen([given.program, "serve", "--listen", f"127.0.0.1:{port}", *store], stderr=subprocess.DEVNULL)
        try:
            measure(port, link, bearer, given.requests)
        finally:
            server.terminate()
            server.wait()


def measure(port, link, bearer, requests):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.05)
    visitor = Visitor(port)
    visitor.ask(link)
    # Whoever sets a password is signed in.
    answer, text, _ = visitor.ask(link, {"password": PASSWORD, "password-again": PASSWORD})
    if answer.status != 303:
        sys.exit(f"the password was answered with {answer.status}: {text[:2000]!r}")
    visitor.bearer = bearer
    _, text, _ = visitor.ask("/changes")
    reference = re.search(rb'href="/changes/([A-Z]+-\d{4}-\d+)"', text).group(1).decode()
    org = re.search(rb'<option value="([^"]+)"', text[text.index(b'name="organisation"'):].split(b"</select>")[0].split(b"</option>", 1)[1])
    fill = {"reference": reference, "org": urllib.parse.quote(org.group(1).decode()) if org else ""}
    print("| First page of | Bytes | Median ms | 99 % ms |\n|---|---:|---:|---:|")
    for path in LISTS:
        path = path.format(**fill)
        took = []
        for _ in range(requests):
            answer, text, seconds = visitor.ask(path)
            if answer.status != 200:
                sys.exit(f"{path} answered {answer.status}")
            took.append(seconds * 1000)
        took.sort()
        print(f"| `{path}` | {len(text):,} | {statistics.median(took):.1f} | {took[int(len(took) * 0.99) - 1]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
