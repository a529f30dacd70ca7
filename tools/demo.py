#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A morning at the doors, interrupted by kill -9: `make demo`.

labs/03-access-cards is deployed to a fresh `weir serve` with the AWS CLI, as it would be to AWS:
signatures and policies are checked (--auth=on), each function works by its own role. A company is
made from a seed; its cards are issued as event objects, which the store's topic and queues bring to
the function that links them. Then people arrive: devices at the doors of all buildings send entry
scans, each answered at once by a function, and exit scans, which go into a stream. In the busiest
quarter of an hour the server is killed with -9 under load and started again over the same
directory; devices send again what was not answered.

In the end everything that a device was told is held against what is there:
  - each scan had the outcome that the plan has for it: nobody comes in twice, replaced cards and
    people without permission are refused;
  - each answered scan is one object in the event store, with just its content; there are no others;
  - the table has each scan once in its person's history, each person where the scans say, each card
    in its state; no queue has anything left, no dead-letter queue has anything;
  - `weir trace` follows an event, `weir fsck` finds the data directory whole.

    tools/demo.py [--employees N] [--seed N] [--stay] [--keep-data]
"""
import argparse
import contextlib
import os
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "test" / "e2e"), str(ROOT / "labs" / "03-access-cards")]
from access_cards import report, simulate  # noqa: E402
from access_cards.company import Company  # noqa: E402
from access_cards.stack import PASSWORD, USERS, Stack  # noqa: E402
from weir_server import SignedServer, run_weir  # noqa: E402


def say(text=""):
    print(text, flush=True)


def timed(work, *words, **more):
    began = time.perf_counter()
    return work(*words, **more), time.perf_counter() - began


def use(server):
    """boto3, the AWS CLI and weir's own commands speak to this server from now on."""
    key, secret = server.key
    os.environ.update(server.environment(), AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY=secret,
                      AWS_MAX_ATTEMPTS="8",
                      PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


class Killed:
    """What is done in the middle, and what came of it."""

    def __init__(self, server):
        self.server, self.ready, self.seconds = server, None, 0.0

    def __call__(self):
        self.server.kill()
        _, self.seconds = timed(self.server.start)
        self.ready = self.server.ready


def deploy(server):
    use(server)
    server.listen_port = server.port  # devices keep its address
    stack, seconds = timed(Stack().deploy, RetrySeconds=10)
    resources = stack.client("cloudformation").describe_stack_resources(StackName=stack.name)
    say(f"weir on {server.url}, data in {server.data}\n")
    report.row("labs/03-access-cards deployed", f"{seconds:.1f} s",
               f"{len(resources['StackResources'])} resources, by aws cloudformation package and "
               "deploy; pages and users")
    return stack


def make_company(stack, options):
    company = Company(options.employees, options.seed)
    items, seconds = timed(company.load, stack)
    report.row("employees", f"{len(company.employees):,}",
               f"{len(company.buildings)} buildings, {len(company.devices)} devices; {items:,} items "
               f"in {seconds:.1f} s")
    cards, seconds = timed(company.issue, stack)
    behind = report.wait_for_queues(stack, "CardQueue")
    report.row("cards issued", f"{cards:,}", f"event objects, in {seconds:.1f} s; all linked "
                                             f"{behind:.1f} s later")
    return company


def busiest(plan):
    return max(plan.scans, key=lambda slot: len(plan.scans[slot]))


def trace(server, simulation):
    """The way of one event, of those that were sent again if there are such."""
    scan = max((scan for scan in simulation.sent if scan.outcome == "open"),
               key=lambda scan: scan.tries)
    traced = run_weir("trace", scan.key, "--server", server.address)
    lines = traced.stdout.rstrip().split("\n")
    say(f"\n$ weir trace {scan.key}")
    say("\n".join(lines[:14] + ["  …"] * (len(lines) > 14)))
    return [] if traced.returncode == 0 and "EntryQueue" in traced.stdout else [
        f"weir trace {scan.key}: {traced.stderr or 'a hop is missing'}"]


def show(server, options):
    stack = deploy(server)
    company = make_company(stack, options)
    plan = simulate.Plan(company, options.seed)
    plan.morning()
    killed = Killed(server)
    simulation = simulate.Simulation(stack, company, plan, say).run((busiest(plan), killed))
    report.print_scans(simulation)
    moment = simulate.at(busiest(plan) * simulate.SLOT * 60000)[11:16]
    say(f"\nKilled with -9 in the quarter from {moment}, while all devices were sending")
    report.row("ready again after", f"{killed.seconds * 1000:.0f} ms",
               f"{killed.ready['recovered']:,} journal entries recovered in "
               f"{killed.ready['took_ms']} ms")
    wrong = report.check(stack, company, simulation)
    wrong += trace(server, simulation)
    say(f"\nThe pages: {stack['Url']}")
    for user, group in USERS.items():
        page = {"hr": "issue", "security": "inside", "auditors": "audit"}[group]
        say(f"    {stack['Url']}{page + '.html':<14} sign in as {user} ({group}), "
            f"password {PASSWORD}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--employees", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--stay", action="store_true", help="let it run, to look at the pages")
    parser.add_argument("--keep-data", action="store_true", help="leave the data directory")
    options = parser.parse_args()
    began = time.perf_counter()
    server = SignedServer("--auth", "on")
    with contextlib.ExitStack() as stack:
        if not options.keep_data:
            stack.callback(shutil.rmtree, server.home, ignore_errors=True)
        stack.callback(server.kill)
        wrong = show(server.start(), options)
        if options.stay:
            say("\nIt runs until Enter is pressed.")
            sys.stdin.readline()
        else:
            say("    (with --stay it goes on running)")
        if server.stop() != 0:
            wrong.append(f"weir did not stop cleanly: {server.log_tail()}")
        checked = server.fsck()
        if checked.returncode != 0:
            wrong.append(f"weir fsck: {checked.stdout}{checked.stderr}")
    say()
    for sentence in wrong[:20]:
        say(f"WRONG: {sentence}")
    if not wrong:
        say("Every answered scan is one event in the store, one line of its person's history, and had "
            "the outcome\nthat it was to have; everybody is where the scans say; nothing failed, "
            "nothing is left in a queue;\nweir fsck found nothing wrong.")
    say(f"({time.perf_counter() - began:.0f} s in all)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
