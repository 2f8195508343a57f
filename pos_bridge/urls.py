"""The tills' addresses and the associates' screen."""

from django.urls import path

from pos_bridge import views, webhooks
from pos_bridge.counter import invoicing, pages

urlpatterns = [
    path("hooks/v1/schema.json", webhooks.schema, name="webhook-schema"),
    path("hooks/v1/<str:token>/", webhooks.receive, name="webhook"),
    path("invoices/<str:token>/", views.invoice, name="invoice"),
    path("invoices/<str:token>/<int:position>.webp", views.picture, name="invoice-picture"),
    path("admin/counter/", pages.find, name="counter"),
    path("admin/counter/invoices/", invoicing.listed, name="counter-invoices"),
    path("admin/counter/invoices/<int:pk>/", invoicing.invoice, name="counter-invoice"),
    path("admin/counter/<str:code>/invoice/", invoicing.write, name="counter-invoice-write"),
    path("admin/counter/store/", pages.choose_store, name="counter-store"),
    path("admin/counter/<str:code>/", pages.design, name="counter-design"),
    path("admin/counter/<str:code>/reach/", pages.reach, name="counter-reach"),
    path("admin/counter/<str:code>/sheet/<int:number>/", pages.sheet, name="counter-sheet"),
]
