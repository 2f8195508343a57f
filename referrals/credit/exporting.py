"""What the house keeps of a person's credit, for whoever asks for hers."""

from typing import Any

from jeweler import customers, privacy
from jeweler.models import Customer
from referrals.models import CreditAccount, CreditEntry, CreditTransaction


@privacy.exports("store_credit")
def exported(customer: Customer) -> list[dict[str, Any]]:
    """Each account with its lots and every movement. Who of the staff made one is not hers to have; why, is."""
    ids = customers.ids_of(customer)
    accounts = CreditAccount.objects.filter(customer__in=ids).order_by("pk")
    return [
        {
            "currency": account.currency,
            "owed": str(account.owed),
            "lots": [
                {
                    "granted": lot.granted_at.isoformat(),
                    "amount": str(lot.face),
                    "available": str(lot.available),
                    "last_day": lot.last_date.isoformat() if lot.last_date else None,
                }
                for lot in account.lots.order_by("pk")
            ],
            "movements": [_movement(entry) for entry in _entries(account)],
        }
        for account in accounts.prefetch_related("lots")
    ]


def _entries(account: CreditAccount) -> list[CreditEntry]:
    entries = CreditEntry.objects.filter(lot__account=account)
    return list(entries.select_related("transaction__hold").order_by("pk"))


def _movement(entry: CreditEntry) -> dict[str, str]:
    made = entry.transaction
    return {
        "at": made.at.isoformat(),
        "what": made.get_kind_display(),
        "amount": str(entry.amount),
        "from": entry.get_source_display(),
        "to": entry.get_target_display(),
        # Why it was taken back may say what a friend of hers gave back.
        "why": "" if made.kind == CreditTransaction.Kind.REVERSE else made.reason,
        "ticket": made.hold.sale_reference if made.hold else "",
    }
