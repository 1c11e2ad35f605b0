"""The rows of the matrix: put in order, switched, duplicated; read with which of them answers, and why."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import notices
from cases.models import Notice, PersonPreference, TriggerKind
from escalations import matching, matrix
from escalations.errors import RuleUnfit, StaleMatrix
from escalations.models import EscalationPath, Rule
from escalations.operations import matrix as operations
from escalations.operations.automatic import _rules
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def nora():
    return make.person("Nora", role="manager")


@pytest.fixture
def path(nora):
    return make.path(levels=[{"person": nora}, {"person": nora}], fallback=nora)


@pytest.fixture
def rules(path):
    """Three rules, asked as threat, safety, opened."""
    triggers = ("threat", "safety", "opened")
    return [make.rule(path, trigger, position=number * 10) for number, trigger in enumerate(triggers, 1)]


def names():
    return [rule.name for rule in _rules()]


def moved(*order, seen, nora, now, **fields):
    return operations.reorder(order=[rule.pk for rule in order], seen=seen, by=nora, now=now, **fields)


def test_rules_are_asked_in_the_order_they_are_put_in(rules, nora, now):
    threat, safety, opened = rules
    done = moved(
        opened, threat, safety, seen=operations.revisions(), nora=nora, now=now, reason="Openings first"
    )
    assert names() == ["opened", "threat", "safety"]
    assert {rule.name for rule in done} == {"opened", "threat", "safety"}
    entry = Rule.history.latest("history_id")
    assert (entry.history_change_reason, entry.history_user_id) == ("Openings first", nora.pk)


def test_rules_that_keep_their_place_are_not_written(rules, nora, now):
    threat, safety, opened = rules
    before = Rule.history.count()
    assert moved(threat, safety, opened, seen=operations.revisions(), nora=nora, now=now) == []
    done = moved(threat, opened, safety, seen=operations.revisions(), nora=nora, now=now)
    assert {rule.name for rule in done} == {"opened", "safety"}
    assert Rule.history.count() == before + 2


def test_rules_of_one_position_are_put_in_order_too(path, nora, now):
    first, second = (make.rule(path, trigger) for trigger in ("threat", "safety"))
    moved(second, first, seen=operations.revisions(), nora=nora, now=now)
    assert names() == ["safety", "threat"]
    assert sorted(Rule.objects.values_list("position", flat=True)) == [10, 20]


def test_a_stale_order_is_refused_with_what_changed_meanwhile(rules, path, nora, now):
    threat, safety, opened = rules
    seen = operations.revisions()
    marta = make.person("Marta", role="manager")
    with make.signed(now, by=marta):
        Rule.objects.filter(pk=threat.pk).update(tier="gold")
        Rule.objects.filter(pk=opened.pk).delete()
        Rule.objects.create(name="vulnerable", trigger="vulnerable", path=path)
    with pytest.raises(StaleMatrix) as refused:
        moved(safety, threat, opened, seen=seen, nora=nora, now=now)
    when = refused.value.messages[0].rpartition(", ")[2]
    assert refused.value.messages == [
        f"“threat” was changed by Marta, {when}",
        f"“opened” was deleted by Marta, {when}",
        f"“vulnerable” was added by Marta, {when}",
    ]
    assert names() == ["threat", "safety", "vulnerable"]


def test_somebody_elses_order_makes_mine_stale(rules, nora, now):
    threat, safety, opened = rules
    seen = operations.revisions()
    moved(safety, threat, opened, seen=seen, nora=nora, now=now)
    with pytest.raises(StaleMatrix):
        moved(threat, opened, safety, seen=seen, nora=nora, now=now)
    assert names() == ["safety", "threat", "opened"]


@pytest.mark.parametrize("picked", [(0, 1), (0, 1, 1), (0, 1, 2, 2)])
def test_an_order_that_does_not_name_each_rule_once_is_refused(picked, rules, nora, now):
    with pytest.raises(StaleMatrix):
        moved(*(rules[n] for n in picked), seen=operations.revisions(), nora=nora, now=now)
    assert names() == ["threat", "safety", "opened"]


def test_a_rule_that_is_off_is_not_asked_until_it_is_on_again(rules, nora, now):
    threat = rules[0]
    operations.switch(rule=threat, is_active=False, by=nora, now=now, reason="Noise")
    assert names() == ["safety", "opened"]
    assert threat.history.latest("history_id").history_change_reason == "Noise"
    with pytest.raises(RuleUnfit, match="“threat” is off already."):
        operations.switch(rule=threat, is_active=False, by=nora, now=now)
    operations.switch(rule=threat, is_active=True, by=nora, now=now)
    assert names()[0] == "threat"
    with pytest.raises(RuleUnfit, match="“threat” is on already."):
        operations.switch(rule=threat, is_active=True, by=nora, now=now)


def test_a_rule_whose_path_cannot_start_is_not_switched_on(rules, path, nora, now):
    draft = make.path("Outages", fallback=nora, publish=False)
    with make.signed():
        Rule.objects.filter(pk=rules[0].pk).update(is_active=False, path=draft)
        Rule.objects.filter(pk=rules[1].pk).update(is_active=False)
        EscalationPath.objects.filter(pk=path.pk).update(is_active=False)
    with pytest.raises(RuleUnfit, match="“Outages” is only a draft"):
        operations.switch(rule=rules[0], is_active=True, by=nora, now=now)
    with pytest.raises(RuleUnfit, match="“Complaints” is switched off; switch it on first."):
        operations.switch(rule=rules[1], is_active=True, by=nora, now=now)
    assert not Rule.objects.in_order().exists()


def test_a_duplicate_says_the_same_and_is_off_right_after_its_original(rules, nora, now):
    with make.signed():
        Rule.objects.filter(pk=rules[0].pk).update(tier="gold", level_number=2, name="x" * 120)
    copy = operations.duplicate(rule=rules[0], by=nora, now=now)
    assert (copy.tier, copy.level_number, copy.trigger, copy.is_active) == ("gold", 2, "threat", False)
    assert copy.name.endswith("(copy)") and len(copy.name) <= 120
    assert [row.rule.pk for row in matrix.read(now=now).rows][:2] == [rules[0].pk, copy.pk]


def asked(trigger, **facts):
    words = {"trigger": str(TriggerKind(trigger).label), **{name: str(v) for name, v in facts.items()}}
    return matrix.Asked(matching.Facts(trigger=trigger, **facts), words)


def test_each_row_says_why_it_does_or_does_not_answer(path, rules, now):
    make.rule(path, "opened", name="gold", position=25, tier="gold")
    make.rule(path, "opened", name="off", position=26, is_active=False)
    make.rule(path, "opened", name="last", position=40)
    read = matrix.read(now=now, asked=asked("opened", tier="silver"))
    assert [(row.rule.name, row.verdict) for row in read.rows] == [
        ("threat", matrix.FAILED),
        ("safety", matrix.FAILED),
        ("gold", matrix.FAILED),
        ("off", matrix.OFF),
        ("opened", matrix.WON),
        ("last", matrix.NOT_ASKED),
    ]
    assert read.rows[0].why == "No: this is “Case opened”."
    assert read.rows[2].why == "No: Tier is “silver”."
    assert [cell.failed for cell in read.rows[2].cells if cell.name == "tier"] == ["silver"]
    assert read.winner.rule.name == "opened"


@pytest.mark.parametrize(
    ("days", "verdict", "why"),
    [
        (30, matrix.WON, "Answers: all its conditions hold."),
        (31, matrix.FAILED, "No: Escalated before is “31”."),
        (None, matrix.FAILED, "No: Escalated before is “none”."),
    ],
)
def test_a_rule_that_counts_days_says_how_long_ago_it_was(days, verdict, why, path, now):
    make.rule(path, "escalated_again", within_days=30)
    words = {"trigger": "Escalated again", "within_days": str(days) if days else ""}
    about = matrix.Asked(matching.Facts(trigger="escalated_again", days_since=days), words)
    [row] = matrix.read(now=now, asked=about).rows
    assert (row.verdict, row.why) == (verdict, why)
    assert [cell.words for cell in row.cells if cell.name == "within_days"] == ["within 30 days"]


def test_nothing_answers_where_no_condition_holds(rules, now):
    read = matrix.read(now=now, asked=asked("vulnerable"))
    assert read.winner is None and {row.verdict for row in read.rows} == {matrix.FAILED}


def test_columns_are_those_that_rules_ask_for(path, rules, now):
    read = matrix.read(now=now)
    assert read.headings == ["Category", "Priority", "Tier"]
    assert "Channel" in read.unused
    make.rule(path, "opened", channel="mail", reopened_at_least=2)
    read = matrix.read(now=now)
    assert read.headings == ["Category", "Priority", "Tier", "Channel", "Reopened"]
    assert [cell.words for cell in read.rows[-1].cells] == ["", "", "", "mail", "2 times or more"]


@pytest.mark.parametrize(
    ("earlier", "later", "covered"),
    [
        ({}, {"tier": "gold"}, True),
        ({"tier": "gold"}, {}, False),
        ({"tier": "gold"}, {"tier": "gold", "channel": "mail"}, True),
        ({"tier": "gold"}, {"tier": "silver"}, False),
        ({"reopened_at_least": 2}, {"reopened_at_least": 3}, True),
        ({"reopened_at_least": 2}, {"reopened_at_least": 1}, False),
        ({"reopened_at_least": 2}, {}, False),
        ({"reopened_at_least": 0}, {}, True),
        ({"is_active": False}, {"tier": "gold"}, False),
    ],
)
def test_a_rule_that_another_leaves_nothing_is_never_reached(earlier, later, covered, path, now):
    make.rule(path, "opened", position=1, **earlier)
    make.rule(path, "opened", position=2, **later)
    first, second = matrix.read(now=now).rows
    assert (second.covered_by is not None) is covered and first.covered_by is None


def test_a_matrix_costs_the_same_however_long_it_is(path, rules, now):
    costs = []
    for number in (1, 20):
        for position in range(number):
            make.rule(path, "opened", position=100 + position)
        with CaptureQueriesContext(connection) as captured:
            matrix.read(now=now, seen=operations.revisions())
            matrix.last_changes(now=now)
        costs.append(len(captured))
    assert costs[0] == costs[1] <= 6


def test_a_token_gives_back_what_was_shown(rules, now):
    seen = operations.revisions()
    token = matrix.read(now=now, seen=seen).token
    assert matrix.read_token(token) == ([rule.pk for rule in rules], seen)
    for wrong in ("1", "1:2:3", "a:b"):
        with pytest.raises(ValueError):
            matrix.read_token(wrong)


def test_the_last_changes_say_who_changed_which_rule_and_why(rules, nora, now):
    operations.switch(rule=rules[0], is_active=False, by=nora, now=now, reason="Noise")
    when, who, what, why = matrix.last_changes(now=now + timedelta(minutes=5))[0]
    assert (who, what, why) == ("Nora", "changed “threat”", "Noise")


# --- Who hears of it


def told():
    return sorted(Notice.objects.filter(kind="matrix_changed").values_list("person__name", "channel"))


def test_those_who_work_hear_of_a_change_once_until_they_have_read_of_it(rules, nora, now):
    ana, _auditor = make.person("Ana"), make.person("Audre", role="auditor")
    threat, safety, opened = rules
    moved(opened, threat, safety, seen=operations.revisions(), nora=nora, now=now)
    [notice] = Notice.objects.filter(kind="matrix_changed")
    assert (notice.person, notice.case, notice.channel) == (ana, None, "app")
    assert notices.sentence(notice) == "Nora put the escalation matrix in another order"
    operations.switch(rule=threat, is_active=False, by=nora, now=now)
    assert told() == [("Ana", "app")]
    with make.signed():
        Notice.objects.update(read_at=now)
    operations.switch(rule=threat, is_active=True, by=nora, now=now)
    assert told() == [("Ana", "app")] * 2


def test_nobody_hears_of_an_order_that_stays_or_of_a_duplicate(rules, nora, now):
    make.person("Ana")
    moved(*rules, seen=operations.revisions(), nora=nora, now=now)
    operations.duplicate(rule=rules[0], by=nora, now=now)
    assert told() == []


def test_who_wants_it_by_mail_gets_a_mail_about_no_case(rules, nora, now):
    ana = make.person("Ana")
    with make.signed():
        PersonPreference.objects.create(person=ana, mail={"matrix_changed": True})
    operations.switch(rule=rules[0], is_active=False, by=nora, now=now)
    assert told() == [("Ana", "app"), ("Ana", "mail")]
    subject, text = notices.mail(Notice.objects.get(channel="mail"))
    assert subject.strip() == "Nora changed the escalation matrix: threat"
    assert "None" not in text and text.rstrip().endswith("/matrix/")
