"""Where tills deliver. By itself, since nothing else is asked for as often while the stores are open."""

from django.urls import path

from pos_bridge import webhooks

urlpatterns = [
    path("schema.json", webhooks.schema, name="webhook-schema"),
    path("<str:token>/", webhooks.receive, name="webhook"),
]
