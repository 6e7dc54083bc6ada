#!/usr/bin/env python3
"""Replay the downtime notices of the Open Science Grid through the API, and hold the site to a fold of its own.

    tools/replay.py FOLDER --signalbox BINARY --clock LIBRARY --work DIR [--first N] [--no-letters]

FOLDER holds events.jsonl (filed, amended, removed, in time order), downtimes.csv and resources.csv. A fresh server
is started on SQLite, and its clock stands at the time of each event (tools/replay/clock.c). Every facility is an
organisation with a coordinator and a token of theirs. Each event is what that coordinator then does by the API:

    created   a draft with the least answers that a planned outage needs, and `submit`
    amended   `reschedule` where it names a time; `amend` where it names what goes off or what is said about it
    removed   `withdraw`: nobody has approved these notices, because the data knows of no approval

The network line is said to be touched each time, so that every notice also goes to a network provider, whose copy is
read from the mail itself. `Fold` below works out from the events and the rules alone (calendar days from receipt to
start in London; verdicts by share of notice; a move within tolerance keeps its receipt) what has to come of it, and
every answer of the site is compared with it. It knows nothing of the program.
"""

import argparse
import asyncio
import collections
import csv
import dataclasses
import email
import email.policy
import http.client
import json
import mmap
import os
import pathlib
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import unicodedata
import urllib.parse
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
ASKED_DAYS = 10
LONGEST = timedelta(days=14)  # of one window: longer work is several changes
SHOWN = 20  # how many differences are printed in full


# ---- What the data says -----------------------------------------------------------------------------------------


def instant(text):
    """2018-01-26T23:00:00Z, or Jan 26, 2018 23:00 PM UTC, whose hour is that of a whole day whatever stands behind it."""
    if re.match(r"\d{4}-", text):
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    found = re.fullmatch(r"(\w{3}) (\d{1,2}), (\d{4}) (\d{1,2}):(\d\d) [AP]M UTC", text)
    month, day, year, hour, minute = found.groups()
    return datetime.strptime(f"{year} {month} {day} {hour}:{minute} +0000", "%Y %b %d %H:%M %z")


def written(moment):
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclasses.dataclass
class Record:
    """A downtime as the files have it at some moment, right or wrong."""

    number: int
    folder: str
    resource: str
    start: datetime
    end: datetime
    services: tuple
    words: str
    is_unscheduled: bool

    def impossible(self):
        """Why no window can be like this."""
        if self.end <= self.start:
            return "end-before-start"
        return "window-too-long" if self.end - self.start > LONGEST else None

    def window(self):
        return (self.start, self.end)


def filed(event):
    told = event["record"]
    return Record(
        event["id"],
        event["path"].split("/")[1],
        told["ResourceName"],
        instant(told["StartTime"]),
        instant(told["EndTime"]),
        listed(told["Services"]),
        told["Description"] or "",
        told["Class"] == "UNSCHEDULED",
    )


def listed(services):
    if isinstance(services, str):
        services = re.findall(r"'([^']*)'", services)
    return tuple(services)


def amended(record, changed):
    """The record with the new values; what has no place here (when it was first typed, how bad it was) stays out."""
    new = {}
    for field, name, read in (
        ("StartTime", "start", instant),
        ("EndTime", "end", instant),
        ("ResourceName", "resource", str),
        ("Services", "services", listed),
        ("Description", "words", lambda text: text or ""),
    ):
        if field in changed:
            new[name] = read(changed[field][1])
    return dataclasses.replace(record, **new)


# ---- The fold: what has to come of it ---------------------------------------------------------------------------


@dataclasses.dataclass
class Outage:
    """A notice as the rules have it."""

    window: tuple
    received: datetime
    verdict: str = ""
    days: int = 0
    consequence: str = ""
    state: str = "submitted"
    versions: int = 1  # of the network provider's notice
    moves: int = 0

    def judge(self):
        """Spec 6.5 and 7 with X4: 10 days on the calendar of London, from the receipt to the start."""
        day = lambda moment: moment.astimezone(LONDON).date()
        self.days = max(0, (day(self.window[0]) - day(self.received)).days)
        if self.received >= self.window[0]:
            self.verdict, self.consequence = "after_the_fact", "exclusion_proposed"
        elif self.days >= ASKED_DAYS:
            self.verdict, self.consequence = "on_time", "protected"
        else:
            is_half, is_one = 2 * self.days >= ASKED_DAYS, self.days >= 1
            self.verdict, self.consequence = "late" if is_half else "very_late" if is_one else "short", "at_risk"

    def may_be_protected(self, now):
        """BR-13b: at risk means nothing once nobody has decided for two working days, which are never less than two days."""
        return self.consequence == "at_risk" and now - self.received >= timedelta(days=2)

    def must_be_protected(self, now):
        """No two working days of Christmas take longer than nine."""
        return self.consequence == "at_risk" and self.state == "submitted" and now - self.received > timedelta(days=9)

    def last_in_time(self):
        return (self.window[0].astimezone(LONDON).date() - timedelta(days=ASKED_DAYS)).isoformat()


class Fold:
    """Each step says what the site has to answer: None where it accepts, or the code with which it refuses."""

    def __init__(self):
        self.outages = {}

    def submit(self, record, now):
        if why := record.impossible():
            return why
        outage = self.outages[record.number] = Outage(record.window(), now)
        outage.judge()
        return None

    def move(self, record, now):
        outage = self.outages[record.number]
        if outage.state != "submitted":
            return "wrong-stage"
        if why := record.impossible():
            return why
        if record.window() == outage.window:
            return "window-not-moved"
        (old_start, old_end), (start, end) = outage.window, record.window()
        # BR-31: more than an hour, to another day, or a later end is another notice, judged from when it came.
        another_day = old_start.astimezone(LONDON).date() != start.astimezone(LONDON).date()
        is_another = abs(start - old_start) >= timedelta(minutes=61) or another_day or end > old_end
        outage.window = record.window()
        if is_another:
            outage.received = now
            outage.judge()
        outage.versions += 1
        outage.moves += 1
        return None

    def reword(self, number, is_retitled):
        outage = self.outages[number]
        if outage.state != "submitted":
            return "wrong-stage"
        # Its title is all of it that stands in the provider's notice.
        outage.versions += is_retitled
        return None

    def withdraw(self, number):
        outage = self.outages.get(number)
        if outage.state != "submitted":
            return "wrong-stage"
        outage.state = "withdrawn"
        outage.versions += 1
        return None


# ---- The mail that comes out ------------------------------------------------------------------------------------


class Sink:
    """An SMTP server that keeps the subject of every letter, and of notices of work the calendar file."""

    def __init__(self):
        self.letters = []
        self.port = None
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve(ready)), daemon=True).start()
        ready.wait()

    async def serve(self, ready):
        server = await asyncio.start_server(self.session, "127.0.0.1", 0, limit=1 << 24)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    async def session(self, reader, writer):
        say = lambda line: writer.write(line.encode() + b"\r\n")
        wire = writer.get_extra_info("socket")
        # The sender holds back a letter's end until its beginning is acknowledged, which without this takes 40 ms.
        at_once = lambda: wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        say("220 sink")
        at_once()
        while line := await reader.readline():
            at_once()
            verb = line.split(b" ")[0].strip().upper()
            if verb == b"DATA":
                say("354 go on")
                await writer.drain()
                body = await reader.readuntil(b"\r\n.\r\n")
                self.keep(body[:-3].replace(b"\r\n..", b"\r\n."))
                say("250 kept")
            elif verb == b"QUIT":
                say("221 bye")
                await writer.drain()
                break
            else:
                say("250 sink")
            await writer.drain()
        writer.close()

    def keep(self, body):
        letter = email.message_from_bytes(body, policy=email.policy.default)
        calendar = next((part.get_content() for part in letter.walk() if part.get_content_type() == "text/calendar"), None)
        if isinstance(calendar, bytes):
            calendar = calendar.decode()
        self.letters.append((str(letter["Subject"]), calendar))


def calendar_values(text):
    """The values of a calendar file by name, of its one event."""
    lines = re.sub(r"\r?\n[ \t]", "", text).splitlines()
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.split(";")[0]: value for name, _, value in pairs}


# ---- The site ---------------------------------------------------------------------------------------------------


class Site:
    """A server of its own, with its clock in our hands."""

    def __init__(self, options):
        self.binary, self.library, self.work = options.signalbox, options.clock, options.work
        self.data, self.clock_file = self.work / "data", self.work / "clock"
        self.clock_file.write_bytes(bytes(8))
        with self.clock_file.open("r+b") as file:
            self.clock = mmap.mmap(file.fileno(), 8)
        self.process = self.connection = None
        self.asked = 0

    def set_clock(self, moment):
        self.stands = moment
        nanoseconds = int(moment.timestamp()) * 1_000_000_000
        self.clock[:] = nanoseconds.to_bytes(8, sys.byteorder, signed=True)

    def environment(self):
        return {**os.environ, "LD_PRELOAD": self.library, "REPLAY_CLOCK": str(self.clock_file), "SIGNALBOX_LOG": "warn"}

    def command(self, *words):
        # Ids are made from the time and chance: two programs that begin in the same instant could meet.
        self.set_clock(self.stands + timedelta(seconds=1))
        done = subprocess.run([self.binary, *words, "--data", self.data], env=self.environment(), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"signalbox {' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def start(self, sink):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = (self.work / "serve.log").open("w")
        mail = ["--mail", f"smtp://127.0.0.1:{sink.port}"]
        words = [self.binary, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", *mail]
        self.process = subprocess.Popen(words, env=self.environment(), stdout=self.log, stderr=self.log)
        for _ in range(120):
            if self.process.poll() is not None:
                break
            try:
                self.connect()
                return
            except OSError:
                time.sleep(0.5)
        sys.exit(f"the server did not come up: see {self.work / 'serve.log'}")

    def connect(self):
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        self.connection.connect()
        # A request is two packets; held back for the first one's receipt, each would take 40 ms.
        self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def rest(self):
        """Waits until the worker has nothing left that is due, nor anything that it has begun."""
        rows = sqlite3.connect(f"file:{self.data}/signalbox.sqlite?mode=ro", uri=True)
        now = int(self.stands.timestamp()) * 1_000_000
        left = "select count(*) from tasks where due_at <= ? and coalesce(done_at, failed_at, cancelled_at) is null"
        began, shown = time.monotonic(), 0
        while count := rows.execute(left, [now]).fetchone()[0]:
            if self.process.poll() is not None or time.monotonic() - began > 3600:
                sys.exit(f"{count} tasks are left: see {self.work / 'serve.log'}")
            if time.monotonic() - shown > 60:
                shown = time.monotonic()
                print(f"  {count:,} tasks are still to be carried out", flush=True)
            time.sleep(0.5)
        failed = rows.execute("select count(*), min(last_error) from tasks where failed_at is not null").fetchone()
        rows.close()
        return failed

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def ask(self, token, method, path, body=None, tag=None):
        headers = {"Authorization": f"Bearer {token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if tag:
            headers["If-Match"] = tag
        self.asked += 1
        self.connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read() or b"null")


def code_of(answer):
    """Why something was refused, in the API's own code."""
    status, _, body = answer
    if status < 300:
        return None
    faults = sorted({fault["code"] for fault in body.get("errors", [])})
    return "+".join(faults) or body["type"].rsplit(":", 1)[-1]


# ---- The estate -------------------------------------------------------------------------------------------------


def plain(text):
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Z0-9]+", "-", ascii_text.upper()).strip("-")


def codes(names, most=40):
    """A code for each name; a number tells apart those that come out alike."""
    made, taken = {}, set()
    for name in sorted(names):
        code, n = plain(name)[:most], 1
        while code in taken:
            n += 1
            code = f"{plain(name)[:most]}-{n}"
        taken.add(code)
        made[name] = code
    return made


class Estate:
    """Organisations, services, items and people for all that the events name."""

    def __init__(self, events, resources):
        names, owners, services, folders = set(), {}, set(), set()
        for event in events:
            told, changed, folder = event.get("record", {}), event.get("changed", {}), event["path"].split("/")[1]
            folders.add(folder)
            named = {told.get("ResourceName"), *changed.get("ResourceName", [])} - {None}
            names |= named
            for name in named:
                owners.setdefault(name, folder)
            services |= set(listed(told.get("Services", [])))
            for value in changed.get("Services", []):
                services |= set(listed(value))
        self.organisations, self.services, self.items = codes(folders), codes(services), codes(names)
        self.owners = owners
        self.groups = {row["resource"]: row["resource_group"] for row in resources}

    def write(self, folder):
        """The files of `signalbox import`, in its order."""
        trusts = [[code, name, "trust", "", ""] for name, code in self.organisations.items()]
        others = [["OPERATIONS", "Grid operations", "supplier", "", ""], ["COUNCIL", "Grid council", "authority", "", ""]]
        people = [[self.coordinator(name), f"Coordinator {n}", code, "TCC"] for n, (name, code) in enumerate(self.organisations.items())]
        people += [
            ["manager@operations.example", "Manager", "OPERATIONS", "SCM"],
            ["desk@operations.example", "Desk", "OPERATIONS", "SDSK"],
            ["desk@carrier.example", "Carrier", "CARRIER", "NNOC"],
            ["chair@council.example", "Chair", "COUNCIL", "ACM"],
        ]
        tables = {
            "organisations": (["code", "name", "kind", "ods_code", "email_domain"], trusts + others + [["CARRIER", "Carrier", "network", "", ""]]),
            "services": (["code", "name", "owner"], [[code, name, "OPERATIONS"] for name, code in self.services.items()]),
            "items": (["code", "name", "type", "organisation", "site", "service"], [self.item(name) for name in self.items]),
            "people": (["email", "name", "organisation", "roles"], people),
        }
        for kind, (header, rows) in tables.items():
            path = folder / f"{kind}.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([header, *rows])
            yield kind, path

    def item(self, name):
        folder = self.owners[name]
        return [self.items[name], name, "server", self.organisations[folder], self.groups.get(name, folder), ""]

    def coordinator(self, folder):
        return f"{self.organisations[folder].lower()}@grid.example"


# ---- The replay -------------------------------------------------------------------------------------------------


class Replay:
    def __init__(self, site, estate):
        self.site, self.estate, self.fold = site, estate, Fold()
        self.tokens, self.records, self.references, self.titles = {}, {}, {}, {}
        self.done, self.refused = collections.Counter(), collections.Counter()
        self.compared, self.wrong = 0, 0

    def tell(self, difference):
        """A difference, at once; after the first so many only their number."""
        self.wrong += 1
        if self.wrong <= SHOWN:
            print(difference, flush=True)

    def title(self, record):
        return f"{record.resource}: outage"

    def answers(self, record):
        """The least that an honest site would give. `server` is what these resources are; the line is named so that the
        provider is told, and the latest end is the end, since the data knows no other."""
        return {
            "title": self.title(record),
            "outage_type": "server",
            "items": [self.estate.items[record.resource]],
            "services": [self.estate.services[name] for name in record.services],
            "window": {"start": written(record.start), "end": written(record.end)},
            "contingency_end": written(record.end),
            "network_affected": "yes",
            "circuits": [f"LINE-{self.estate.organisations[record.folder]}"],
            "people_notice": record.words.strip() or "Not said.",
        }

    def take(self, event):
        now = instant(event["commit_utc_iso"])
        self.site.set_clock(now)
        self.now = now
        number = event["id"]
        if event["action"] == "created":
            self.records[number] = filed(event)
            self.file(self.records[number], now)
        elif event["action"] == "removed":
            self.withdraw(number, event)
        else:
            before = self.records[number]
            record = self.records[number] = amended(before, event["changed"])
            self.amend(before, record, event["changed"], now)

    def file(self, record, now):
        token, wanted = self.tokens[record.folder], self.fold.submit(record, now)
        draft = {"kind": "planned_outage", "organisation": self.estate.organisations[record.folder], "answers": self.answers(record)}
        made = self.site.ask(token, "POST", "/changes", draft)
        if made[0] < 300:
            reference = made[2]["reference"]
            outage = self.fold.outages.get(record.number)
            # The site sees on the form whether its notice is short, and then says why.
            late = {"late_reason": "discovered_late" if record.is_unscheduled else "planning_error"}
            is_late = outage and outage.verdict != "on_time"
            sent = self.site.ask(token, "POST", f"/changes/{reference}/acts/submit", late if is_late else {})
            self.references[record.number] = reference
        else:
            sent = made
        self.expect("filed", record.number, sent, wanted)

    def amend(self, before, record, changed, now):
        if record.number not in self.fold.outages:
            # Never taken, because it ended before it began: it is sent anew, and taken once it is right.
            return self.file(record, now)
        is_sent = False
        if {"StartTime", "EndTime"} & set(changed):
            is_sent = True
            wanted = self.fold.move(record, now)
            body = {"window": {"start": written(record.start), "end": written(record.end)}, "reason": "Amended in the register."}
            self.expect("moved", record.number, self.matched(record, "POST", "/acts/reschedule", body), wanted)
        new = {name: value for name, value in self.answers(record).items() if name in ("title", "items", "services", "people_notice")}
        old = self.answers(before)
        new = {name: value for name, value in new.items() if value != old[name]}
        if new:
            is_sent = True
            wanted = self.fold.reword(record.number, "title" in new)
            self.expect("answers amended", record.number, self.matched(record, "PATCH", "", {"answers": new}), wanted)
        if not is_sent:
            self.done["nothing to send (" + ", ".join(sorted(changed)) + ")"] += 1

    def withdraw(self, number, event):
        record = self.records[number]
        if number not in self.fold.outages:
            self.done["nothing to withdraw: it was never taken"] += 1
            return
        wanted = self.fold.withdraw(number)
        self.expect("withdrawn", number, self.matched(record, "POST", "/acts/withdraw", {}), wanted)

    def matched(self, record, method, path, body):
        """With If-Match of what is there now; again where the worker wrote in between that the provider was told."""
        token, address = self.tokens[record.folder], f"/changes/{self.references[record.number]}"
        for _ in range(5):
            status, headers, _ = self.site.ask(token, "GET", address)
            answer = self.site.ask(token, method, address + path, body, headers["ETag"])
            if answer[0] != 412:
                break
        return answer

    def expect(self, what, number, answer, wanted):
        found = code_of(answer)
        if found == wanted:
            if wanted is None:
                self.done[what] += 1
            else:
                self.refused[(what, wanted)] += 1
        else:
            self.tell(f"{number} {what}: answered {found or 'yes'}, should be {wanted or 'yes'}: {json.dumps(answer[2])[:600]}")
        if number in self.references and number in self.fold.outages:
            self.compare(number)

    def compare(self, number):
        """The change as the site now shows it to its own people."""
        status, _, body = self.site.ask(self.tokens[self.records[number].folder], "GET", f"/changes/{self.references[number]}")
        outage = self.fold.outages[number]
        notice, window = body.get("notice") or {}, body.get("window") or {}
        # The worker may not have come to it yet; at the end it has, and is held to it.
        if notice.get("consequence") == "protected" and outage.may_be_protected(self.now):
            notice["consequence"] = "at_risk"
        found = (
            body.get("state"), window.get("start"), window.get("end"), window.get("contingency_end"),
            notice.get("verdict"), notice.get("days"), notice.get("consequence"), notice.get("received_at"), notice.get("last_in_time"),
        )
        start, end = map(written, outage.window)
        wanted = (
            outage.state, start, end, end,
            outage.verdict, outage.days, outage.consequence, written(outage.received), outage.last_in_time(),
        )
        self.compared += 1
        if found != wanted:
            self.tell(f"{number} {self.references[number]}: {found}\n    should be {wanted}")

    def compare_schedule(self, token):
        """At the end: every change, and the open ones on the schedule, as the authority sees them."""
        for number in self.fold.outages.keys() - self.references.keys():
            self.tell(f"{number}: never taken")
            del self.fold.outages[number]
        wanted = {self.references[n]: (o.state, *map(written, o.window), o.verdict) for n, o in self.fold.outages.items()}
        found = {}
        for row in self.pages(token, "/changes?limit=200"):
            window, notice = row["window"], row["notice"]
            found[row["reference"]] = (row["state"], window["start"], window["end"], notice["verdict"])
        self.differ("list", found, wanted)
        shown, at = {}, min(o.window[0] for o in self.fold.outages.values())
        while at < max(o.window[1] for o in self.fold.outages.values()):
            until = at + timedelta(days=400)
            span = urllib.parse.urlencode({"from": written(at), "to": written(until), "limit": 200})
            for row in self.pages(token, f"/schedule?{span}"):
                shown[row["detail"]["reference"]] = (row["window"]["start"], row["window"]["end"])
            at = until
        wanted = {self.references[n]: tuple(map(written, o.window)) for n, o in self.fold.outages.items() if o.state == "submitted"}
        self.differ("schedule", shown, wanted)
        return len(found), len(shown)

    def compare_silence(self, token):
        """Once the worker has nothing left to do: what nobody decided in two working days is protected. How many are."""
        outages, protected = {self.references[n]: o for n, o in self.fold.outages.items()}, 0
        for row in self.pages(token, "/changes?limit=200"):
            outage, consequence = outages[row["reference"]], row["notice"]["consequence"]
            self.compared += 1
            protected += consequence == "protected" and outage.consequence == "at_risk"
            if outage.must_be_protected(self.now):
                wanted = ["protected"]
            elif outage.may_be_protected(self.now):
                wanted = ["at_risk", "protected"]
            else:
                wanted = [outage.consequence]
            if consequence not in wanted:
                self.tell(f"silence {row['reference']}: {consequence}, should be {' or '.join(wanted)}")
        return protected

    def differ(self, where, found, wanted):
        for reference in sorted(set(found) | set(wanted)):
            self.compared += 1
            if found.get(reference) != wanted.get(reference):
                self.tell(f"{where} {reference}: {found.get(reference)}, should be {wanted.get(reference)}")

    def pages(self, token, path):
        cursor = ""
        while cursor is not None:
            more = f"&cursor={urllib.parse.quote(cursor)}" if cursor else ""
            status, _, body = self.site.ask(token, "GET", path + more)
            if status != 200:
                sys.exit(f"{path}: {body}")
            yield from body["items"]
            cursor = body["next_cursor"]

    def compare_letters(self, letters):
        """Each version reached the provider with the next number, the last with the final times; and each move reached the desk."""
        moved, versions = collections.Counter(), collections.defaultdict(dict)
        for subject, calendar in letters:
            if calendar and subject.startswith("Notice of work"):
                values = calendar_values(calendar)
                versions[values["X-MAINTNOTE-MAINTENANCE-ID"]][int(values["SEQUENCE"])] = values
            elif subject.startswith("Window moved"):
                moved[next(word.strip(":,") for word in subject.split() if word.startswith("ON-"))] += 1
        stamp = lambda moment: moment.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        for number, outage in self.fold.outages.items():
            reference = self.references[number]
            told = versions.get(reference, {})
            last = told.get(max(told, default=0), {})
            status = "TENTATIVE" if outage.state == "submitted" else "CANCELLED"
            found = (sorted(told), last.get("X-MAINTNOTE-STATUS"), last.get("DTSTART"), last.get("DTEND"), moved[reference])
            wanted = (list(range(1, outage.versions + 1)), status, *map(stamp, outage.window), outage.moves)
            self.compared += 1
            if found != wanted:
                self.tell(f"letters of {reference}: {found}\n    should be {wanted}")
        return sum(map(len, versions.values())), sum(moved.values())


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folder", type=pathlib.Path)
    arguments.add_argument("--signalbox", type=pathlib.Path, required=True)
    arguments.add_argument("--clock", required=True, help="tools/replay/clock.c, compiled")
    arguments.add_argument("--work", type=pathlib.Path, required=True)
    arguments.add_argument("--first", type=int, help="only so many events")
    arguments.add_argument("--no-letters", dest="letters", action="store_false", help="do not wait for the mail")
    options = arguments.parse_args()

    events = [json.loads(line) for line in (options.folder / "events.jsonl").open(encoding="utf-8")][: options.first]
    resources, register = (list(csv.DictReader((options.folder / name).open(encoding="utf-8"))) for name in ("resources.csv", "downtimes.csv"))
    site, estate, sink = Site(options), Estate(events, resources), Sink()
    site.set_clock(instant(events[0]["commit_utc_iso"]) - timedelta(days=1))
    for kind, path in estate.write(options.work):
        site.command("import", kind, path)
    replay = Replay(site, estate)
    token = lambda person: site.command("token", "--person", person, "--days", "3650")
    replay.tokens = {folder: token(estate.coordinator(folder)) for folder in estate.organisations}
    chair = token("chair@council.example")
    began = time.monotonic()
    site.start(sink)
    try:
        for n, event in enumerate(events, 1):
            replay.take(event)
            if n % 500 == 0:
                print(f"  {n:,} events, {time.monotonic() - began:.0f} s", flush=True)
        listed_rows, scheduled = replay.compare_schedule(chair)
        report(replay, time.monotonic() - began, listed_rows, scheduled)
        if options.first is None:
            compare_register(replay, register, {row["resource"] for row in resources})
        if options.letters:
            failed, error = site.rest()
            if failed:
                replay.tell(f"{failed} tasks failed, such as: {error}")
            print(f"{replay.compare_silence(chair):,} late notices protected because nobody decided")
            versions, moves = replay.compare_letters(sink.letters)
            print(f"{len(sink.letters):,} letters, {versions:,} of them versions to the network provider and {moves:,} moves to the desk")
        else:
            print("letters: not waited for")
    finally:
        site.stop()
    print(f"checks: {replay.compared - replay.wrong} passed, {replay.wrong} failed")
    return 1 if replay.wrong or not replay.compared else 0


def report(replay, seconds, listed_rows, scheduled):
    print(f"{len(replay.estate.organisations)} organisations, {replay.site.asked:,} requests, {seconds:.0f} s")
    for what, count in sorted(replay.done.items()):
        print(f"  {what}: {count:,}")
    for (what, code), count in sorted(replay.refused.items()):
        print(f"  {what}, refused as {code}: {count:,}")
    verdicts = collections.Counter(outage.verdict for outage in replay.fold.outages.values())
    print("  verdicts at the end: " + ", ".join(f"{name} {count:,}" for name, count in sorted(verdicts.items())))
    print(f"  {listed_rows:,} outages, {scheduled:,} of them on the schedule")
    moves = sum(outage.moves for outage in replay.fold.outages.values())
    print(f"  {moves:,} moves, {sum(outage.versions for outage in replay.fold.outages.values()):,} versions of the provider's notice to be mailed")


def compare_register(replay, register, known):
    """downtimes.csv was made from the files as they stood at the end: where it isn't what the events say, and why."""
    final = {int(row["id"]): row for row in register}
    why, named = collections.Counter(), {row["resource"] for row in register}

    def never(window):
        if window[1] <= window[0]:
            return "it ends at or before it starts"
        return "it is longer than 14 days" if window[1] - window[0] > LONGEST else "unexplained"

    for number, record in replay.records.items():
        outage, row = replay.fold.outages.get(number), final.get(number)
        is_open = outage is not None and outage.state == "submitted"
        if row is None:
            if is_open:
                unknown, bare = record.resource not in known, record.resource not in named
                reason = "its resource is not known any more" if unknown else "the register has no row at all of its resource" if bare else "unexplained"
                why[f"here only: {reason}"] += 1
            continue
        window = (instant(row["start_utc"]), instant(row["end_utc"]))
        if outage is None:
            why[f"there only: {never(window)}"] += 1
        elif not is_open:
            is_other = (row["resource"], window) != (record.resource, outage.window)
            why["there only: its number stands twice, for another downtime" if is_other else "there only: its number stands twice"] += 1
        elif window != outage.window:
            # What the site has is the last that was possible.
            why[f"other times, as it was amended so that {never(window)}"] += 1
        else:
            why["the same"] += 1
    why["there only: no event tells of it"] += len(set(final) - set(replay.records))
    print(f"beside downtimes.csv, {len(final):,} rows of {len({row['facility'] for row in register})} organisations:")
    for reason, count in sorted(why.items()):
        if count:
            print(f"  {reason}: {count:,}")
        if "unexplained" in reason:
            replay.tell(f"downtimes.csv: {reason}")


if __name__ == "__main__":
    sys.exit(main())
