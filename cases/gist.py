"""What somebody wrote, in a line: its first sentence, without the greeting. Pure."""

import re
from textwrap import shorten

MOST = 140
# A greeting stands in a line of its own, and is short: "Dear Ms Brennan,", "Hola, Aoife:", "Здравствуйте!".
LONGEST_GREETING = 60
# "Thank you." says nothing yet, and "Mr." ends no sentence.
SHORTEST_SENTENCE = 15
END = re.compile(r"[.!?…]+[”»\"')\]]*\s+(?=[“«\"'(\[¿¡]*[^\W\d_])")


def gist(text, most=MOST):
    """The first sentence of `text` in one line of at most `most` characters, cut at a space."""
    lines = [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]
    if len(lines) > 1 and len(lines[0]) <= LONGEST_GREETING and lines[0][-1] in ",:!":
        lines = lines[1:]
    line = " ".join(lines)
    for end in END.finditer(line):
        begins = line[end.end() :].lstrip("“«\"'([¿¡")
        if end.start() >= SHORTEST_SENTENCE and begins[0].isupper():
            line = line[: end.end()].rstrip()
            break
    if len(line) <= most:
        return line
    cut = shorten(line, most, placeholder="…")
    return cut if len(cut) > 1 else line[: most - 1] + "…"
