"""The storefront's addresses."""

from django.urls import path

from builder import api, ring_api
from builder.views import (
    choosing,
    compare,
    diamonds,
    drawn,
    funnel,
    house,
    keeping,
    ring,
    saving,
    sharing,
    sizing,
)

app_name = "builder"
urlpatterns = [
    # First those that programs ask for most: addresses are compared one after another.
    path("api/v1/ring/", ring_api.Ring.as_view(), name="ring_api"),
    path("api/v1/stones/", api.StoneList.as_view(), name="stones_api"),
    path("api/v1/stones/<int:stone_id>/", api.OneStone.as_view(), name="stone_api"),
    path("", house.home, name="home"),
    path("rings/", house.rings, name="rings"),
    path("diamonds/", diamonds.diamonds, name="diamonds"),
    path("diamonds/compare/", compare.compare, name="compare"),
    path("ring/", ring.ring, name="ring"),
    path("ring/choose/", choosing.choose, name="choose"),
    path("ring/intent/", choosing.intent, name="intent"),
    path("ring/summary/", ring.summary, name="summary"),
    path("ring/sizes/", sizing.guide, name="sizes"),
    path("ring/save/", saving.save, name="save"),
    path("ring/saved/", keeping.saved, name="saved"),
    path("ring/saved/again/", saving.again, name="again"),
    path("ring/saved/all/<str:token>/", saving.all_of_hers, name="all_of_hers"),
    path("ring/saved/<str:code>/", keeping.change, name="change"),
    path("ring/share/", sharing.share, name="share"),
    path("ring/hint/", sharing.hint, name="hint"),
    path("d/<str:token>/", saving.link, name="link"),
    path("api/v1/schema/", api.Schema.as_view(), name="schema"),
    path("pictures/<str:content_hash>.png", drawn.picture, name="picture"),
    path("ring/still/", drawn.still, name="still"),
    path("cards/<str:signed>.png", drawn.card, name="card"),
    path("stills/<str:signed>.png", drawn.still_shown, name="still_shown"),
    path("codes/<str:code>.png", drawn.code, name="code"),
    path("admin/builder/funnel/", funnel.figures, name="funnel"),
    path("admin/builder/funnel/rings/", funnel.rings, name="funnel_rings"),
]
