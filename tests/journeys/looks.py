"""What is wrong with a page that a browser shows: by axe-core in light, dark and on a phone, by WCAG 2.2 AA;
and whether anything is cut off, down to the width of 400 per cent."""

from contextlib import suppress

from playwright.sync_api import TimeoutError

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# For these axe fetches all style sheets and all sound again on every page, which takes longer than all other
# rules together. The style sheets are the same everywhere, and there is no sound.
OF_THE_STYLES = ["css-orientation-lock", "no-autoplay-audio"]
COLOURS = ["color-contrast"]


def only(rules):
    return {"runOnly": {"type": "rule", "values": rules}}


def all_but(rules):
    switched_off = {rule: {"enabled": False} for rule in rules}
    return {"runOnly": {"type": "tag", "values": TAGS}, "rules": switched_off, "preload": False}


LIGHT, DARK = {"color_scheme": "light"}, {"color_scheme": "dark"}
WIDE, NARROW = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
# A page is loaded once and looked at thrice: dark changes colours alone, a narrow page all else.
LOOKS = {
    "light": (LIGHT, WIDE, all_but(OF_THE_STYLES)),
    "dark": (DARK, WIDE, only(COLOURS)),
    "phone": (LIGHT, NARROW, all_but([*COLOURS, *OF_THE_STYLES])),
}
# WCAG 1.4.10: what a window of 1280 pixels has left at 400 per cent.
NARROWEST = {"width": 320, "height": 640}
# What axe says, and nothing of what it passed: that is long, and would be carried here for nothing.
RUN = """([context, options]) => axe.run(context, {...options, resultTypes: ["violations"]}).then(found =>
    found.violations.flatMap(rule => rule.nodes.slice(0, 3).map(
        node => `${rule.id}: ${rule.help} — ${node.html.slice(0, 160)}`)))"""
# What is cut off as the page stands. The page scrolls up and down alone. What scrolls sideways on it is a
# table, or a row of things each of which fits. No control lies beyond the edge. The words of headings and
# controls are seen whole, or end in dots on a link to where they are whole, or on what has them as its title.
CUT = """() => {
    const page = document.scrollingElement, wide = page.clientWidth, found = new Set(), range = new Range();
    const CONTROLS = "a, button, summary, label, input, select, textarea";
    const WORDED = "a, button, summary, label, legend, caption, th, h1, h2, h3, h4";
    const TOLD = "a[href]:not([href^='mailto:'], [href^='tel:']), [title]";
    const beside = /auto|scroll/, hides = /hidden|clip/;
    const called = node => node.cloneNode(false).outerHTML.slice(0, 120);
    const ways = node => { const ways = []; for (; node && node !== document.body; node = node.parentElement)
        ways.push([node, getComputedStyle(node)]); return ways; };
    // What only those read who hear the page is a pixel large, or cut to nothing on purpose.
    const unseen = way => way.some(([node, style]) => style.clipPath !== "none" || style.opacity === "0");
    if (page.scrollWidth > wide) found.add(`the page scrolls sideways, ${page.scrollWidth} in ${wide}`);
    for (const node of document.body.querySelectorAll("*")) {
        if (node.clientWidth && node.scrollWidth > node.clientWidth + 1 && !node.matches("textarea, input")
            && beside.test(getComputedStyle(node).overflowX) && !node.querySelector("table")
            && [...node.children].some(child => child.offsetWidth > node.clientWidth))
            found.add(`scrolls sideways: ${called(node)}`);
        if (!node.matches(CONTROLS) || !node.checkVisibility({visibilityProperty: true})) continue;
        const box = node.getBoundingClientRect();
        if (box.width < 2 || (box.right <= wide + 1 && box.left >= -1)) continue;
        const way = ways(node);
        if (!unseen(way) && !way.some(([, style]) => beside.test(style.overflowX)))
            found.add(`beyond the edge: ${called(node)}`);
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text; (text = texts.nextNode());) {
        const of = text.data.trim() && text.parentElement.closest(WORDED);
        if (!of || !text.parentElement.checkVisibility({visibilityProperty: true})) continue;
        range.selectNodeContents(text);
        const {left, right, top, bottom} = range.getBoundingClientRect();
        const way = ways(text.parentElement);
        if (right - left < 2 || unseen(way)) continue;
        for (const [node, style] of way) {
            const box = node.getBoundingClientRect();
            // A line is a little higher than the letters on it.
            const cut = (hides.test(style.overflowX) && (right > box.right + 1 || left < box.left - 1))
                || (hides.test(style.overflowY) && (bottom > box.bottom + 4 || top < box.top - 4));
            if (cut) {
                const dots = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
                const told = text.parentElement.closest(TOLD);
                const words = text.data.trim().slice(0, 60);
                if (!dots || !told) found.add(`cut off: “${words}” in ${called(node)}`);
            }
            if (cut || beside.test(style.overflowX + style.overflowY) || style.position === "fixed") break;
        }
    }
    return [...found].slice(0, 9);
}"""


def wrong_in(page, context="html", looks=LOOKS):
    """(look, what is wrong in it) of what the page shows now, for each look in which something is."""
    for look, (scheme, size, options) in looks.items():
        page.emulate_media(**scheme)
        page.set_viewport_size(size)
        if wrong := page.evaluate(RUN, [context, options]):
            yield look, wrong


def cut_off(page, sizes=(NARROW, NARROWEST, WIDE), settles=False):
    """(width, what is cut off there), for each width at which something is; from that of the last look on.

    `settles`: something on the page measures it anew a moment after the window changed.
    """
    for size in sizes:
        page.set_viewport_size(size)
        if (wrong := page.evaluate(CUT)) and not (settles and _is_well_soon(page)):
            yield size["width"], page.evaluate(CUT) if settles else wrong


def _is_well_soon(page):
    with suppress(TimeoutError):
        return page.wait_for_function(f"() => !({CUT})().length", timeout=20_000)
