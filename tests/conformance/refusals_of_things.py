"""What provokes the errors that things, their groups, tags and the index list."""

import json

import asking
from refusals import SPOILED, changed, provokes


@provokes(
    "CreateThing.ResourceAlreadyExistsException",
    "CreateThingGroup.ResourceAlreadyExistsException",
    "CreateBillingGroup.ResourceAlreadyExistsException",
    "CreateThingType.ResourceAlreadyExistsException",
    "CreateDynamicThingGroup.ResourceAlreadyExistsException",
)
def a_name_in_use_with_other_properties(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call.accepted(**request)
    call(
        **request
        | {
            "CreateThing": {"attributePayload": {"attributes": {"a": "b"}}},
            "CreateThingGroup": {"thingGroupProperties": {"thingGroupDescription": "other"}},
            "CreateBillingGroup": {"billingGroupProperties": {"billingGroupDescription": "other"}},
            "CreateThingType": {"thingTypeProperties": {"thingTypeDescription": "other"}},
            "CreateDynamicThingGroup": {"queryString": "attributes.kind:other"},
        }[call.operation]
    )


@provokes("CreateThing.ResourceNotFoundException")
def a_thing_of_no_type(scene, call):
    call(thingName=scene.fresh("thing"), thingTypeName="absent")


@provokes("ListThingGroups.ResourceNotFoundException")
def groups_of_no_parent(scene, call):
    call(parentGroup="absent")


@provokes("TagResource.LimitExceededException")
def the_51st_tag(scene, call):
    tags = [{"Key": f"key-{n}", "Value": "v"} for n in range(51)]
    call(resourceArn=scene.arn("billinggroup", scene.billing_group), tags=tags)


@provokes("RegisterThing.ConflictingResourceUpdateException")
def a_thing_that_must_not_exist(scene, call):
    body = json.loads(scene.template_body)
    body["Parameters"]["ThingName"]["Default"] = scene.thing
    body["Resources"]["thing"]["OverrideSettings"] = {
        "AttributePayload": "FAIL",
        "ThingTypeName": "FAIL",
        "ThingGroups": "FAIL",
    }
    body["Resources"]["thing"]["Properties"]["AttributePayload"] = {"a": "b"}
    call(templateBody=json.dumps(body))


@provokes("DeleteThing.InvalidRequestException")
def a_thing_with_a_principal(scene, call):
    scene.principal_of_thing
    call(thingName=scene.thing)


@provokes("DeleteThingGroup.InvalidRequestException", "DeleteBillingGroup.InvalidRequestException")
def an_unfit_name(scene, call):
    call(**changed(scene, call, SPOILED))


@provokes(
    "SearchIndex.IndexNotReadyException",
    "GetStatistics.IndexNotReadyException",
    "GetCardinality.IndexNotReadyException",
    "GetPercentiles.IndexNotReadyException",
    "GetBucketsAggregation.IndexNotReadyException",
    "GetThingConnectivityData.IndexNotReadyException",
    "CreateDynamicThingGroup.ResourceNotFoundException",
)
def indexing_switched_off(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    scene.not_indexed()
    try:
        call(**request)
    finally:
        scene.indexed()


@provokes(
    "GetStatistics.InvalidAggregationException",
    "GetCardinality.InvalidAggregationException",
    "GetPercentiles.InvalidAggregationException",
    "GetBucketsAggregation.InvalidAggregationException",
)
def a_field_that_is_not_indexed(scene, call):
    request = asking.minimal(scene, call.service, call.operation)
    call(**request | {"aggregationField": "attributes.unknown"})


@provokes("UpdateIndexingConfiguration.InvalidRequestException")
def connectivity_without_things(scene, call):
    scene.not_indexed()
    connectivity = {"thingIndexingMode": "OFF", "thingConnectivityIndexingMode": "STATUS"}
    call(thingIndexingConfiguration=connectivity)


@provokes("CreateDynamicThingGroup.LimitExceededException")
def the_hundred_and_first_dynamic_group(scene, call):
    scene.indexed()
    try:
        for _ in range(101 - len(scene.dynamic_groups())):
            name = scene.fresh("dynamic")
            call(goes_on=True, thingGroupName=name, queryString="thingName:nothing")
    finally:
        scene.not_indexed()
        scene.indexed()
