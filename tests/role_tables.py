"""Who may ask what, of every address whose table stands with no test of its subject.

Rows have agent, supervisor, manager, auditor, administrator, and an agent of another team. What is sent is
empty, or stale: who may send it is refused for that (422, or 400), or led back to the case (302).
"""


def by_name(rows):
    return {name: row for row, names in rows.items() for name in names.split()}


# --- The workspace: what is asked for, and what is sent ---

WHO_MAY = by_name(
    {
        # What only a form is sent to leads to where the form is; the case is asked for there.
        (
            302,
            302,
            302,
            302,
            302,
            302,
        ): "home away-end case-reply case-reply-fill case-reply-preview case-draft "
        "case-note case-call case-promise",
        (200, 200, 200, 200, 200, 200): "survey",
        (200, 200, 200, 404, 200, 404): "away-change",
        (403, 200, 200, 200, 200, 403): "watchdog configuration-history",
        (403, 403, 302, 403, 302, 403): "watchdog-timers watchdog-notices",
        (200, 200, 200, 403, 403, 200): "cases-together",
        # What was done together is its doer's own: here, the agent's.
        (200, 404, 404, 403, 403, 404): "cases-together-done",
        (200, 200, 200, 403, 404, 403): "case-received case-tags case-unlink",
    }
)
SENT = by_name(
    {
        (422, 422, 422, 422, 422, 422): "survey me away",
        (302, 302, 302, 302, 302, 302): "notices-read me-notices me-theme",
        (302, 404, 404, 404, 404, 404): "notice-open",
        (422, 422, 422, 404, 422, 404): "away-change",
        (302, 302, 302, 404, 302, 404): "away-end",
        (403, 403, 422, 403, 422, 403): "watchdog-timers watchdog-notices",
        (422, 422, 422, 403, 403, 422): "cases-together",
        (302, 404, 404, 403, 403, 404): "cases-together-undo",
        (422, 422, 422, 422, 403, 422): "saved-views",
        (200, 200, 200, 200, 404, 200): "case-here",
        # Whoever may read the whole of it already needs no reason.
        (302, 302, 302, 302, 404, 422): "case-open",
        (422, 422, 422, 403, 404, 422): "case-note case-call",
        (422, 422, 422, 403, 404, 403): "case-reply case-received case-promise case-promise-replace "
        "case-promise-withdraw case-ask ask-correct ask-decide ask-take-back case-answer case-assign "
        "case-correct case-priority case-restrict case-open-up case-name case-strike case-tags case-pause "
        "case-resolve case-close case-reopen case-escalate case-option handoff-decline handoff-ask "
        "handoff-hand-on deescalate question-answer severity",
        (302, 302, 302, 403, 404, 403): "case-promise-keep case-take case-take-up case-resume handoff",
        (403, 422, 422, 403, 404, 403): "decision-review",
        # One of another version; of its own: tests/escalations/test_checklists.py.
        (404, 404, 404, 403, 404, 403): "step",
        (422, 404, 404, 403, 404, 403): "case-profile",
    }
)

# --- The console beside its models' standard pages: asked for, or sent to where that is all it takes ---

CONSOLE = by_name(
    {
        (
            403,
            200,
            200,
            200,
            200,
            403,
        ): "cases_calendarversion_year "
        "search index app_list password_change password_change_done jsi18n "
        "autocomplete cases_duty_roster cases_absence_calendar cases_recalculation_progress "
        "cases_calendarversion_compare cases_person_roles cases_person_leave cases_slapolicy_which "
        "cases_slapolicyversion_compare cases_team_tree escalations_backtest_progress "
        "escalations_pathversion_compare escalations_pathversion_on_duty escalations_rule_matrix",
        (403, 404, 404, 404, 404, 403): "view_on_site",  # nothing of ours has a page on another site
        (403, 200, 200, 403, 200, 403): "cases_duty_swap",
        (403, 200, 200, 403, 403, 403): "cases_calendarversion_add_holidays cases_calendarversion_new_draft "
        "cases_slapolicyversion_new_draft escalations_escalationpath_template "
        "escalations_escalationpath_templates escalations_escalationpath_copy "
        "escalations_pathversion_new_draft "
        "escalations_pathversion_picture escalations_pathversion_preview escalations_pathversion_try_on_past",
        (403, 302, 302, 302, 302, 403): "cases_calendar_year",
        (403, 302, 302, 403, 403, 403): "cases_calendar_newest_draft cases_slapolicy_newest_draft "
        "escalations_escalationpath_newest_draft escalations_backtest_cancel escalations_rule_copy",
        (403, 403, 200, 403, 403, 403): "cases_calendarversion_publish cases_packversion_on "
        "cases_packversion_off cases_packversion_confirm cases_slapolicyversion_publish "
        "cases_slapolicyversion_move_cases escalations_pathversion_publish escalations_rule_switch",
        (403, 403, 302, 403, 403, 403): "cases_recalculation_again",
        (403, 403, 422, 403, 403, 403): "escalations_rule_order",
        (403, 403, 302, 403, 302, 403): "cases_person_import_confirm",
        (
            403,
            403,
            200,
            403,
            200,
            403,
        ): "cases_person_example cases_person_import_people cases_person_come_back",
        (403, 403, 200, 200, 200, 403): "cases_person_export_csv cases_person_export_xlsx",
    }
)

# --- The API: what is read, and what is done ---

API_READ = by_name(
    {
        (200, 200, 200, 200, 403, 403): "case-history-history party-parties known-attempts known-questions",
        (403, 200, 200, 200, 403, 403): "dashboard-list",
        (
            200,
            200,
            200,
            200,
            403,
            200,
        ): "option-use-list ask-back-list escalation-list handoff-list case-ladder-plan "
        "conversation-messages link-links case-list case-detail customer-list customer-detail "
        "clock-list promise-list ask-list decision-list answer-list survey-list "
        "conversation-attachment savedview-list",
        # Of the console, whose people are within one's own reach.
        (403, 200, 200, 200, 200, 403): "duty-list duty-detail dutypattern-list dutypattern-detail "
        "roster-list person-parting-holds membership-list membership-detail personskill-list "
        "person-staff-list person-staff-detail team-staff-list team-staff-detail role-list",
        (403, 404, 200, 200, 200, 403): "personskill-detail",  # of somebody of another team
        (403, 404, 404, 404, 404, 403): "escalationpath-on-duty",  # of a path that was never published
        (200, 200, 200, 403, 403, 200): "donetogether-list",
        (200, 404, 404, 403, 403, 404): "donetogether-detail",
        # An agent's own, shared with nobody.
        (200, 404, 404, 404, 403, 404): "savedview-detail",
        (
            200,
            200,
            200,
            200,
            403,
            404,
        ): "option-use-detail ask-back-detail escalation-detail handoff-detail clock-detail "
        "clock-receipt promise-detail ask-detail decision-detail answer-detail survey-detail "
        "escalation-checklist",
        (
            200,
            200,
            200,
            403,
            403,
            403,
        ): "case-option-options foreseen-if-prioritised",
        # Of nothing that would change, after the case was asked for.
        (400, 400, 400, 403, 403, 403): "foreseen-if-corrected",
        (
            200,
            200,
            200,
            200,
            200,
            200,
        ): "option-list escalation-reason-list path-list notice-list me-list absence-list "
        "person-list team-list category-list cause-list question-list service-list skill-list tag-list "
        "pause-reason-list reply-template-list root",
        (200, 404, 404, 404, 404, 404): "notice-detail",
        (200, 200, 200, 404, 200, 404): "absence-detail",
    }
)
API_DONE = by_name(
    {
        (
            400,
            400,
            400,
            403,
            403,
            404,
        ): "ask-back-answer escalation-tick escalation-deescalate escalation-raise-severity handoff-ask-back "
        "handoff-decline handoff-hand-on promise-replace promise-withdraw ask-correct ask-decide "
        "ask-take-back",
        (
            400,
            400,
            400,
            403,
            403,
            403,
        ): "case-option-use-option case-ladder-escalate case-answer case-ask case-assign case-close "
        "case-correct case-name-person case-open-up case-pause case-prioritise case-promise "
        "case-receive case-reopen case-reply case-resolve case-restrict case-resume case-strike "
        "case-take case-take-up case-tag relating-link relating-unlink relating-merge relating-split "
        "known-note-attempt known-fill-in",
        (409, 409, 409, 403, 403, 404): "handoff-acknowledge",
        (
            400,
            400,
            400,
            403,
            403,
            400,
        ): "case-list case-call case-note relating-follow-up "
        "donetogether-assign donetogether-tag donetogether-prioritise donetogether-close",
        (400, 404, 404, 403, 403, 404): "donetogether-undo",
        (403, 400, 400, 403, 400, 403): "duty-list duty-move duty-swap dutypattern-list "
        "person-parting-leave person-parting-come-back",
        (403, 200, 200, 403, 200, 403): "duty-take-out dutypattern-change",
        (403, 403, 400, 403, 400, 403): "person-sheet-import person-sheet-look",
        (400, 400, 400, 400, 403, 400): "savedview-list",
        (400, 404, 404, 404, 403, 404): "savedview-rename savedview-share",
        (200, 404, 404, 404, 403, 404): "savedview-delete",
        (400, 400, 403, 403, 403, 400): "case-open-rest",
        (200, 200, 200, 403, 403, 404): "promise-keep",
        (403, 400, 400, 403, 403, 403): "decision-approve decision-send-back",
        (200, 200, 200, 200, 200, 200): "notice-read-all me-be-told me-introduce",
        (200, 404, 404, 404, 404, 404): "notice-read",
        (400, 400, 400, 400, 400, 400): "absence-list",
        (400, 400, 400, 404, 400, 404): "absence-change",
        (200, 200, 200, 404, 200, 404): "absence-end",
    }
)
