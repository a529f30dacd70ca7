# SPDX-License-Identifier: Apache-2.0
"""What came of it: every scan that a device was thanked for is held against the event store, the
table, and the queues behind. Nothing is taken from the functions' word."""
import collections
import hashlib
import json
import statistics
import time

WAIT_SECONDS_MAX = 120


def say(text=""):
    print(text, flush=True)


def row(what, value, note=""):
    say(f"  {what:<34}{value:>12}  {note}".rstrip())


def bars(counts, width=44):
    most = max(counts.values(), default=1)
    for label, count in counts.items():
        say(f"    {label:<12}{count:>6,}  {'█' * max(round(width * count / most), 1)}")


# ---- what is there ----

def objects(stack, prefix=""):
    """{key: MD5 of the content} of the store."""
    pages = stack.client("s3").get_paginator("list_objects_v2")
    return {one["Key"]: one["ETag"].strip('"')
            for page in pages.paginate(Bucket=stack["Store"], Prefix=prefix)
            for one in page.get("Contents", [])}


def items(stack):
    """Every item of the table."""
    for page in stack.client("dynamodb").get_paginator("scan").paginate(
            TableName=stack["Table"], ConsistentRead=True):
        for item in page["Items"]:
            yield {name: value.get("S") for name, value in item.items()}


def depth(stack, queue):
    """Messages of a queue, those in flight included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
             "ApproximateNumberOfMessagesDelayed"]
    found = stack.client("sqs").get_queue_attributes(QueueUrl=stack[queue], AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)


def wait_for_queues(stack, *queues):
    """Until the processors have taken everything; the seconds it took."""
    began = time.perf_counter()
    while time.perf_counter() - began < WAIT_SECONDS_MAX:
        if all(depth(stack, queue) == 0 for queue in queues):
            break
        time.sleep(0.05)
    return time.perf_counter() - began


# ---- what is wrong ----

def event_of(scan):
    """The event object that a scan was to become."""
    if scan.planned.way == "out":
        return scan.text
    event = {"type": "entry" if scan.outcome == "open" else "entry-refused", "scan": scan.id,
             "card": scan.planned.card, "at": scan.at, "building": scan.device.building,
             "door": scan.device.door, "device": scan.device.id}
    event |= {"employee": scan.planned.employee}
    event |= {} if scan.outcome == "open" else {"reason": scan.outcome}
    return json.dumps(event, separators=(",", ":"))


def check_answers(sent):
    wrong = [f"{scan.planned.way} scan {scan.id} at {scan.device.id}: {scan.outcome}, where "
             f"{scan.expected} was to be" for scan in sent if scan.outcome != scan.expected]
    return wrong


def check_store(sent, found):
    """Each scan is one object with just its content, and there are no others."""
    wanted = {scan.key: hashlib.md5(event_of(scan).encode(), usedforsecurity=False).hexdigest()
              for scan in sent if scan.outcome is not None}
    lost = [key for key in wanted if key not in found]
    changed = [key for key in wanted if key in found and found[key] != wanted[key]]
    more = [key for key in found if key not in wanted and not key.startswith("card-issued/")]
    return ([f"acknowledged, and not in the store: {key}" for key in lost] +
            [f"not what was sent: {key}" for key in changed] +
            [f"nobody sent this: {key}" for key in more])


def check_table(sent, inside, company, found):
    """History, presence and cards are what the scans say."""
    lines = collections.Counter()
    presence, states = {}, {}
    for item in found:
        if item["sk"].startswith("SCAN#"):
            lines[item["scan"], item["kind"], item["outcome"], item.get("reason")] += 1
        elif item["sk"] == "PRESENCE" and "gsi1pk" in item:
            presence[item["employee"]] = item["building"]
        elif item["sk"] == "CARD":
            states[item["card"]] = item["state"]
    wanted = collections.Counter()
    for scan in sent:
        if scan.planned.way == "out":
            wanted[scan.id, "exit", "left", None] += 1
        elif scan.outcome == "open":
            wanted[scan.id, "entry", "entered", None] += 1
        else:
            wanted[scan.id, "entry", "refused", scan.outcome] += 1
    wrong = [f"the history lacks {line}" for line in wanted - lines]
    wrong += [f"the history has {line}, more often than it was" for line in lines - wanted]
    wrong += [f"{who} is {presence.get(who, 'outside')}, by the scans {inside.get(who, 'outside')}"
              for who in {*presence, *inside} if presence.get(who) != inside.get(who)]
    cards = {e.card: "active" for e in company.employees}
    cards |= {e.old_card: "replaced" for e in company.employees if e.old_card}
    return wrong + [f"card {card} is {states.get(card)}, not {state}"
                    for card, state in cards.items() if states.get(card) != state]


def check_failures(stack):
    return [f"{queue}: {count} events failed"
            for queue in ("CardFailed", "EntryFailed", "ExitFailed", "CaptureFailed")
            if (count := depth(stack, queue))]


# ---- the report ----

def print_scans(simulation):
    """What devices sent and were told."""
    sent = simulation.sent
    say(f"\nScans, sent by {len(simulation.company.devices)} devices of "
        f"{len(simulation.company.buildings)} buildings")
    hours = collections.Counter(scan.at[11:13] + ":00" for scan in sent)
    bars(dict(sorted(hours.items())))
    entries = [scan for scan in sent if scan.planned.way == "in" and scan.status is not None]
    exits = [scan for scan in sent if scan.planned.way == "out" and scan.status is not None]
    row("answered", f"{len(entries) + len(exits):,}",
        f"of {len(sent):,} in {simulation.seconds:.1f} s")
    for kind, scans in (("entries, answered at once", entries), ("exits, into the stream", exits)):
        if len(scans) > 1:
            times = statistics.quantiles([scan.milliseconds for scan in scans], n=100)
            row(kind, f"{len(scans):,}", f"half of them within {times[49]:.1f} ms, "
                                         f"99 of 100 within {times[98]:.1f} ms")
    refused = collections.Counter(scan.outcome for scan in entries if scan.outcome != "open")
    row("refused", f"{refused.total():,}",
        "; ".join(f"{reason} {count}" for reason, count in refused.most_common()))
    row("sent again", f"{sum(scan.tries - 1 for scan in sent):,}", "without an answer before")
    row("slowest way of an exit", f"{simulation.slowest_settling * 1000:,.0f} ms",
        "until the table had all of a quarter of an hour")


def check(stack, company, simulation):
    """Prints what was held against what; gives what is wrong."""
    seconds = wait_for_queues(stack, "CardQueue", "EntryQueue", "ExitQueue")
    found = objects(stack)
    kinds = collections.Counter(key.split("/")[0] for key in found)
    say("\nThe event store")
    for kind, count in sorted(kinds.items()):
        row(f"{kind}/", f"{count:,}")
    wrong = check_answers(simulation.sent) + check_store(simulation.sent, found)
    row("acknowledged and lost", f"{sum('not in the store' in one for one in wrong):,}",
        "each scan's object compared by its MD5")
    everything = list(items(stack))
    lines = sum(item["sk"].startswith("SCAN#") for item in everything)
    say(f"\nThe table, {seconds:.1f} s behind the last scan")
    row("items", f"{len(everything):,}", f"{lines:,} of them lines of history, one a scan")
    wrong += check_table(simulation.sent, simulation.inside, company, everything)
    wrong += check_failures(stack)
    names = {b.id: b.name for b in company.buildings}
    say("\nInside now")
    bars(dict(sorted(collections.Counter(names[b] for b in simulation.inside.values()).items())))
    return wrong
