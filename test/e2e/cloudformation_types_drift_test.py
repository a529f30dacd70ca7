# SPDX-License-Identifier: Apache-2.0
"""A stack with all types of messages, storage, streams and functions has not drifted when it is made
and when it was updated; what is changed behind its back is found, by property."""
import cloudformation_types_lambda_test as functions
import cloudformation_types_messages_test as messages
import cloudformation_types_storage_test as storage
import cloudformation_types_streams_test as streams
import pytest
from cloudformation_kit import create, delete, ids, update
from lambda_run_kit import until


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


def drifts(cfn, stack):
    """Logical id: (state, changed paths), of those that have drifted."""
    looking = cfn.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]

    def over():
        told = cfn.describe_stack_drift_detection_status(StackDriftDetectionId=looking)
        return told["DetectionStatus"] != "DETECTION_IN_PROGRESS" and told

    told = until(over, "the detection is over")
    assert told["DetectionStatus"] == "DETECTION_COMPLETE", told
    found = cfn.describe_stack_resource_drifts(StackName=stack)["StackResourceDrifts"]
    return {one["LogicalResourceId"]: [(part["PropertyPath"], part["ExpectedValue"],
                                        part["ActualValue"])
                                       for part in one.get("PropertyDifferences", [])]
            for one in found if one["StackResourceDriftStatus"] in ("MODIFIED", "DELETED")}


def test_queues_and_topics(weir, cfn):
    create(cfn, "d-messages", messages.messages(), Tags=[{"Key": "team", "Value": "blue"}])
    assert drifts(cfn, "d-messages") == {}
    url = ids(cfn, "d-messages")["Work"]
    weir.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
    weir.client("sqs").tag_queue(QueueUrl=url, Tags={"k": "w"})
    found = drifts(cfn, "d-messages")
    assert set(found) == {"Work"}
    assert ("/VisibilityTimeout", "45", "7") in found["Work"]
    assert any(path.startswith("/Tags/0") for path, _, _ in found["Work"])
    delete(cfn, "d-messages")


def test_buckets_and_tables(weir, cfn):
    create(cfn, "d-storage", storage.storage(**storage.EVERYTHING))
    assert drifts(cfn, "d-storage") == {}
    weir.client("s3").put_bucket_versioning(Bucket="st-logs", VersioningConfiguration={
        "Status": "Suspended"})
    assert drifts(cfn, "d-storage") == {"Logs": [("/VersioningConfiguration/Status", "Enabled",
                                                  "Suspended")]}
    create(cfn, "d-table", storage.table(
        "g", BillingMode="PAY_PER_REQUEST", SSESpecification={"SSEEnabled": True},
        StreamSpecification={"StreamViewType": "NEW_IMAGE"},
        WarmThroughput={"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000}))
    assert drifts(cfn, "d-table") == {}
    weir.client("dynamodb").update_table(TableName="tb-table", DeletionProtectionEnabled=True)
    assert drifts(cfn, "d-table") == {}  # the template says nothing of it
    weir.client("kinesis").delete_stream(StreamName="tb-stream")
    assert drifts(cfn, "d-table") == {"Stream": []}


def test_streams_and_logs(weir, cfn):
    create(cfn, "d-streams", streams.streams(1, 48, "GZIP", "ERROR", 7))
    assert drifts(cfn, "d-streams") == {}
    update(cfn, "d-streams", streams.streams(2, 24, "UNCOMPRESSED", "", 14))
    assert drifts(cfn, "d-streams") == {}
    weir.client("logs").put_retention_policy(logGroupName="ss-group", retentionInDays=30)
    assert drifts(cfn, "d-streams") == {"Group": [("/RetentionInDays", "14", "30")]}


def test_functions(weir, cfn):
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="la-code")
    s3.put_object(Bucket="la-code", Key="layer.zip", Body=functions.layer())
    stack = create(cfn, "d-functions", functions.everything("hello", 1))
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert drifts(cfn, "d-functions") == {}
    weir.client("lambda").update_function_configuration(FunctionName="la-work", Timeout=11)
    assert drifts(cfn, "d-functions") == {"Work": [("/Timeout", "10", "11")]}
