"""What somebody wrote, in a line."""

import pytest

from cases.gist import MOST, gist

LONG = "We have compared every line of the October invoice with the tariff " * 5


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("We look into it.", "We look into it."),
        ("We have looked into it. You will hear by Monday.", "We have looked into it."),
        ("Dear Ms Brennan,\n\nWe have looked into it. More soon.\n\nLucia", "We have looked into it."),
        ("Hola, Aoife:\nHemos mirado la factura. ¿Puede llamarnos?", "Hemos mirado la factura."),
        ("Здравствуйте, Анна!\n\nМы проверили линию. Инженер приедет завтра.", "Мы проверили линию."),
        # A short beginning says nothing yet, and not every point ends a sentence.
        ("Thank you. We look into it. More soon.", "Thank you. We look into it."),
        ("Mr. Brennan, it is invoice no. 42. More soon.", "Mr. Brennan, it is invoice no. 42."),
        ("Is the invoice paid? “Yes,” she said.", "Is the invoice paid?"),
        ("Two\nlines   of one\tsentence", "Two lines of one sentence"),
        ("Only a greeting,", "Only a greeting,"),
        ("", ""),
        (" \n ", ""),
    ],
)  # fmt: skip
def test_the_first_sentence_stands_for_the_whole(text, line):
    assert gist(text) == line


@pytest.mark.parametrize("text", [LONG, "x" * 500])
def test_what_is_too_long_is_cut_and_says_so(text):
    line = gist(text)
    assert len(line) <= MOST and line.endswith("…")
    assert text.startswith(line[:-1])
    assert len(line) > MOST - 15


def test_it_is_cut_between_words():
    assert gist("One two three four", most=12) == "One two…"
    assert gist("One two four", most=12) == "One two four"
