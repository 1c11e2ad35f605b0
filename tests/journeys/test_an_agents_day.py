"""An agent's day in a real browser: a complaint from the first call to its close, as those see it who work on
it; and its first hour without JavaScript."""

import re
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.skipif(
        connection.vendor != "sqlite",
        reason="pages look the same on either database; they are seen on SQLite",
    ),
]

SUBJECT = "The replacement router went to the old address"
BODY = "It was sent to the practice that we left in March, for the second time."
ASK = "The router at the new practice this week"
DELIVERY = "The router is with the courier, addressed to the new practice"
WORD_ON = "The courier confirms the new address"
ANSWERED = "I have stopped the first parcel and ordered a second one to your new address."


@pytest.fixture
def desk(served):
    """`desk(who)` is a page of somebody's browser; what any of them reports as an error ends the test."""
    errors = []

    @contextmanager
    def seen_by(who, **options):
        with served.seen_by(who, viewport={"width": 1440, "height": 900}, **options) as page:
            gather_errors(page.context, errors)
            page.goto(f"{served.url}/cases/")
            yield page

    yield seen_by
    assert errors == []


def gather_errors(context, errors):
    """Add to `errors`, as text, what scripts throw in any page of `context`, and what the browser complains
    of: what a policy forbids, what was asked for and did not come."""
    context.on(
        "console",
        lambda said: said.type == "error" and errors.append(f"{said.text} ({said.location['url']})"),
    )
    context.on("weberror", lambda failed: errors.append(str(failed.error)))


# What may go wrong on a page, and what the browser then says in any order.
WRONG = [
    ('<script src="/wrong/throws.js"></script>', ["this script throws"]),
    ('<script src="/wrong/rejects.js"></script>', ["nobody caught this"]),
    ('<script src="/wrong/complains.js"></script>', ["this script complains"]),
    ('<script type="module" src="/wrong/imports.js"></script>', ["404", "nowhere.js"]),
    ("<script>document.title = 'it ran'</script>", ["inline script", "Content Security Policy"]),
    ('<script src="https://elsewhere.test/x.js"></script>', ["elsewhere.test", "Content Security Policy"]),
    ('<img src="/wrong/picture.png" alt="">', ["404", "picture.png"]),
    ('<img src="/wrong/failed.png" alt="">', ["500", "failed.png"]),
    ('<script src="/wrong/fetches.js"></script>', ["500", "failed.json"]),
]
SCRIPTS = {
    "throws.js": "throw new Error('this script throws')",
    "rejects.js": "Promise.reject(new Error('nobody caught this'))",
    "complains.js": "console.error('this script complains')",
    "imports.js": "import '/wrong/nowhere.js'",
    "fetches.js": "fetch('/wrong/failed.json')",
}


def goes_wrong(route):
    """Answers for the server under /wrong/."""
    name = route.request.url.rpartition("/")[2]
    if name in SCRIPTS:
        route.fulfill(body=SCRIPTS[name], content_type="text/javascript")
    else:
        route.fulfill(status=500 if name.startswith("failed") else 404, body="")


def test_whatever_goes_wrong_in_a_browser_is_noticed(served):
    """All of it on one real page under its real policy; of the page as it is there is nothing to notice."""
    address, added = f"{served.url}/views/", "".join(markup for markup, _said in WRONG)

    def with_what_is_wrong(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</main>", f"{added}</main>"))

    def missed():
        return [
            markup
            for markup, said in WRONG
            if not any(all(words in error for words in said) for error in errors)
        ]

    with served.seen_by("lucia") as page:
        errors = []
        gather_errors(page.context, errors)
        page.goto(address)
        assert errors == []
        page.route("**/wrong/*", goes_wrong)
        page.route(address, with_what_is_wrong)
        page.reload()
        for _try in range(1000):
            if not missed():
                break
            page.wait_for_timeout(50)
        assert missed() == []


def test_a_complaint_is_taken_down_answered_escalated_settled_and_closed(desk):
    with desk("lucia") as lucia:
        number = takes_it_down(lucia)
        replies_with_a_template(lucia)
        promises_and_keeps(lucia)
        holder = escalates(lucia, number)
        with desk(holder) as above:
            acknowledges(above, lucia, number)
            offers_an_apology(above)
            hands_it_back(above)
        decides_what_was_asked(lucia)
        resolves(lucia)
        hears_the_customer_confirm(lucia)
        closes(lucia)
        reads_the_whole_story(lucia, holder)


def test_a_complaint_is_taken_down_answered_assigned_and_escalated_without_javascript(desk):
    with desk("lucia", java_script_enabled=False) as page:
        finds_the_customer(page)
        says_what_happened(page)
        page.get_by_role("button", name="Check").click()
        expect(ahead(page)).to_contain_text("Customer care")
        expect(ahead(page)).to_contain_text("First response")
        number = opens_it(page)
        page.locator("#id_reply-body").fill(ANSWERED)
        page.locator("#form-reply").get_by_role("button", name="Send").click()
        expect(toast(page)).to_contain_text("Your reply is on its way.")
        expect(talk(page)).to_contain_text(ANSWERED)
        assigns(page, number, "Irina Sokolova")
        begins_to_escalate(page)
        page.locator("label", has_text="Go on escalating").click()
        fills_in_the_handoff(page)
        page.get_by_role("button", name="Hand to").click()
        expect(page).to_have_url(re.compile(f"/cases/{number}/$"))
        expect(toast(page)).to_contain_text("has it, and is told.")
        expect(ladder(page)).to_contain_text("Level 2 of 3")


# What everybody sees of a case.


def ahead(page):
    return page.get_by_role("complementary", name="What this would lead to")


def toast(page):
    return page.locator(".toasts[role=status]")


def customer(page):
    return page.locator("[aria-label=Customer]")


def clocks(page):
    return page.get_by_role("region", name="Clocks")


def asks(page):
    return page.get_by_role("region", name="What the customer asks")


def talk(page):
    return page.get_by_role("region", name="What was said and done")


def owed_next(page):
    return page.get_by_role("region", name="What is owed next")


def ladder(page):
    return page.get_by_role("region", name="Escalation")


def promise(page, what):
    return page.get_by_role("region", name="Promises").locator(".promise", has_text=what)


def sheet(page, name):
    return page.get_by_role("dialog", name=name)


# What is done, in the order of the day.


def takes_it_down(page):
    """Where it goes and when it is due is said before it is opened, and is so when it is."""
    finds_the_customer(page)
    says_what_happened(page)
    expect(ahead(page).locator(".gets")).to_contain_text("Customer care")
    owner = ahead(page).locator(".gets .who .muted").inner_text()
    owed = ahead(page).locator("dt", has_text="First response")
    due = owed.locator("+ dd time").inner_text().removeprefix("today ")
    number = opens_it(page)
    expect(customer(page).locator("dt", has_text="Owner").locator("+ dd")).to_have_text(owner)
    expect(clocks(page)).to_contain_text(re.compile(rf"due (today )?{re.escape(due)}"))
    expect(owed_next(page)).to_contain_text("First response")
    expect(asks(page)).to_contain_text(ASK)
    expect(promise(page, DELIVERY)).to_contain_text("Lucía Ferrer, phone")
    expect(talk(page)).to_contain_text(BODY)
    return number


def finds_the_customer(page):
    page.get_by_role("link", name="New case").first.click()
    page.get_by_role("searchbox", name=re.compile("^Customer")).fill("Marlow")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("link", name="Marlow Dental Group").click()


def says_what_happened(page):
    form = page.locator("form.intake")
    form.get_by_label("Subject").fill(SUBJECT)
    form.get_by_label("What the customer says").fill(BODY)
    form.get_by_label("What they ask of us").fill(ASK)
    form.get_by_label("Category").select_option("Orders and delivery")
    form.get_by_text("More: a promise").click()
    form.get_by_label("What was promised").fill(DELIVERY)
    form.get_by_label("By when").fill(in_days(7))


def in_days(days):
    """Noon so many days from now, as one types it in Madrid."""
    return f"{datetime.now(ZoneInfo('Europe/Madrid')) + timedelta(days=days):%Y-%m-%dT12:00}"


def opens_it(page):
    page.get_by_role("button", name="Open the case").click()
    expect(page).to_have_url(re.compile(r"/cases/C-\d+/$"))
    expect(toast(page)).to_contain_text("is open; the receipt is on its way.")
    expect(page.get_by_role("heading", level=1)).to_have_text(SUBJECT)
    return re.search(r"C-\d+", page.url)[0]


def replies_with_a_template(page):
    page.locator("summary", has_text="Template").click()
    page.get_by_role("button", name="We have it and look into it").click()
    reply = page.locator("#id_reply-body")
    # Filled in for her, and signed once.
    expect(reply).to_have_value(
        re.compile(r"^Dear Sunita Rao,(?!.*Lucía Ferrer.*Lucía Ferrer).*Lucía Ferrer", re.DOTALL)
    )
    reply.press("Control+Enter")
    expect(toast(page)).to_contain_text("Your reply is on its way.")
    expect(talk(page)).to_contain_text("I am looking into it now.")
    expect(owed_next(page)).not_to_contain_text("First response")


def promises_and_keeps(page):
    page.locator(".segments label", has_text="Promise").click()
    form = page.locator("#form-promise")
    form.get_by_label("What was promised").fill(WORD_ON)
    form.get_by_label("By when").fill(in_days(1))
    form.get_by_label("Told by").select_option("phone")
    form.get_by_role("button", name="Track the promise").click()
    expect(promise(page, WORD_ON)).to_contain_text("Lucía Ferrer, phone")
    promise(page, WORD_ON).get_by_role("button", name="Kept").click()
    expect(toast(page)).to_contain_text("The promise is kept.")
    expect(promise(page, WORD_ON)).to_contain_text("Kept")
    expect(promise(page, WORD_ON).get_by_role("button", name="Kept")).to_have_count(0)


def escalates(page, number):
    """From the queue over three screens: the case, what one may do oneself, the handoff. Who gets it."""
    row = finds_it_again(page, number)
    visited = []
    page.on("framenavigated", lambda frame: visited.append(frame.url))
    row.get_by_role("link", name=SUBJECT).click()
    begins_to_escalate(page)
    form = sheet(page, f"Escalate {number}")
    expect(form).to_contain_text("You may grant up to €3,000 yourself.")
    expect(form.locator(".remedy").first).to_contain_text("Apology in our name")
    form.locator("label", has_text="Go on escalating").click()
    holder = fills_in_the_handoff(form)
    expect(form.get_by_role("complementary")).to_contain_text("to acknowledge by")
    form.get_by_role("button", name=f"Hand to {holder}").click()
    expect(toast(page)).to_contain_text(
        f"{holder} has it, and is told. Your word to the customer is on its way."
    )
    case = page.url
    assert visited == [case, case]
    expect(ladder(page)).to_contain_text("Level 2 of 3")
    expect(ladder(page).locator(".ladder__step--now")).to_contain_text(f"{holder} has it now")
    expect(talk(page)).to_contain_text(f"{holder} has it from now on")
    return holder


def finds_it_again(page, number):
    """Its row in the queue."""
    page.get_by_role("link", name="Back to the queue").click()
    expect(page).to_have_url(re.compile("/cases/$"))
    search = page.get_by_role("searchbox", name=re.compile("^Number, subject"))
    search.fill(SUBJECT)
    search.press("Enter")
    row = page.locator("tr", has_text=number)
    expect(row).to_contain_text("Marlow Dental Group")
    return row


def assigns(page, number, owner):
    """From the queue, over the case."""
    finds_it_again(page, number).get_by_role("link", name=SUBJECT).click()
    page.get_by_role("banner").get_by_role("link", name="Assign").click()
    form = page.locator("form.sheet")
    form.get_by_label("Owner").select_option(label=owner)
    form.get_by_label("Why").fill("She knows them")
    form.get_by_role("button", name="Assign the case").click()
    expect(toast(page)).to_contain_text("The case has changed hands.")
    expect(customer(page).locator("dt", has_text="Owner").locator("+ dd")).to_have_text(owner)


def begins_to_escalate(page):
    page.get_by_role("banner").get_by_role("link", name=re.compile("^Escalate")).click()


def fills_in_the_handoff(form):
    """What is handed over; to whom."""
    to = form.get_by_label("To", exact=True)
    # Without a choice it goes where the case page announces it.
    expect(to.locator("option:checked")).to_have_text(re.compile("^Default, level 1: "))
    account_manager = to.locator("option", has_text="Default, level 2:")
    to.select_option(account_manager.get_attribute("value"))
    form.locator("#id_catalogue_reason").select_option(label="Nobody here moves it on")
    form.get_by_label("Next steps").fill("Have the courier name the driver, and call Ms Rao.")
    expect(form.get_by_label("What the customer reads")).to_have_value(re.compile("^Dear Sunita Rao"))
    return account_manager.inner_text().partition(": ")[2]


def acknowledges(page, agent, number):
    page.get_by_role("link", name=re.compile(r"^[1-9]\d* unread notice")).click()
    page.get_by_role("button", name=re.compile(f"^Unread: .*{number}")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SUBJECT)
    expect(owed_next(page)).to_contain_text("Acknowledge: Account manager")
    expect(ladder(page)).to_contain_text("Have the courier name the driver, and call Ms Rao.")
    owed_next(page).get_by_role("button", name="Acknowledge").click()
    expect(toast(page)).to_contain_text("You have it.")
    agent.reload()
    expect(ladder(agent)).to_contain_text("acknowledged")


def offers_an_apology(page):
    ladder(page).locator("summary", has_text="Options, lowest first").click()
    ladder(page).get_by_role("link", name=re.compile("^Try it ?: Apology in our name")).click()
    form = sheet(page, "Apology in our name")
    form.get_by_label("What came of it").select_option("accepted")
    form.get_by_role("button", name="Record it").click()
    expect(toast(page)).to_contain_text("Apology in our name: accepted")
    expect(ladder(page)).to_contain_text(re.compile(r"1 of \d tried"))


def hands_it_back(page):
    ladder(page).get_by_role("link", name="De-escalate").click()
    form = sheet(page, "De-escalate")
    form.get_by_label("What was done").fill("The courier has the right address and comes tomorrow.")
    form.get_by_role("button", name="De-escalate").click()
    expect(toast(page)).to_contain_text("has the case now; its clocks keep running.")


def decides_what_was_asked(page):
    page.reload()
    expect(ladder(page)).to_contain_text("Not escalated")
    page.get_by_role("banner").get_by_role("link", name="Resolve").click()
    form = sheet(page, "Resolve")
    expect(form).to_contain_text(f"The customer asks “{ASK}”, and nothing is decided.")
    form.get_by_role("button", name="Close").click()
    asks(page).get_by_role("link", name="Decide").click()
    form = sheet(page, "Decide")
    form.get_by_label("Granted", exact=True).check()
    form.get_by_role("button", name="Decide it").click()
    expect(toast(page)).to_contain_text("It is decided.")
    expect(asks(page)).to_contain_text("Granted")


def resolves(page):
    promise(page, DELIVERY).get_by_role("button", name="Kept").click()
    expect(promise(page, DELIVERY)).to_contain_text("Kept")
    page.get_by_role("banner").get_by_role("link", name="Resolve").click()
    form = sheet(page, "Resolve")
    form.get_by_label("Why").fill("The router is there and works.")
    form.get_by_role("button", name="Resolve the case").click()
    expect(toast(page)).to_contain_text("The case is resolved.")
    expect(page.get_by_role("banner")).to_contain_text("Resolved")
    # Nothing runs any more, so nothing is offered to stand still.
    expect(clocks(page).get_by_role("link", name="Pause")).to_have_count(0)


def hears_the_customer_confirm(page):
    page.locator(".segments label", has_text="Call").click()
    form = page.locator("#form-call")
    form.get_by_label("What was said").fill("It works, thank you.")
    form.get_by_role("button", name="Log the call").click()
    expect(toast(page)).to_contain_text("The call is on the case.")
    expect(talk(page)).to_contain_text("It works, thank you.")
    expect(page.get_by_role("banner")).to_contain_text("Resolved")


def closes(page):
    page.get_by_role("banner").locator("summary[aria-label='More actions']").click()
    page.get_by_role("link", name="Close", exact=True).click()
    form = sheet(page, "Close")
    form.get_by_label("Why").fill("Ms Rao has confirmed it.")
    form.get_by_role("button", name="Close the case").click()
    expect(toast(page)).to_contain_text("The case is closed.")
    expect(page.get_by_role("banner")).to_contain_text("Closed")
    expect(owed_next(page)).to_have_count(0)


def reads_the_whole_story(page, holder):
    """Who did what, in sentences, in the order of the day."""
    me = "Lucía Ferrer"
    expect(
        talk(page).locator(".event__text").filter(has_text=re.compile(f"^({me}|{holder}) "))
    ).to_contain_text(
        [
            f"{me} opened the case",
            f"{me} noted what the customer asks: “{ASK}”",
            f"{me} promised “{DELIVERY}” by",
            f"{me} took up the case",
            f"{me} promised “{WORD_ON}” by",
            f"{me} kept the promise “{WORD_ON}”",
            f"{me} handed the case to {holder}, level 2: “Nobody here moves it on”",
            f"{holder} acknowledged level 2",
            f"{holder} offered “Apology in our name”, and the customer accepted",
            f"{holder} de-escalated the case: “The courier has the right address",
            f"{me} granted “{ASK}”",
            f"{me} kept the promise “{DELIVERY}”",
            f"{me} resolved the case: “The router is there and works.”",
            f"{me} closed the case: “Ms Rao has confirmed it.”",
        ]
    )
