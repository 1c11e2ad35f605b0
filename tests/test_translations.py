"""Spanish and Russian: every string translated, with the same placeholders; pages keep to one language."""

import re
from functools import cache
from html.parser import HTMLParser
from io import BytesIO

import pytest
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation.template import templatize

from tests import factories as make
from tests import worlds
from tests.test_architecture import ROOT, sources

LANGUAGES = ("es", "ru")
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[-+ #0-9.]*[a-z]|%%|%s|\{\w*\}")
PLURALS = {"es": 3, "ru": 4}


@cache
def catalogue(language):
    path = ROOT / "escalation_site" / "locale" / language / "LC_MESSAGES" / "django.po"
    return read_po(BytesIO(path.read_bytes()), locale=language)


def messages(language):
    return [message for message in catalogue(language) if message.id]


def forms(value):
    return (value,) if isinstance(value, str) else tuple(value)


def extracted():
    """{(context, msgid, plural or None): the first file with it}, of all our Python files and templates."""
    found = {}
    templates = [path for path in sorted((ROOT / "templates").rglob("*")) if path.suffix in (".html", ".txt")]
    for path in (*sources("cases", "escalations", "reports", "escalation_site"), *templates):
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # Django's own rendering of a template as calls of gettext; its indentation is no Python.
            text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
        for _line, words, _comments, context in extract("python", BytesIO(text.encode()), keywords=KEYWORDS):
            one, many = (*forms(words), None)[:2]
            if one:
                found.setdefault((context, one, many), path.relative_to(ROOT).as_posix())
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_of_ours_is_in_the_catalogue_and_nothing_else(language):
    ours = extracted()
    known = {(m.context, *(*forms(m.id), None)[:2]) for m in messages(language)}
    assert {key: file for key, file in ours.items() if key not in known} == {}, "missing: make messages"
    assert known - ours.keys() == set(), "no longer used: make messages"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_is_translated_in_every_plural_form(language):
    assert catalogue(language).num_plurals == PLURALS[language]
    wanting = [
        m.id
        for m in messages(language)
        if m.fuzzy
        or not all(form.strip() for form in forms(m.string))
        or len(forms(m.string)) != (1 if isinstance(m.id, str) else PLURALS[language])
    ]
    assert wanting == []


def placeholders(text):
    return sorted(PLACEHOLDER.findall(text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_of_its_original(language):
    wrong = []
    for message in messages(language):
        one, *rest = forms(message.id)
        for number, form in enumerate(forms(message.string)):
            allowed = [placeholders(rest[0] if rest else one)]
            # Spanish says its first form of 1 alone; Russian also of 21, so that its number has to be seen.
            if number == 0 and language == "es":
                allowed.append(placeholders(one))
            if placeholders(form) not in allowed:
                wrong.append((one, form))
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_compiles_without_a_complaint(language):
    assert [(m.id, errors) for m, errors in catalogue(language).check() if errors] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_borders_of_a_sentence_stay(language):
    """What begins or ends with a space or a line break is joined to something else there."""
    edge = re.compile(r"^(\s*).*?(\s*)$", re.S)
    wrong = [
        m.id
        for m in messages(language)
        for form in forms(m.string)
        if edge.match(form).groups() != edge.match(forms(m.id)[0]).groups()
    ]
    assert wrong == []


# --- Pages ---


class Texts(HTMLParser):
    """What a reader sees or hears of a page: texts, labels, hints."""

    def __init__(self, page):
        super().__init__()
        self.found, self.deaf = set(), 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.deaf += tag in ("script", "style")
        for name, value in attrs:
            if name in ("aria-label", "placeholder", "title") and value:
                self.found.add(" ".join(value.split()))

    def handle_endtag(self, tag):
        self.deaf -= tag in ("script", "style")

    def handle_data(self, data):
        if not self.deaf and data.strip():
            self.found.add(" ".join(data.split()))


@pytest.fixture
def compiled(tmp_path, settings):
    """The catalogues as they are written now, whether or not they were compiled before."""
    for language in LANGUAGES:
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        with open(folder / "django.mo", "wb") as file:
            write_mo(file, catalogue(language))
    settings.LOCALE_PATHS = [tmp_path]
    translation.trans_real._translations.clear()
    yield
    translation.trans_real._translations.clear()


def english(language):
    """Our own strings without placeholders that read differently in `language`."""
    return {
        m.id
        for m in messages(language)
        if isinstance(m.id, str) and " " in m.id and m.string != m.id and not m.context
    }


WELL_KNOWN = {
    "login": {"es": "Iniciar sesión", "ru": "Войти"},
    "case-list": {"es": "Mi próxima obligación", "ru": "Моё ближайшее обязательство"},
    "case": {"es": "Primera respuesta", "ru": "Первый ответ"},
    "case-escalate": {"es": "Quién lo recibe, y para cuándo", "ru": "Кто получит и к какому сроку"},
    "watchdog": {"es": "Ningún motor ha mirado nunca", "ru": "Ни один движок ещё не запускался"},
    "admin:index": {"es": "Consola de gestión", "ru": "Консоль менеджеров"},
    "admin:cases_slapolicy_changelist": {"es": "Políticas de SLA", "ru": "Политики SLA"},
}


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WELL_KNOWN)
def test_a_page_is_in_the_readers_language_alone(name, language, client, compiled, now, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    desk = worlds.desk()
    reader = make.person("Olga", "manager", language=language)
    case = make.case(now=now, team=desk.care, owner=desk.ana, by=desk.ana)
    if name != "login":
        client.force_login(reader)
    args = [case.number] if name in ("case", "case-escalate") else []
    answer = client.get(reverse(name, args=args), headers={"accept-language": language})
    assert answer.status_code == 200
    seen = Texts(answer.content.decode()).found
    assert any(WELL_KNOWN[name][language].lower() in text.lower() for text in seen)
    assert seen & english(language) == set()
    assert f'lang="{language}"' in answer.content.decode()


UNREAD = ("%(number)s unread notice", "%(number)s unread notices")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es", ["1 aviso sin leer", "2 avisos sin leer", "5 avisos sin leer", "21 avisos sin leer"]),
        (
            "ru",
            [
                "1 непрочитанное уведомление",
                "2 непрочитанных уведомления",
                "5 непрочитанных уведомлений",
                "21 непрочитанное уведомление",
            ],
        ),
    ],
)
def test_numbers_take_the_plural_of_their_language(language, words, compiled):
    with translation.override(language):
        said = [
            translation.ngettext("%(number)s unread notice", "%(number)s unread notices", number)
            % {"number": number}
            for number in (1, 2, 5, 21)
        ]
    assert said == words


def test_every_language_of_the_settings_but_the_source_has_a_catalogue():
    assert {code for code, _name in settings.LANGUAGES} == {"en", *LANGUAGES}
