"""Options to de-escalate by: lowest first, whose they are, how far money goes, and who could go further."""

from copy import deepcopy
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from cases.errors import ConflictOfInterest, Incomplete, StaleCase, WrongMove
from cases.models import Message, Party
from cases.operations import ending, talk
from escalations.errors import NotOffered, OverTheLimit, SkipNeedsReason
from escalations.models import Option, OptionUse
from escalations.operations import options
from escalations.operations.escalate import escalate
from tests import factories as make
from tests.escalations.remedies import ladder, option

pytestmark = pytest.mark.django_db
CENT = Decimal("0.01")
TEXTS = {"reason": "a", "background": "b", "tried": "c", "next_steps": "d"}


@pytest.fixture(scope="module")
def made(for_all_of_the_module, now):
    """Ana may grant 50 and works for Marta (400); level 1 is Tomás (up to 100), level 2 Priya (1,000)."""
    marta = make.person("Marta", role="supervisor", money_limit=400)
    people = {
        "Marta": marta,
        "Ana": make.person("Ana", money_limit=50, manager=marta),
        "Tomas": make.person("Tomas", money_limit=20),
        "Priya": make.person("Priya", role="manager", money_limit=5000),
    }
    make.policy()
    people["path"] = make.path(
        levels=[
            {"person": people["Tomas"], "authority_limit": 100},
            {"person": people["Priya"], "authority_limit": 1000},
        ],
        fallback=people["Priya"],
    )
    people["case"] = make.case(now=now, by=people["Ana"], owner=people["Ana"], category=make.category())
    return people


@pytest.fixture
def desk(made):
    return deepcopy(made)


def use(desk, row, now, outcome="offered", by="Ana", **said):
    return options.use(case=desk["case"], option=row, outcome=outcome, by=desk[by], now=now, **said)


def names(desk, by="Ana"):
    case = desk["case"]
    return [r.option.name for r in options.offered(case, options.running_of(case), desk[by])]


def up(desk, now, level=1):
    return escalate(
        case=desk["case"],
        kind="hierarchical",
        path=desk["path"],
        level=level,
        by=desk["Ana"],
        now=now,
        **TEXTS,
    )


class TestLowestFirst:
    def test_the_lowest_is_tried_without_further_ado(self, desk, now):
        apology, *_rest = ladder()
        row = use(desk, apology, now)
        assert (row.outcome, row.by, row.at, row.escalation) == ("offered", desk["Ana"], now, None)

    def test_whoever_skips_one_says_why_and_it_is_recorded(self, desk, now):
        apology, explanation, goodwill, _top = ladder()
        with pytest.raises(SkipNeedsReason, match="“Apology”, “Explanation”"):
            use(desk, goodwill, now, amount=Decimal(20))
        assert not OptionUse.objects.exists()
        use(desk, goodwill, now, amount=Decimal(20), skipped_because="Was said in the first mail")
        told = OptionUse.objects.order_by("pk").values_list("option__name", "outcome", "skipped_because")
        assert list(told) == [
            ("Apology", "skipped", "Was said in the first mail"),
            ("Explanation", "skipped", "Was said in the first mail"),
            ("Goodwill", "offered", ""),
        ]

    def test_what_was_tried_or_skipped_is_asked_for_once(self, desk, now):
        apology, explanation, goodwill, _top = ladder()
        use(desk, apology, now, outcome="declined")
        use(desk, explanation, now, outcome="skipped", skipped_because="Known")
        use(desk, goodwill, now, amount=Decimal(1))
        assert OptionUse.objects.count() == 3

    def test_skipping_needs_a_reason_also_by_itself(self, desk, now):
        apology, *_rest = ladder()
        with pytest.raises(SkipNeedsReason):
            use(desk, apology, now, outcome="skipped", skipped_because="  ")

    @pytest.mark.parametrize(
        "fields",
        [
            {"outcome": "skipped"},
            {"outcome": "skipped", "skipped_because": "x", "amount": 1},
            {"outcome": "offered", "skipped_because": "x"},
            {"outcome": "offered", "amount": 0},
        ],
    )
    def test_the_database_refuses_it_too(self, desk, now, fields):
        row = option()
        with pytest.raises(IntegrityError), transaction.atomic(), make.signed(now):
            OptionUse.objects.create(case=desk["case"], option=row, by=desk["Ana"], at=now, **fields)

    def test_an_outcome_follows_an_offer_and_both_are_kept(self, desk, now):
        apology, *_rest = ladder()
        use(desk, apology, now)
        use(desk, apology, now, outcome="accepted")
        assert list(OptionUse.objects.order_by("pk").values_list("outcome", flat=True)) == [
            "offered",
            "accepted",
        ]


class TestWhose:
    def test_agents_are_offered_what_names_no_level(self, desk, now):
        ladder()
        assert names(desk) == ["Apology", "Explanation", "Goodwill"]

    def test_a_level_has_its_own_from_its_number_up(self, desk, now):
        ladder()
        up(desk, now)
        assert names(desk, "Tomas") == ["Apology", "Explanation", "Goodwill"]
        up(desk, now, level=2)
        assert names(desk, "Priya")[-1] == "Compensation"
        assert "Compensation" not in names(desk, "Ana")

    def test_category_path_and_switch_narrow_it(self, desk, now):
        other = make.path("Outages", levels=[{"person": desk["Priya"]}], fallback=desk["Priya"])
        option("Any")
        option("Of the category", category=desk["case"].category)
        option("Of another", category=make.category("Outage"))
        option("Of the path", from_level=1, path=desk["path"])
        option("Of another path", from_level=1, path=other)
        option("Off", is_active=False)
        up(desk, now)
        assert names(desk, "Tomas") == ["Any", "Of the category", "Of the path"]

    def test_what_is_not_offered_is_refused(self, desk, now):
        *_lower, top = ladder()
        with pytest.raises(NotOffered, match="Compensation"):
            use(desk, top, now, amount=Decimal(1), skipped_because="x")

    def test_whom_the_complaint_names_settles_nothing(self, desk, now):
        apology, *_rest = ladder()
        with make.signed():
            Party.objects.create(case=desk["case"], person=desk["Ana"], kind="subject", reason="about her")
        with pytest.raises(ConflictOfInterest):
            use(desk, apology, now)

    def test_nothing_is_offered_on_a_closed_case_or_from_a_stale_page(self, desk, now):
        apology, *_rest = ladder()
        seen = desk["case"].revision
        talk.note(case=desk["case"], body="Meanwhile", by=desk["Marta"], now=now)
        with pytest.raises(StaleCase):
            use(desk, apology, now, revision=seen)
        ending.close(case=desk["case"], reason="done", by=desk["Ana"], now=now)
        with pytest.raises(WrongMove):
            use(desk, apology, now)


class TestMoney:
    @pytest.fixture
    def waiver(self, desk):
        return option("Waiver", "exception")

    def test_exactly_the_limit_is_granted_and_a_cent_more_is_not(self, desk, waiver, now):
        use(desk, waiver, now, amount=Decimal(50))
        with pytest.raises(OverTheLimit, match=r"€50\.01 is more than the €50 that you may grant"):
            use(desk, waiver, now, amount=50 + CENT)

    def test_a_ceiling_holds_whoever_grants_it(self, desk, now):
        row = option("Goodwill", "goodwill", amount_ceiling=30)
        use(desk, row, now, by="Marta", amount=Decimal(30))
        with pytest.raises(OverTheLimit, match="goes up to €30"):
            use(desk, row, now, by="Marta", amount=30 + CENT)

    def test_a_level_lends_its_holder_its_authority(self, desk, waiver, now):
        up(desk, now)
        use(desk, waiver, now, by="Tomas", amount=Decimal(100))
        with pytest.raises(OverTheLimit, match="more than the €100"):
            use(desk, waiver, now, by="Tomas", amount=100 + CENT)
        # Whoever does not hold it has their own limit, as before.
        with pytest.raises(OverTheLimit, match="more than the €50"):
            use(desk, waiver, now, amount=Decimal(100))

    def test_a_level_takes_none_away_from_who_may_grant_more(self, desk, now):
        up(desk, now, level=2)
        escalation = options.running_of(desk["case"])
        assert options.limit_of(desk["Priya"], escalation) == 5000
        assert options.limit_of(desk["Tomas"], escalation) == 20

    def test_the_refusal_names_the_level_that_may(self, desk, waiver, now):
        up(desk, now)
        with pytest.raises(OverTheLimit, match=r"Priya, level 2 of “Complaints”, may grant up to €1,000"):
            use(desk, waiver, now, by="Tomas", amount=Decimal(500))

    def test_where_no_level_goes_so_far_the_refusal_names_who_manages_them(self, desk, waiver, now):
        # Nothing is escalated: the default path's levels lend nothing.
        with pytest.raises(OverTheLimit, match="Marta may grant up to €400"):
            use(desk, waiver, now, amount=Decimal(300))
        with pytest.raises(OverTheLimit, match="Priya may grant up to €5,000"):
            use(desk, waiver, now, amount=Decimal(4000))
        with pytest.raises(OverTheLimit, match="Nobody here may grant that much"):
            use(desk, waiver, now, amount=Decimal(6000))

    def test_nobody_named_in_the_complaint_is_named_as_who_could(self, desk, waiver, now):
        with make.signed():
            Party.objects.create(case=desk["case"], person=desk["Marta"], kind="subject", reason="about her")
        with pytest.raises(OverTheLimit, match="Priya"):
            use(desk, waiver, now, amount=Decimal(300))

    def test_an_amount_belongs_to_what_costs_money(self, desk, now):
        with pytest.raises(Incomplete, match="costs no money"):
            use(desk, option(), now, amount=Decimal(1))
        goodwill = option("Goodwill", "goodwill", position=1)
        for amount in (None, Decimal(0), Decimal(-1)):
            with pytest.raises(Incomplete):
                use(desk, goodwill, now, amount=amount)

    def test_no_limit_is_passed_in_several_steps(self, desk, waiver, now):
        gesture = option("Gesture", "goodwill", position=1)
        use(desk, gesture, now, outcome="accepted", amount=Decimal(30))
        use(desk, waiver, now, amount=Decimal(20))
        with pytest.raises(OverTheLimit, match="€30 from you that stand"):
            use(desk, waiver, now, outcome="accepted", amount=20 + CENT)
        use(desk, waiver, now, outcome="accepted", amount=Decimal(20))
        with pytest.raises(OverTheLimit, match="€50 from you that stand on this case"):
            use(desk, gesture, now, outcome="accepted", amount=CENT)

    def test_what_was_declined_or_granted_by_others_stands_against_nobody(self, desk, waiver, now):
        use(desk, waiver, now, outcome="declined", amount=Decimal(50))
        use(desk, waiver, now, by="Marta", outcome="accepted", amount=Decimal(400))
        use(desk, waiver, now, amount=Decimal(50))

    def test_a_ceiling_is_the_cases_whoever_grants_how_often(self, desk, now):
        row = option("Goodwill", "goodwill", amount_ceiling=50)
        use(desk, row, now, by="Marta", outcome="accepted", amount=Decimal(30))
        with pytest.raises(OverTheLimit, match="and €30 of it were granted before"):
            use(desk, row, now, amount=20 + CENT)
        use(desk, row, now, amount=Decimal(20))

    def test_an_exception_may_cost_nothing(self, desk, waiver, now):
        assert use(desk, waiver, now).amount is None

    @pytest.mark.parametrize(
        "fields",
        [
            {"kind": "apology", "amount_ceiling": 5},
            {"kind": "goodwill", "amount_ceiling": 0},
            {"kind": "apology", "from_level": 0},
        ],
    )
    def test_an_option_that_cannot_be_is_refused_by_the_database(self, desk, fields):
        with pytest.raises(IntegrityError), transaction.atomic(), make.signed():
            Option.objects.create(name="x", **fields)


def test_the_word_goes_out_with_the_offer_or_not_at_all(desk, now):
    apology, explanation, *_rest = ladder()
    use(desk, apology, now, reply="We are sorry.")
    assert Message.objects.latest("pk").body == "We are sorry."
    with pytest.raises(SkipNeedsReason):
        use(
            desk,
            Option.objects.get(name="Goodwill"),
            now,
            amount=Decimal(5),
            reply="We credit you with 5 EUR.",
        )
    assert Message.objects.latest("pk").body == "We are sorry."


def test_what_is_skipped_sends_nothing(desk, now):
    apology, *_rest = ladder()
    before = Message.objects.count()
    use(desk, apology, now, outcome="skipped", skipped_because="Known", reply="We are sorry.")
    assert Message.objects.count() == before


def test_a_use_moves_no_clock(desk, now):
    apology, *_rest = ladder()
    before = list(desk["case"].clocks.order_by("pk").values_list("state", "due_at"))
    use(desk, apology, now + timedelta(minutes=5))
    assert list(desk["case"].clocks.order_by("pk").values_list("state", "due_at")) == before
