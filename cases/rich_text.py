"""What was written, as safe HTML: paragraphs, links and, in our own words, light Markdown.

Two walls, one behind the other: the Markdown parser is told of no HTML, images, headings or entities; and
whatever comes out passes nh3 (ammonia, a parser like the browsers'), which lets a short list of tags through.
"""

import re

import nh3
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cases import mentions

TAGS = {"p", "br", "a", "strong", "em", "ul", "ol", "li", "blockquote", "code", "pre", "span"}
SCHEMES = {"http", "https", "mailto", "tel"}
# How far quotes and lists within each other are drawn; the parser itself goes a little further.
DEEPEST, FURTHEST = 16, 20
# What ends a sentence or a bracket is no part of the address before it.
ADDRESS = re.compile(r"https?://[^\s<>\"“”«»]+[^\s<>\"“”«».,;:!?)\]}'’]")


def _only_whole_addresses(tag, attribute, value):
    """A link says where it leads: no path of ours in a stranger's hand, no address without its scheme."""
    whole = tag != "a" or attribute != "href" or value.split(":")[0].strip().lower() in SCHEMES
    return value if whole else None


def _cleaner(**kwargs):
    return nh3.Cleaner(
        attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
        attribute_filter=_only_whole_addresses,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        **kwargs,
    )


_OUR_CLEANER = _cleaner(tags=TAGS, allowed_classes={"span": {"mention"}})
_STRANGERS_CLEANER = _cleaner(tags=TAGS - {"span"})


def ours(text, people=None):
    """What one of us wrote: light Markdown, a new line where there is one. `people`: see mentions.by_name."""
    env = {"people": people or {}}
    tokens = _LIGHT.parse(text, env)
    if any(token.level >= DEEPEST for block in tokens for token in (block, *(block.children or ()))):
        # The parser leaves out what is nested deeper than it goes; nobody's words may be hidden like that.
        return _safe(_PLAIN.render(text, env))
    return _safe(_LIGHT.renderer.render(tokens, _LIGHT.options, env))


def theirs(text):
    """What a customer wrote, to the letter: paragraphs and links, and no sign of theirs read as markup."""
    return _safe(_PLAIN.render(text, {"people": {}}))


def from_html(html):
    """A stranger's HTML, such as of a mail, cut down to the tags above. Nothing in it loads or runs."""
    return mark_safe(_STRANGERS_CLEANER.clean(html))


def _safe(html):
    return mark_safe(_OUR_CLEANER.clean(html))


def _link_and_call(state):
    """Addresses become links, those who are called are marked; never within a link or in code."""
    for block in state.tokens:
        if block.type != "inline" or not block.children:
            continue
        found, within = [], 0
        for token in block.children:
            within += token.nesting if token.type in ("link_open", "link_close") else 0
            if token.type == "text" and not within:
                found += _pieces(token.content, state.env["people"])
            else:
                found.append(token)
        block.children = found


def _pieces(text, people):
    marks = [(m.start(), m.end(), "a") for m in ADDRESS.finditer(text)]
    marks += [(start, end, "span") for start, end, _person in mentions.spans(text, people)]
    at = 0
    for start, end, tag in sorted(marks):
        if start < at:
            continue
        yield _text(text[at:start])
        words = text[start:end]
        attributes = {"href": words} if tag == "a" else {"class": "mention"}
        yield Token(f"{tag}_open", tag, 1, attrs=attributes)
        yield _text(words)
        yield Token(f"{tag}_close", tag, -1)
        at = end
    yield _text(text[at:])


def _text(words):
    return Token("text", "", 0, content=words)


def _parser(*rules):
    parser = MarkdownIt("zero", {"html": False, "breaks": True, "maxNesting": FURTHEST}).enable(
        ["newline", *rules]
    )
    parser.core.ruler.push("link_and_call", _link_and_call)
    return parser


_PLAIN = _parser()
_LIGHT = _parser(
    *("emphasis", "balance_pairs", "fragments_join", "list", "blockquote", "backticks", "fence", "link"),
    "autolink",
)
