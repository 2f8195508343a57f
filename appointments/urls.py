"""The shopper's addresses of the showrooms."""

from django.urls import path

from appointments.views import booking, managing, waiting

app_name = "visits"
urlpatterns = [
    path("book/", booking.choose, name="book"),
    path("book/<uuid:uid>/", booking.form, name="form"),
    path("seen/", booking.seen, name="seen"),
    path("waiting/", waiting.join, name="waiting"),
    path("offered/<str:token>/", waiting.offered, name="offered"),
    path("verify/<str:token>/", managing.verify, name="verify"),
    path("<str:token>/", managing.manage, name="manage"),
    path("<str:token>/move/", managing.move, name="move"),
    path("<str:token>/visit.ics", managing.calendar, name="calendar"),
]
