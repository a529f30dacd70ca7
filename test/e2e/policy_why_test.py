# SPDX-License-Identifier: Apache-2.0
"""weir why: which policies were looked at, which statement decided, what would be needed."""
import json

import pytest
from policy_kit import HOME, IAM, Person, allow, denied, deny, numbers, person, weir  # noqa: F401
from weir_server import REGION

QUEUE = f"arn:aws:sqs:{REGION}:{HOME}:why"


@pytest.fixture(scope="module")
def url(weir):  # noqa: F811
    return weir.root("sqs").create_queue(QueueName="why")["QueueUrl"]


def request_of(call, **more):
    """The request's id, of a call that is refused or not."""
    try:
        answer = call(**more)
    except Exception as error:  # botocore's
        answer = error.response
    return answer["ResponseMetadata"]["RequestId"]


def test_it_says_who_asked_what_and_which_policies_were_looked_at(weir, person, url):  # noqa: F811
    person.may(allow("sqs:ReceiveMessage", QUEUE))
    request = request_of(person.client("sqs").send_message, QueueUrl=url, MessageBody="x")
    shown = weir.weir("why", request)
    assert shown.startswith(f"DENY  sqs:SendMessage on {QUEUE}\n")
    assert f"  caller     {person.arn}\n" in shown
    assert "  because    no identity-based policy allows it\n" in shown
    assert "  looked at  identity own" in shown
    assert (f"  needed     A policy of {person.arn} must allow sqs:SendMessage on {QUEUE}, or the "
            "policy of the resource must name the caller.\n") in shown
    assert request in shown


def test_it_names_the_statement_that_decided(weir, person, url):  # noqa: F811
    person.may(allow("sqs:*"), deny("sqs:Purge*", Sid="KeepThem"))
    request = request_of(person.client("sqs").purge_queue, QueueUrl=url)
    said = json.loads(weir.weir("why", "DENY", request, "--json"))["decisions"]
    assert len(said) == 1
    assert (said[0]["outcome"], said[0]["statement"], said[0]["sid"]) == ("DENY", 2, "KeepThem")
    assert said[0]["said"] == {"identity": "deny", "resource": "none", "boundary": "none",
                               "session": "none"}
    assert "must no longer deny sqs:PurgeQueue" in said[0]["needed"]
    request = request_of(person.client("sqs").send_message, QueueUrl=url, MessageBody="x")
    shown = weir.weir("why", "ALLOW", request)
    assert "allowed by statement 1 of identity-based policy own" in shown
    assert "needed" not in shown


def test_the_newest_come_first_and_denials_by_themselves(weir, person, url):  # noqa: F811
    person.may(allow("sqs:SendMessage"))
    sqs = person.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    requests = [request_of(sqs.receive_message, QueueUrl=url) for _ in range(3)]
    said = json.loads(weir.weir("why", "deny", "--count", "3", "--json"))["decisions"]
    assert [d["request"] for d in said] == requests[::-1]
    allowed = json.loads(weir.weir("why", "allow", "--count", "1", "--json"))["decisions"]
    assert [(d["outcome"], d["action"]) for d in allowed] in ([("ALLOW", "weir:View")],
                                                              [("ALLOW", "sqs:SendMessage")])


def test_what_is_not_known_is_said(weir, url):  # noqa: F811
    assert "nothing is known of request nowhere" in weir.weir("why", "nowhere", code=1)
    assert "enough" in weir.weir("why", "one", "two", code=2)


def test_weirs_own_doors_are_actions_of_policies(weir, person, url):  # noqa: F811
    assert "only signed by who may" in weir.weir("why", keys=person.keys, code=1)
    person.may(allow("weir:View"))
    weir.weir("why", keys=person.keys)
    weir.weir("journal", keys=person.keys)
    weir.weir("holds", keys=person.keys)
    assert "weir:Change" in weir.weir("hold", "queue", "why", keys=person.keys, code=1)
    person.may(allow(["weir:View", "weir:Change"]))
    weir.weir("hold", "queue", "why", keys=person.keys)
    weir.weir("release", "queue", "why", keys=person.keys)
