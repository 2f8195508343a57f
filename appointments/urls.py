"""The shopper's addresses of the showrooms."""

from django.urls import path

from appointments import api
from appointments.views import booking, managing, waiting

app_name = "visits"
urlpatterns = [
    path("api/v1/visits/slots/", api.Slots.as_view(), name="slots_api"),
    path("api/v1/visits/holds/", api.Holds.as_view(), name="holds_api"),
    path("api/v1/visits/holds/<uuid:uid>/confirm/", api.Confirm.as_view(), name="confirm_api"),
    path("visits/book/", booking.choose, name="book"),
    path("visits/book/<uuid:uid>/", booking.form, name="form"),
    path("visits/seen/", booking.seen, name="seen"),
    path("visits/waiting/", waiting.join, name="waiting"),
    path("visits/offered/<str:token>/", waiting.offered, name="offered"),
    path("visits/verify/<str:token>/", managing.verify, name="verify"),
    path("visits/<str:token>/", managing.manage, name="manage"),
    path("visits/<str:token>/move/", managing.move, name="move"),
    path("visits/<str:token>/visit.ics", managing.calendar, name="calendar"),
]
