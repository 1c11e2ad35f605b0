"""manage.py mark_pack_texts: writes what the packs' files say in words where gettext finds it."""

from django.core.management.base import BaseCommand

from cases.packs import FOLDER, packs

HEAD = '"""What the files of regulatory packs say, for translators: made by `manage.py mark_pack_texts`."""\n'


def texts():
    """Every text of the packs that a page shows, once, in order. Sources are citations, as they are."""
    found = {}
    for pack in packs().values():
        found[pack.name] = True
        for fact in pack.terms:
            found |= dict.fromkeys((fact.trigger, fact.scope, fact.extension, fact.note), True)
    return sorted(text for text in found if text)


def module():
    """The text of cases/packs/texts.py."""
    body = "\n".join(f"    _({text!r})," if '"' in text else f'    _("{text}"),' for text in texts())
    return (
        f"{HEAD}\nfrom django.utils.translation import gettext_noop as _\n\n"
        f"# fmt: off\nTEXTS = (\n{body}\n)\n"
    )


class Command(BaseCommand):
    help = "Marks the words of regulatory packs for translation (cases/packs/texts.py)."

    def handle(self, **options):
        (FOLDER / "texts.py").write_text(module(), encoding="utf-8")
