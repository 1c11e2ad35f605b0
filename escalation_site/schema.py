"""What the API's schema says of refusals: the same for every endpoint, so it is written once."""

ERROR = {
    "type": "object",
    "description": "Why something was refused. Nothing was changed.",
    "required": ["code", "messages", "fields"],
    "properties": {
        "code": {
            "type": "string",
            "description": "For programs: invalid, not_found, permission_denied, not_authenticated,"
            " throttled, or the refusal's name, as in stale_case, already_running, blocked.",
        },
        "messages": {
            "type": "array",
            "items": {"type": "string"},
            "description": "For people, in their language.",
        },
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": "What is wrong with which field or parameter; within a list by its place, as in"
            " cases.0.revision.",
        },
    },
}
UNREAD = "What was sent cannot be read, or the operation refuses it."
STRANGER = "Nobody is logged in."
NOT_THIS_ROLE = "Your role, or your reach, does not permit it."
UNKNOWN = "There is no such thing, or none that you may know of."
TOO_OFTEN = "You asked too often; Retry-After says in how many seconds to ask again."
OVERTAKEN = "Somebody was faster, or it runs already: read again."


def with_refusals(result, generator, request, public):
    """Add the error's shape, and to each operation the ways in which it refuses."""
    result["components"].setdefault("schemas", {})["Error"] = ERROR
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            for status, description in refusals_of(path, method, operation):
                operation["responses"].setdefault(
                    status,
                    {
                        "description": description,
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                    },
                )
    return result


def refusals_of(path, method, operation):
    if method == "post" or any(p["in"] == "query" for p in operation.get("parameters", ())):
        yield "400", UNREAD
    yield "401", STRANGER
    yield "403", NOT_THIS_ROLE
    if "{" in path:
        yield "404", UNKNOWN
    if method == "post":
        yield "409", OVERTAKEN
    yield "429", TOO_OFTEN
