#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a month of a bank's events, and says what must come of them.

The same seed makes the same month. It is cut into days: the events of one day may be booked in any
order, with the same outcome. For that, what an account pays out in a day is never more than it had
in the morning, or else more than it could have by the evening. Who loads the month (load.py) waits
for the evening of each day.

Among the good events are some that must change nothing: withdrawals of too much, events that come
twice, payments that are answered twice, ids that are used again, and what is no event at all.

    python3 month.py --seed 7 --accounts 20 --month 2026-11 > month.json
"""
import argparse
import calendar
import collections
import json
import random
import sys
import uuid

CURRENCY = "EUR"


class Bank:
    """The bank's rules once more, in a few lines, to know the outcome; in whole cents."""

    def __init__(self):
        self.actual = collections.Counter()
        self.available = collections.Counter()
        self.version = collections.Counter()
        self.statements = {}
        self.booked = []
        self.rejected = {}
        self.amounts = {}  # of deposits and payments that wait

    def book(self, event):
        account, cents = event["account"], event.get("amount", 0)
        changes = {
            "account-opened": lambda: (0, 0),
            "deposit-cash": lambda: (cents, 0),
            "deposit-verified": lambda: (cents - self.amounts.pop(event["of"]), cents),
            "withdrawal": lambda: (-cents, -cents),
            "payment-incoming": lambda: (cents, cents),
            "payment-unverified": lambda: (0, -cents),
            "payment-accepted": lambda: (-self.amounts.pop(event["of"]), 0),
            "payment-rejected": lambda: (0, self.amounts.pop(event["of"])),
            "transfer": lambda: (-cents, -cents),
        }[event["type"]]()
        if event["type"] in ("deposit-cash", "payment-unverified"):
            self.amounts[event["id"]] = cents
        self._line(account, event, *changes)
        if event["type"] == "transfer":
            self._line(event["to"], event, cents, cents)
        self.booked.append(event["id"])

    def _line(self, account, event, actual, available):
        self.actual[account] += actual
        self.available[account] += available
        self.version[account] += 1
        assert 0 <= self.available[account] <= self.actual[account]
        month = self.statements.setdefault(f"{account} {event['time'][:7]}",
                                           {"credits": 0, "debits": 0, "lines": 0})
        month["credits"] += max(actual, 0)
        month["debits"] += max(-actual, 0)
        month["lines"] += 1


class Month:
    """One month of so many accounts."""

    def __init__(self, seed, accounts, month, events_a_day=2):
        self.random = random.Random(f"{seed} {accounts} {month}")
        self.bank = Bank()
        self.accounts = [f"DE{1000 + n:06}" for n in range(accounts)]
        self.events_a_day = events_a_day
        self.decided = []  # those that were decided
        self.waiting = []  # deposits and payments that no event decided yet
        self.days = []  # lists of (key, text)
        self.puts = 0
        year, number = map(int, month.split("-"))
        self.dates = [f"{month}-{day:02}"
                      for day in range(1, calendar.monthrange(year, number)[1] + 1)]
        following = f"{year + number // 12}-{number % 12 + 1:02}"
        self._open()
        for date in self.dates:
            self._day(date, more=True)
        self._day(f"{following}-01", more=False)

    # ---- days ----

    def _open(self):
        self._begin(self.dates[0])
        for account in self.accounts:
            self._good("account-opened", account)
        self._evening()
        self._begin(self.dates[0])
        for account in self.accounts:
            self._good("payment-incoming", account, amount=self.random.randrange(50000, 500000))
        self._evening()

    def _day(self, date, more):
        self._begin(date)
        chance = self.random.random
        decided = [first for first in self.waiting if chance() < (0.4 if more else 0.6)]
        self.waiting = [first for first in self.waiting if first not in decided]
        earlier = list(self.decided)
        for first in decided:
            self._decide(first)
        for account in self.accounts if more else []:
            for _ in range(self.random.randrange(self.events_a_day * 2 + 1)):
                self._something(account)
        if more:
            self._mischief(decided, earlier)
        self._evening()

    def _begin(self, date):
        self.date = date
        self.day = []
        self.today = []  # events that are to be booked by the evening
        self.budget = {a: self.bank.available[a] for a in self.accounts}

    def _evening(self):
        """Books the day, in the order in which nothing comes early."""
        for event in self.today:
            self.bank.book(event)
        self.random.shuffle(self.day)
        self.days.append(self.day)

    # ---- events ----

    def _event(self, kind, account, **more):
        second = self.random.randrange(86400)
        time = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        id = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        return {"id": id, "type": kind, "account": account, "currency": CURRENCY,
                "time": f"{self.date}T{time}Z", **more}

    def _put(self, event, suffix=""):
        """As a channel puts it into the bucket."""
        day = event["time"][:10].replace("-", "/")
        key = f"{event['type']}/{day}/{event['account']}/{event['id']}{suffix}.json"
        self.day.append((key, json.dumps(event)))
        self.puts += 1

    def _good(self, kind, account, **more):
        event = self._event(kind, account, **more)
        self.today.append(event)
        self._put(event)
        return event

    def _bad(self, reason, kind, account, **more):
        event = self._event(kind, account, **more)
        self.bank.rejected[event["id"]] = reason
        self._put(event)

    def _something(self, account):
        kind = self.random.choice(["deposit-cash", "withdrawal", "withdrawal", "payment-incoming",
                                   "payment-unverified", "payment-unverified", "transfer"])
        cents = self.random.randrange(1, 60000)
        pays = kind in ("withdrawal", "payment-unverified", "transfer")
        more = {}
        if pays and cents > self.budget[account]:
            return
        if pays:
            self.budget[account] -= cents
        if kind == "transfer":
            more["to"] = self.random.choice([a for a in self.accounts if a != account])
        event = self._good(kind, account, amount=cents, **more)
        if kind in ("deposit-cash", "payment-unverified"):
            self.waiting.append(event)

    def _decide(self, first):
        self.decided.append(first)
        if first["type"] == "deposit-cash":
            counted = max(1, first["amount"] + self.random.choice([0, 0, 0, 0, -500, 1000]))
            self._good("deposit-verified", first["account"], of=first["id"], amount=counted)
        else:
            kind = self.random.choice(["payment-accepted", "payment-accepted", "payment-rejected"])
            self._good(kind, first["account"], of=first["id"])

    # ---- what must change nothing ----

    def _mischief(self, decided, earlier):
        account = self.random.choice(self.accounts)
        most = self.bank.available[account] + sum(e.get("amount", 0) for e in self.today) + sum(
            e["amount"] for e in decided)
        self._bad("InsufficientFunds", "withdrawal", account, amount=most + 1)
        if self.today:  # twice: the same object again, and the same event as another object
            event = self.random.choice(self.today)
            self._put(event, self.random.choice(["", "-again"]))
        if self.random.random() < 0.2:
            self._bad("Malformed", "withdrawal", account, amount=20.5)
        if self.random.random() < 0.2:
            self._bad("CurrencyMismatch", "withdrawal", account, amount=100, currency="USD")
        if earlier and self.random.random() < 0.3:  # this day's may not be booked yet
            first = self.random.choice(earlier)
            if first["type"] == "payment-unverified":
                self._bad("AlreadyDecided", "payment-rejected", first["account"], of=first["id"])
            else:
                self.bank.rejected[first["id"]] = "IdReused"
                self._put({**first, "amount": first["amount"] + 1}, "-other")

    # ---- what must come of it ----

    def expected(self):
        bank = self.bank
        return {
            "accounts": {a: {"actual": bank.actual[a], "available": bank.available[a],
                             "version": bank.version[a]} for a in self.accounts},
            "statements": bank.statements, "booked": sorted(bank.booked),
            "rejected": bank.rejected, "waiting": sorted(bank.amounts), "puts": self.puts}


def make(seed, accounts, month, events_a_day=2):
    """The month as a document: days of objects, and what is expected."""
    made = Month(seed, accounts, month, events_a_day)
    return {"days": made.days, "expected": made.expected()}


def main():
    words = argparse.ArgumentParser(description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--accounts", type=int, default=20)
    words.add_argument("--month", default="2026-11")
    words.add_argument("--events-a-day", type=int, default=2, help="of each account, on average")
    given = words.parse_args()
    json.dump(make(given.seed, given.accounts, given.month, given.events_a_day), sys.stdout)


if __name__ == "__main__":
    main()
