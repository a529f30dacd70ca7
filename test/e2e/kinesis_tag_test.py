# SPDX-License-Identifier: Apache-2.0
"""Tags, by stream and by ARN, of streams, consumers and queues."""
import pytest
from kinesis_kit import invalid, queue_arn, stream_arn


@pytest.fixture
def stream(kinesis, name):
    kinesis.create_stream(StreamName=name, StreamModeDetails={"StreamMode": "ON_DEMAND"})
    return name


def tags_of(kinesis, arn):
    return {t["Key"]: t["Value"] for t in kinesis.list_tags_for_resource(ResourceARN=arn)["Tags"]}


def test_tags_are_added_changed_listed_and_removed(kinesis, stream):
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"b": "2", "a": "1", "c": ""})
    answer = kinesis.list_tags_for_stream(StreamName=stream)
    assert answer["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"},
                              {"Key": "c", "Value": ""}]
    assert answer["HasMoreTags"] is False
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"a": "one", "d": "4"})
    kinesis.remove_tags_from_stream(StreamName=stream, TagKeys=["b", "never-there"])
    assert tags_of(kinesis, stream_arn(stream)) == {"a": "one", "c": "", "d": "4"}


def test_tags_are_listed_in_pages_by_key(kinesis, stream):
    kinesis.add_tags_to_stream(StreamName=stream, Tags={f"k{i:02}": str(i) for i in range(10)})
    first = kinesis.list_tags_for_stream(StreamName=stream, Limit=4)
    assert [t["Key"] for t in first["Tags"]] == ["k00", "k01", "k02", "k03"]
    assert first["HasMoreTags"] is True
    rest = kinesis.list_tags_for_stream(StreamName=stream, ExclusiveStartTagKey="k03")
    assert [t["Key"] for t in rest["Tags"]] == [f"k{i:02}" for i in range(4, 10)]
    assert rest["HasMoreTags"] is False


def test_everything_with_an_arn_has_its_own_tags(kinesis, stream):
    consumer = kinesis.register_stream_consumer(StreamARN=stream_arn(stream), ConsumerName="c",
                                                Tags={"is": "consumer"})["Consumer"]["ConsumerARN"]
    kinesis.create_queue(QueueName=f"q-{stream}", Tags={"is": "queue"},
                         StreamConfigurationList=[{"StreamARN": stream_arn(stream)}])
    arns = {"stream": stream_arn(stream), "consumer": consumer, "queue": queue_arn(f"q-{stream}")}
    kinesis.tag_resource(ResourceARN=arns["stream"], Tags={"is": "stream"})
    for what, arn in arns.items():
        assert tags_of(kinesis, arn) == {"is": what}
        kinesis.tag_resource(ResourceARN=arn, Tags={"colour": "green", "is": what})
        kinesis.untag_resource(ResourceARN=arn, TagKeys=["is"])
        assert tags_of(kinesis, arn) == {"colour": "green"}


def test_tags_given_at_birth_are_there(kinesis, name):
    kinesis.create_stream(StreamName=name, ShardCount=1, Tags={"owner": "us", "ü": "ö"})
    assert tags_of(kinesis, stream_arn(name)) == {"owner": "us", "ü": "ö"}


def test_fifty_tags_are_the_most(kinesis, stream, refused):
    for start in (0, 25):
        kinesis.add_tags_to_stream(StreamName=stream, Tags={
            f"k{i}": "v" for i in range(start, start + 25)})
    message = refused("InvalidArgumentException", kinesis.add_tags_to_stream, StreamName=stream,
                      Tags={"one-more": "v"})
    assert "50" in message
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"k7": "changed"})
    assert len(tags_of(kinesis, stream_arn(stream))) == 50


@pytest.mark.parametrize("key,value", [("a*b", "v"), ("k", "a?b"), ("k", "a\nb"), ("k;", "v")])
def test_bad_characters_are_refused(kinesis, stream, refused, key, value):
    message = refused("InvalidArgumentException", kinesis.add_tags_to_stream, StreamName=stream,
                      Tags={key: value})
    assert message == ("Some tags contain invalid characters. Valid characters: Unicode letters, "
                       "digits, white space, _ . / = + - % @ :.")
    assert tags_of(kinesis, stream_arn(stream)) == {}


def test_too_long_tags_are_refused_in_awss_words(kinesis, stream, refused):
    told = refused("ValidationException", kinesis.add_tags_to_stream, StreamName=stream,
                   Tags={"k" * 129: "v" * 257})
    shown = f"Value '{{{'k' * 129}={'v' * 257}}}' at 'tags' failed to satisfy constraint: "
    assert told == (
        f"2 validation errors detected: {shown}Map keys must satisfy constraint: [Member must have "
        "length less than or equal to 128, Member must have length greater than or equal to 1]; "
        f"{shown}Map value must satisfy constraint: [Member must have length less than or equal to "
        "256, Member must have length greater than or equal to 0]")
    told = refused("ValidationException", kinesis.remove_tags_from_stream, StreamName=stream, TagKeys=["a", ""])
    assert told == (
        "1 validation error detected: Value '[a, ]' at 'tagKeys' failed to satisfy constraint: "
        "Member must satisfy constraint: [Member must have length less than or equal to 128, "
        "Member must have length greater than or equal to 1]")


def test_good_characters_are_kept(kinesis, stream):
    tags = {"A z_.:/=+-@09": "äöü ß 日本 _.:/=+-@", "k" * 128: "v" * 256}
    kinesis.add_tags_to_stream(StreamName=stream, Tags=tags)
    assert tags_of(kinesis, stream_arn(stream)) == tags


def test_reserved_and_overlong_tags_are_refused(kinesis, stream, refused):
    refused("InvalidArgumentException", kinesis.add_tags_to_stream, StreamName=stream,
            Tags={"aws:mine": "v"})
    message = refused("ValidationException", kinesis.add_tags_to_stream, StreamName=stream,
                      Tags={"k" * 129: "v"})
    assert "at 'tags' failed to satisfy constraint: " in message
    assert "Member must have length less than or equal to 128" in message
    message = refused("ValidationException", kinesis.add_tags_to_stream, StreamName=stream,
                      Tags={"k": "v" * 257})
    assert "Member must have length less than or equal to 256" in message
    refused("ValidationException", kinesis.add_tags_to_stream, StreamName=stream, Tags={})
    refused("ValidationException", kinesis.remove_tags_from_stream, StreamName=stream, TagKeys=[])
    message = refused("ValidationException", kinesis.list_tags_for_stream, StreamName=stream,
                      Limit=51)
    assert message == invalid(51, "limit", "Member must have value less than or equal to 50")


def test_unknown_resources_are_not_found(kinesis, refused):
    for arn in (stream_arn("nowhere"), queue_arn("nowhere"),
                stream_arn("nowhere") + "/consumer/c:1"):
        refused("ResourceNotFoundException", kinesis.tag_resource, ResourceARN=arn,
                Tags={"a": "b"})
        refused("ResourceNotFoundException", kinesis.untag_resource, ResourceARN=arn,
                TagKeys=["a"])
        refused("ResourceNotFoundException", kinesis.list_tags_for_resource, ResourceARN=arn)
    refused("ValidationException", kinesis.list_tags_for_resource, ResourceARN="nonsense")


def test_tags_survive_a_kill(fresh):
    weir = fresh()
    kinesis = weir.client()
    kinesis.create_stream(StreamName="s", ShardCount=1)
    kinesis.add_tags_to_stream(StreamName="s", Tags={"a": "1", "b": "2"})
    kinesis.remove_tags_from_stream(StreamName="s", TagKeys=["a"])
    kinesis = weir.restart(hard=True).client()
    assert tags_of(kinesis, stream_arn("s")) == {"b": "2"}
