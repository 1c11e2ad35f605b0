"""The API's schema and the page that shows it."""

import re

import pytest
from django.core.management import call_command
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema):
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_schema_is_valid_and_nothing_in_it_was_guessed(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))
    assert (tmp_path / "schema.yml").stat().st_size > 10_000


def test_every_endpoint_says_what_it_is_for_and_how_it_refuses(schema):
    for name, operation in operations(schema):
        assert operation.get("description"), name
        refusals = (
            {"401", "403"}
            | ({"404"} if "{" in name else set())
            | ({"400", "409"} if name.startswith("POST") else set())
        )
        assert refusals <= set(operation["responses"]), name


def test_every_verb_says_what_it_wants_to_hear_and_what_it_answers(schema):
    verbs = {name: operation for name, operation in operations(schema) if name.startswith("POST")}
    assert len(verbs) >= 19
    wordless = {name for name, operation in verbs.items() if "requestBody" not in operation}
    assert wordless == {
        f"POST /api/v1/{verb}/"
        for verb in (
            "absences/{id}/end",
            "notices/{id}/read",
            "saved-views/{id}/delete",
            "together/{id}/undo",
        )
    }
    for name, operation in verbs.items():
        body = operation.get("requestBody", {"content": {"application/json": {"schema": {"$ref": None}}}})
        asked = body["content"]["application/json"]["schema"]["$ref"]
        answers = [
            operation["responses"][status] for status in ("200", "201") if status in operation["responses"]
        ]
        assert len(answers) == 1 and answers[0]["content"], name
        assert asked != answers[0]["content"]["application/json"]["schema"]["$ref"], name


def test_whoever_escalates_is_told_that_the_customer_hears_of_it(schema):
    asked = schema["components"]["schemas"]["Escalating"]
    assert "telling" in asked["required"]
    for name in ("now", "said", "later"):
        assert f"{name}:" in asked["properties"]["telling"]["description"]


def test_lists_are_paged_by_cursor(schema):
    alone = {f"GET /api/v1/{name}/" for name in ("dashboard", "me", "roles", "roster")}  # one thing, no list
    lists = [
        op
        for name, op in operations(schema)
        if name.startswith("GET") and "{" not in name and name not in alone
    ]
    assert lists
    for operation in lists:
        assert {"cursor", "page_size"} <= {parameter["name"] for parameter in operation["parameters"]}


def test_the_schema_is_served(client, db):
    assert client.get("/api/schema/").status_code == 200


def test_the_page_needs_nothing_that_the_policy_forbids(client, db):
    response = client.get("/api/docs/")
    page = response.content.decode()
    assert response.status_code == 200
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    addresses = re.findall(r"<(?:script|link)[^>]*(?:src|href)=\"([^\"]+)\"", page)
    assert len(addresses) >= 3
    assert all(
        address.startswith("/") or address.startswith("?") or address.startswith("http://testserver/")
        for address in addresses
    )
    assert "unsafe-eval" not in response["Content-Security-Policy"]
    script = client.get(reverse("api-docs"), {"script": ""})
    assert script["Content-Type"].startswith("application/javascript") and b"/api/schema/" in script.content
