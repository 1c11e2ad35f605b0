"""Every address that has a name stands in a table of who may ask it, and is asked by somebody of each.

Most tables of the workspace stand with the tests of their subject, as WHO_MAY (what a page answers) or SENT
(what it answers to a form); the console's standard pages stand in tests/test_console.py, the rest in
tests/role_tables.py, whose rows are asked here.
"""

import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.template.backends.django import Template
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases import surveys
from cases.models import Absence, Case, Membership, Pause
from cases.operations import talk
from tests import addresses, audited, role_tables
from tests import factories as make
from tests.test_console import rows, shown_models
from tests.worlds import asks

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
NOW, HOUR = make.BEGINNING, timedelta(hours=1)
STANDARD = ("changelist", "add", "history", "delete", "change", "export")
# What is asked of nobody in particular, and why.
OF_NOBODY = {
    "login": "the door",
    "logout": "the way out",
    "set_language": "changes nothing but the asker's own language",
    "health-live": "asked by what keeps the processes running",
    "health-ready": "asked by what keeps the processes running",
    "metrics": "asked by what watches the machine; tests/escalation_site/test_metrics.py says what it tells",
    "api-schema": "what the API is like, not what is in it",
    "api-docs": "what the API is like, not what is in it",
}
PUBLIC = {"survey"}  # whoever has its link


def tables(kind):
    """The names in each table of this kind in the tests of a subject."""
    found = set()
    for path in HERE.rglob("test_*.py"):
        if re.search(rf"^{kind} = ", path.read_text(), re.MULTILINE):
            place = path.relative_to(HERE.parent).with_suffix("")
            found |= set(getattr(import_module(".".join(place.parts)), kind))
    return found


def test_every_address_stands_in_a_table_of_who_may():
    asked = {"get": tables("WHO_MAY"), "post": tables("SENT")}
    of_ours = {"get": role_tables.WHO_MAY, "post": role_tables.SENT}
    workspace = {key for key in addresses.of_the_workspace() if key[1] not in OF_NOBODY}
    listed = {(method, name) for method in asked for name in asked[method] | set(of_ours[method])}
    assert workspace - listed == set()
    assert {key for key in listed if key[1] in OF_NOBODY} == set()
    models = [f"{model._meta.app_label}_{model._meta.model_name}" for model in shown_models()]
    standard = {f"{model}_{page}" for model in models for page in STANDARD}
    assert set(addresses.of_the_console()) - standard - set(OF_NOBODY) == set(role_tables.CONSOLE)
    api = {key for key in addresses.of_the_api() if key[1] not in OF_NOBODY}
    both = (("get", role_tables.API_READ), ("post", role_tables.API_DONE))
    assert api == {(method, f"api-{name}") for method, table in both for name in table}


# --- One of each thing that an address names, within the reach of whoever works its case ---


@pytest.fixture
def desk(monkeypatch):
    """Who may is decided before a page is written: none is written here, which takes the most time."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    monkeypatch.setattr(Template, "render", lambda *_args, **_kwargs: "")
    w = audited.world()
    marta = make.person("Marta", role="supervisor")
    with make.signed():
        for position, person in enumerate([w.ana, marta, w.people[1]], 1):
            Membership.objects.create(team=w.team, person=person, position=position)
        Case.objects.update(team=w.team, owner=w.ana)
    others = [make.person(role, role=role) for role in ("manager", "auditor", "administrator")]
    bruno = make.person("Bruno")
    make.team("Billing", people=[bruno])
    w.asking = [w.ana, marta, *others, bruno]
    w.rows = {model._meta.model_name: row for model, row in rows(w, 2).items()}
    w.case = Case.objects.get(pk=w.case.pk)
    with make.signed():
        w.rows["absence"] = Absence.objects.create(person=w.ana, starts_at=NOW + HOUR, ends_at=NOW + 3 * HOUR)
        w.rows["pause"] = Pause.objects.create(
            case=w.case,
            reason=w.pause_reason,
            started_at=NOW,
            expected_end_at=NOW + HOUR,
            started_by=w.ana,
        )
    return w


# Where the model in an address's name is not what it is about, and keys of things that are not rows.
WHOLES = {"calendar": "calendar", "slapolicy": "policy", "escalationpath": "path"}
KEYS = {"cases_packversion_confirm": "br-sac", "escalations_escalationpath_template": "public"}


def where(w, name, route):
    """{word: value} of what the address names, each an example of it."""
    given = {
        "number": w.case.number,
        "done": w.rows["donetogether"].pk,
        "view": w.rows["savedview"].pk,
        "link": w.rows["caselink"].pk,
        "question": w.rows["askback"].pk,
        "token": surveys.link(w.rows["survey"].pk).split("/")[-2],
        "kind": "csv" if name == "cases_person_example" else "reply",
        "key": KEYS.get(name, "spain-payments"),
        "app_label": "cases",
        "year": 2026,
        "step": w.rows["levelstep"].pk,
        "content_type_id": 1,
    }
    words = addresses.names_in(route)
    return {word: given[word] if word in given else (w.rows.get(word) or about(w, name)).pk for word in words}


def about(w, name):
    """The row of the model after which an address is called."""
    if name.startswith("api-"):
        words = name.split("-")[1:]
        return w.rows.get("".join(words[:2])) or w.rows[words[0]]
    model = name.split("_")[1] if "_" in name else name
    if name.endswith(("newest_draft", "calendar_year")):
        return getattr(w, WHOLES[model])
    return w.case.policy_version if name.endswith("move_cases") else w.rows.get(model, w.case)


def said(w, name):
    """What is sent where nothing at all would not tell who may."""
    box = f"{w.case.number}:{w.case.revision}"
    of_duty = {"app_label": "cases", "model_name": "duty", "field_name": "person", "term": ""}
    return {
        "cases-together": {"do": "close", "case": box, "token": "x"},
        "me-theme": {"theme": "dark"},
        "autocomplete": of_duty,
    }.get(name, {})


def answers(clients, method, address, data=None):
    """What each is answered; whatever it changes is undone."""
    found = []
    for client in clients:
        with transaction.atomic():
            found.append(getattr(client, method)(address, data).status_code)
            transaction.set_rollback(True)
    return tuple(found)


def signed_in(w):
    clients = [Client() for _person in w.asking]
    for client, person in zip(clients, w.asking, strict=True):
        client.force_login(person)
    return clients


def asked_to_come_in(nobody, method, address):
    answer = getattr(nobody, method)(address)
    return answer.status_code == 302 and "/login/" in answer.url


def test_each_page_and_form_answers_each_role_and_nobody_without_signing_in(desk):
    clients, nobody, wrong = signed_in(desk), Client(), {}
    both = {"get": role_tables.WHO_MAY, "post": role_tables.SENT}
    for (method, name), route in addresses.of_the_workspace().items():
        if name in OF_NOBODY:
            continue
        address = reverse(name, kwargs=where(desk, name, route))
        if name not in PUBLIC and not asked_to_come_in(nobody, method, address):
            wrong[method, name] = "answers nobody"
        if name in both[method]:
            found = answers(clients, method, address, said(desk, name))
            if found != both[method][name]:
                wrong[method, name] = found
    assert wrong == {}


def test_each_page_of_the_console_answers_each_role_and_nobody_without_signing_in(desk):
    clients, nobody, wrong = signed_in(desk), Client(), {}
    for name, route in addresses.of_the_console().items():
        if name not in role_tables.CONSOLE:
            continue
        address = reverse(f"admin:{name}", kwargs=where(desk, name, route))
        found = answers(clients, "get", address, said(desk, name))
        if 405 in found:
            found = answers(clients, "post", address)
        if found != role_tables.CONSOLE[name]:
            wrong[name] = found
        if not asked_to_come_in(nobody, "get", address):
            wrong[name] = "answers nobody"
    assert wrong == {}


def test_each_endpoint_answers_each_role_and_no_stranger(desk):
    message = talk.reply(
        case=desk.case, body="x", files=[SimpleUploadedFile("a.txt", b"x")], by=desk.ana, now=NOW
    )
    desk.rows["attachment"] = message.attachments.get()
    clients, nobody, wrong = [asks(person) for person in desk.asking], asks(), {}
    for (method, name), route in addresses.of_the_api().items():
        if name in OF_NOBODY:
            continue
        address = reverse(name, kwargs=where(desk, name, route))
        table = role_tables.API_READ if method == "get" else role_tables.API_DONE
        found = answers(clients, method, address)
        if found != table[name.removeprefix("api-")]:
            wrong[method, name] = found
        if getattr(nobody, method)(address).status_code != 401:
            wrong[method, name] = "answers a stranger"
    assert wrong == {}
