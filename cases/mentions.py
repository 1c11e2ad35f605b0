"""Who a text calls by name: @username, or @Full Name. Pure."""

import re

# An @ that begins a word, and up to four words behind it: a name may have so many.
CALLED = re.compile(r"(?<![\w@./])@(?P<words>\w[\w.'’\-]*(?: \w[\w.'’\-]*){0,3})")
MOST = 20


def _readings(words):
    """ "Ana Ruiz said" may be "Ana Ruiz said", "Ana Ruiz" or "Ana", the longest first."""
    parts = words.split(" ")
    for length in range(len(parts), 0, -1):
        yield " ".join(parts[:length]).rstrip(".'’-")


def readings(text):
    """Everything in `text` that may be somebody's username or name, of the first 20 that are called."""
    found = []
    for _number, match in zip(range(MOST), CALLED.finditer(text), strict=False):
        found += _readings(match["words"])
    return list(dict.fromkeys(found))


def spans(text, people):
    """[(start, end, person)] of those who are called in `text`. `people`: {username or name: person}."""
    found = []
    for match in CALLED.finditer(text):
        for reading in _readings(match["words"]):
            person = people.get(reading) or people.get(reading.lower())
            if person is not None:
                found.append((match.start(), match.start("words") + len(reading), person))
                break
    return found


def by_name(people):
    """{username or name: person}: how `spans` finds them."""
    return {word: person for person in people for word in (person.username.lower(), person.name)}
