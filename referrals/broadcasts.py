"""Whether a link was shouted rather than handed on: it came by a paid click, or from a site that lists coupons.

Pure. It forbids nothing; it is one sign among others for whoever looks at a referral.
"""

from collections.abc import Container
from urllib.parse import urlsplit

CLICK_IDS = {
    "gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id", "epik", "rdt_cid",
    "ScCid", "irclickid", "cjevent", "awc", "sscid",
}  # fmt: skip
COUPON_SITES = (
    "retailmenot.com", "slickdeals.net", "joinhoney.com", "honey.com", "coupons.com", "groupon.com", "vouchercodes.co.uk",
    "myvouchercodes.co.uk", "couponfollow.com", "simplycodes.com", "couponbirds.com", "dealspotr.com", "wethrift.com",
    "knoji.com", "promocodes.com", "offers.com", "savings.com", "dealnews.com", "hotukdeals.com", "rakuten.com",
    "capitaloneshopping.com", "couponcabin.com", "hotdeals.com", "goodsearch.com", "referralcodes.com", "invitation.codes",
)  # fmt: skip


def is_one(*, query: Container[str], referrer: str) -> bool:
    """`query`: the names in the address's query; `referrer`: the Referer header, or ""."""
    return any(name in query for name in CLICK_IDS) or _lists_coupons(referrer)


def _lists_coupons(referrer: str) -> bool:
    try:
        host = (urlsplit(referrer).hostname or "").lower()
    except ValueError:
        return False
    return any(host == site or host.endswith(f".{site}") for site in COUPON_SITES)
