"""contract - openapi.yaml read, and answers held against it.

A checker for the part of JSON Schema that openapi.yaml uses. Stricter than the standard in one
thing: an object with `properties` and without `additionalProperties` must hold no other members, so
that nothing is told which the contract does not name.
"""
import datetime
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
PLAIN = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}


class Contract:
    def __init__(self, path=ROOT / "openapi.yaml"):
        self.document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
        self.operations = {}     # "GET /alerts/{alert}" → operation, its path's parameters with it
        for pattern, item in self.document["paths"].items():
            for method in ("get", "post", "patch", "delete", "put"):
                if method in item:
                    operation = dict(item[method])
                    both = item.get("parameters", []) + operation.get("parameters", [])
                    operation["parameters"] = [self.resolve(p) for p in both]
                    self.operations[f"{method.upper()} {pattern}"] = operation

    def resolve(self, schema):
        while "$ref" in schema:
            target = self.document
            for part in schema["$ref"].lstrip("#/").split("/"):
                target = target[part]
            schema = {**target, **{k: v for k, v in schema.items() if k != "$ref"}}
        return schema

    def answer_schema(self, operation, status):
        answer = self.operations[operation]["responses"].get(str(status))
        if answer is None:
            return None, f"{operation} does not know the answer {status}"
        content = answer.get("content", {}).get("application/json")
        return (content["schema"] if content else None), None

    def faults(self, operation, status, value):
        """What is wrong with that answer: sentences, with their places."""
        schema, fault = self.answer_schema(operation, status)
        if fault:
            return [fault]
        if schema is None:
            return [] if value is None else [f"{operation} {status}: a body where there is none"]
        return list(self.check(schema, value, "$"))

    # ---- one value against one schema ------------------------------------------------------------

    def members(self, schema):
        """All properties and required names of an object, over its allOf."""
        schema = self.resolve(schema)
        properties, required = dict(schema.get("properties", {})), list(schema.get("required", []))
        for part in schema.get("allOf", []):
            more, names = self.members(part)
            properties.update(more)
            required += names
        return properties, required

    def check(self, schema, value, place):
        schema = self.resolve(schema)
        if "oneOf" in schema:
            yield from self.check_one_of(schema, value, place)
            return
        if "allOf" in schema:
            properties, required = self.members(schema)
            whole = {"properties": properties, "required": required}
            yield from self.check_object(whole, value, place)
            return
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(self.is_kind(kind, value) for kind in kinds):
            yield f"{place} is {type(value).__name__}, not {' or '.join(kinds)}"
            return
        if "const" in schema and value != schema["const"]:
            yield f"{place} is {value!r}, not {schema['const']!r}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{place} is {value!r}, not one of {schema['enum']}"
        if isinstance(value, str):
            yield from self.check_text(schema, value, place)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield from self.check_number(schema, value, place)
        elif isinstance(value, list):
            yield from self.check_list(schema, value, place)
        elif isinstance(value, dict):
            yield from self.check_object(schema, value, place)

    @staticmethod
    def is_kind(kind, value):
        if kind == "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        if kind == "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        return isinstance(value, PLAIN[kind])

    def check_one_of(self, schema, value, place):
        chosen = schema["oneOf"]
        named = schema.get("discriminator")
        if named and isinstance(value, dict):
            target = named["mapping"].get(value.get(named["propertyName"]))
            if target is None:
                yield f"{place}.{named['propertyName']} is {value.get(named['propertyName'])!r}"
                return
            yield from self.check({"$ref": target}, value, place)
            return
        found = [list(self.check(one, value, place)) for one in chosen]
        if not any(faults == [] for faults in found):
            yield from min(found, key=len)

    @staticmethod
    def check_text(schema, value, place):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{place} is {value!r}, which does not fit {schema['pattern']}"
        if len(value) > schema.get("maxLength", len(value)):
            yield f"{place} is longer than {schema['maxLength']}"
        try:
            if schema.get("format") == "date-time":
                if datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is None:
                    yield f"{place} is {value!r}, a time without zone"
            elif schema.get("format") == "date":
                datetime.date.fromisoformat(value)
        except ValueError:
            yield f"{place} is {value!r}, no {schema['format']}"

    @staticmethod
    def check_number(schema, value, place):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield f"{place} is {value}, out of bounds"
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            yield f"{place} is {value}, not above {schema['exclusiveMinimum']}"

    def check_list(self, schema, value, place):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{place} has {len(value)} elements"
        for number, one in enumerate(value):
            yield from self.check(schema.get("items", {}), one, f"{place}[{number}]")

    def check_object(self, schema, value, place):
        if not isinstance(value, dict):
            yield f"{place} is {type(value).__name__}, not object"
            return
        properties, other = schema.get("properties", {}), schema.get("additionalProperties")
        for name in schema.get("required", []):
            if name not in value:
                yield f"{place}.{name} is missing"
        for name, one in value.items():
            if name in properties:
                yield from self.check(properties[name], one, f"{place}.{name}")
            elif isinstance(other, dict):
                yield from self.check(other, one, f"{place}.{name}")
            elif properties:
                yield f"{place}.{name} is in no contract"


class _Loader(yaml.SafeLoader):
    """Dates stay text, as JSON has none."""


_Loader.yaml_implicit_resolvers = {
    key: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
