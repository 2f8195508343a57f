"""Which addresses a provider delivers to one mailbox: for comparing two people, never for writing to one.

Pure. Where the providers' own rules are known, an address of the same mailbox is the same person. Elsewhere a tag after a plus sign is a
hint only (`hint`): many servers take it as a letter like any other.
"""

GMAIL = {"gmail.com", "googlemail.com"}
TAGGED = {"outlook.com", "hotmail.com", "live.com", "msn.com"}
ICLOUD = {"icloud.com", "me.com", "mac.com"}
PROTON = {"proton.me", "protonmail.com", "pm.me"}


def mailbox(canonical: str) -> str:
    """One text for all addresses of a mailbox, from an address in its canonical form (jeweler.customers)."""
    local, _, domain = canonical.partition("@")
    if domain in GMAIL:
        return f"{_untagged(local).replace('.', '')}@gmail.com"
    if domain in TAGGED:
        return f"{_untagged(local)}@{domain}"
    return canonical


def hint(canonical: str) -> str:
    """One text for all addresses that are likely of one mailbox."""
    local, _, domain = canonical.partition("@")
    if domain in ICLOUD:
        return f"{_untagged(local)}@icloud.com"
    if domain in PROTON:
        return f"{_untagged(local).replace('.', '').replace('-', '').replace('_', '')}@proton.me"
    if domain.startswith("yahoo."):
        return f"{local.partition('-')[0]}@{domain}"
    return mailbox(f"{_untagged(local)}@{domain}")


def _untagged(local: str) -> str:
    return local.partition("+")[0] or local
