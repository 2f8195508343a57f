"""The store's side of visits, beside the admin's own pages, and each associate's calendar."""

from django.urls import path

from appointments.counter import acts, feed, pages, reports

app_name = "floor"
urlpatterns = [
    path("admin/visits/", pages.here, name="here"),
    path("admin/visits/figures/", reports.missed, name="figures"),
    path("admin/visits/figures.csv", reports.missed_csv, name="figures_csv"),
    path("admin/visits/visit/<int:pk>/", pages.visit, name="visit"),
    path("admin/visits/visit/<int:pk>/reach/", pages.reach, name="reach"),
    path("admin/visits/visit/<int:pk>/step/", acts.step, name="step"),
    path("admin/visits/visit/<int:pk>/complete/", acts.complete, name="complete"),
    path("admin/visits/visit/<int:pk>/move/", acts.move, name="move"),
    path("admin/visits/visit/<int:pk>/cancel/", acts.cancel, name="cancel"),
    path("admin/visits/visit/<int:pk>/note/", acts.note, name="note"),
    path("admin/visits/piece/<int:pk>/tick/", acts.tick, name="tick"),
    path("admin/visits/piece/<int:pk>/arrived/", acts.count_in, name="count_in"),
    path("admin/visits/piece/<int:pk>/sent/", acts.send, name="send"),
    path("admin/visits/piece/<int:pk>/instead/", acts.instead, name="instead"),
    path("admin/visits/task/<int:pk>/done/", acts.settle, name="settle"),
    path("admin/visits/<slug:store>/<str:day>/", pages.day, name="day"),
    path("admin/visits/<slug:store>/<str:day>/tray/", pages.tray, name="tray"),
    path("admin/visits/<slug:store>/<str:day>/tray/scan/", acts.scan, name="scan"),
    path("admin/visits/<slug:store>/<str:day>/walk-in/", acts.walk_in, name="walk_in"),
    path("visits/calendar/<str:token>.ics", feed.calendar, name="calendar"),
]
