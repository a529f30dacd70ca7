# SPDX-License-Identifier: Apache-2.0
"""Backups and point-in-time recovery: what they bring back, what of a table comes along, what is
refused with which words, and that neither needs what it was made from."""
import datetime

import pytest
from botocore.exceptions import ClientError
from dynamodb_past_kit import contents, make, moment, put, until_active, until_available
from weir_server import ACCOUNT, REGION

ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table"


@pytest.fixture
def ddb(clocked):
    return clocked.client("dynamodb")


def error_of(call, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


# ---- on-demand backups ----

def test_a_backup_brings_back_what_was_there_at_its_call(ddb, name):
    make(ddb, name)
    put(ddb, name, range(1200))
    made = ddb.create_backup(TableName=name, BackupName="nightly")["BackupDetails"]
    put(ddb, name, range(1200, 1300))
    ddb.delete_item(TableName=name, Key={"pk": {"S": "0"}, "sk": {"N": "0"}})
    assert made["BackupStatus"] == "CREATING" and made["BackupType"] == "USER"
    assert made["BackupName"] == "nightly"
    assert made["BackupArn"].startswith(f"{ARN}/{name}/backup/0")
    told = until_available(ddb, made["BackupArn"])
    assert told["BackupDetails"]["BackupSizeBytes"] > 1200
    assert told["SourceTableDetails"]["ItemCount"] == 1200
    assert told["SourceTableDetails"]["TableName"] == name
    assert told["SourceTableDetails"]["BillingMode"] == "PAY_PER_REQUEST"
    answer = ddb.restore_table_from_backup(TargetTableName=f"{name}-copy",
                                           BackupArn=made["BackupArn"])["TableDescription"]
    assert answer["TableStatus"] == "CREATING"
    assert answer["RestoreSummary"] == {
        "SourceBackupArn": made["BackupArn"], "SourceTableArn": f"{ARN}/{name}",
        "RestoreDateTime": made["BackupCreationDateTime"], "RestoreInProgress": True}
    table = until_active(ddb, f"{name}-copy")
    assert table["RestoreSummary"]["RestoreInProgress"] is False
    assert table["ItemCount"] == 1200
    assert contents(ddb, f"{name}-copy") == set(range(1200))


def test_a_backup_needs_neither_its_table_nor_the_log(clocked, ddb, name):
    make(ddb, name)
    put(ddb, name, range(50))
    arn = ddb.create_backup(TableName=name, BackupName="kept")["BackupDetails"]["BackupArn"]
    until_available(ddb, arn)
    ddb.delete_table(TableName=name)
    clocked.advance("40d")
    clocked.advance("2m")
    ddb.restore_table_from_backup(TargetTableName=name, BackupArn=arn)
    until_active(ddb, name)
    assert contents(ddb, name) == set(range(50))


def test_indexes_come_along_and_are_filled(ddb, name):
    make(ddb, name, index=True)
    put(ddb, name, range(30))
    arn = ddb.create_backup(TableName=name, BackupName="all")["BackupDetails"]["BackupArn"]
    features = until_available(ddb, arn)["SourceTableFeatureDetails"]
    assert features["GlobalSecondaryIndexes"][0]["IndexName"] == "by-kind"
    ddb.restore_table_from_backup(TargetTableName=f"{name}-with", BackupArn=arn)
    table = until_active(ddb, f"{name}-with")
    assert table["GlobalSecondaryIndexes"][0]["ItemCount"] == 30
    found = ddb.query(TableName=f"{name}-with", IndexName="by-kind",
                      KeyConditionExpression="kind = :k",
                      ExpressionAttributeValues={":k": {"S": "odd"}})["Items"]
    assert len(found) == 15
    ddb.restore_table_from_backup(TargetTableName=f"{name}-without", BackupArn=arn,
                                  GlobalSecondaryIndexOverride=[])
    table = until_active(ddb, f"{name}-without")
    assert "GlobalSecondaryIndexes" not in table
    assert [a["AttributeName"] for a in table["AttributeDefinitions"]] == ["pk", "sk"]
    assert contents(ddb, f"{name}-without") == set(range(30))


def test_overrides_change_billing_and_encryption(ddb, name):
    make(ddb, name)
    arn = ddb.create_backup(TableName=name, BackupName="all")["BackupDetails"]["BackupArn"]
    until_available(ddb, arn)
    ddb.restore_table_from_backup(
        TargetTableName=f"{name}-p", BackupArn=arn, BillingModeOverride="PROVISIONED",
        ProvisionedThroughputOverride={"ReadCapacityUnits": 7, "WriteCapacityUnits": 3},
        SSESpecificationOverride={"Enabled": True, "SSEType": "KMS"})
    table = until_active(ddb, f"{name}-p")
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 7
    assert "BillingModeSummary" not in table
    assert table["SSEDescription"]["SSEType"] == "KMS"
    code, message = error_of(ddb.restore_table_from_backup, TargetTableName=f"{name}-q",
                             BackupArn=arn, BillingModeOverride="PROVISIONED")
    assert code == "ValidationException" and "ReadCapacityUnits" in message
    assert f"{name}-q" not in ddb.list_tables()["TableNames"]


def test_an_override_of_no_index_of_the_source_is_refused(ddb, name):
    make(ddb, name, index=True)
    arn = ddb.create_backup(TableName=name, BackupName="all")["BackupDetails"]["BackupArn"]
    until_available(ddb, arn)
    wish = {"IndexName": "another", "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"}}
    code, message = error_of(ddb.restore_table_from_backup, TargetTableName=f"{name}-c",
                             BackupArn=arn, GlobalSecondaryIndexOverride=[wish])
    assert code == "ValidationException" and message.endswith("another")


def test_backups_are_listed_with_filters_and_pages(clocked, ddb, name):
    make(ddb, name)
    make(ddb, f"{name}-b")
    arns = []
    for i in range(5):
        arns.append(ddb.create_backup(TableName=name,
                                      BackupName=f"backup-{i}")["BackupDetails"]["BackupArn"])
        clocked.advance("10m")
    other = ddb.create_backup(TableName=f"{name}-b", BackupName="other")["BackupDetails"]
    for arn in [*arns, other["BackupArn"]]:
        until_available(ddb, arn)

    def listed(**filters):
        found, page = [], {}
        while page is not None:
            answer = ddb.list_backups(**filters, **page)
            found += [b["BackupName"] for b in answer["BackupSummaries"]]
            last = answer.get("LastEvaluatedBackupArn")
            page = {"ExclusiveStartBackupArn": last} if last else None
        return found

    names = [f"backup-{i}" for i in range(5)]
    assert listed(TableName=name) == names
    assert listed(TableName=name, Limit=2) == names
    assert listed(TableName=f"{ARN}/{name}") == names
    assert listed(TableName=f"{name}-b") == ["other"]
    assert listed(TableName=name, BackupType="SYSTEM") == []
    created = [ddb.describe_backup(BackupArn=a)["BackupDescription"]["BackupDetails"]
               ["BackupCreationDateTime"] for a in arns]
    assert listed(TableName=name, TimeRangeLowerBound=created[1],
                  TimeRangeUpperBound=created[3]) == names[1:3]
    first = ddb.list_backups(TableName=name, Limit=1)["BackupSummaries"][0]
    assert first["TableArn"] == f"{ARN}/{name}" and first["BackupStatus"] == "AVAILABLE"


def test_a_deleted_backup_is_gone(ddb, name):
    make(ddb, name)
    put(ddb, name, range(10))
    arn = ddb.create_backup(TableName=name, BackupName="gone")["BackupDetails"]["BackupArn"]
    until_available(ddb, arn)
    told = ddb.delete_backup(BackupArn=arn)["BackupDescription"]
    assert told["BackupDetails"]["BackupStatus"] == "DELETED"
    assert error_of(ddb.describe_backup, BackupArn=arn) == (
        "BackupNotFoundException", f"Backup not found: {arn}")
    assert ddb.list_backups(TableName=name)["BackupSummaries"] == []


def test_what_is_not_there_cannot_be_backed_up(ddb, name):
    assert error_of(ddb.create_backup, TableName=name, BackupName="none") == (
        "TableNotFoundException", f"Table not found: {name}")
    assert error_of(ddb.describe_continuous_backups, TableName=name) == (
        "TableNotFoundException", f"Table not found: {name}")
    arn = f"{ARN}/{name}/backup/01489602797149-73d8d5bc"
    assert error_of(ddb.restore_table_from_backup, TargetTableName="target", BackupArn=arn) == (
        "BackupNotFoundException", f"Backup not found: {arn}")


def test_a_restore_does_not_write_over_a_table(ddb, name):
    make(ddb, name)
    arn = ddb.create_backup(TableName=name, BackupName="all")["BackupDetails"]["BackupArn"]
    until_available(ddb, arn)
    assert error_of(ddb.restore_table_from_backup, TargetTableName=name, BackupArn=arn) == (
        "TableAlreadyExistsException", f"Table already exists: {name}")


# ---- point-in-time recovery ----

def recover(ddb, name, on=True, **more):
    return ddb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": on, **more})["ContinuousBackupsDescription"]


def test_continuous_backups_say_what_can_be_restored(clocked, ddb, name):
    make(ddb, name)
    told = ddb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert told["ContinuousBackupsStatus"] == "ENABLED"
    assert told["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    clocked.advance("1h")
    enabled = moment(clocked)
    told = recover(ddb, name)["PointInTimeRecoveryDescription"]
    assert told["PointInTimeRecoveryStatus"] == "ENABLED" and told["RecoveryPeriodInDays"] == 35
    clocked.advance("3h")
    told = ddb.describe_continuous_backups(
        TableName=name)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert told["EarliestRestorableDateTime"] == enabled
    assert told["LatestRestorableDateTime"] == moment(clocked)
    recover(ddb, name, RecoveryPeriodInDays=1)
    clocked.advance("30h")
    told = ddb.describe_continuous_backups(
        TableName=name)["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert told["EarliestRestorableDateTime"] == moment(clocked) - datetime.timedelta(days=1)
    assert recover(ddb, name, on=False)["PointInTimeRecoveryDescription"] == {
        "PointInTimeRecoveryStatus": "DISABLED"}


def test_any_second_can_be_restored(clocked, ddb, name):
    make(ddb, name)
    recover(ddb, name)
    moments = []
    for i in range(8):
        put(ddb, name, range(10 * i, 10 * i + 10))
        if i % 3 == 2:
            ddb.delete_item(TableName=name, Key={"pk": {"S": "0"}, "sk": {"N": str(10 * i)}})
        moments.append((moment(clocked), contents(ddb, name)))
        clocked.advance("1s")
    for i, (at, was) in enumerate(moments):
        target = f"{name}-{i}"
        answer = ddb.restore_table_to_point_in_time(
            SourceTableName=name, TargetTableName=target, RestoreDateTime=at)
        summary = answer["TableDescription"]["RestoreSummary"]
        assert summary["RestoreDateTime"] == at and "SourceBackupArn" not in summary
        until_active(ddb, target)
        assert contents(ddb, target) == was, i


def test_the_latest_restorable_time_is_now(clocked, ddb, name):
    make(ddb, name)
    recover(ddb, name)
    put(ddb, name, range(20))
    ddb.restore_table_to_point_in_time(SourceTableArn=f"{ARN}/{name}",
                                       TargetTableName=f"{name}-now",
                                       UseLatestRestorableTime=True)
    until_active(ddb, f"{name}-now")
    assert contents(ddb, f"{name}-now") == set(range(20))


def test_what_is_restored_has_none_of_the_sources_switches(clocked, ddb, name):
    make(ddb, name, DeletionProtectionEnabled=True, Tags=[{"Key": "a", "Value": "b"}],
         StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
    recover(ddb, name)
    ddb.restore_table_to_point_in_time(SourceTableName=name, TargetTableName=f"{name}-c",
                                       UseLatestRestorableTime=True)
    table = until_active(ddb, f"{name}-c")
    assert table["DeletionProtectionEnabled"] is False
    assert "StreamSpecification" not in table
    told = ddb.describe_continuous_backups(TableName=f"{name}-c")["ContinuousBackupsDescription"]
    assert told["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def test_restores_that_cannot_be(clocked, ddb, name):
    make(ddb, name)
    target = {"SourceTableName": name, "TargetTableName": f"{name}-c"}
    assert error_of(ddb.restore_table_to_point_in_time, **target,
                    UseLatestRestorableTime=True) == (
        "PointInTimeRecoveryUnavailableException",
        f"Point in time recovery is not enabled for table '{name}'")
    clocked.advance("1m")
    recover(ddb, name)
    for wrong in [moment(clocked) - datetime.timedelta(seconds=1),
                  moment(clocked) + datetime.timedelta(seconds=1)]:
        assert error_of(ddb.restore_table_to_point_in_time, **target, RestoreDateTime=wrong) == (
            "InvalidRestoreTimeException",
            "An invalid restore time was specified. RestoreDateTime must be between "
            "EarliestRestorableDateTime and LatestRestorableDateTime.")
    assert error_of(ddb.restore_table_to_point_in_time, **target)[0] == "ValidationException"
    assert error_of(ddb.restore_table_to_point_in_time, SourceTableName="nothing-there",
                    TargetTableName="target", UseLatestRestorableTime=True) == (
        "TableNotFoundException", "Table not found: nothing-there")
    assert error_of(ddb.restore_table_to_point_in_time, SourceTableName=name,
                    TargetTableName=name, UseLatestRestorableTime=True) == (
        "TableAlreadyExistsException", f"Table already exists: {name}")


def test_a_deleted_table_with_recovery_leaves_a_backup(clocked, ddb, name):
    make(ddb, name)
    recover(ddb, name)
    put(ddb, name, range(25))
    ddb.delete_table(TableName=name)
    clocked.advance("3m")
    found = ddb.list_backups(TableName=name, BackupType="SYSTEM")["BackupSummaries"]
    assert [b["BackupName"] for b in found] == [f"{name}$DeletedTableBackup"]
    assert found[0]["BackupExpiryDateTime"] > moment(clocked)
    ddb.restore_table_from_backup(TargetTableName=name, BackupArn=found[0]["BackupArn"])
    until_active(ddb, name)
    assert contents(ddb, name) == set(range(25))
    clocked.advance("36d")
    clocked.advance("2m")
    assert ddb.list_backups(TableName=name, BackupType="ALL")["BackupSummaries"] == []


def test_all_of_it_survives_a_restart(fresh, name):
    weir = fresh(clock="2026-11-23T08:00:00Z")
    ddb = weir.client("dynamodb")
    make(ddb, name, index=True)
    recover(ddb, name)
    put(ddb, name, range(40))
    at = moment(weir)
    arn = ddb.create_backup(TableName=name, BackupName="all")["BackupDetails"]["BackupArn"]
    until_available(ddb, arn)
    weir.advance("1m")
    put(ddb, name, range(40, 60))
    weir.restart(hard=True)
    ddb = weir.client("dynamodb")
    ddb.restore_table_from_backup(TargetTableName="from-backup", BackupArn=arn)
    ddb.restore_table_to_point_in_time(SourceTableName=name, TargetTableName="from-past",
                                       RestoreDateTime=at)
    for target in ["from-backup", "from-past"]:
        until_active(ddb, target)
        assert contents(ddb, target) == set(range(40))
    weir.restart()
    ddb = weir.client("dynamodb")
    assert ddb.describe_table(TableName="from-past")["Table"]["ItemCount"] == 40
    weir.stop()
    assert weir.fsck().returncode == 0, weir.fsck().stderr
