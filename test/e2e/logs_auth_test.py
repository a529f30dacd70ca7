# SPDX-License-Identifier: Apache-2.0
"""--auth=on: who may do what with log groups, by name, by stream, by tag, and by a group's own
policy."""
import pytest
from auth_kit import may, root, users_of, weir  # noqa: F401
from iam_kit import allow, client_of, document
from weir_server import REGION

ACCOUNT = "000000000000"
GROUPS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"


@pytest.fixture(scope="module")
def logs(weir, root):
    return client_of(weir, "logs", root)


user = users_of("logs")


def test_a_writer_writes_into_its_group_only(logs, user, name):
    for group in (f"/a/{name}", f"/b/{name}"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="s")
    writer, _ = user(allow(["logs:PutLogEvents", "logs:CreateLogStream"],
                           f"{GROUPS}/a/{name}:*"))
    events = [{"timestamp": logs.describe_log_groups()["logGroups"][0]["creationTime"],
               "message": "x"}]
    put = lambda group: may(writer.put_log_events, logGroupName=group,  # noqa: E731
                            logStreamName="s", logEvents=events)
    assert put(f"/a/{name}")
    assert not put(f"/b/{name}")
    assert may(writer.create_log_stream, logGroupName=f"/a/{name}", logStreamName="t")
    assert not may(writer.filter_log_events, logGroupName=f"/a/{name}")


def test_tags_of_a_group_decide(logs, user, name):
    logs.create_log_group(logGroupName=f"{name}-open", tags={"Level": "open"})
    logs.create_log_group(logGroupName=f"{name}-shut", tags={"Level": "shut"})
    reader, _ = user(allow("logs:FilterLogEvents", "*", Condition={
        "StringEquals": {"aws:ResourceTag/Level": "open"}}))
    assert may(reader.filter_log_events, logGroupName=f"{name}-open")
    assert not may(reader.filter_log_events, logGroupName=f"{name}-shut")
    logs.tag_log_group(logGroupName=f"{name}-shut", tags={"Level": "open"})
    assert may(reader.filter_log_events, logGroupName=f"{name}-shut")


def test_a_groups_own_policy_lets_somebody_in(logs, user, name):
    logs.create_log_group(logGroupName=name)
    reader, arn = user()
    assert not may(reader.filter_log_events, logGroupName=name)
    logs.put_resource_policy(resourceArn=GROUPS + name, policyDocument=document(
        allow("logs:FilterLogEvents", "*", Principal={"AWS": arn})))
    assert may(reader.filter_log_events, logGroupName=name)
