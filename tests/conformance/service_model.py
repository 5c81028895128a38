"""The installed botocore model: requests filled from it, answers held against it."""

import functools

import botocore.session
from botocore import xform_name

# Refused before a resource is looked at, whatever the operation: for the first question, whether
# the operation is offered at all.
NO_VALUE = "  no value  "


@functools.cache
def service(name):
    return botocore.session.get_session().get_service_model(name)


def operation(service_name, name):
    return service(service_name).operation_model(name)


def method(client, name):
    return getattr(client, xform_name(name))


def errors(model):
    """The names of the errors that the model lists for an operation."""
    return sorted(shape.name for shape in model.error_shapes)


def code(model, error):
    """What stands in the answer for an error of the model: IAM and STS call it otherwise."""
    shape = next(shape for shape in model.error_shapes if shape.name == error)
    return shape.metadata.get("error", {}).get("code", error)


def answers_json(model):
    return "json" in model.service_model.metadata["protocol"]


def optional_members(model):
    shape = model.input_shape
    return set(shape.members) - set(shape.required_members) if shape else set()


def fill(model, value, wanted):
    """A request. `value(path, shape)` gives a member's value, or `None` to build it from its
    parts; `wanted(path, required)` tells whether a member is sent at all."""

    def build(shape, path):
        given = value(path, shape)
        if given is not None:
            return given
        if shape.type_name == "structure":
            return {
                name: build(member, f"{path}.{name}")
                for name, member in shape.members.items()
                if wanted(f"{path}.{name}", name in shape.required_members)
            }
        if shape.type_name == "list":
            return [build(shape.member, path)]
        if shape.type_name == "map":
            return {build(shape.key, f"{path}.key"): build(shape.value, f"{path}.value")}
        raise LookupError(f"no value for {path} ({shape.name})")

    return build(model.input_shape, model.name) if model.input_shape else {}


def probe(model):
    """A request that botocore lets through and no operation takes."""
    words = {"string": NO_VALUE, "blob": b"", "boolean": True, "double": 1.0}

    def value(_, shape):
        if shape.type_name == "string" and shape.metadata.get("min", 0) > len(NO_VALUE):
            return NO_VALUE.center(shape.metadata["min"])
        if shape.type_name in words:
            return shape.enum[0] if getattr(shape, "enum", None) else words[shape.type_name]
        if shape.type_name in ("integer", "long"):
            return shape.metadata.get("min", 1)
        return None

    return fill(model, value, lambda _, required: required)


def faults(shape, answer, at="answer"):
    """What is wrong with an answer as it came over the wire, or as botocore parsed it: required
    members that are missing, and members that the model does not know."""
    if shape is None or answer is None:
        return []
    if shape.type_name == "structure":
        wire = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        found = [f"{at}.{name} is missing" for name in shape.required_members if name not in answer]
        for name, content in answer.items():
            if name == "ResponseMetadata":
                continue
            member = shape.members.get(wire.get(name, name))
            if member is None:
                found.append(f"{at}.{name} is unknown to the model")
            else:
                found += faults(member, content, f"{at}.{name}")
        return found
    if shape.type_name == "list":
        return [fault for item in answer for fault in faults(shape.member, item, f"{at}[]")]
    if shape.type_name == "map":
        return [fault for item in answer.values() for fault in faults(shape.value, item, f"{at}{{}}")]
    return []
