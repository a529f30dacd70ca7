# SPDX-License-Identifier: Apache-2.0
"""python3 -m access_cards deploy | generate | simulate | failed | redrive | destroy"""
import argparse
import sys

from access_cards import failures, report
from access_cards.company import Company
from access_cards.simulate import Plan, Simulation
from access_cards.stack import LAB, NAME, PASSWORD, USERS, Stack

SAVED = LAB / "build" / "company.json"


def deploy(stack, options):
    stack.deploy()
    print(f"Pages:  {stack['Url']}\nUsers:  " + ", ".join(
        f"{user} ({group})" for user, group in USERS.items()) + f", password {PASSWORD}")


def generate(stack, options):
    company = Company(options.employees, options.seed, options.buildings, options.doors)
    items, cards = company.load(stack), company.issue(stack)
    company.save(SAVED)
    seconds = report.wait_for_queues(stack, "CardQueue")
    print(f"{len(company.buildings)} buildings, {len(company.devices)} devices, "
          f"{len(company.employees):,} employees: {items:,} items; {cards:,} cards issued, linked "
          f"{seconds:.1f} s later. Devices' keys are in {SAVED}")


def simulate(stack, options):
    company = Company.saved(SAVED)
    plan = Plan(company, options.seed)
    {"morning": plan.morning, "day": plan.normal_day, "evacuation": plan.evacuation}[options.what]()
    simulation = Simulation(stack, company, plan, print).run()
    report.print_scans(simulation)
    wrong = report.check(stack, company, simulation)
    print("\n".join(f"WRONG: {one}" for one in wrong[:20]) or "\nEverything is as the scans say.")
    return 1 if wrong else 0


def failed(stack, options):
    failures.show(stack)


def redrive(stack, options):
    failures.redrive(stack)


def destroy(stack, options):
    stack.destroy()


def main():
    parser = argparse.ArgumentParser(prog="access_cards", description=__doc__)
    parser.add_argument("--stack", default=NAME)
    commands = parser.add_subparsers(required=True)
    for command, text in ((deploy, "the stack, its pages, three users"),
                          (generate, "a company: employees, buildings, devices; issue its cards"),
                          (simulate, "people come and go; then everything is checked"),
                          (failed, "events that failed, and why"),
                          (redrive, "send them to their processors again"),
                          (destroy, "delete everything")):
        one = commands.add_parser(command.__name__, help=text)
        one.set_defaults(run=command)
        if command in (generate, simulate):
            one.add_argument("--seed", type=int, default=17)
        if command is generate:
            one.add_argument("--employees", type=int, default=2000)
            one.add_argument("--buildings", type=int, help="8, or fewer for few people")
            one.add_argument("--doors", type=int, default=3, help="of a building, in and out each")
        if command is simulate:
            one.add_argument("what", choices=("morning", "day", "evacuation"))
    options = parser.parse_args()
    return options.run(Stack(options.stack), options) or 0


if __name__ == "__main__":
    sys.exit(main())
