"""Reply templates in the console: proposed by supervisors, switched on by managers, audited."""

import pytest
from django.urls import reverse

from cases.models import ReplyTemplate
from tests import factories as make
from tests.console_forms import errors, filled, said

pytestmark = pytest.mark.django_db
ADD = "admin:cases_replytemplate_add"
CHANGE = "admin:cases_replytemplate_change"
FIELDS = {"name": "Hello", "language": "es", "body": "Estimada {contact_name}:"}


def add(client, person, **changes):
    client.force_login(person)
    page = client.get(reverse(ADD))
    return client.post(reverse(ADD), filled(page, **(FIELDS | changes)), follow=True)


def test_a_manager_writes_one_that_is_offered_at_once(client):
    nora = make.person("Nora", role="manager")
    add(client, nora, change_reason="asked for by the Madrid desk")
    row = ReplyTemplate.objects.get()
    assert (row.language, row.form_of_address, row.is_active) == ("es", "formal", True)
    told = row.history.get()
    assert (told.history_user_id, told.history_type) == (nora.pk, "+")
    assert told.history_change_reason == "asked for by the Madrid desk"


def test_a_supervisor_proposes_one_that_a_manager_switches_on(client):
    ana, nora = make.person("Ana", role="supervisor"), make.person("Nora", role="manager")
    answer = add(client, ana)
    row = ReplyTemplate.objects.get()
    assert not row.is_active
    assert any("when a manager switches it on" in sentence for sentence in said(answer))
    client.force_login(nora)
    page = client.get(reverse(CHANGE, args=[row.pk]))
    client.post(reverse(CHANGE, args=[row.pk]), filled(page, is_active="on", change_reason="reads well"))
    row.refresh_from_db()
    assert row.is_active
    client.force_login(ana)
    page = client.get(reverse(CHANGE, args=[row.pk]))
    assert page.context["has_change_permission"] is False


@pytest.mark.parametrize("body", ["Dear {name},", "{{ settings.SECRET_KEY }}", "{% load x %}", "a { b"])
def test_what_is_no_placeholder_is_refused_with_those_that_are_and_the_text_is_kept(client, body):
    page = add(client, make.person("Nora", role="manager"), body=body)
    [sentence] = errors(page)
    assert "{contact_name}" in sentence and "{promise_date}" in sentence
    assert page.context["adminform"].form["body"].value() == body
    assert not ReplyTemplate.objects.exists()


def test_the_form_says_what_may_be_filled_in(client):
    client.force_login(make.person("Nora", role="manager"))
    assert "{next_due}" in client.get(reverse(ADD)).content.decode()


def test_a_name_stands_once_in_a_language_and_form_of_address(client):
    nora = make.person("Nora", role="manager")
    add(client, nora)
    assert "choose another name" in errors(add(client, nora))[0]
    add(client, nora, form_of_address="familiar")
    add(client, nora, language="en")
    assert ReplyTemplate.objects.count() == 3


@pytest.mark.parametrize("role", ["agent", "auditor", "administrator"])
def test_nobody_else_writes_one(client, role):
    client.force_login(make.person("Somebody", role=role))
    assert client.post(reverse(ADD), FIELDS).status_code == 403
    assert not ReplyTemplate.objects.exists()
