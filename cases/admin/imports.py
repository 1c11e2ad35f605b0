"""People from a file: looked at row by row before anything is written; and to a file of the same columns."""

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from cases import people_plan, people_sheet, roles
from cases.console import PRIMARY, Widgets, action
from cases.errors import Refused
from cases.models import Membership, Person, PersonSkill, Skill, Team
from cases.operations import importing
from cases.people_plan import CHANGED, CREATED, SAME, WRONG
from cases.people_sheet import BELOW, BETWEEN, COLUMNS, Line

from .fields import ReasonField

NAME = "cases_person"
SALT = "people import"
AN_HOUR = 3600
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
OUTCOMES = {
    CREATED: gettext_lazy("New"),
    CHANGED: gettext_lazy("Changed"),
    SAME: gettext_lazy("As it is"),
    WRONG: gettext_lazy("Wrong"),
}


class SheetForm(forms.Form):
    sheet = forms.FileField(
        label=gettext_lazy("File"),
        widget=Widgets.File(attrs={"accept": ".csv,.xlsx"}),
        error_messages={"required": gettext_lazy("Choose a file in CSV or XLSX.")},
    )


class ConfirmForm(forms.Form):
    """What was looked at comes back as it was read, signed: nobody writes another into it on the way."""

    looked_at = forms.CharField(widget=forms.HiddenInput)
    change_reason = ReasonField(required=True)


class ImportPages:
    """For the admin of people."""

    SHEETS = {
        "title": gettext_lazy("Import sheet"),
        "icon": "download",
        "items": ["export_csv", "export_xlsx"],
    }
    actions_list = ("import_people", SHEETS)

    def get_urls(self):
        own = [
            path("confirm/", self.admin_site.admin_view(self.confirm), name=f"{NAME}_import_confirm"),
            path("example.<str:kind>", self.admin_site.admin_view(self.example), name=f"{NAME}_example"),
        ]
        return [*own, *super().get_urls()]

    def has_import_permission(self, request):
        return importing.may_import(request.user)

    def has_export_permission(self, request):
        return roles.scope(request.user, "people.read") == roles.Scope.ALL

    # --- in ---

    @action(
        description=gettext_lazy("Import people…"),
        url_path="import",
        icon="upload",
        permissions=["import"],
        variant=PRIMARY,
    )
    def import_people(self, request):
        """The file is read and shown, row by row; nothing is written by that."""
        form = SheetForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
        if request.method != "POST" or not form.is_valid():
            return self._show_sheet(request, form)
        sheet = form.cleaned_data["sheet"]
        try:
            people_sheet.require_size(sheet.size)
            lines = people_sheet.read(sheet.name, sheet.read())
        except Refused as refusal:
            form.add_error("sheet", refusal)
            return self._show_sheet(request, form)
        return self._look(request, lines)

    def _look(self, request, lines, *, reason="", refusal=None, before=()):
        """What these lines would do; `before` are the marks of what was shown last, where that differs."""
        rows = people_plan.compare(lines, by=request.user)
        marks = [row.mark for row in rows]
        said = {"lines": [[line.number, line.cells] for line in lines], "shown": marks, "by": request.user.pk}
        confirm = ConfirmForm(
            initial={
                "looked_at": signing.dumps(said, salt=SALT, compress=True),
                "change_reason": reason,
            }
        )
        changed = {row.number for row, mark in zip(rows, before, strict=False) if row.mark != mark}
        return self._show_sheet(
            request, SheetForm(), rows=rows, confirm=confirm, refusal=refusal, changed_meanwhile=changed
        )

    def _show_sheet(self, request, form, *, rows=None, confirm=None, refusal=None, changed_meanwhile=()):
        counted = [(outcome, label, 0) for outcome, label in OUTCOMES.items()]
        if rows is not None:
            outcomes = [row.outcome for row in rows]
            counted = [(o, label, outcomes.count(o)) for o, label in OUTCOMES.items()]
        is_wrong = rows is not None and any(row.errors for row in rows)
        does = rows is not None and any(row.outcome in (CREATED, CHANGED) for row in rows)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import people"),
            "opts": self.opts,
            "form": form,
            "rows": [_row(row, row.number in changed_meanwhile) for row in rows or ()],
            "is_looked_at": rows is not None,
            "counted": counted,
            "is_wrong": is_wrong,
            "confirm": confirm if does and not is_wrong else None,
            "refusal": refusal,
            "columns": COLUMNS,
            "mb": people_sheet.MOST_MB,
            "most": people_sheet.MOST_ROWS,
            "back": reverse(f"admin:{NAME}_changelist"),
            "media": self.media,
        }
        return render(request, "admin/import_people.html", context)

    def confirm(self, request):
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = ConfirmForm(request.POST or None)
        try:
            said = signing.loads(request.POST.get("looked_at", ""), salt=SALT, max_age=AN_HOUR)
            if said["by"] != request.user.pk:
                raise signing.BadSignature("somebody else looked at it")
        except signing.BadSignature:
            messages.error(request, _("What was looked at is over an hour old; send the file again."))
            return redirect(f"admin:{NAME}_import_people")
        lines = [Line(number, cells) for number, cells in said["lines"]]
        reason = form.data.get("change_reason", "")
        try:
            done = importing.carry_out(
                lines=lines, shown=said["shown"], by=request.user, now=timezone.now(), reason=reason
            )
        except Refused as refusal:
            return self._look(request, lines, reason=reason, refusal=refusal, before=said["shown"])
        if done.created or done.changed:
            words = {"created": done.created, "changed": done.changed}
            messages.success(request, _("Imported: %(created)d new, %(changed)d changed.") % words)
        else:
            messages.info(request, _("Everybody is as the file says already; nothing was written."))
        return redirect(f"admin:{NAME}_changelist")

    # --- out ---

    @action(
        description=gettext_lazy("Import sheet, CSV"),
        url_path="export-csv",
        icon="download",
        permissions=["export"],
    )
    def export_csv(self, request):
        return _download("csv", "people", _everybody())

    @action(
        description=gettext_lazy("Import sheet, XLSX"),
        url_path="export-xlsx",
        icon="download",
        permissions=["export"],
    )
    def export_xlsx(self, request):
        return _download("xlsx", "people", _everybody())

    @method_decorator(require_GET)
    def example(self, request, kind):
        """Three invented people in the desk's own first team and skill, so that it can be tried as it is."""
        if not self.has_import_permission(request) or kind not in KINDS:
            raise PermissionDenied
        return _download(kind, "people-example", _example())


def _row(row, is_changed):
    labels = {column: str(label) for column, label in COLUMNS.items()}
    return {
        "row": row,
        "name": row.values.get("name") or (row.person.name if row.person else ""),
        "outcome": row.outcome,
        "label": OUTCOMES[row.outcome],
        "is_changed": is_changed,
        "differences": [(labels[column], was, new) for column, was, new in row.differences],
        "errors": [(labels[column], sentence) for column, sentence in row.errors],
    }


def _download(kind, name, rows):
    answer = HttpResponse(people_sheet.written(rows, kind), content_type=KINDS[kind])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def _everybody():
    """Everybody who works here, as an import reads them. Five queries."""
    _by_words, paths = people_plan.team_paths()
    people = Person.objects.working().select_related("manager").order_by("username")
    teams, skills = {}, {}
    for person, team in Membership.objects.order_by("pk").values_list("person", "team"):
        teams.setdefault(person, []).append(paths[team])
    for person, skill in PersonSkill.objects.order_by("skill__name").values_list("person", "skill__name"):
        skills.setdefault(person, []).append(skill)
    for person in people:
        yield {
            "username": person.username,
            "name": person.name,
            "email": person.email,
            "role": person.role,
            "teams": f"{BETWEEN} ".join(sorted(teams.get(person.pk, ()))),
            "skills": f"{BETWEEN} ".join(skills.get(person.pk, ())),
            "language": person.language,
            "time_zone": person.time_zone,
            "manager": person.manager.username if person.manager else "",
            "money_limit": f"{person.money_limit:.2f}",
        }


def _example():
    team = Team.objects.filter(is_active=True).order_by("pk").select_related("parent").first()
    skill = Skill.objects.order_by("pk").first()
    path = BELOW.join(str(part) for part in (team.parent, team) if part) if team else ""
    invented = (("m.example", "Maria Example", ""), ("j.example", "João Example", "m.example"))
    for username, name, manager in (*invented, ("o.example", "Olga Example", "m.example")):
        yield {
            "username": username,
            "name": name,
            "email": f"{username}@example.com",
            "role": "agent",
            "teams": path,
            "skills": skill.name if skill else "",
            "language": "en",
            "time_zone": "Europe/Madrid",
            "manager": manager,
            "money_limit": "50.00",
        }
