"""The addresses of the workspace."""

from django.contrib.auth import views as auth
from django.urls import path

from cases.views import actions, home, notices, profile, reading, talking, watchdog
from cases.views.case import CasePage
from cases.views.new import NewCase
from cases.views.presence import Here
from cases.views.queue import Queue

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("menu/", home.menu, name="menu"),
    path("notices/", notices.NoticeList.as_view(), name="notices"),
    path("notices/read/", notices.mark_read, name="notices-read"),
    path("notices/bell/", notices.bell, name="notices-bell"),
    path("notices/<int:notice>/open/", notices.open_notice, name="notice-open"),
    path("me/", profile.Me.as_view(), name="me"),
    path("me/notices/", profile.MyNotices.as_view(), name="me-notices"),
    path("me/theme/", profile.set_theme, name="me-theme"),
    path("away/", profile.Away.as_view(), name="away"),
    path("away/<int:absence>/end/", profile.EndAbsence.as_view(), name="away-end"),
    path("watchdog/", watchdog.Watchdog.as_view(), name="watchdog"),
    path("watchdog/timers/", watchdog.RetryTimers.as_view(), name="watchdog-timers"),
    path("watchdog/notices/", watchdog.SendAgain.as_view(), name="watchdog-notices"),
    path("cases/", Queue.as_view(), name="case-list"),
    path("cases/new/", NewCase.as_view(), name="case-new"),
    path("cases/<str:number>/", CasePage.as_view(), name="case"),
    path("cases/<str:number>/here/", Here.as_view(), name="case-here"),
    path("cases/<str:number>/open/", reading.OpenRest.as_view(), name="case-open"),
    path("cases/<str:number>/print/", reading.Print.as_view(), name="case-print"),
    path("cases/<str:number>/reply/", talking.Reply.as_view(), name="case-reply"),
    path("cases/<str:number>/note/", talking.Note.as_view(), name="case-note"),
    path("cases/<str:number>/call/", talking.Call.as_view(), name="case-call"),
    path("cases/<str:number>/promise/", talking.Promise.as_view(), name="case-promise"),
    path("cases/<str:number>/promises/<int:promise>/keep/", actions.Keep.as_view(), name="case-promise-keep"),
    path("cases/<str:number>/assign/", actions.Assign.as_view(), name="case-assign"),
    path("cases/<str:number>/priority/", actions.Prioritise.as_view(), name="case-priority"),
    path("cases/<str:number>/take-up/", actions.TakeUp.as_view(), name="case-take-up"),
    path("cases/<str:number>/pause/", actions.StandStill.as_view(), name="case-pause"),
    path("cases/<str:number>/pauses/<int:pause>/resume/", actions.Resume.as_view(), name="case-resume"),
    path("cases/<str:number>/resolve/", actions.Resolve.as_view(), name="case-resolve"),
    path("cases/<str:number>/close/", actions.Close.as_view(), name="case-close"),
    path("cases/<str:number>/reopen/", actions.Reopen.as_view(), name="case-reopen"),
]
