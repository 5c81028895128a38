"""What a registry says of everything in it, through AWS's own client: to compare two versions."""

import json

from fleet import make_client

# Of answers: what belongs to the call and not to the resource, and what a server adds by itself.
NOT_THE_RESOURCE = {"ResponseMetadata", "nextToken", "NextToken", "Marker", "IsTruncated"}


def plain(answer):
    """Without what belongs to the call; times and bytes as text."""
    kept = {key: value for key, value in answer.items() if key not in NOT_THE_RESOURCE}
    return json.loads(json.dumps(kept, default=lambda value: str(value), sort_keys=True))


def snapshot(server):
    """Everything, by kind and name."""
    iot, iam = make_client(server), make_client(server, "iam")
    data, functions = make_client(server, "iot-data"), make_client(server, "lambda")

    def every(operation, member, name=None, client=iot, **given):
        found = getattr(client, operation)(**given)[member]
        return sorted(each[name] if name else each for each in found)

    def described(operation, argument, names, client=iot):
        return {each: plain(getattr(client, operation)(**{argument: each})) for each in names}

    things = every("list_things", "things", "thingName")
    groups = every("list_thing_groups", "thingGroups", "groupName", recursive=True)
    policies = every("list_policies", "policies", "policyName")
    certificates = every("list_certificates", "certificates", "certificateId")
    templates = every("list_provisioning_templates", "templates", "templateName")
    authorities = every("list_ca_certificates", "certificates", "certificateId")
    kinds = every("list_thing_types", "thingTypes", "thingTypeName")
    billing = every("list_billing_groups", "billingGroups", "groupName")
    aliases = every("list_role_aliases", "roleAliases")
    users = every("list_users", "Users", "UserName", client=iam)
    roles = every("list_roles", "Roles", "RoleName", client=iam)
    code = every("list_functions", "Functions", "FunctionName", client=functions)
    retained = every("list_retained_messages", "retainedTopics", "topic", client=data)

    def versions_of(policy):
        return {
            version["versionId"]: plain(
                iot.get_policy_version(policyName=policy, policyVersionId=version["versionId"])
            )
            for version in iot.list_policy_versions(policyName=policy)["policyVersions"]
        }

    def versions_of_template(template):
        return {
            str(version["versionId"]): plain(
                iot.describe_provisioning_template_version(
                    templateName=template, versionId=version["versionId"]
                )
            )
            for version in iot.list_provisioning_template_versions(templateName=template)["versions"]
        }

    return {
        "things": described("describe_thing", "thingName", things),
        "principals": {
            thing: every("list_thing_principals", "principals", thingName=thing)
            for thing in things
        },
        "thing types": described("describe_thing_type", "thingTypeName", kinds),
        "groups": described("describe_thing_group", "thingGroupName", groups),
        "members": {
            group: every("list_things_in_thing_group", "things", thingGroupName=group)
            for group in groups
        },
        "billing groups": described("describe_billing_group", "billingGroupName", billing),
        "policies": {policy: versions_of(policy) for policy in policies},
        "targets": {
            policy: every("list_targets_for_policy", "targets", policyName=policy)
            for policy in policies
        },
        "certificates": described("describe_certificate", "certificateId", certificates),
        "templates": described("describe_provisioning_template", "templateName", templates),
        "template versions": {each: versions_of_template(each) for each in templates},
        "authorities": described("describe_ca_certificate", "certificateId", authorities),
        "role aliases": described("describe_role_alias", "roleAlias", aliases),
        "users": described("get_user", "UserName", users, iam),
        "keys": {
            user: every("list_access_keys", "AccessKeyMetadata", "AccessKeyId", iam, UserName=user)
            for user in users
        },
        "user policies": {
            user: every(
                "list_attached_user_policies", "AttachedPolicies", "PolicyArn", iam, UserName=user
            )
            for user in users
        },
        "roles": described("get_role", "RoleName", roles, iam),
        "functions": described("get_function_configuration", "FunctionName", code, functions),
        "retained": described("get_retained_message", "topic", retained, data),
        "indexing": plain(iot.get_indexing_configuration()),
        "events": plain(iot.describe_event_configurations()),
        "registration code": plain(iot.get_registration_code()),
    }


def differences(before, after, path=""):
    """Paths at which something that was there is otherwise; what came in addition is nothing."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            found
            for key, value in before.items()
            for found in differences(value, after.get(key), f"{path}/{key}")
        ]
    return [] if before == after else [f"{path}: {before!r} became {after!r}"]
