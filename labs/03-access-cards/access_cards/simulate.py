# SPDX-License-Identifier: Apache-2.0
"""People come and go: a plan of scans, made from a seed, sent by the devices at the doors.

A plan is slots of a quarter of an hour. In a slot each person has one scan at most, and all devices
send theirs at once, each one after the other; a slot ends when the exits among them have arrived in
the table. So every scan's outcome is known beforehand, and is compared with what the device is told.
Who gets no answer sends the same scan again: a scan has an id."""
import collections
import datetime
import http.client
import json
import random
import threading
import time
import urllib.parse
import uuid

DAY = datetime.datetime(2026, 11, 23, tzinfo=datetime.timezone.utc)  # a Monday
SLOT = 15  # minutes
WAIT_SECONDS_MAX = 120

Planned = collections.namedtuple("Planned", "slot employee card building way expected")


# ---- plans ----

class Plan:
    """Scans by slot; where everybody is after each."""

    def __init__(self, company, seed):
        self.company = company
        self.chance = random.Random(seed)
        self.scans = collections.defaultdict(list)
        self.wrong_building = {e.id: [b.id for b in company.buildings if b.id not in e.may]
                               for e in company.employees}

    def slot(self, hour, spread):
        """A slot near that time of day."""
        return round((hour + self.chance.gauss(0, spread)) * 60 / SLOT)

    def add(self, slot, employee, building, way, expected=None, card=None):
        self.scans[slot].append(Planned(slot, employee.id, card or employee.card, building, way,
                                        expected))

    def arrive(self, employee, slot, building):
        """Through a door, at times not at the first try; at times followed by a copied card."""
        luck = self.chance.random()
        if luck < 0.02 and self.wrong_building[employee.id]:
            self.add(slot - 1, employee, self.wrong_building[employee.id][0], "in", "no-permission")
        elif luck < 0.2 and employee.old_card:
            self.add(slot - 1, employee, building, "in", "card-not-active", employee.old_card)
        self.add(slot, employee, building, "in")
        if luck > 0.97:
            self.add(slot + 1, employee, building, "in", "inside")
        return slot + 2  # when the next scan may be

    def morning(self, until=10):
        """People arrive; some go out for a while and come back, a few of them to another building.
        Gives where each is and from which slot on he may scan again."""
        where = {}
        for e in self.company.employees:
            if self.chance.random() < 0.08:
                continue  # ill, or at home
            slot = min(max(self.slot(8.75, 0.4), 26), until * 4 - 1)
            free = self.arrive(e, slot, e.home)
            where[e.id] = (e.home, free)
            if self.chance.random() < 0.25 and free + 2 < until * 4:
                out = self.chance.randrange(free, until * 4 - 2)
                back = self.chance.choice(e.may)
                self.add(out, e, e.home, "out")
                where[e.id] = (back, self.arrive(e, out + 2, back))
        return where

    def normal_day(self):
        """The same, lunch, and home in the evening."""
        where = self.morning()
        for e in self.company.employees:
            if e.id not in where:
                continue
            building, free = where[e.id]
            if self.chance.random() < 0.5:
                out = max(self.slot(12.25, 0.3), free)
                self.add(out, e, building, "out")
                free = self.arrive(e, out + 3, building)
            self.add(max(self.slot(17.25, 0.6), free), e, building, "out")

    def evacuation(self):
        """A morning; then the fullest building is left at once, by whichever door."""
        where = self.morning()
        alarm = max(max(self.scans), 44) + 2
        fullest = collections.Counter(b for b, _ in where.values()).most_common(1)[0][0]
        for e in self.company.employees:
            if where.get(e.id, (None,))[0] == fullest:
                self.add(alarm, e, fullest, "out")


# ---- devices ----

class Scan:
    """A planned scan on its way: what is sent, and what came back."""

    def __init__(self, planned, device, at):
        self.planned, self.device, self.at = planned, device, at
        self.id = str(uuid.uuid4())
        self.status = self.answer = None
        self.tries = 0
        self.milliseconds = 0.0
        self.body = {"scan": self.id, "card": planned.card, "at": at}
        if planned.way == "out":
            self.body |= {"type": "exit", "device": device.id, "building": device.building,
                          "door": device.door}
        self.text = json.dumps(self.body)

    @property
    def outcome(self):
        """"open", a reason for refusal, or "taken" of an exit; None: there was no answer."""
        if self.status is None:
            return None
        if self.planned.way == "out":
            return "taken" if self.status == 200 else f"HTTP {self.status}"
        return "open" if self.status == 200 else self.answer.get("reason", f"HTTP {self.status}")

    @property
    def expected(self):
        return "taken" if self.planned.way == "out" else self.planned.expected or "open"

    @property
    def key(self):
        """Where its event is in the store."""
        kind = "exit" if self.planned.way == "out" else \
            "entry" if self.outcome == "open" else "entry-refused"
        return f"{kind}/{self.at[:10].replace('-', '/')}/{self.id}.json"


class Sender:
    """One device's connection to the API."""

    def __init__(self, endpoint, device):
        self.url, self.device, self.line = urllib.parse.urlsplit(endpoint), device, None
        self.headers = {"Host": self.url.netloc, "Content-Type": "application/json",
                        "X-Api-Key": f"{device.id}.{device.key}"}

    def connect(self):
        # names below localhost are this machine, whether they can be looked up or not
        host = "127.0.0.1" if self.url.hostname.endswith(".localhost") else self.url.hostname
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else \
            http.client.HTTPConnection
        self.line = kind(host, self.url.port, timeout=30)

    def send(self, scan):
        """Until there is an answer that is one."""
        path = "/scans/exit" if scan.planned.way == "out" else "/scans/entry"
        began = time.monotonic()
        while time.monotonic() - began < WAIT_SECONDS_MAX:
            scan.tries += 1
            tried = time.perf_counter()
            try:
                if self.line is None:
                    self.connect()
                self.line.request("POST", path, scan.text, self.headers)
                answer = self.line.getresponse()
                content = answer.read()
                if answer.status < 500 and answer.status != 429:
                    scan.status, scan.answer = answer.status, json.loads(content or b"{}")
                    scan.milliseconds = (time.perf_counter() - tried) * 1000
                    return
            except (OSError, http.client.HTTPException, ValueError):
                self.close()
            time.sleep(0.05)

    def close(self):
        if self.line is not None:
            self.line.close()
            self.line = None


# ---- a simulation ----

class Simulation:
    """Lets a plan happen at a stack."""

    def __init__(self, stack, company, plan, say=lambda text: None):
        self.stack, self.company, self.plan, self.say = stack, company, plan, say
        self.sent = []
        self.inside = {}  # employee: building, as the answers say
        self.seconds = 0.0
        self.slowest_settling = 0.0
        self.doors = collections.defaultdict(list)
        for device in company.devices:
            self.doors[device.building, device.way].append(device)
        self.senders = {d.id: Sender(stack["Api"], d) for d in company.devices}

    def run(self, interrupt=None):
        """interrupt: (slot, call); called in that slot when a third of its scans were answered."""
        began = time.perf_counter()
        for slot in sorted(self.plan.scans):
            scans = self.spread(slot)
            self.pass_doors(scans, interrupt[1] if interrupt and interrupt[0] == slot else None)
            self.sent += scans
            self.follow(scans)
            if any(scan.planned.way == "out" for scan in scans):
                self.settle()
        self.seconds = time.perf_counter() - began
        for sender in self.senders.values():
            sender.close()
        return self

    def spread(self, slot):
        """Each scan at a door, at a moment of the slot, in the order of these."""
        length = SLOT * 60 * 1000
        moments = sorted(self.plan.chance.randrange(length) for _ in self.plan.scans[slot])
        return [Scan(planned, self.plan.chance.choice(self.doors[planned.building, planned.way]),
                     at(slot * length + moment))
                for planned, moment in zip(self.plan.scans[slot], moments)]

    def pass_doors(self, scans, interrupt):
        """All devices at once."""
        queues = collections.defaultdict(list)
        for scan in scans:
            queues[scan.device.id].append(scan)

        def work(device, queue):
            for scan in queue:
                self.senders[device].send(scan)

        threads = [threading.Thread(target=work, args=one, daemon=True) for one in queues.items()]
        for thread in threads:
            thread.start()
        if interrupt is not None:
            while sum(scan.status is not None for scan in scans) < len(scans) // 3:
                time.sleep(0.002)
            interrupt()
        for thread in threads:
            thread.join()

    def follow(self, scans):
        for scan in scans:
            if scan.outcome == "open":
                self.inside[scan.planned.employee] = scan.planned.building
            elif scan.outcome == "taken":
                self.inside.pop(scan.planned.employee, None)

    def settle(self):
        """Until the table has as many inside each building as the answers say."""
        began = time.perf_counter()
        while True:
            wanted = collections.Counter(self.inside.values())
            found = count_inside(self.stack, self.company)
            if +wanted == +found:
                break
            if time.perf_counter() - began > WAIT_SECONDS_MAX:
                self.say(f"the table did not settle: {dict(found)} instead of {dict(wanted)}")
                break
            time.sleep(0.02)
        self.slowest_settling = max(self.slowest_settling, time.perf_counter() - began)


def at(milliseconds):
    """A moment of the day as scans have it."""
    moment = DAY + datetime.timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def count_inside(stack, company):
    """{building: how many are inside}, by the index."""
    counts = collections.Counter()
    pages = stack.client("dynamodb").get_paginator("query")
    for building in company.buildings:
        for page in pages.paginate(TableName=stack["Table"], IndexName="gsi1", Select="COUNT",
                                   KeyConditionExpression="gsi1pk = :inside",
                                   ExpressionAttributeValues={
                                       ":inside": {"S": f"INSIDE#{building.id}"}}):
            counts[building.id] += page["Count"]
    return counts
