# SPDX-License-Identifier: Apache-2.0
"""Exports and imports: unique in a region, fixed while somebody imports them."""
import pytest
from botocore.exceptions import ClientError
from cloudformation_kit import create, delete, ended, events, ids, queue, template, update


@pytest.fixture(scope="module")
def cfn(weir):
    return weir.client("cloudformation")


def exporting(name, value="1"):
    return template({"Q": queue()}, Outputs={"O": {"Value": value, "Export": {"Name": name}}})


def importing(name):
    return template({"Q": queue(DelaySeconds={"Fn::ImportValue": name})})


def message(call, **more):
    with pytest.raises(ClientError) as caught:
        call(**more)
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    return caught.value.response["Error"]["Message"]


def test_a_value_goes_from_one_stack_to_another(weir, cfn):
    first = create(cfn, "from", exporting("goes", "7"))
    create(cfn, "to", importing("goes"))
    url = ids(cfn, "to")["Q"]
    got = weir.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])
    assert got["Attributes"]["DelaySeconds"] == "7"
    assert {"ExportingStackId": first["StackId"], "Name": "goes", "Value": "7"} in \
        cfn.list_exports()["Exports"]
    assert cfn.list_imports(ExportName="goes")["Imports"] == ["to"]


def test_what_is_imported_neither_changes_nor_goes(cfn):
    create(cfn, "fix", exporting("fixed"))
    create(cfn, "fix-user", importing("fixed"))
    stack = update(cfn, "fix", exporting("fixed", "2"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert ("fix", "UPDATE_ROLLBACK_IN_PROGRESS",
            "Export fixed cannot be updated as it is in use by fix-user") in events(cfn, "fix")
    stack = update(cfn, "fix", template({"Q": queue()}))
    assert ("fix", "UPDATE_ROLLBACK_IN_PROGRESS",
            "Export fixed cannot be deleted as it is in use by fix-user") in events(cfn, "fix")
    cfn.delete_stack(StackName="fix")
    stack = ended(cfn, "fix")
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stack["StackStatusReason"] == (
        "Export fixed cannot be deleted as it is in use by fix-user")
    delete(cfn, "fix-user")
    assert message(cfn.list_imports, ExportName="fixed") == \
        "Export 'fixed' is not imported by any stack."
    assert delete(cfn, "fix")["StackStatus"] == "DELETE_COMPLETE"
    assert "fixed" not in [one["Name"] for one in cfn.list_exports()["Exports"]]


def test_an_import_that_is_given_up_frees_its_export(cfn):
    create(cfn, "free", exporting("freed"))
    create(cfn, "free-user", importing("freed"))
    update(cfn, "free-user", template({"Q": queue(DelaySeconds=5)}))
    assert update(cfn, "free", exporting("freed", "3"))["StackStatus"] == "UPDATE_COMPLETE"


def test_names_are_unique(cfn):
    create(cfn, "owner", exporting("mine"))
    stack = create(cfn, "thief", exporting("mine"))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert ("thief", "ROLLBACK_IN_PROGRESS", "Export with name mine is already exported by stack "
            "owner. Rollback requested by user.") in events(cfn, "thief")


def test_what_nobody_exports_cannot_be_imported(cfn):
    stack = create(cfn, "lost", importing("nowhere"))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert any("No export named nowhere found" in one[2] for one in events(cfn, "lost"))
    assert message(cfn.list_imports, ExportName="nowhere") == "Export 'nowhere' does not exist."
