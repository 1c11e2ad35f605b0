"""The facts of regulatory packs: well formed, complete, and what the collected table says."""

import csv
from pathlib import Path

import pytest

from cases import packs
from cases.management.commands import mark_pack_texts
from cases.states import EndsOn

TABLE = Path(__file__).parents[3] / "shared" / "data" / "regulatory_deadlines.csv"

FILE = """
jurisdiction = "ES"
zone = "Europe/Madrid"
[counting]
day_zero = "not_counted"
last_day = "stays"
source = "Código Civil art. 5"
certainty = "A"
[[packs]]
key = "p"
name = "P"
[[packs.terms]]
key = "t"
scope = "all"
trigger = "filed"
amount = 15
unit = "business_days"
milestone = "resolve"
source = "law"
certainty = "A"
"""


def rows():
    if not TABLE.exists():
        pytest.skip(f"{TABLE} is not there")
    with TABLE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_collected_table_is_a_fact_and_says_the_same():
    table = {row["key"]: row for row in rows()}
    facts = packs.facts()
    assert set(facts) == set(table)
    assert len(facts) == 42
    for key, row in table.items():
        fact = facts[key]
        said = {name: getattr(fact, name) for name in row if name not in ("jurisdiction", "amount", "unit")}
        assert said == {name: row[name] for name in said}, key
        assert (str(fact.amount or ""), fact.unit) == (row["amount"], row["unit"].removesuffix("_close")), key
    jurisdictions = {fact.key: pack.jurisdiction for pack in packs.packs().values() for fact in pack.terms}
    assert jurisdictions == {key: row["jurisdiction"] for key, row in table.items()}


def test_what_has_no_number_or_cannot_be_seen_by_a_desk_is_no_clock():
    without = {key for key, fact in packs.facts().items() if fact.ends_on is None}
    assert {"uk-disp-ack", "eu-jc-2018-35"} <= without  # no number
    assert {"es-l10-evaluation-docs", "uk-disp-retain"} <= without  # kept for years
    assert {"es-l10-supervisor", "es-l10-cure", "uk-disp-3bd", "eu-gdpr-breach"} <= without  # not seen
    assert packs.facts()["es-l10-resolution"].ends_on == EndsOn.RESOLVED
    assert packs.facts()["es-l10-billing"].ends_on == EndsOn.ANSWERED


def test_a_term_is_certain_only_where_the_counting_of_its_days_is():
    facts = packs.facts()
    assert facts["es-l10-resolution"].is_certain
    assert facts["us-dot-final"].certainty == "A" and not facts["us-dot-final"].is_certain
    assert not facts["au-rg271-ack"].is_certain


def test_what_begins_with_more_than_a_complaint_is_narrow_and_what_any_complaint_begins_is_not():
    narrow = {key for key, fact in packs.facts().items() if fact.narrow and fact.ends_on}
    assert narrow == {
        "es-l10-continuity",
        "es-l10-billing",
        "eu-gdpr-dsr",
        "ru-123-finomb",
        "uk-psd",
        "us-cfpb-first",
        "us-cfpb-final",
        "us-regx-ack",
        "us-regx-final",
        "us-regz",
    }
    filed = ("complaint", "query", "demand", "appeal", "written complaint")
    others = {fact.trigger for fact in packs.facts().values() if fact.ends_on and not fact.narrow}
    assert all(trigger.startswith(filed) for trigger in others), others


def test_what_the_files_say_in_words_is_marked_for_translation():
    written = (packs.FOLDER / "texts.py").read_text(encoding="utf-8")
    assert written == mark_pack_texts.module(), "manage.py mark_pack_texts"


def test_a_jurisdiction_of_several_zones_takes_that_of_the_calendar():
    assert packs.facts()["br-sac"].term("America/Sao_Paulo").zone == "America/Sao_Paulo"
    assert packs.facts()["es-l10-billing"].term("America/Sao_Paulo").zone == "Europe/Madrid"


def test_the_example_file_reads():
    [pack] = packs.read(FILE, "x.toml")
    assert str(pack.fact("t").term()) == "15 business_days Europe/Madrid"
    with pytest.raises(KeyError):
        pack.fact("other")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('unit = "business_days"', 'unit = "fortnights"', "no unit"),
        ("amount = 15\n", "", "amount goes with"),
        ("amount = 15", "amount = 0", "above zero"),
        ("amount = 15", 'amount = "15"', "whole number"),
        ('milestone = "resolve"', 'milestone = "sigh"', "no milestone"),
        ('source = "law"\ncertainty = "A"', 'source = "law"\ncertainty = "E"', "A, B, C or D"),
        ('source = "law"\n', "", "source"),
        ('trigger = "filed"', 'trigger = "filed"\ncolour = "red"', "colour"),
        ('zone = "Europe/Madrid"', 'zone = "Europe/Nowhere"', "no time zone"),
        ('day_zero = "not_counted"', 'day_zero = "perhaps"', "day_zero"),
        ('last_day = "stays"', 'last_day = "perhaps"', "last_day"),
        ('key = "p"\n', "", "a key"),
        ('jurisdiction = "ES"', "", "jurisdiction"),
        ("[counting]", "[counting", "x.toml"),
    ],
)
def test_a_file_that_says_something_else_is_refused_by_name(old, new, words):
    assert old in FILE
    with pytest.raises(packs.PackError, match=words) as refused:
        packs.read(FILE.replace(old, new), "x.toml")
    assert "x.toml" in str(refused.value)


def test_a_key_comes_once(tmp_path):
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(FILE, encoding="utf-8")
    with pytest.raises(packs.PackError, match="two packs"):
        packs.read_all(sorted(tmp_path.glob("*.toml")))
    (tmp_path / "b.toml").write_text(FILE.replace('key = "p"', 'key = "q"'), encoding="utf-8")
    with pytest.raises(packs.PackError, match="two terms"):
        packs.read_all(sorted(tmp_path.glob("*.toml")))
