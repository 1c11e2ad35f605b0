"""What was written, as HTML: our Markdown, a customer's own letters, and nothing that runs or loads."""

import re
import time
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from cases import mentions, rich_text

LUCIA = SimpleNamespace(username="lucia", name="Lucía Ferrer")
PEOPLE = mentions.by_name([LUCIA])

# The classics (script, handlers, addresses, SVG, styles), broken nesting, and samples of mutation: what a
# sanitiser reads one way and a browser, after writing it out, another.
ATTACKS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "<img/src='x'/onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    '<math><maction actiontype="statusline#" xlink:href="javascript:alert(1)">x</maction></math>',
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<object data=javascript:alert(1)></object><embed src=//evil.example/x.swf>",
    "<form action=javascript:alert(1)><button>x</button><input autofocus onfocus=alert(1)></form>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="JaVaScRiPt:alert(1)">x</a>',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    '<a href="\x01javascript:alert(1)">x</a>',
    '<a href="vbscript:msgbox(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>',
    '<a href="//evil.example">x</a>',
    '<a href="/logout/">x</a>',
    '<a href="https://ok.example" onclick="alert(1)" style="position:fixed;inset:0">x</a>',
    '<p style="background:url(javascript:alert(1))" onmouseover=alert(1)>x</p>',
    "<style>@import '//evil.example/x.css'; * { background: url(//evil.example) }</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    '<img src="https://evil.example/pixel.gif">',
    '<video src="//evil.example" onerror=alert(1)></video><audio src=//evil.example>',
    '<table background="//evil.example"><td background="//evil.example">x</table>',
    "<details open ontoggle=alert(1)>x</details>",
    "<b><i><u></b></i><p><a href='https://ok.example'><p></a><script>alert(1)",
    "<p><p><p></span></div></td></table></body></html><script>alert(1)</script>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<xmp><p title="</xmp><img src=x onerror=alert(1)>">',
    '<textarea><p title="</textarea><img src=x onerror=alert(1)>">',
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<template><script>alert(1)</script></template>",
    "<a href=https://ok.example target=_self rel=opener>x</a>",
    "[x](javascript:alert(1))",
    "[x](  java\nscript:alert(1))",
    "![x](https://evil.example/pixel.gif)",
    "<javascript:alert(1)>",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:alert(1)) [y]: javascript:alert(1)\n[y]",
    '[x](https://ok.example "onmouseover=alert(1)")',
    'https://ok.example/"onmouseover=alert(1)',
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "@lucia<script>alert(1)</script>",
    "https://x.example/<script>alert(1)</script>",
]
ALLOWED = {
    "a": {"href", "rel", "target"},
    "span": {"class"},
    "ol": {"start"},
    **{tag: set() for tag in ("p", "br", "strong", "em", "ul", "li", "blockquote", "code", "pre")},
}


class Reader(HTMLParser):
    """Everything in the HTML that could do more than be read."""

    def __init__(self, html):
        super().__init__()
        self.wrong, self.links = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag not in ALLOWED or set(given) - ALLOWED.get(tag, set()):
            self.wrong.append((tag, attributes))
        if "href" in given:
            self.links.append(given)
            if not re.match(r"(https?|mailto|tel):", given["href"]):
                self.wrong.append((tag, attributes))
            if given.get("rel") != "noopener noreferrer nofollow" or given.get("target") != "_blank":
                self.wrong.append((tag, attributes))

    def handle_comment(self, data):
        self.wrong.append(("comment", data))

    handle_decl = handle_pi = unknown_decl = handle_comment


WAYS = {
    "ours": lambda text: rich_text.ours(text, PEOPLE),
    "theirs": rich_text.theirs,
    "from_html": rich_text.from_html,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_runs_loads_or_leads_astray(way, attack):
    html = WAYS[way](attack)
    assert Reader(html).wrong == []
    # Read once more by the sanitiser's own parser, as a browser would, it stays what it is.
    assert Reader(rich_text.from_html(html)).wrong == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_cleaned_again_it_does_not_change_any_more(attack):
    """A text that goes on changing is one that parsers do not agree on."""
    twice = rich_text.from_html(rich_text.from_html(attack))
    assert rich_text.from_html(twice) == twice


@pytest.mark.parametrize("depth", [1, 8, 15, 16, 17, 19, 20, 21, 40, 2000])
@pytest.mark.parametrize("sign", ["> ", ">", "- ", "1. "])
def test_nothing_is_hidden_by_nesting_it_deeply(sign, depth):
    assert "hello" in rich_text.ours(sign * depth + "hello")
    steps = "\n".join(" " * len(sign) * number + sign + f"step{number}" for number in range(min(depth, 40)))
    html = rich_text.ours(steps)
    assert all(f"step{number}" in html for number in range(min(depth, 40)))


@pytest.mark.parametrize("text", ["*" * 20_000, "[" * 20_000, ">" * 20_000, "@a " * 6_000, "*a **b " * 2_500])
def test_no_text_keeps_a_page_waiting(text):
    began = time.process_time()  # its own: what others do on this machine meanwhile does not count
    rich_text.ours(text, PEOPLE)
    assert time.process_time() - began < 5


def test_our_words_are_light_markdown():
    html = rich_text.ours("Dear **Ana**,\nsee *this*:\n\n- one\n- two\n\n> quoted\n\n1. first\n\n`code`")
    for part in (
        "<strong>Ana</strong>,<br>",
        "<em>this</em>",
        "<li>one</li>",
        "<blockquote>",
        "<ol>",
        "<code>code</code>",
    ):
        assert part in html


def test_a_customers_words_are_shown_to_the_letter():
    text = "# 1 *not* bold\n- 5*10*3 = 150\n> C:\\temp\\_x_ &amp; `so`"
    html = rich_text.theirs(text)
    shown = re.sub(r"<[^>]+>", "", html).strip()
    assert shown == text.replace("&", "&amp;").replace(">", "&gt;")


def test_addresses_become_links_without_what_ends_the_sentence():
    html = rich_text.theirs("See https://a.example/x?y=1&z=(2). Or (http://b.example/), ok?")
    assert [link["href"] for link in Reader(html).links] == [
        "https://a.example/x?y=1&z=(2",
        "http://b.example/",
    ]


def test_who_is_called_is_marked_but_not_in_code_in_addresses_or_when_nobody_is_called_so():
    html = rich_text.ours("@lucia and @Lucía Ferrer, @nobody, x@lucia.example, `@lucia`", PEOPLE)
    assert html.count('class="mention"') == 2
    assert '<span class="mention">@Lucía Ferrer</span>,' in html


def test_a_strangers_html_marks_nobody():
    assert rich_text.from_html('<span class="mention">@lucia</span>') == "@lucia"


def test_headings_images_and_entities_are_only_letters():
    html = rich_text.ours("# Title\n![x](https://evil.example/x.png)\n&copy;")
    assert "<h1" not in html and "<img" not in html and "&amp;copy;" in html
