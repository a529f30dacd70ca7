# SPDX-License-Identifier: Apache-2.0
"""Functions: creating, getting, packages that can be had again, listing, configuring, deleting."""
import base64
import hashlib
import io
import json
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from lambda_kit import (ECHO, PYTHON, ROLE, arn, create, download, function_name, package, refused)
from weir_server import ACCOUNT, REGION

AWS = str(Path(sys.executable).with_name("aws"))
BAD = "InvalidParameterValueException"
GONE = "ResourceNotFoundException"


@pytest.fixture(scope="module")
def functions(weir):
    return weir.client("lambda")


# ---- creating ----

def test_a_new_function_has_what_was_said_and_what_aws_adds(functions):
    name, code = function_name(), package()
    made = create(functions, name, Code={"ZipFile": code}, Description="echoes", Timeout=5,
                  MemorySize=256, Environment={"Variables": {"A1": "x"}},
                  EphemeralStorage={"Size": 1024}, Tags={"team": "a"})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["FunctionArn"] == arn(name)
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert made["CodeSize"] == len(code)
    assert made["Version"] == "$LATEST"
    assert made["Environment"] == {"Variables": {"A1": "x"}}
    assert made["TracingConfig"] == {"Mode": "PassThrough"}
    assert made["Architectures"] == ["x86_64"]
    assert made["EphemeralStorage"] == {"Size": 1024}
    assert made["PackageType"] == "Zip"
    assert made["SnapStart"] == {"ApplyOn": "None", "OptimizationStatus": "Off"}
    assert made["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
    assert made["LastModified"].endswith("+0000")
    assert len(made["RevisionId"]) == 36
    got = functions.get_function(FunctionName=name)
    assert got["Tags"] == {"team": "a"}
    assert got["Code"]["RepositoryType"] == "S3"
    assert "Concurrency" not in got
    again = functions.get_function_configuration(FunctionName=name)
    for member in ("RevisionId", "CodeSha256", "Timeout", "MemorySize", "Description", "Role"):
        assert again[member] == made[member] == got["Configuration"][member]


def test_the_waiters_of_boto3_are_content(functions):
    name = create(functions)["FunctionName"]
    for waiter in ("function_exists", "function_active", "function_active_v2", "function_updated",
                   "function_updated_v2"):
        functions.get_waiter(waiter).wait(FunctionName=name)
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version)


def test_its_package_can_be_downloaded_where_get_function_says(functions):
    code = package({"index.py": "x = 1", "data/a.txt": "abc"})
    name = create(functions, Code={"ZipFile": code})["FunctionName"]
    location = functions.get_function(FunctionName=name)["Code"]["Location"]
    assert download(location) == (200, code)
    assert download(location.replace("signature=", "signature=0"))[0] == 403
    assert download(location.split("?")[0])[0] == 403


def test_a_location_expires_after_ten_minutes(clocked):
    functions = clocked.client("lambda")
    name = create(functions)["FunctionName"]
    location = functions.get_function(FunctionName=name)["Code"]["Location"]
    clocked.advance("599s")
    assert download(location)[0] == 200
    clocked.advance("2s")
    assert download(location)[0] == 403
    expires = location.split("expires=")[1].split("&")[0]
    assert download(location.replace(expires, str(int(expires) + 100)))[0] == 403


def test_a_name_is_taken_once(functions):
    name = create(functions)["FunctionName"]
    assert refused("ResourceConflictException", create, 409, client=functions, name=name) == (
        f"Function already exist: {name}")


def test_of_many_who_create_it_at_once_one_does(weir):
    name, answers = function_name(), []

    def make():
        try:
            create(weir.client("lambda"), name)
            answers.append("made")
        except ClientError as error:
            answers.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == ["ResourceConflictException"] * 7 + ["made"]


def test_errors_say_that_they_are_the_users(functions):
    with pytest.raises(functions.exceptions.ResourceNotFoundException) as caught:
        functions.get_function(FunctionName="nobody")
    assert caught.value.response["Type"] == "User"
    assert caught.value.response["Error"]["Message"] == f"Function not found: {arn('nobody')}"


@pytest.mark.parametrize("form", ["{name}", "function:{name}", "{account}:function:{name}",
                                  "arn:aws:lambda:{region}:{account}:function:{name}",
                                  "{region}:{account}:function:{name}"])
def test_a_function_is_found_by_name_and_by_arn_whole_or_in_part(functions, form):
    name = create(functions)["FunctionName"]
    text = form.format(name=name, account=ACCOUNT, region=REGION)
    assert functions.get_function_configuration(FunctionName=text)["FunctionName"] == name
    latest = functions.get_function_configuration(FunctionName=text + ":$LATEST")
    assert latest["FunctionArn"] == arn(name, "$LATEST")


def test_qualifiers_in_name_and_argument_must_agree(functions):
    name = create(functions)["FunctionName"]
    assert refused(BAD, functions.get_function, FunctionName=f"{name}:1", Qualifier="2") == (
        "The derived qualifier from the function name does not match the specified qualifier.")


def test_another_regions_functions_are_not_reached(functions):
    assert refused(GONE, functions.get_function, 404,
                   FunctionName=arn("f", region="eu-west-1")) == (
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')")


def test_accounts_and_regions_have_functions_of_their_own(weir, functions):
    name = create(functions)["FunctionName"]
    for other in (weir.client("lambda", region="eu-west-1"),
                  weir.client("lambda", access_key="444455556666")):
        refused(GONE, other.get_function, 404, FunctionName=name)
        assert create(other, name)["FunctionName"] == name


# ---- what is refused ----

def test_runtime_and_handler_are_mandatory_for_zips(functions):
    for missing in ("Runtime", "Handler"):
        arguments = {"FunctionName": function_name(), "Runtime": PYTHON, "Role": ROLE,
                     "Handler": "index.handler", "Code": {"ZipFile": package()}}
        del arguments[missing]
        assert refused(BAD, functions.create_function, **arguments) == (
            "Runtime and Handler are mandatory parameters for functions created with deployment "
            "packages.")


def test_runtimes_of_the_past_are_refused_with_advice(functions):
    assert "We recommend you use the new runtime (nodejs22.x)" in refused(
        BAD, create, client=functions, Runtime="nodejs12.x")
    assert refused(BAD, create, client=functions, Runtime="python2.7").startswith(
        "The runtime parameter of python2.7 is no longer supported for creating or updating AWS "
        "Lambda functions.")
    refused("ValidationException", create, client=functions, Runtime="cobol")


@pytest.mark.parametrize("more", [
    {"Timeout": 901}, {"Timeout": 0}, {"MemorySize": 127}, {"EphemeralStorage": {"Size": 511}},
    {"Role": "me"}, {"Description": "x" * 257}, {"Handler": "a b"},
    {"Architectures": ["x86_64", "arm64"]}, {"Environment": {"Variables": {"1": "x"}}}])
def test_limits_of_the_model(functions, more):
    refused("ValidationException", create, client=functions, **more)


def test_limits_that_the_model_does_not_know(functions):
    assert "less than or equal to 10240" in refused(BAD, create, client=functions,
                                                    MemorySize=10241)
    assert "less than or equal to 10240" in refused(BAD, create, client=functions,
                                                    EphemeralStorage={"Size": 10241})
    assert "less than or equal to 64" in refused(BAD, create, client=functions, name="x" * 65)


def test_an_environment_is_small_and_leaves_lambdas_own_names_alone(functions):
    def make(variables):
        return create(functions, Environment={"Variables": variables})

    assert refused(BAD, make, variables={"AWS_REGION": "x", "OK1": "y"}).endswith(
        "Reserved keys used in this request: AWS_REGION")
    assert "exceeded the 4KB limit. String measured: {" in refused(
        BAD, make, variables={"LONG": "x" * 4096})
    make({"LONG": "x" * (4096 - len('{"LONG":""}'))})
    make({"AWS_LAMBDA_EXEC_WRAPPER": "/opt/wrapper", "TZ": "UTC"})


@pytest.mark.parametrize("code", [b"", b"no zip", package()[:-30], package({})])
def test_what_is_no_zip_makes_no_function(functions, code):
    name = function_name()
    message = refused(BAD, create, client=functions, name=name, Code={"ZipFile": code})
    assert message in ("Could not unzip uploaded file. Please check your file, then try to upload "
                       "again.", "Uploaded file must be a non-empty zip")
    refused(GONE, functions.get_function, 404, FunctionName=name)


@pytest.mark.parametrize("files, modes", [
    ({"../evil": "x"}, {}), ({"/etc/evil": "x"}, {}), ({"a/../../evil": "x"}, {}),
    ({"a//b": "x"}, {}), ({"./a": "x"}, {}),
    ({"link": "/etc/passwd"}, {"link": 0o120777}), ({"a/link": "../../x"}, {"a/link": 0o120777}),
    ({"pipe": ""}, {"pipe": 0o010644}), ({"n" * 300: "x"}, {}),
    ({"a/b": "x", "a": "y"}, {})])
def test_what_leads_out_of_a_package_makes_no_function(functions, files, modes):
    assert refused(BAD, create, client=functions,
                   Code={"ZipFile": package(files, modes)}).startswith("Could not unzip")


def test_a_bomb_does_not_go_off(functions):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("zeros", "w", force_zip64=True) as member:
            for _ in range(251):
                member.write(bytes(1 << 20))
    assert refused(BAD, create, client=functions, Code={"ZipFile": made.getvalue()}) == (
        "Unzipped size must be smaller than 262144000 bytes")


def test_images_and_what_is_not_there_say_so(functions):
    refused("NotImplemented", create, 501, client=functions, PackageType="Image",
            Code={"ImageUri": "x"})
    refused("NotImplemented", create, 501, client=functions,
            CapacityProviderConfig={"LambdaManagedInstancesCapacityProviderConfig": {
                "CapacityProviderArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:c"}})
    refused("NotImplemented", functions.list_capacity_providers, 501)
    refused("NotImplemented", create, 501, client=functions, Publish=True,
            PublishTo="LATEST_PUBLISHED")
    assert refused(BAD, create, client=functions, Runtime="nodejs22.x",
                   SnapStart={"ApplyOn": "PublishedVersions"}) == (
        "nodejs22.x is not supported for SnapStart enabled functions.")


def test_a_source_is_one_and_whole(functions):
    assert refused(BAD, create, client=functions, Code={}) == (
        "Please provide a source for function code.")
    refused(BAD, create, client=functions, Code={"S3Bucket": "bucket"})
    refused(BAD, create, client=functions, Code={"ZipFile": package(), "S3Bucket": "bucket"})


# ---- from a bucket ----

def test_a_package_comes_from_a_bucket(weir, functions):
    s3 = weir.client("s3")
    s3.create_bucket(Bucket="code-bucket")
    for key, pad in (("small.zip", 0), ("large.zip", 300_000)):  # in the index, and a blob
        code = package({"index.py": "x", "pad": hashlib.shake_256(b"x").digest(pad)})
        s3.put_object(Bucket="code-bucket", Key=key, Body=code)
        made = create(functions, Code={"S3Bucket": "code-bucket", "S3Key": key})
        assert made["CodeSize"] == len(code)
        location = functions.get_function(FunctionName=made["FunctionName"])["Code"]["Location"]
        s3.delete_object(Bucket="code-bucket", Key=key)
        assert download(location) == (200, code)  # a copy of its own
    s3.put_bucket_versioning(Bucket="code-bucket", VersioningConfiguration={"Status": "Enabled"})
    codes = [package({"index.py": f"# {i}"}) for i in range(2)]
    versions = [s3.put_object(Bucket="code-bucket", Key="v.zip", Body=code)["VersionId"]
                for code in codes]
    for version, code in zip(versions, codes):
        made = create(functions, Code={"S3Bucket": "code-bucket", "S3Key": "v.zip",
                                       "S3ObjectVersion": version})
        assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert "NoSuchVersion" in refused(
        BAD, create, client=functions,
        Code={"S3Bucket": "code-bucket", "S3Key": "v.zip", "S3ObjectVersion": "null"})
    assert refused(BAD, create, client=functions,
                   Code={"S3Bucket": "code-bucket", "S3Key": "small.zip"}) == (
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified "
        "key does not exist.")
    assert "NoSuchBucket" in refused(BAD, create, client=functions,
                                     Code={"S3Bucket": "no-such-bucket", "S3Key": "x"})


# ---- listing ----

def test_functions_are_listed_by_name_in_pages(fresh):
    functions = fresh().client("lambda")
    names = [f"f{i:02}" for i in range(7)]
    for name in reversed(names):
        create(functions, name)
    functions.publish_version(FunctionName="f03")
    pages = list(functions.get_paginator("list_functions").paginate(
        PaginationConfig={"PageSize": 3}))
    assert [len(page["Functions"]) for page in pages] == [3, 3, 1]
    found = [f for page in pages for f in page["Functions"]]
    assert [f["FunctionName"] for f in found] == names
    assert {f["Version"] for f in found} == {"$LATEST"}
    assert "State" not in found[0]
    for size in (1, 2, 3, 50):
        pages = functions.get_paginator("list_functions").paginate(
            FunctionVersion="ALL", PaginationConfig={"PageSize": size})
        arns = [f["FunctionArn"] for page in pages for f in page["Functions"]]
        assert arns == [arn(n, q) for n in names for q in (
            ("$LATEST", "1") if n == "f03" else ("$LATEST",))]


def test_markers_that_nobody_gave(functions, weir):
    name = create(functions)["FunctionName"]
    for call, more in ((functions.list_functions, {}), (functions.list_layers, {}),
                       (functions.list_code_signing_configs, {}),
                       (functions.list_aliases, {"FunctionName": name}),
                       (functions.list_function_url_configs, {"FunctionName": name}),
                       (functions.list_function_event_invoke_configs, {"FunctionName": name}),
                       (functions.list_provisioned_concurrency_configs, {"FunctionName": name})):
        assert refused(BAD, call, Marker="x" * 5000, **more) == "Invalid Marker"
        call(Marker="\0\xff:x", **more)
    for more in ({"Marker": "x" * 5000}, {"Marker": "99"}):
        functions.list_versions_by_function(FunctionName=name, **more)
        functions.list_layer_versions(LayerName="l", **more)
    assert weir.alive()


# ---- changing ----

def test_a_configuration_changes_in_what_is_said(functions):
    name = create(functions, Timeout=7, Environment={"Variables": {"AA": "1"}})["FunctionName"]
    before = functions.get_function_configuration(FunctionName=name)
    after = functions.update_function_configuration(
        FunctionName=name, MemorySize=512, Description="new", Runtime="python3.13",
        TracingConfig={"Mode": "Active"}, DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{REGION}:"
                                                            f"{ACCOUNT}:dead"})
    assert after["MemorySize"] == 512 and after["Timeout"] == 7
    assert after["Environment"] == {"Variables": {"AA": "1"}}
    assert after["TracingConfig"] == {"Mode": "Active"}
    assert after["Runtime"] == "python3.13"
    assert after["RevisionId"] != before["RevisionId"]
    assert after["LastUpdateStatus"] == "Successful"
    cleared = functions.update_function_configuration(
        FunctionName=name, Environment={}, DeadLetterConfig={"TargetArn": ""})
    assert "Environment" not in cleared and "DeadLetterConfig" not in cleared
    kept = functions.get_function_configuration(FunctionName=name)
    assert kept["MemorySize"] == 512 and "Environment" not in kept


def test_a_change_may_depend_on_the_revision(functions):
    name = create(functions)["FunctionName"]
    revision = functions.get_function_configuration(FunctionName=name)["RevisionId"]
    functions.update_function_configuration(FunctionName=name, Timeout=4, RevisionId=revision)
    for call in (functions.update_function_configuration, functions.update_function_code):
        more = {"ZipFile": package()} if call == functions.update_function_code else {}
        assert refused("PreconditionFailedException", call, 412, FunctionName=name,
                       RevisionId=revision, **more) == (
            "The Revision Id provided does not match the latest Revision Id. Call the "
            "GetFunction/GetAlias API to retrieve the latest Revision Id")


def test_log_formats(functions):
    name = create(functions, LoggingConfig={"LogFormat": "JSON", "LogGroup": "/own"})[
        "FunctionName"]
    assert functions.get_function_configuration(FunctionName=name)["LoggingConfig"] == {
        "LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO",
        "LogGroup": "/own"}
    assert functions.update_function_configuration(
        FunctionName=name, LoggingConfig={"SystemLogLevel": "WARN"})["LoggingConfig"] == {
        "LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN",
        "LogGroup": "/own"}
    back = functions.update_function_configuration(FunctionName=name,
                                                   LoggingConfig={"LogFormat": "Text"})
    assert back["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "/own"}
    refused(BAD, functions.update_function_configuration, FunctionName=name,
            LoggingConfig={"LogFormat": "Text", "SystemLogLevel": "DEBUG"})


def test_a_dead_letter_goes_to_a_queue_or_a_topic(functions):
    for service in ("sqs", "sns"):
        target = {"TargetArn": f"arn:aws:{service}:{REGION}:{ACCOUNT}:dead"}
        assert create(functions, DeadLetterConfig=target)["DeadLetterConfig"] == target
    assert refused(BAD, create, client=functions, DeadLetterConfig={
        "TargetArn": "arn:aws:s3:::bucket"}).startswith("Invalid dead letter ARN")


def test_code_changes_and_a_dry_run_changes_nothing(functions):
    name = create(functions)["FunctionName"]
    before = functions.get_function_configuration(FunctionName=name)
    code = package({"index.py": "y = 2"})
    dry = functions.update_function_code(FunctionName=name, ZipFile=code, DryRun=True)
    assert dry["CodeSize"] == len(code)
    kept = functions.get_function_configuration(FunctionName=name)
    assert kept["CodeSha256"] == before["CodeSha256"]
    assert kept["RevisionId"] == before["RevisionId"]
    after = functions.update_function_code(FunctionName=name, ZipFile=code,
                                           Architectures=["arm64"])
    assert after["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert after["Architectures"] == ["arm64"]
    assert after["RevisionId"] != before["RevisionId"]
    location = functions.get_function(FunctionName=name)["Code"]["Location"]
    assert download(location) == (200, code)
    refused(BAD, functions.update_function_code, FunctionName=name, ZipFile=b"no zip")
    refused(GONE, functions.update_function_code, 404, FunctionName="nobody", ZipFile=code)


# ---- deleting ----

def test_a_deleted_function_is_gone_with_all_that_was_its_own(functions):
    name = create(functions, Tags={"a": "b"})["FunctionName"]
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="prod", FunctionVersion="1")
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    functions.delete_function(FunctionName=name)
    refused(GONE, functions.get_function, 404, FunctionName=name)
    refused(GONE, functions.delete_function, 404, FunctionName=name)
    create(functions, name)
    got = functions.get_function(FunctionName=name)
    assert "Tags" not in got and "Concurrency" not in got
    refused(GONE, functions.get_alias, 404, FunctionName=name, Name="prod")
    assert functions.publish_version(FunctionName=name)["Version"] == "1"


# ---- what a restart finds ----

def test_functions_are_there_after_a_kill(fresh):
    weir = fresh()
    functions = weir.client("lambda")
    code = package({"index.py": "z = 3"})
    name = create(functions, Code={"ZipFile": code}, Timeout=9)["FunctionName"]
    weir.restart(hard=True)
    functions = weir.client("lambda")
    got = functions.get_function(FunctionName=name)
    assert got["Configuration"]["Timeout"] == 9
    assert download(got["Code"]["Location"]) == (200, code)


def test_the_aws_cli_creates_and_updates(weir, tmp_path):
    (tmp_path / "f.zip").write_bytes(package())

    def aws(*words):
        done = subprocess.run([AWS, "lambda", *words], env=weir.environment(), text=True,
                              capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    made = aws("create-function", "--function-name", "cli", "--runtime", PYTHON, "--handler",
               "index.handler", "--role", ROLE, "--zip-file", f"fileb://{tmp_path}/f.zip")
    assert made["State"] == "Active"
    aws("wait", "function-active-v2", "--function-name", "cli")
    assert aws("update-function-configuration", "--function-name", "cli", "--timeout", "20")[
        "Timeout"] == 20
    assert aws("publish-version", "--function-name", "cli")["Version"] == "1"
    aws("wait", "published-version-active", "--function-name", "cli", "--qualifier", "1")
    assert aws("create-alias", "--function-name", "cli", "--name", "prod", "--function-version",
               "1")["AliasArn"] == arn("cli", "prod")
    layer = aws("publish-layer-version", "--layer-name", "cli", "--zip-file",
                f"fileb://{tmp_path}/f.zip")
    aws("update-function-configuration", "--function-name", "cli", "--layers",
        layer["LayerVersionArn"], "--environment", "Variables={AA=1,BB=2}")
    aws("add-permission", "--function-name", "cli", "--statement-id", "s", "--action",
        "lambda:InvokeFunction", "--principal", "s3.amazonaws.com", "--source-arn",
        "arn:aws:s3:::bucket")
    assert "s3.amazonaws.com" in aws("get-policy", "--function-name", "cli")["Policy"]
    aws("put-function-concurrency", "--function-name", "cli", "--reserved-concurrent-executions",
        "2")
    aws("tag-resource", "--resource", arn("cli"), "--tags", "a=b")
    url = aws("create-function-url-config", "--function-name", "cli", "--auth-type", "NONE")
    assert ".lambda-url.us-east-1.localhost:" in url["FunctionUrl"]
    got = aws("get-function", "--function-name", "cli")
    assert got["Tags"] == {"a": "b"} and got["Concurrency"]["ReservedConcurrentExecutions"] == 2
    assert [v["Version"] for v in aws("list-versions-by-function", "--function-name", "cli")[
        "Versions"]] == ["$LATEST", "1"]
    (tmp_path / "g.zip").write_bytes(package({"index.py": ECHO + "# changed"}))
    assert aws("update-function-code", "--function-name", "cli", "--zip-file",
               f"fileb://{tmp_path}/g.zip", "--publish")["Version"] == "2"
    aws("delete-function", "--function-name", "cli")
