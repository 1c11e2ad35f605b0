"""What a template may leave to be filled in: a closed list, and nothing in braces is ever evaluated."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from cases import placeholders, wording
from cases.errors import Unfilled
from cases.models import Message, ReplyTemplate
from cases.operations import promising, talk
from cases.states import Metric
from tests import factories as make


def test_known_placeholders_are_filled_and_written_with_two_braces_too():
    filled = placeholders.fill("{contact_name}, {{ case_number }}: {subject}", values())
    assert (filled.text, filled.missing) == ("Aoife, C-1: Charged twice", ())


def values(**others):
    return {"contact_name": "Aoife", "case_number": "C-1", "subject": "Charged twice", **others}


def test_without_a_value_it_stays_to_be_seen_and_is_named_once():
    filled = placeholders.fill("By {promise_date}, yes, {{promise_date}}.", values(promise_date=""))
    assert filled.text == "By {promise_date}, yes, {promise_date}."
    assert filled.missing == ("promise_date",)
    [sentence] = placeholders.words_about(filled.missing)
    assert "{promise_date}" in sentence and "promised" in sentence


def test_what_is_filled_in_is_not_filled_again():
    filled = placeholders.fill("{subject}", values(subject="{contact_name} {% debug %} {{ x.y }}"))
    assert filled.text == "{contact_name} {% debug %} {{ x.y }}"


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Dear {contact_name},", []),
        ("Dear {{contact_name}},", []),
        ("Dear {contactname},", ["{contactname}"]),
        ("Dear {contact name},", ["{contact name}"]),
        ("{{ case.customer.password }}", ["{{ case.customer.password }}"]),
        ("{contact_name.__class__}", ["{contact_name.__class__}"]),
        ("{% load x %}", ["{% load x %}"]),
        ("a } b {", ["}", "{"]),
        ("{Contact_Name}", ["{Contact_Name}"]),
        ("{}", ["{}"]),
    ],
)
def test_whatever_else_stands_in_braces_is_found(text, unknown):
    assert placeholders.unknown_in(text) == unknown


@pytest.mark.parametrize("text", ['{"json": 1}', "{x}", "a set {1, 2}", "{{ x }}"])
def test_other_words_in_braces_are_only_words_when_sent(text):
    assert placeholders.left_in(text) == []


# --- On a case ---

pytest_db = pytest.mark.django_db


@pytest.fixture
def ana():
    return make.person("Ana", title="Senior agent")


@pytest.fixture
def case(ana, now):
    make.policy(targets={(Metric.FIRST_RESPONSE, None): 4 * 3600, (Metric.RESOLUTION, None): 40 * 3600})
    customer = make.customer(language="es", time_zone="America/Bogota")
    return make.case(customer, now=now, by=ana, owner=ana)


@pytest_db
def test_every_placeholder_has_its_value_on_a_case(case, ana, now):
    due = now + timedelta(hours=30)
    promising.promise(case=case, what="Send the credit note", due_at=due, by=ana, now=now)
    found = wording.values(case, ana, now)
    assert set(found) == set(placeholders.ACCEPTED)
    assert all(found.values())
    assert found["promise"] == "Send the credit note"
    assert found["signature"] == "Ana\nSenior agent"
    # 14:00 UTC is 09:00 in Bogota.
    assert found["promise_date"] == "Tue 3 Mar 2026, 09:00 (Bogota time)"
    assert found["next_due"] == "Mon 2 Mar 2026, 07:00 (Bogota time)"


@pytest_db
def test_what_is_late_is_no_date_to_tell_and_our_own_terms_are_not_told(case, ana, now):
    assert wording.values(case, ana, now + timedelta(days=9))["next_due"] == ""


@pytest_db
def test_times_are_worded_in_the_templates_language(case, ana, now):
    with translation.override("en"):
        filled = wording.fill("{received_on}", case=case, by=ana, now=now, language="ru")
        assert "марта" in filled.text.lower() or "мар" in filled.text.lower()


@pytest_db
def test_nothing_is_asked_where_nothing_is_to_fill(case, ana, now, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert wording.fill("Plain {words}", case=case, by=ana, now=now).text == "Plain {words}"


@pytest_db
def test_a_reply_with_an_open_placeholder_does_not_leave(case, ana, now):
    with pytest.raises(Unfilled) as refused:
        talk.reply(case=case, body="By {promise_date}.", by=ana, now=now)
    assert "{promise_date}" in refused.value.messages[0]
    assert not Message.objects.filter(direction="out").exists()


@pytest_db
def test_a_template_with_an_unknown_placeholder_is_refused_with_those_that_are_accepted():
    row = ReplyTemplate(name="x", language="en", body="Dear {name}, {{ settings.SECRET_KEY }}")
    with pytest.raises(ValidationError) as refused:
        row.full_clean()
    [sentence] = refused.value.message_dict["body"]
    assert "{name}" in sentence and "SECRET_KEY" in sentence and "{contact_name}" in sentence
