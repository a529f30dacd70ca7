# SPDX-License-Identifier: Apache-2.0
"""The ledger's rules, function by function: what each kind of event does to both balances, what is
rejected and why, that money is exact, that whatever comes twice changes nothing, and that an
account's changes do not lose one another."""
import concurrent.futures
import json

import pytest
from function_kit import Ledger, event
from statement import euros, statement

MOST = 2**63 - 1


@pytest.fixture(scope="module")
def ledger(weir):
    return Ledger(weir)


# ---- what events do ----

def test_cash_is_there_at_once_and_available_when_it_was_counted(ledger):
    account = ledger.opened()
    first, second = (event("deposit-cash", account, amount=amount) for amount in (5000, 700))
    ledger.book(first, second)
    assert ledger.balances(account) == (5700, 0, 3)
    ledger.book(event("deposit-verified", account, of=first["id"], amount=5000))
    assert ledger.balances(account) == (5700, 5000, 4)
    ledger.book(event("deposit-verified", account, of=second["id"], amount=690))  # a note less
    assert ledger.balances(account) == (5690, 5690, 5)


def test_a_withdrawal_takes_what_is_available_and_never_more(ledger):
    account = ledger.opened(1000)
    too_much = event("withdrawal", account, amount=1001)
    ledger.book(too_much)
    assert ledger.reason(too_much) == "InsufficientFunds"
    ledger.book(event("withdrawal", account, amount=1000))
    assert ledger.balances(account) == (0, 0, 3)
    one_cent = event("withdrawal", account, amount=1)
    ledger.book(one_cent)
    assert ledger.reason(one_cent) == "InsufficientFunds"
    assert ledger.balances(account) == (0, 0, 3)


def test_a_payment_reserves_and_then_leaves_or_comes_back(ledger):
    account = ledger.opened(1000)
    first, second = (event("payment-unverified", account, amount=amount) for amount in (600, 400))
    ledger.book(first, second)
    assert ledger.balances(account) == (1000, 0, 4)
    ledger.book(event("payment-accepted", account, of=first["id"]))
    assert ledger.balances(account) == (400, 0, 5)
    ledger.book(event("payment-rejected", account, of=second["id"]))
    assert ledger.balances(account) == (400, 400, 6)


def test_a_transfer_is_in_both_accounts_or_in_none(ledger):
    giver, taker = ledger.opened(1000), ledger.opened(5)
    ledger.book(event("transfer", giver, to=taker, amount=999))
    assert ledger.balances(giver) == (1, 1, 3)
    assert ledger.balances(taker) == (1004, 1004, 3)
    too_much = event("transfer", giver, to=taker, amount=2)
    ledger.book(too_much)
    assert ledger.reason(too_much) == "InsufficientFunds"
    assert ledger.balances(giver) == (1, 1, 3)
    assert ledger.balances(taker) == (1004, 1004, 3)


def test_each_event_is_a_line_and_counts_in_the_statement_of_its_month(ledger):
    account = ledger.opened(1000)
    ledger.book(event("withdrawal", account, amount=300),
                event("withdrawal", account, amount=1, time="2026-12-01T00:00:00Z"),
                event("payment-unverified", account, amount=50, time="2026-11-30T23:59:59Z"))
    rows = ledger.rows()[f"account#{account}"]
    november, december = rows["statement#2026-11"], rows["statement#2026-12"]
    assert (november["credits"], november["debits"], november["lines"]) == (1000, 300, 4)
    assert (december["credits"], december["debits"], december["lines"]) == (0, 1, 1)
    lines = sorted((r for s, r in rows.items() if s.startswith("line#")),
                   key=lambda r: r["version"])
    assert [(r["actual_change"], r["available_change"], r["actual"], r["available"])
            for r in lines] == [(0, 0, 0, 0), (1000, 1000, 1000, 1000), (-300, -300, 700, 700),
                                (-1, -1, 699, 699), (0, -50, 699, 649)]


def test_a_statement_begins_with_what_was_there_and_has_each_line(ledger):
    account = ledger.opened(1000)
    ledger.book(*(event("withdrawal", account, amount=amount, time=f"2026-12-{day:02}T08:00:00Z")
                  for day, amount in ((2, 20), (1, 10))))
    ledger.book(event("payment-incoming", account, amount=5, time="2026-11-29T08:00:00Z"))  # late
    before, lines, after = statement(ledger.dynamodb, "accounts", account, "2026-12")
    assert (before, [line["actual_change"] for line in lines], after) == (1005, [-10, -20], 975)
    assert [euros(cents) for cents in (5, -1005, 123456789)] == ["0.05", "-10.05", "1,234,567.89"]


# ---- what is rejected ----

@pytest.mark.parametrize("reason, kind, more", [
    ("AccountExists", "account-opened", {}),
    ("CurrencyMismatch", "withdrawal", {"amount": 1, "currency": "USD"}),
    ("InsufficientFunds", "payment-unverified", {"amount": 101}),
])
def test_what_is_against_the_rules_is_rejected_with_its_reason(ledger, reason, kind, more):
    account = ledger.opened(100)
    what = event(kind, account, **more)
    ledger.book(what)
    assert ledger.reason(what) == reason
    assert ledger.balances(account) == (100, 100, 2)


def test_a_decision_is_made_once(ledger):
    account = ledger.opened(100)
    payment = event("payment-unverified", account, amount=60)
    again = event("payment-rejected", account, of=payment["id"])
    ledger.book(payment, event("payment-accepted", account, of=payment["id"]), again)
    assert ledger.reason(again) == "AlreadyDecided"
    assert ledger.balances(account) == (40, 40, 4)


def test_a_payment_is_no_deposit_and_no_other_accounts(ledger):
    account, other = ledger.opened(100), ledger.opened(100)
    payment = event("payment-unverified", account, amount=60)
    ledger.book(payment)
    for reason, what in (
            ("DepositUnknown", event("deposit-verified", account, of=payment["id"], amount=60)),
            ("PaymentUnknown", event("payment-accepted", other, of=payment["id"]))):
        assert ledger.ask("processor", [ledger.posting(what, tries=5)]) == []
        assert ledger.reason(what) == reason
    assert ledger.balances(account) == (100, 40, 3)


@pytest.mark.parametrize("amount", [0, -5, 20.5, 5.0, "5", None, MOST + 1, 10**30])
def test_an_amount_is_a_whole_number_of_cents(ledger, amount):
    account = ledger.opened(100)
    what = event("payment-incoming", account, amount=amount)
    ledger.book(what)
    assert ledger.reason(what) == "Malformed"
    assert ledger.balances(account) == (100, 100, 2)


def test_an_amount_with_an_exponent_is_none(ledger):
    account = ledger.opened(100)
    text = json.dumps(event("withdrawal", account, amount=1)).replace(": 1}", ": 1e1}")
    ledger.arrive(ledger.put(text, f"exponent/{account}.json"))
    said = ledger.s3.list_objects_v2(Bucket="rejected",
                                     Prefix=f"Malformed/exponent/{account}.json/")
    assert said["KeyCount"] == 1


def test_sums_are_exact_up_to_the_end_and_never_wrap(ledger):
    account = ledger.opened(MOST - 1)
    ledger.book(event("payment-incoming", account, amount=1))
    assert ledger.balances(account) == (MOST, MOST, 3)
    for what in (event("payment-incoming", account, amount=1),
                 event("deposit-cash", account, amount=MOST)):
        ledger.book(what)
        assert ledger.reason(what) == "Overflow"
    giver = ledger.opened(10)
    what = event("transfer", giver, to=account, amount=1)
    ledger.book(what)
    assert ledger.reason(what) == "Overflow"
    assert ledger.balances(giver) == (10, 10, 2)
    ledger.book(event("withdrawal", account, amount=MOST))
    assert ledger.balances(account) == (0, 0, 4)


# ---- twice, at once, in between ----

def test_the_same_event_again_changes_nothing(ledger):
    account = ledger.opened(100)
    what = event("withdrawal", account, amount=40)
    posting = ledger.posting(what, f"twice/{what['id']}.json")
    assert ledger.ask("processor", [posting, posting]) == []
    before = ledger.rows(), ledger.versions("archive"), ledger.versions("commands")
    assert ledger.ask("processor", [posting, ledger.posting(what, "twice/another/key.json")]) == []
    assert (ledger.rows(), ledger.versions("archive"), ledger.versions("commands")) == before
    assert ledger.versions("new", "twice/") == 0
    assert ledger.balances(account) == (60, 60, 3)


def test_a_rejected_event_stays_rejected_when_it_comes_again(ledger):
    account = ledger.opened(100)
    what = event("withdrawal", account, amount=500)
    ledger.book(what)
    ledger.book(event("payment-incoming", account, amount=1000))
    count = ledger.versions("rejected")
    ledger.book(what)
    assert ledger.balances(account) == (1100, 1100, 3)
    assert ledger.versions("rejected") == count


def test_another_event_with_a_used_id_is_rejected(ledger):
    account = ledger.opened(100)
    what = event("withdrawal", account, amount=1)
    other = {**what, "amount": 2}
    ledger.book(what, other)
    assert ledger.reason(other) == "IdReused"
    assert ledger.balances(account) == (99, 99, 3)


def test_what_a_crash_left_undone_is_done_by_the_next_delivery(ledger):
    account = ledger.opened(100)
    what = event("withdrawal", account, amount=7)
    posting = ledger.posting(what, f"crash/{what['id']}.json")
    assert ledger.ask("processor", [posting]) == []
    rows = ledger.rows()
    command = f"{account}/000000000003.json"
    kept = ledger.s3.get_object(Bucket="commands", Key=command)["Body"].read()
    for bucket, key in (("archive", posting["key"]), ("commands", command)):
        version = ledger.s3.head_object(Bucket=bucket, Key=key)["VersionId"]
        ledger.s3.delete_object(Bucket=bucket, Key=key, VersionId=version)
    assert ledger.ask("processor", [posting]) == []
    assert ledger.rows() == rows
    assert ledger.s3.get_object(Bucket="commands", Key=command)["Body"].read() == kept
    archived = ledger.s3.get_object(Bucket="archive", Key=posting["key"])["Body"].read()
    assert archived.decode() == posting["text"]


def test_changes_at_once_do_not_lose_one_another(ledger):
    """Without the queue that keeps an account's events apart: only versions protect it."""
    account, other = ledger.opened(1000), ledger.opened(1000)
    events = [event("payment-incoming", account, amount=n + 1) for n in range(8)]
    events += [event("transfer", other, to=account, amount=10) for _ in range(4)]
    postings = [ledger.posting(what) for what in events]

    def book(posting):
        while ledger.ask("processor", [posting]):
            pass

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        list(pool.map(book, postings))
    assert ledger.balances(account) == (1000 + 36 + 40, 1000 + 36 + 40, 2 + 12)
    assert ledger.balances(other) == (960, 960, 2 + 4)
    lines = [r["version"] for s, r in ledger.rows()[f"account#{account}"].items()
             if s.startswith("line#")]
    assert sorted(lines) == list(range(1, 15))


def test_the_commands_make_the_same_rows_again(ledger):
    giver, taker = ledger.opened(1000), ledger.opened()
    deposit = event("deposit-cash", taker, amount=50)
    payment = event("payment-unverified", giver, amount=20)
    ledger.book(deposit, event("transfer", giver, to=taker, amount=100), payment,
                event("deposit-verified", taker, of=deposit["id"], amount=50),
                event("payment-rejected", giver, of=payment["id"]))
    ledger.make_table("again")
    keys = [item["Key"] for account in (giver, taker) for item in
            ledger.s3.list_objects_v2(Bucket="commands", Prefix=f"{account}/")["Contents"]]
    commands = {key: json.loads(ledger.s3.get_object(Bucket="commands", Key=key)["Body"].read())
                for key in keys}
    while commands:  # each account's in its order; a transfer waits until both are so far
        for key in sorted(commands):
            items = [{kind: {**item, "TableName": "again"} for kind, item in one.items()}
                     for one in commands[key]["TransactItems"]]
            try:
                ledger.dynamodb.transact_write_items(TransactItems=items)
            except ledger.dynamodb.exceptions.TransactionCanceledException:
                continue
            commands = {k: v for k, v in commands.items() if v["event"] != commands[key]["event"]}
            break
        else:
            pytest.fail(f"no command can be run: {sorted(commands)}")
    again, first = ledger.rows("again"), ledger.rows()
    for account in (giver, taker):
        assert again[f"account#{account}"] == first[f"account#{account}"]


def test_a_failed_posting_holds_back_what_is_behind_it(ledger):
    account = ledger.opened(100)
    good = [ledger.posting(event("withdrawal", account, amount=1)) for _ in range(3)]
    assert ledger.ask("processor", [good[0], {"no": "posting"}, good[1], good[2]]) == [1, 2, 3]
    assert ledger.balances(account) == (99, 99, 3)


# ---- early events ----

def test_an_early_event_goes_back_and_comes_later(ledger):
    account = ledger.opened(100)
    ledger.messages(ledger.intake)
    payment = event("payment-unverified", account, amount=60)
    answer = event("payment-accepted", account, of=payment["id"])
    posting = ledger.posting(answer, "early/a key+ü.json")
    assert ledger.ask("processor", [posting]) == []
    assert ledger.reason(answer) is None
    counts = ledger.sqs.get_queue_attributes(
        QueueUrl=ledger.intake, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessagesDelayed"] == "1"
    ledger.book(payment)
    body = json.loads(ledger.sqs.receive_message(
        QueueUrl=ledger.intake, WaitTimeSeconds=5)["Messages"][0]["Body"])
    assert ledger.ask("intake", [body]) == []
    came = [json.loads(message["Body"]) for message in ledger.messages(ledger.postings)]
    assert came == [{**posting, "tries": 1}]
    assert ledger.ask("processor", came) == []
    assert ledger.balances(account) == (40, 40, 4)


def test_what_stays_early_is_rejected_in_the_end(ledger):
    what = event("withdrawal", "DE-nobody", amount=1)
    assert ledger.ask("processor", [ledger.posting(what, tries=5)]) == []
    assert ledger.reason(what) == "AccountUnknown"


# ---- the way in ----

def test_the_intake_puts_each_event_into_its_accounts_group(ledger):
    ledger.messages(ledger.postings)
    events = [event("withdrawal", account, amount=1) for account in ("DE-one", "DE-two", "DE-one")]
    things = [ledger.put(json.dumps(what), f"in/{n} +ü.json") for n, what in enumerate(events)]
    for thing in things:
        thing["object"]["key"] = thing["object"]["key"].replace(" ", "+", 1).replace(
            "+ü", "%2B%C3%BC").replace("++", "+%2B")
    ledger.arrive(*things)
    ledger.arrive(things[0])  # a notification that comes twice
    came = ledger.messages(ledger.postings)
    groups = [message["Attributes"]["MessageGroupId"] for message in came]
    bodies = [json.loads(message["Body"]) for message in came]
    ids = [json.loads(body["text"])["id"] for body in bodies]
    assert sorted(zip(groups, ids)) == sorted((what["account"], what["id"]) for what in events)
    assert {body["key"] for body in bodies} == {f"in/{n} +ü.json" for n in range(3)}


def test_an_event_put_twice_reaches_the_processor_twice(ledger):
    ledger.messages(ledger.postings)
    text = json.dumps(event("withdrawal", "DE-one", amount=1))
    ledger.arrive(ledger.put(text, "twice.json"), ledger.put(text, "twice.json"))
    assert len(ledger.messages(ledger.postings)) == 2


@pytest.mark.parametrize("content, why", [
    (b"", "it is not a JSON object"),
    (b"[]", "it is not a JSON object"),
    (b'{"type":"withdrawal"', "it is not a JSON object"),
    (b"\xff\xfe", "it is not a JSON object"),
    (b"x" * 20000, "it is longer than an event may be"),
    (b'{"type":"loan"}', "type is none that there is"),
    (b'{"type":"withdrawal","id":"short"}', "id has not 8 to 64 letters, digits and hyphens"),
    (b'{"type":"withdrawal","id":"long-enough","account":"a/../b"}',
     "account has not 4 to 34 letters, digits and hyphens"),
    (b'{"type":"withdrawal","id":"long-enough","account":"DE01","currency":"EUR",'
     b'"time":"2026-02-29T10:00:00Z"}', "time is no moment as 2026-11-03T10:15:00Z"),
    (b'{"type":"transfer","id":"long-enough","account":"DE01","currency":"EUR","amount":1,'
     b'"time":"2028-02-29T10:00:00Z","to":"DE01"}', "to is the same account"),
])
def test_what_is_no_event_is_rejected_at_the_door(ledger, content, why):
    key = f"malformed/{why}/{len(content)}"
    ledger.arrive(ledger.put(content, key))
    found = ledger.s3.list_objects_v2(Bucket="rejected", Prefix=f"Malformed/{key}/")["Contents"]
    said = json.loads(ledger.s3.get_object(Bucket="rejected", Key=found[0]["Key"])["Body"].read())
    assert said["message"] == why
    assert ledger.versions("new", key) == 0


def test_a_notification_of_what_is_gone_or_a_test_is_done(ledger):
    thing = ledger.put("{}", "gone")
    ledger.s3.delete_object(Bucket="new", Key="gone", VersionId=thing["object"]["versionId"])
    ledger.messages(ledger.postings)
    ledger.arrive(thing)
    assert ledger.ask("intake", [{"Service": "Amazon S3", "Event": "s3:TestEvent"}]) == []
    assert ledger.messages(ledger.postings) == []
