"""Which channel an arrival came through: GA4's default channel group, and AI assistants beside it.

Pure: strings in, a channel out. `docs/algorithms/channels.md` has the rules in words, their source and the
traps. The lists of sources are our own and compact: what sends people to jewelers, not every site.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db.models import TextChoices


class Channel(TextChoices):
    """GA4's default channel group, and AI assistants beside it."""

    DIRECT = "direct", "Direct"
    CROSS_NETWORK = "cross_network", "Cross-network"
    PAID_SHOPPING = "paid_shopping", "Paid shopping"
    PAID_SEARCH = "paid_search", "Paid search"
    PAID_SOCIAL = "paid_social", "Paid social"
    PAID_VIDEO = "paid_video", "Paid video"
    DISPLAY = "display", "Display"
    PAID_OTHER = "paid_other", "Paid, other"
    ORGANIC_SHOPPING = "organic_shopping", "Organic shopping"
    ORGANIC_SOCIAL = "organic_social", "Organic social"
    ORGANIC_VIDEO = "organic_video", "Organic video"
    ORGANIC_SEARCH = "organic_search", "Organic search"
    AI_ASSISTANT = "ai_assistant", "AI assistants"
    REFERRAL = "referral", "Referral"
    EMAIL = "email", "E-mail"
    AFFILIATES = "affiliates", "Affiliates"
    AUDIO = "audio", "Audio"
    SMS = "sms", "SMS"
    MOBILE_PUSH = "mobile_push", "Mobile push"
    UNASSIGNED = "unassigned", "Unassigned"


class Kind(TextChoices):
    """What kind of place a source is."""

    SEARCH = "search"
    SOCIAL = "social"
    SHOPPING = "shopping"
    VIDEO = "video"
    ASSISTANT = "assistant"
    WEBMAIL = "webmail"


# Known by name under any country's ending: google, google.com, www.google.co.uk.
BRANDS = {
    Kind.SEARCH: (
        "360 alice aol ask auone avg babylon baidu biglobe bing centrum conduit daum dogpile "
        "duckduckgo ecosia eniro exalead excite google incredimail kvasir lycos msn najdi naver onet "
        "qwant rakuten rambler seznam sogou startpage startsiden terra virgilio yahoo yandex"
    ),
    Kind.SOCIAL: (
        "badoo bluesky deviantart digg disqus douban facebook flickr flipboard foursquare goodreads "
        "hi5 hootsuite houzz instagram kakao line linkedin livejournal medium meetup messenger "
        "myspace odnoklassniki pinterest quora reddit renren skyrock snapchat stackexchange threads "
        "tiktok tripadvisor tumblr tuenti twitter vk vkontakte wattpad wechat weibo whatsapp xing "
        "yelp blogger blogspot livedoor mixi ning photobucket typepad wordpress"
    ),
    Kind.SHOPPING: "alibaba amazon ebay etsy mercadolibre shopify shopzilla stripe walmart 1stdibs",
    Kind.VIDEO: (
        "crackle curiositystream dailymotion disneyplus hulu iqiyi netflix ted twitch utreon veoh "
        "vimeo wistia youku youtube"
    ),
    Kind.ASSISTANT: "chatgpt perplexity claude deepseek",
}
# Known by their whole host, its subdomains included. They are asked before the brands.
HOSTS = {
    Kind.ASSISTANT: (
        "chat.openai.com gemini.google.com bard.google.com copilot.microsoft.com copilot.com claude.ai "
        "perplexity.ai grok.com you.com poe.com meta.ai chat.mistral.ai"
    ),
    Kind.WEBMAIL: (
        "mail.google.com mail.yahoo.com outlook.live.com outlook.office.com outlook.office365.com "
        "mail.aol.com mail.proton.me webmail.earthlink.net"
    ),
    Kind.SOCIAL: (
        "t.co x.com t.me fb.com fb.me lnkd.in bsky.app threads.net news.ycombinator.com "
        "theknot.com weddingwire.com messages.google.com groups.google.com sites.google.com "
        "plus.google.com pin.it redd.it cafe.naver.com blog.naver.com kin.naver.com chat.zalo.me "
        "answers.yahoo.com blog.yahoo.co.jp bookmarks.yahoo.co.jp bookmarks.yahoo.com "
        "chiebukuro.yahoo.co.jp messages.yahoo.co.jp pulse.yahoo.com lifestream.aol.com "
        "plus.url.google.com discord.com vsco.co spaces.live.com getpocket.com"
    ),
    Kind.SHOPPING: (
        "shopping.google.com shopping.yahoo.com shopping.yahoo.co.jp shopping.naver.com shop.app "
        "amazon-adsystem.com shopping.net simplycodes.com s3.amazonaws.com"
    ),
    Kind.VIDEO: "youtu.be d.tube wistia.net justin.tv iq.com",
    Kind.SEARCH: "so.com search.brave.com go.mail.ru tut.by cnn comcast globo search-results ukr",
}
NAMES = {
    Kind.SEARCH: "google-play",
    Kind.SOCIAL: "fb ig social google+ googleplus googlegroups x",
    Kind.SHOPPING: "google shopping|igshopping",
    Kind.ASSISTANT: "openai gemini copilot grok",
}
NO_SOURCE_OF_VISITS = {"accounts.google.com", "docs.google.com", "drive.google.com"}
# Apps give their package as the referrer.
APPS = {
    "com.google.android.googlequicksearchbox": "google",
    "com.google.android.gm": "mail.google.com",
    "com.pinterest": "pinterest",
    "com.facebook.katana": "facebook",
    "com.instagram.android": "instagram",
    "com.reddit.frontpage": "reddit",
    "com.openai.chatgpt": "chatgpt.com",
}


def _words(table: Mapping[Kind, str]) -> dict[str, Kind]:
    return {
        word: kind
        for kind, text in table.items()
        for word in (text.split("|") if "|" in text else text.split())
    }


_BRANDS, _HOSTS, _NAMES = _words(BRANDS), _words(HOSTS), _words(NAMES)
_PAID = re.compile(r"(.*cp.*|ppc|retargeting|paid.*)")
_SHOP = re.compile(r"(.*(([^a-df-z]|^)shop|shopping).*)")
_VIDEO = re.compile(r"(.*video.*)")
_EMAIL = {"email", "e-mail", "e_mail", "e mail"}
_SOCIAL = {"social", "social-network", "social-media", "sm", "social network", "social media"}
_DISPLAY = {"display", "banner", "expandable", "interstitial", "cpm"}


def kind_of(source: str) -> Kind | None:
    """What kind of place it is: `google`, `www.google.co.uk` and `lens.google.com` are searches."""
    name = source.strip().lower().removeprefix("www.")
    if name in NO_SOURCE_OF_VISITS:
        return None
    if name in _NAMES or name in _BRANDS:
        return _NAMES.get(name) or _BRANDS[name]
    labels = name.split(".")
    for start in range(len(labels)):
        kind = _HOSTS.get(".".join(labels[start:]))
        if kind:
            return kind
    return _BRANDS.get(_registered_label(labels))


def _registered_label(labels: list[str]) -> str:
    """`google` of google.com, m.google.com, google.co.uk; nothing of google.example.com."""
    if len(labels) < 2:
        return ""
    second_level = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return labels[-3] if second_level else labels[-2]


def classify(*, source: str, medium: str, campaign: str = "") -> Channel:
    """The first rule that matches, in GA4's order; case does not matter."""
    source, medium, campaign = (text.strip().lower() for text in (source, medium, campaign))
    kind = kind_of(source)
    if source == "(direct)" and medium in {"", "(not set)", "(none)"}:
        return Channel.DIRECT
    if "cross-network" in campaign:
        return Channel.CROSS_NETWORK
    is_shop = kind is Kind.SHOPPING or _SHOP.fullmatch(campaign) is not None
    if _PAID.fullmatch(medium):
        return _paid(kind=kind, is_shop=is_shop, medium=medium)
    if medium in _DISPLAY:
        return Channel.DISPLAY
    # Our own rule, where GA4 has none: before the organic rules, because an assistant names itself.
    if kind is Kind.ASSISTANT:
        return Channel.AI_ASSISTANT
    return _unpaid(kind=kind, is_shop=is_shop, medium=medium) or _by_name(source, medium)


def _paid(*, kind: Kind | None, is_shop: bool, medium: str) -> Channel:
    if is_shop:
        return Channel.PAID_SHOPPING
    by_kind = {
        Kind.SEARCH: Channel.PAID_SEARCH,
        Kind.SOCIAL: Channel.PAID_SOCIAL,
        Kind.VIDEO: Channel.PAID_VIDEO,
    }
    if kind in by_kind:
        return by_kind[kind]
    return Channel.DISPLAY if medium in _DISPLAY else Channel.PAID_OTHER


def _unpaid(*, kind: Kind | None, is_shop: bool, medium: str) -> Channel | None:
    if is_shop:
        return Channel.ORGANIC_SHOPPING
    if kind is Kind.SOCIAL or medium in _SOCIAL:
        return Channel.ORGANIC_SOCIAL
    if kind is Kind.VIDEO or _VIDEO.fullmatch(medium):
        return Channel.ORGANIC_VIDEO
    if kind is Kind.SEARCH or medium == "organic":
        return Channel.ORGANIC_SEARCH
    return None


def _by_name(source: str, medium: str) -> Channel:
    if medium in {"referral", "app", "link"}:
        return Channel.REFERRAL
    if source in _EMAIL or medium in _EMAIL:
        return Channel.EMAIL
    if medium == "affiliate":
        return Channel.AFFILIATES
    if medium == "audio":
        return Channel.AUDIO
    if "sms" in (source, medium):
        return Channel.SMS
    is_push = medium.endswith("push") or "mobile" in medium or "notification" in medium
    return Channel.MOBILE_PUSH if is_push or source == "firebase" else Channel.UNASSIGNED


@dataclass(frozen=True, kw_only=True)
class ClickId:
    """What a parameter of a landing address says: who adds it, and whether only to ads."""

    source: str
    medium: str
    is_ad: bool = True


# In order of trust. Facebook and Pinterest add theirs to unpaid clicks too, so theirs prove no ad.
CLICK_IDS = {
    "gclid": ClickId(source="google", medium="cpc"),
    "gbraid": ClickId(source="google", medium="cpc"),
    "wbraid": ClickId(source="google", medium="cpc"),
    "dclid": ClickId(source="google", medium="display"),
    "msclkid": ClickId(source="bing", medium="cpc"),
    "ttclid": ClickId(source="tiktok", medium="paid_social"),
    "li_fat_id": ClickId(source="linkedin", medium="paid_social"),
    "rdt_cid": ClickId(source="reddit", medium="paid_social"),
    "sccid": ClickId(source="snapchat", medium="paid_social"),
    "twclid": ClickId(source="twitter", medium="paid_social"),
    "gad_source": ClickId(source="google", medium="cpc"),
    "fbclid": ClickId(source="facebook", medium="social", is_ad=False),
    "epik": ClickId(source="pinterest", medium="social", is_ad=False),
    "igsh": ClickId(source="instagram", medium="social", is_ad=False),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where an arrival came from, in bounded, printable words."""

    channel: Channel
    source: str
    medium: str
    campaign: str = ""
    term: str = ""
    content: str = ""
    click_id_kind: str = ""
    click_id: str = ""
    referrer_host: str = ""
    is_tagged: bool = False  # the address itself says so, by a tag or a click id


def clean(text: str, *, limit: int = 200) -> str:
    """Without control characters (PostgreSQL refuses NUL) and not longer than its column."""
    return _CONTROL.sub("", text).strip()[:limit]


def host_of(referrer: str) -> str:
    """The host of a Referer header in lower case; an app's package; nothing when it is not one."""
    try:
        host = urlsplit(referrer.strip()).hostname or ""
    except ValueError:  # such as an unclosed IPv6 bracket
        return ""
    return clean(host.lower(), limit=253)


def read(*, query: Mapping[str, str], referrer_host: str) -> Origin:
    """The origin of an arrival from its address' parameters and an external referrer's host.

    The tags are believed first, then click ids, then the referrer; with none of them it is direct.
    A click id that is only added to ads makes an arrival paid, whatever its medium says.
    """
    values = {clean(key).lower(): value for key, value in query.items()}
    tags = {name: clean(values.get(f"utm_{name}", "")) for name in _TAGS}
    id_kind = next((kind for kind in CLICK_IDS if values.get(kind)), "")
    click = CLICK_IDS.get(id_kind)
    source, medium = _source_and_medium(tags, click=click, referrer_host=referrer_host)
    return Origin(
        channel=classify(source=source, medium=medium, campaign=tags["campaign"]),
        source=source,
        medium=medium,
        campaign=tags["campaign"],
        term=tags["term"],
        content=tags["content"],
        click_id_kind=id_kind,
        click_id=clean(values.get(id_kind, ""), limit=500),
        referrer_host=referrer_host,
        is_tagged=click is not None or any(tags.values()),
    )


_TAGS = ("source", "medium", "campaign", "term", "content")


def _source_and_medium(
    tags: Mapping[str, str], *, click: ClickId | None, referrer_host: str
) -> tuple[str, str]:
    source, medium = tags["source"].lower(), tags["medium"].lower()
    if click is not None:
        medium_is_paid = bool(_PAID.fullmatch(medium)) or medium in _DISPLAY
        replaces = not medium or (click.is_ad and not medium_is_paid)
        return source or click.source, click.medium if replaces else medium
    if any(tags.values()):
        return source or referrer_host or "(not set)", medium or "(not set)"
    if not referrer_host:
        return "(direct)", "(none)"
    return _of_referrer(APPS.get(referrer_host, referrer_host))


def _of_referrer(host: str) -> tuple[str, str]:
    """Search engines are organic, mail read in a browser is e-mail, anything else a referral."""
    kind = kind_of(host)
    if kind is Kind.SEARCH:
        return (_registered_label(host.split(".")) or host), "organic"
    return host.removeprefix("www."), "email" if kind is Kind.WEBMAIL else "referral"
