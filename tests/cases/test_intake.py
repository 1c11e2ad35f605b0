"""Taking down what somebody brings: who they are, what is asked, what is like it, where it would go."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from cases import history, likeness, lookup
from cases.errors import AlreadyKnown, Incomplete, InThePast, WrongAnswer
from cases.models import (
    Case,
    Contact,
    Customer,
    IntakeRule,
    Notice,
    NoticeKind,
    Party,
    Promise,
    Question,
    QuestionAnswer,
    SentForm,
    Service,
    Subscription,
)
from cases.notices import mail
from cases.operations import asking, attempts, calling, customers, ending, intake, once, questions, takedown
from cases.states import Metric
from escalations.escalate_form import prefilled
from tests import factories as make

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
TERMS = {(Metric.FIRST_RESPONSE, None): 4 * 3600, (Metric.RESOLUTION, None): 40 * 3600}

KEY, ANOTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def ana():
    return make.person("Ana")


def question(text="Which line?", **fields):
    with make.signed():
        return Question.objects.create(text=text, **fields)


def service(customer, name="Fibre"):
    with make.signed():
        row, _new = Service.objects.get_or_create(name=name)
        Subscription.objects.create(customer=customer, service=row)
    return row


def opened(by, now, customer=None, **fields):
    return make.case(customer, by=by, now=now, **fields)


# --- What is asked ---


def test_a_case_is_asked_what_its_category_asks_and_what_all_are_asked(ana, now):
    billing, outage = make.category("Billing"), make.category("Outage")
    for_all = question("How did you hear of us?", position=1)
    invoice = question("Which invoice?", category=billing, position=2)
    question("Which line?", category=outage)
    question("Asked no more", category=billing, is_active=False)
    assert list(Question.objects.asked_of(billing)) == [for_all, invoice]
    assert list(Question.objects.asked_of(None)) == [for_all]


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("line", " 4711 ", "4711"),
        ("choice", "red", "red"),
        ("yes_no", "no", "no"),
        ("date", "2026-03-02", "2026-03-02"),
        ("number", "12,50", "12.50"),
        ("number", "1E+2", "100"),
    ],
)
def test_answers_are_kept_as_what_they_are_with_the_question_as_it_was_asked(ana, now, kind, given, kept):
    row = question(kind=kind, choices="red\ngreen" if kind == "choice" else "")
    case = opened(ana, now, answers={row.pk: given})
    with make.signed():
        row.text = "Put otherwise"
        row.save()
    answer = case.question_answers.get()
    assert (answer.asked, answer.value) == ("Which line?", kept)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("choice", "blue"),
        ("yes_no", "perhaps"),
        ("date", "2026-02-30"),
        ("number", "many"),
        ("number", "NaN"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_opened(ana, now, kind, given):
    row = question(kind=kind, choices="red\ngreen" if kind == "choice" else "")
    with pytest.raises(WrongAnswer, match="Which line"):
        opened(ana, now, answers={row.pk: given})
    assert not Case.objects.exists()


def test_a_required_question_is_not_left_out_by_whoever_speaks_with_the_customer(ana, now):
    row = question(is_required=True)
    with pytest.raises(Incomplete, match="Which line"):
        opened(ana, now)
    with pytest.raises(Incomplete):
        opened(ana, now, answers={row.pk: "  "})
    # What comes by itself cannot be asked back.
    assert opened(history.INSTALLATION, now).question_answers.count() == 0


def test_answers_are_filled_in_and_corrected_later(ana, now):
    first, second = question("A"), question("B", kind="number", is_required=True)
    case = opened(history.INSTALLATION, now, answers={first.pk: "x"})
    with pytest.raises(Incomplete):
        questions.fill_in(case=case, answers={first.pk: " "}, by=ana, now=now + HOUR)
    with pytest.raises(WrongAnswer):
        questions.fill_in(case=case, answers={second.pk: "many"}, by=ana, now=now + HOUR)
    said = {first.pk: "y", second.pk: "3"}
    questions.fill_in(case=case, answers=said, by=ana, now=now + HOUR)
    questions.fill_in(case=case, answers={second.pk: "3"}, by=ana, now=now + 2 * HOUR)
    rows = {a.asked: (a.value, a.history.count()) for a in case.question_answers.all()}
    assert rows == {"A": ("y", 2), "B": ("3", 1)}


def test_a_question_of_another_category_is_not_answered(ana, now):
    row = question(category=make.category("Outage"))
    with pytest.raises(WrongAnswer):
        opened(ana, now, answers={row.pk: "x"})


def test_the_database_keeps_one_answer_to_a_question_and_choices_that_can_be_chosen(ana, now):
    row = question()
    case = opened(ana, now, answers={row.pk: "x"})
    with make.signed():
        for wrong in (
            lambda: QuestionAnswer.objects.create(
                case=case, question=row, asked="?", value="y", answered_at=now
            ),
            lambda: QuestionAnswer.objects.create(
                case=case, question=question("B"), asked="?", value="", answered_at=now
            ),
            lambda: Question.objects.create(text="C", kind="choice", choices=""),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                wrong()


@pytest.mark.parametrize(
    ("needs", "email", "phone", "fits"),
    [
        ("phone", "a@example.com", "", False),
        ("phone", "", "+34 600 000 000", True),
        ("mail", "", "+34 600 000 000", False),
        ("either", "a@example.com", "", True),
        ("either", "", "", False),
        ("", "", "", True),
    ],
)
def test_a_contact_has_what_the_category_needs(ana, now, needs, email, phone, fits):
    customer = make.customer(contact_email="")
    with make.signed():
        contact = Contact.objects.create(customer=customer, name="Ole", email=email, phone=phone)
    category = make.category("Outage")
    category.contact_needs = needs
    if fits:
        opened(ana, now, customer, contact=contact, category=category)
    else:
        with pytest.raises(Incomplete, match="Outage"):
            opened(ana, now, customer, contact=contact, category=category)


def test_what_the_customer_asks_is_noted_ask_by_ask_in_their_order(ana, now):
    case = opened(ana, now, asks=["A credit note", " ", "A call back"])
    assert [ask.text for ask in case.asks.order_by("position")] == ["A credit note", "A call back"]
    assert {ask.recorded_by for ask in case.asks.all()} == {ana}
    assert not opened(ana, now, make.customer("B")).asks.exists()


def test_what_was_tried_is_kept_and_goes_into_every_handoff(ana, now):
    case = opened(ana, now, tried="Restarted the router\n\nChanged the cable")
    attempts.note_attempt(case=case, tried="Measured the line", by=ana, now=now + HOUR)
    with pytest.raises(Incomplete):
        attempts.note_attempt(case=case, tried="\n", by=ana, now=now + HOUR)
    assert [a.what for a in case.attempts.order_by("pk")] == [
        "Restarted the router",
        "Changed the cable",
        "Measured the line",
    ]
    assert prefilled(case, now + HOUR)["tried"].splitlines() == [
        "Mon 2 Mar, 08:00, Ana: Restarted the router",
        "Mon 2 Mar, 08:00, Ana: Changed the cable",
        "Mon 2 Mar, 09:00, Ana: Measured the line",
    ]


# --- A form that is sent twice ---


def test_a_form_that_is_sent_twice_opens_one_case(ana, now):
    customer = make.customer()

    def send(by, key=KEY):
        def do():
            return opened(by, now, customer)

        with history.acting(by=by, reason="", now=now):
            return once.made_once(key=key, by=by, now=now, do=do)

    assert send(ana) == send(ana)
    assert Case.objects.count() == 1
    # Somebody else's form is another one, even with that key.
    assert send(make.person("Bruno")) != send(ana)
    assert send(ana, ANOTHER) != send(ana)


def test_a_form_that_was_refused_may_be_sent_again(ana, now):
    def refused():
        raise Incomplete("No.")

    with pytest.raises(Incomplete), history.acting(by=ana, reason="", now=now):
        once.made_once(key=KEY, by=ana, now=now, do=refused)
    assert not SentForm.objects.exists()
    with history.acting(by=ana, reason="", now=now), pytest.raises(Incomplete):
        once.made_once(key=None, by=ana, now=now, do=refused)


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_twice_at_the_same_moment_opens_one_case(now):
    """The second waits for the first, and gets its case."""
    ana, customer, together = make.person("Ana"), make.customer(), Barrier(2)

    def send(_n):
        try:
            together.wait()
            with history.acting(by=ana, reason="", now=now):
                return once.made_once(
                    key=KEY, by=ana, now=now, do=lambda: make.case(customer, by=ana, now=now)
                ).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = set(pool.map(send, range(2)))
    assert len(found) == Case.objects.count() == 1


# --- Who it is ---


@pytest.fixture
def kessler():
    customer = make.customer(
        "Kessler Logistik GmbH", contact_email="Ole.Kessler@example.com", reference="K-4711"
    )
    with make.signed():
        Contact.objects.filter(customer=customer).update(phone="+49 (351) 123-45.67")
    service(customer)
    with make.signed():
        Subscription.objects.filter(customer=customer).update(reference="S-001-1")
    make.customer("Norderney Reederei", contact_email="x@example.com")
    return customer


@pytest.mark.parametrize(
    "words",
    [
        "kess",
        "KESSLER",
        "Kessler  Logistik",
        "k-4711",
        "S-001-1",
        "ole.kessler@EXAMPLE.com",
        "0351 1234567",
        "+49 351 123 4567",
        "C-{case}",
    ],
)
def test_a_customer_is_found_by_whatever_they_say_of_themselves(ana, kessler, now, words):
    case = opened(ana, now, kessler)
    found = lookup.find_customers(words.replace("C-{case}", case.number), ana)
    assert [one.customer for one in found] == [kessler]


@pytest.mark.parametrize("words", ["", "essler", "K-47", "ole", "@example.com", "1234", "%", "_ess"])
def test_nobody_is_found_by_less(ana, kessler, words):
    assert lookup.find_customers(words, ana) == []


def test_names_in_other_letters_are_found_however_they_are_typed(ana):
    customer = make.customer("ООО «Северсталь»")
    for words in ("северсталь", "СЕВ", "Север", "ООО «Север"):
        assert [one.customer for one in lookup.find_customers(words, ana)] == [customer], words
    hotel = make.customer("The Ashdown Hotel")
    for words in ("ash", "the ashd", "Ashdown Hotel"):
        assert [one.customer for one in lookup.find_customers(words, ana)] == [hotel], words


def test_a_case_that_is_kept_from_somebody_does_not_lead_them_to_its_customer(ana, kessler, now):
    secret = opened(ana, now, kessler, owner=ana, restricted_because="Fraud")
    assert lookup.find_customers(secret.number, make.person("Bruno")) == []


@pytest.mark.parametrize(
    ("name", "email", "phone", "why"),
    [
        ("Another name", "ole.kessler@example.com", "", "same email address"),
        ("Another name", "", "0351 1234567", "same phone number"),
        ("KESSLER LOGISTIK", "", "", "same name"),
        ("Kessler Logistic", "", "", "similar name"),
    ],
)
def test_whoever_may_be_the_same_is_offered(kessler, name, email, phone, why):
    [found] = lookup.lookalikes(name=name, email=email, phone=phone)
    assert found.customer == kessler and found.by[0].startswith(why)


def test_an_article_hides_nobody(ana):
    hotel = make.customer("The Ashdown Hotel")
    for name in ("Ashdown Hotel", "The Ashdown Hotel Ltd"):
        assert [found.customer for found in lookup.lookalikes(name=name)] == [hotel]


def test_others_are_not_offered(kessler):
    assert lookup.lookalikes(name="Kestrel Air", email="y@example.com", phone="351") == []


def test_a_customer_who_may_be_there_already_is_added_only_by_who_says_it_is_another(ana, kessler, now):
    said = {"name": "Kessler Logistik", "contact_name": "Eva", "phone": "1", "by": ana, "now": now}
    with pytest.raises(AlreadyKnown):
        customers.add_customer(**said)
    customer, contact = customers.add_customer(is_another=True, **said)
    assert (contact.customer, contact.name, customer.history.get().history_user_id) == (
        customer,
        "Eva",
        ana.pk,
    )


def test_a_customer_is_added_with_a_name_and_a_way_to_reach_them(ana, now):
    for name, email in (("", "a@example.com"), ("Alba", "")):
        with pytest.raises(Incomplete):
            customers.add_customer(name=name, contact_name="", email=email, by=ana, now=now)
    assert not Customer.objects.exists()
    _customer, contact = customers.add_customer(
        name="Alba", contact_name="", email="a@example.com", by=ana, now=now
    )
    assert contact.name == "Alba"


# --- What is like it ---


@pytest.fixture
def desk():
    """Ana and Jonas of Care, Bruno of Network."""
    people = {name: make.person(name) for name in ("Ana", "Jonas", "Bruno")}
    people["care"] = make.team("Care", people=[people["Ana"], people["Jonas"]])
    people["network"] = make.team("Network", people=[people["Bruno"]])
    return people


def test_open_cases_of_the_customer_come_first_then_others_of_the_service(desk, now):
    ana, customer, other = desk["Ana"], make.customer("A"), make.customer("B")
    fibre = service(customer)
    service(other)
    mine = opened(ana, now, customer, team=desk["care"], subject="Invoice")
    alike = opened(ana, now, other, team=desk["care"], service=fibre, subject="Fibre is down")
    opened(ana, now, other, team=desk["care"], subject="Fibre, but without its service")
    found = likeness.open_cases(customer=customer, reader=ana, service=fibre, subject="")
    assert [(like.case, like.why) for like in found] == [(mine, ""), (alike, "same service")]


def test_precedents_are_ended_cases_that_say_the_same_with_how_they_ended(desk, now):
    ana, billing = desk["Ana"], make.category("Billing")
    old = opened(ana, now, team=desk["care"], owner=ana, category=billing, subject="Charged twice in October")
    ending.resolve(case=old, reason="Credited the second line", by=ana, now=now + HOUR)
    ending.close(case=old, reason="Nothing more", by=ana, now=now + 2 * HOUR)
    other = opened(ana, now, make.customer("B"), team=desk["care"], category=billing, subject="New address")
    ending.resolve(case=other, reason="Changed", by=ana, now=now + HOUR)
    [found] = likeness.precedents(reader=ana, category=billing, subject="They charged us twice")
    assert (found.case, found.ending) == (old, "Credited the second line")
    assert likeness.precedents(reader=ana, category=None, subject="Charged twice") == []


def test_how_it_ended_is_the_last_ending(desk, now):
    ana, billing = desk["Ana"], make.category("Billing")
    case = opened(ana, now, team=desk["care"], owner=ana, category=billing)
    ending.resolve(case=case, reason="First", by=ana, now=now)
    ending.reopen(case=case, reason="Not done", by=ana, now=now)
    ending.resolve(case=case, reason="Second", by=ana, now=now)
    [found] = likeness.precedents(reader=ana, category=billing, subject="Charged twice")
    assert found.ending == "Second"


@pytest.mark.parametrize("kept_by", ["restricted", "subject", "another team"])
def test_what_is_kept_from_a_reader_is_neither_similar_nor_a_precedent(desk, now, kept_by):
    ana, jonas, billing = desk["Ana"], desk["Jonas"], make.category("Billing")
    reader = desk["Bruno"] if kept_by == "another team" else jonas
    customer = make.customer("A")
    fibre = service(customer)
    given = {"team": desk["care"], "owner": ana, "category": billing, "service": fibre}
    if kept_by == "restricted":
        given["restricted_because"] = "Fraud"
    others = make.customer("B")
    rows = [opened(ana, now, whose, **given) for whose in (customer, others, others)]
    ending.resolve(case=rows[2], reason="Credited", by=ana, now=now)
    if kept_by == "subject":
        with make.signed():
            for row in rows:
                Party.objects.create(case=row, person=jonas, kind="subject", reason="Rude")
    about = {"service": fibre, "category": billing, "subject": "Charged twice"}
    open_ones = {like.case for like in likeness.open_cases(customer=customer, reader=reader, **about)}
    # The customer on the line is identified: that they have a case, also another team's, may be known.
    assert open_ones == ({rows[0]} if kept_by == "another team" else set())
    assert likeness.precedents(reader=reader, **about) == []
    # They are alike for whoever may know of them.
    assert len(likeness.open_cases(customer=customer, reader=ana, **about)) == 2
    assert len(likeness.precedents(reader=ana, **about)) == 1


# --- What would come of it ---


def test_what_is_foreseen_is_what_comes_of_opening_it(desk, now):
    make.policy(targets=TERMS, calendar=make.calendar())
    billing = make.category("Billing")
    with make.signed():
        IntakeRule.objects.create(position=10, category=make.category("Outage"), team=desk["network"])
        rule = IntakeRule.objects.create(
            position=20, category=billing, team=desk["care"], owner=desk["Jonas"]
        )
    customer = make.customer()
    given = {"category": billing, "channel": "phone", "impact": 3, "urgency": 3}
    before = Case.objects.count()
    foreseen = intake.foresee(customer=customer, now=now, **given)
    assert Case.objects.count() == before
    case = opened(desk["Ana"], now, customer, **given)
    assert (foreseen.rule, foreseen.case.team, foreseen.case.owner) == (rule, case.team, case.owner)
    assert foreseen.case.policy_version == case.policy_version
    assert {c.metric: c.due_at for c in foreseen.clocks} == dict(case.clocks.values_list("metric", "due_at"))


def test_what_matches_no_rule_is_foreseen_as_unrouted(ana, now):
    foreseen = intake.foresee(customer=make.customer(), channel="mail", now=now)
    assert (foreseen.rule, foreseen.case.team) == (None, None)
    assert foreseen.clocks


# --- In one conversation ---


def test_a_promise_made_in_the_same_breath_and_somebody_new_are_taken_down_too(ana, now):
    make.policy(targets=TERMS)
    customer = make.customer()
    opening = {"subject": "Down", "body": "It is down.", "channel": "phone"}
    newcomer = {"name": "Eva", "email": "eva@example.com", "phone": ""}
    case = takedown.take_down(
        customer=customer,
        opening=opening,
        newcomer=newcomer,
        promised="A technician calls",
        promised_by=now + HOUR,
        asks_for="asked_supervisor",
        by=ana,
        now=now,
    )
    assert (case.contact.name, case.contact.customer) == ("Eva", customer)
    assert case.promises.get().due_at == now + HOUR
    assert set(case.triggers.values_list("kind", flat=True)) == {"opened", "asked_supervisor"}
    again = takedown.take_down(
        customer=customer, opening=opening, newcomer={**newcomer, "email": "EVA@example.com"}, by=ana, now=now
    )
    assert again.contact == case.contact


def test_half_a_promise_opens_nothing(ana, now):
    opening = {"subject": "Down", "body": "It is down.", "channel": "phone"}
    customer = make.customer()
    for promised, by_when, error in (
        ("A call", None, Incomplete),
        ("", now + HOUR, Incomplete),
        ("A call", now - HOUR, InThePast),
    ):
        with pytest.raises(error):
            takedown.take_down(
                customer=customer, opening=opening, promised=promised, promised_by=by_when, by=ana, now=now
            )
    assert not Case.objects.exists()


# --- A call ---


def call(case, by, now, **given):
    said = {"body": "They asked", "incoming": True, "was_reached": True, "may_promise": True}
    return calling.take_call(case=case, by=by, now=now, **{**said, **given})


def test_a_call_and_its_promise_are_one_change(ana, now):
    case = opened(ana, now, owner=ana)
    call(case, ana, now + HOUR, promised="A call back", promised_by=now + 3 * HOUR, tried="Restarted")
    promise = case.promises.get()
    assert (promise.told_by_channel, promise.made_by) == ("phone", ana)
    assert case.attempts.get().what == "Restarted"
    assert not Notice.objects.filter(kind=NoticeKind.CALL_LOGGED).exists()
    with pytest.raises(InThePast):
        call(case, ana, now + HOUR, promised="A call back", promised_by=now)
    with pytest.raises(Incomplete):
        call(case, ana, now + HOUR, promised="A call back")
    with pytest.raises(Incomplete):
        call(case, ana, now + HOUR, was_reached=False, promised="A call", promised_by=now + 3 * HOUR)
    assert case.messages.filter(channel="phone").count() == 1


def test_on_anothers_case_a_promise_is_noted_for_its_holder_who_is_told(ana, now):
    bruno = make.person("Bruno")
    case = opened(ana, now, owner=ana)
    call(case, bruno, now + HOUR, may_promise=False, promised="A call back", promised_by=now + 3 * HOUR)
    assert not Promise.objects.exists()
    assert "A call back" in case.messages.get(direction="internal").body
    notice = Notice.objects.get(kind=NoticeKind.CALL_LOGGED)
    assert notice.person == ana
    assert notice.facts == {"who": "Bruno", "what": "A call back"}


# --- The receipt ---


def receipt(ana, now, asks=(), **contact):
    customer = make.customer(time_zone="Europe/Madrid")
    make.policy(targets=TERMS)
    with make.signed():
        customer.contacts.update(**contact)
    category = make.category("Billing")
    case = opened(
        ana,
        now,
        customer,
        owner=ana,
        category=category,
        body="The October invoice charges 38 lines twice.\nPlease mend it.",
        asks=asks,
    )
    return case, mail(Notice.objects.get(case=case, kind=NoticeKind.CASE_RECEIVED))


def test_the_receipt_says_number_content_when_received_by_when_and_who_answers(ana, now):
    case, (subject, text) = receipt(ana, now)
    assert case.number in subject
    for words in (
        case.number,
        "Charged twice",
        "The October invoice charges 38 lines twice.",
        "9:00",  # received, in Madrid
        "13:00",  # first response
        "Ana",
        "by mail",
        "Madrid",
    ):
        assert words in text, words
    assert "Dear Aoife Brennan" in text


@pytest.mark.parametrize("language", ["en", "es", "ru"])
def test_the_receipt_is_in_the_contacts_language_and_form_of_address(ana, now, language):
    formal = receipt(ana, now, language=language, form_of_address="formal")[1][1]
    assert "The October invoice charges 38 lines twice." in formal


def test_a_contact_who_is_spoken_to_familiarly_is_greeted_so(ana, now):
    text = receipt(ana, now, form_of_address="familiar")[1][1]
    assert "Hello Aoife Brennan" in text


ASKED = ["A credit of <b>€300</b> & an apology", " ", "No fee for {number} {% now %}", "Two\nlines"]
SAID_BACK = """
What you ask of us:

  – A credit of <b>€300</b> & an apology
  – No fee for {number} {% now %}
  – Two lines

"""


@pytest.mark.parametrize("form_of_address", ["formal", "familiar"])
def test_the_receipt_says_back_what_they_ask_in_their_order_and_as_they_wrote_it(ana, now, form_of_address):
    case, (_subject, text) = receipt(ana, now, ASKED, form_of_address=form_of_address)
    assert SAID_BACK in text
    before, after = text.split(SAID_BACK)
    assert before.rstrip().endswith("Please mend it.") and after.startswith("You will hear from a person by")


@pytest.mark.parametrize("form_of_address", ["formal", "familiar"])
def test_a_receipt_of_a_case_without_asks_is_as_it_was(ana, now, form_of_address):
    case, (_subject, text) = receipt(ana, now, form_of_address=form_of_address)
    assert "you ask" not in text
    assert "Please mend it.\n\n\nYou will hear from a person by" in text
    assert Notice.objects.get(case=case, kind=NoticeKind.CASE_RECEIVED).facts == {
        "message": case.messages.get().pk
    }


def test_what_is_asked_stands_in_no_second_place_and_leaves_as_it_is_by_then(ana, now):
    """Words of a customer can be erased where they are kept; a receipt that waits says what is left."""
    case, _mail = receipt(ana, now, ["A credit for Maria Perez", "An apology"])
    notice = Notice.objects.get(case=case, kind=NoticeKind.CASE_RECEIVED)
    assert notice.facts["asks"] == list(case.asks.order_by("position").values_list("pk", flat=True))
    assert "Perez" not in str(notice.facts)
    with make.signed(now):
        case.asks.filter(position=1).update(text="A credit for ▒▒▒")
    asking.ask(case=case, text="Noted an hour later", by=ana, now=now)
    text = mail(notice)[1]
    assert "  – A credit for ▒▒▒\n  – An apology\n" in text
    assert "Perez" not in text and "Noted an hour later" not in text


def test_asks_cost_the_receipt_one_question_however_many(ana, now, django_assert_num_queries):
    case, _mail = receipt(ana, now, ["One", "Two"])
    notice = Notice.objects.select_related("case__customer", "case__owner", "contact").get(
        case=case, kind=NoticeKind.CASE_RECEIVED
    )
    with django_assert_num_queries(3):  # the message, the clocks, the asks
        mail(notice)
