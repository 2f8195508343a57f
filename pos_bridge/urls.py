"""The tills' addresses and the associates' screen."""

from django.urls import path

from pos_bridge import webhooks
from pos_bridge.counter import pages

urlpatterns = [
    path("hooks/v1/schema.json", webhooks.schema, name="webhook-schema"),
    path("hooks/v1/<str:token>/", webhooks.receive, name="webhook"),
    path("admin/counter/", pages.find, name="counter"),
    path("admin/counter/store/", pages.choose_store, name="counter-store"),
    path("admin/counter/<str:code>/", pages.design, name="counter-design"),
    path("admin/counter/<str:code>/reach/", pages.reach, name="counter-reach"),
    path("admin/counter/<str:code>/sheet/<int:number>/", pages.sheet, name="counter-sheet"),
]
