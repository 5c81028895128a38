"""What the Terraform provider asks of Lambda: create, read without drift, change, tag, delete."""

import json

from packages import HANDLER, package


def test_a_function_with_its_alias_and_permission(functions, execution_role, unique, refused):
    name = unique("function")
    made = functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=execution_role,
        Handler=HANDLER,
        Code={"ZipFile": package()},
        Publish=True,
        Tags={"team": "blue"},
    )
    arn = made["FunctionArn"]
    assert arn.endswith(f":function:{name}") and made["Version"] == "1"
    # The update operations take the ARN that the creation answered.
    functions.update_function_configuration(FunctionName=arn, Timeout=7)
    functions.update_function_code(FunctionName=arn, ZipFile=package(more="x"), DryRun=True)
    # Read: the waiters, then everything that belongs to a function.
    for waiter in ("function_active_v2", "function_updated_v2"):
        functions.get_waiter(waiter).wait(FunctionName=name)
    found = functions.get_function(FunctionName=name)
    configuration = found["Configuration"]
    assert (configuration["State"], configuration["LastUpdateStatus"]) == ("Active", "Successful")
    assert configuration["FunctionArn"] == arn and configuration["Timeout"] == 7
    assert configuration["Version"] == "$LATEST" and configuration["Description"] == ""
    assert configuration["PackageType"] == "Zip" and configuration["MemorySize"] == 128
    assert configuration["EphemeralStorage"] == {"Size": 512}
    assert configuration["TracingConfig"] == {"Mode": "PassThrough"}
    assert found["Tags"] == {"team": "blue"} and "Concurrency" not in found
    signing = functions.get_function_code_signing_config(FunctionName=name)
    assert not signing["CodeSigningConfigArn"]
    versions = functions.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    versions = [v["Version"] for page in versions for v in page["Versions"]]
    assert versions == ["$LATEST", "1"]
    published = functions.get_function(FunctionName=name, Qualifier="1")["Configuration"]
    assert published["FunctionArn"] == f"{arn}:1"
    functions.tag_resource(Resource=arn, Tags={"stage": "test"})
    functions.untag_resource(Resource=arn, TagKeys=["team"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"stage": "test"}
    # aws_lambda_alias
    alias = functions.create_alias(
        FunctionName=name, Name="live", FunctionVersion="1", Description="a description"
    )
    functions.update_function_code(FunctionName=name, ZipFile=package("x = 1\n"), Publish=True)
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion="2", Description="")
    read = functions.get_alias(FunctionName=name, Name="live")
    assert (read["FunctionVersion"], read["Description"]) == ("2", "")
    assert read["AliasArn"] == alias["AliasArn"] == f"{arn}:live"
    assert "RoutingConfig" not in read or not read["RoutingConfig"]
    # aws_lambda_permission
    gone = refused(functions.get_policy, FunctionName=name)
    assert gone[:2] == ("ResourceNotFoundException", 404)
    wanted = {
        "FunctionName": name,
        "StatementId": "iot",
        "Action": "lambda:InvokeFunction",
        "Principal": "iot.amazonaws.com",
        "SourceAccount": "123456789012",
        "SourceArn": "arn:aws:iot:us-east-1:123456789012:provisioningtemplate/t",
    }
    functions.add_permission(**wanted)
    code, status, message = refused(functions.add_permission, **wanted)
    assert (code, status) == ("ResourceConflictException", 409)
    assert message.startswith("The statement id (iot) provided already exists")
    (statement,) = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert statement == {
        "Sid": "iot",
        "Effect": "Allow",
        "Principal": {"Service": "iot.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": "123456789012"},
            "ArnLike": {"AWS:SourceArn": wanted["SourceArn"]},
        },
    }
    functions.remove_permission(FunctionName=name, StatementId="iot")
    for operation, members in ((functions.remove_permission, {"StatementId": "iot"}),
                               (functions.get_policy, {})):  # fmt: skip
        gone = refused(operation, FunctionName=name, **members)
        assert gone[:2] == ("ResourceNotFoundException", 404)
    # Gone.
    functions.delete_alias(FunctionName=name, Name="live")
    functions.delete_function(FunctionName=name)
    code, status, message = refused(functions.get_function, FunctionName=name)
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert message == f"Function not found: {arn}"


def test_a_role_that_is_not_there_yet_is_waited_for(functions, unique, refused):
    code, status, message = refused(
        functions.create_function,
        FunctionName=unique("function"),
        Runtime="python3.12",
        Role=f"arn:aws:iam::123456789012:role/{unique('role')}",
        Handler=HANDLER,
        Code={"ZipFile": package()},
    )
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert "The role defined for the function cannot be assumed by Lambda" in message


def test_what_no_function_has_is_none(functions, function, unique, refused):
    name = {"FunctionName": function}
    assert functions.list_event_source_mappings()["EventSourceMappings"] == []
    assert functions.list_event_source_mappings(**name)["EventSourceMappings"] == []
    assert functions.list_layers()["Layers"] == []
    assert functions.list_layer_versions(LayerName="x")["LayerVersions"] == []
    assert functions.list_code_signing_configs()["CodeSigningConfigs"] == []
    for operation, member in (
        (functions.list_function_event_invoke_configs, "FunctionEventInvokeConfigs"),
        (functions.list_function_url_configs, "FunctionUrlConfigs"),
        (functions.list_provisioned_concurrency_configs, "ProvisionedConcurrencyConfigs"),
    ):
        assert operation(**name)[member] == []
        gone = refused(operation, FunctionName=unique("none"))
        assert gone[:2] == ("ResourceNotFoundException", 404)
    assert functions.get_function_recursion_config(**name)["RecursiveLoop"] == "Terminate"
    assert functions.get_runtime_management_config(**name)["UpdateRuntimeOn"] == "Auto"
    absent = ("ResourceNotFoundException", 404)
    error = refused(functions.get_function_event_invoke_config, **name)
    assert error[:2] == absent and error[2].endswith(
        f":function:{function}:$LATEST doesn't have an EventInvokeConfig"
    )
    assert refused(functions.get_function_url_config, **name)[:2] == absent
    assert refused(functions.get_event_source_mapping, UUID="0" * 36)[:2] == absent
    assert refused(functions.get_layer_version, LayerName="x", VersionNumber=1)[:2] == absent
    error = refused(functions.get_provisioned_concurrency_config, **name, Qualifier="live")
    assert error[:2] == absent, "an alias that is not there"
    version = functions.publish_version(**name)["Version"]
    error = refused(functions.get_provisioned_concurrency_config, **name, Qualifier=version)
    assert error[:2] == ("ProvisionedConcurrencyConfigNotFoundException", 404)
