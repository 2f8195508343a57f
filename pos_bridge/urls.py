"""The addresses at which tills ask, what our webhooks' endpoints read, and the associates' screen."""

from django.urls import path, re_path

from pos_bridge import api, views
from pos_bridge.counter import drawer, invoicing, pages, people, tickets
from pos_bridge.office import days, inbox
from pos_bridge.till import friends
from pos_bridge.till import views as till

urlpatterns = [
    path("api/v1/till/designs/<str:code>/", till.Designs.as_view(), name="till-design"),
    path("api/v1/till/customers/", till.Customers.as_view(), name="till-customers"),
    path(
        "api/v1/till/referral-codes/<str:code>/", friends.ReferralCodes.as_view(), name="till-code"
    ),
    path("api/v1/till/introductions/", friends.Introductions.as_view(), name="till-introduce"),
    path("api/v1/till/credit/", till.Credit.as_view(), name="till-credit"),
    path("api/v1/till/credit/holds/", till.Holds.as_view(), name="till-holds"),
    path(
        "api/v1/till/credit/holds/<uuid:uid>/capture/", till.Capture.as_view(), name="till-capture"
    ),
    path(
        "api/v1/till/credit/holds/<uuid:uid>/release/", till.Release.as_view(), name="till-release"
    ),
    path("api/v1/till/login/", till.LogIn.as_view(), name="till-login"),
    path("invoices/<str:token>/", views.invoice, name="invoice"),
    path("invoices/<str:token>/<int:position>.webp", views.picture, name="invoice-picture"),
    # With and without the slash: whoever is redirected leaves the token behind.
    re_path(r"^api/v1/events/?$", api.Events.as_view(), name="events"),
    path("api/v1/events/<int:seq>/", api.OneEvent.as_view(), name="event"),
    path("admin/counter/", pages.find, name="counter"),
    path("admin/counter/invoices/", invoicing.listed, name="counter-invoices"),
    path("admin/counter/invoices/<int:pk>/", invoicing.invoice, name="counter-invoice"),
    path("admin/counter/tickets/", tickets.listed, name="counter-tickets"),
    path("admin/counter/tickets/<uuid:uid>/", tickets.ticket, name="counter-ticket"),
    path("admin/counter/tickets/<uuid:uid>/act/", tickets.act, name="counter-ticket-act"),
    path("admin/counter/tickets/<uuid:uid>/receipt/", tickets.receipt, name="counter-receipt"),
    path("admin/counter/closing/", drawer.closing, name="counter-closing"),
    path("admin/counter/people/<str:token>/", people.page, name="counter-person"),
    path("admin/counter/people/<str:token>/act/", people.act, name="counter-person-act"),
    path("admin/counter/people/<str:token>/reach/", people.reach, name="counter-person-reach"),
    path("admin/counter/<str:code>/sell/", tickets.sell, name="counter-sell"),
    path("admin/counter/<str:code>/invoice/", invoicing.write, name="counter-invoice-write"),
    path("admin/counter/store/", pages.choose_store, name="counter-store"),
    path("admin/counter/<str:code>/", pages.design, name="counter-design"),
    path("admin/counter/<str:code>/reach/", pages.reach, name="counter-reach"),
    path("admin/counter/<str:code>/sheet/<int:number>/", pages.sheet, name="counter-sheet"),
    path("admin/tills/inbox/", inbox.listed, name="till-inbox"),
    path("admin/tills/inbox/replay/", inbox.replay_many, name="till-replay-many"),
    path("admin/tills/inbox/<int:pk>/", inbox.one, name="till-event"),
    path("admin/tills/inbox/<int:pk>/trial/", inbox.trial, name="till-trial"),
    path("admin/tills/inbox/<int:pk>/replay/", inbox.replay, name="till-replay"),
    path("admin/tills/inbox/<int:pk>/owner/", inbox.assign, name="till-assign"),
    path("admin/tills/days/", days.table, name="till-days"),
    path("admin/tills/days/<int:pk>/", days.day, name="till-day"),
    path("admin/tills/days/<int:pk>/settle/<int:found>/", days.settle, name="till-settle"),
]
