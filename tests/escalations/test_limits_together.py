"""One money limit for one case: what decisions and options give counts together, and a level lends its own to
both."""

from decimal import Decimal

import pytest

from cases import decisions, granting
from cases.errors import BeyondLimit
from cases.models import Decision
from cases.operations import asking, relating
from escalations.errors import OverTheLimit
from escalations.operations import options, respond
from escalations.operations.escalate import escalate
from tests import factories as make
from tests.escalations.remedies import option

pytestmark = pytest.mark.django_db
CENT = Decimal("0.01")
STANDS, WAITING = Decision.State.STANDS, Decision.State.WAITING


@pytest.fixture
def desk(now):
    """Ana may grant 50, Marta supervises (60); level 1 is Tomás, who may grant 20 and is lent 100."""
    marta = make.person("Marta", role="supervisor", money_limit=60)
    people = {
        "Marta": marta,
        "Ana": make.person("Ana", money_limit=50, manager=marta),
        "Tomas": make.person("Tomas", money_limit=20),
        "Priya": make.person("Priya", role="manager", money_limit=5000),
    }
    people["team"] = make.team("Care", people=[people["Ana"], people["Tomas"]], lead=marta)
    make.policy()
    people["path"] = make.path(
        levels=[{"person": people["Tomas"], "authority_limit": 100}], fallback=people["Priya"]
    )
    people["case"] = make.case(now=now, by=people["Ana"], owner=people["Ana"], team=people["team"])
    people["goodwill"] = option("Goodwill", "goodwill")
    return people


def decide(desk, now, amount, by="Ana", outcome="granted", **said):
    row = asking.ask(case=desk["case"], text=f"Pay {amount}", amount=amount, by=desk["Ana"], now=now)
    if outcome == "refused":
        said = {"grounds": "examined", "remedies": "the ombudsman", **said}
    return asking.decide(ask=row, outcome=outcome, by=desk[by], now=now, **said)


def use(desk, now, amount, by="Ana"):
    return options.use(
        case=desk["case"], option=desk["goodwill"], outcome="accepted", amount=amount, by=desk[by], now=now
    )


def test_several_asks_do_not_pass_a_limit_in_steps(desk, now):
    assert decide(desk, now, Decimal(30)).state == STANDS
    assert decide(desk, now, Decimal(20)).state == STANDS
    assert granting.granted(desk["case"], desk["Ana"]) == 50
    assert decide(desk, now, CENT).state == WAITING
    # What is withheld adds to nothing that was given, and is held against the limit alone.
    assert decide(desk, now, Decimal(50), outcome="refused").state == STANDS
    assert decide(desk, now, 50 + CENT, outcome="refused").state == WAITING
    # Another's limit is their own.
    assert decide(desk, now, Decimal(20), by="Tomas").state == STANDS


def test_what_was_taken_back_does_not_count(desk, now):
    row = decide(desk, now, Decimal(50))
    asking.take_back(ask=row.ask, reason="a slip", by=desk["Ana"], now=now)
    assert granting.granted(desk["case"], desk["Ana"]) == 0
    assert decide(desk, now, Decimal(50)).state == STANDS


def test_a_case_that_is_split_or_merged_has_one_limit_with_what_it_was_one_with(desk, now):
    first, second = (
        asking.ask(case=desk["case"], text=text, amount=50, by=desk["Ana"], now=now) for text in ("a", "b")
    )
    asking.decide(ask=first, outcome="granted", by=desk["Ana"], now=now)
    desk["case"].refresh_from_db()
    apart = relating.split(
        case=desk["case"],
        messages=[desk["case"].messages.first()],
        asks=[second],
        subject="Apart",
        by=desk["Ana"],
        now=now,
    )
    assert granting.granted(apart, desk["Ana"]) == granting.granted(desk["case"], desk["Ana"]) == 50
    assert asking.decide(ask=apart.asks.get(), outcome="granted", by=desk["Ana"], now=now).state == WAITING


def test_options_count_for_decisions_and_decisions_for_options(desk, now):
    use(desk, now, Decimal(30))
    assert decide(desk, now, Decimal(20)).state == STANDS
    assert decide(desk, now, CENT).state == WAITING
    with pytest.raises(OverTheLimit, match="with the €50 from you that stand on this case"):
        use(desk, now, CENT)


def test_a_level_lends_its_limit_to_decisions_as_to_options(desk, now):
    handoff = escalate(
        case=desk["case"], kind="hierarchical", path=desk["path"], level=1, by=desk["Ana"], now=now,
        reason="a", background="b", tried="c", next_steps="d",
    )  # fmt: skip
    respond.acknowledge(handoff=handoff, by=desk["Tomas"], now=now)
    assert granting.limit_of(desk["case"], desk["Tomas"]) == 100
    assert granting.limit_of(desk["case"], desk["Ana"]) == 50
    assert decide(desk, now, Decimal(60), by="Tomas").state == STANDS
    use(desk, now, Decimal(40), by="Tomas")
    assert decide(desk, now, CENT, by="Tomas").state == WAITING


def test_what_somebody_approves_counts_for_them_and_not_for_who_decided_it(desk, now):
    first = decide(desk, now, Decimal(55))
    asking.approve(decision=first, by=desk["Marta"], now=now)
    assert granting.granted(desk["case"], desk["Ana"]) == 0
    assert granting.granted(desk["case"], desk["Marta"]) == 55
    second = decide(desk, now, Decimal(51))
    with pytest.raises(BeyondLimit, match="with the €55 from you"):
        asking.approve(decision=second, by=desk["Marta"], now=now)
    asking.approve(decision=second, by=desk["Priya"], now=now)


@pytest.mark.parametrize(
    ("outcome", "stake", "offered", "before", "held"),
    [
        ("granted", 40, None, 20, 60),
        ("partly", 70, 30, 20, 70),  # 70 are withheld, 50 are given in all
        ("partly", 70, 60, 20, 80),
        ("partly", 100, None, 20, 120),
        ("refused", 40, None, 20, 40),
        ("refused", 40, 30, 20, 50),
        ("withdrawn", 0, None, 20, 0),
    ],
)
def test_what_is_held_against_a_limit(outcome, stake, offered, before, held):
    assert decisions.together(outcome, stake=stake, offered=offered, before=before) == held
