"""The back office's pages for the house's own tables."""

from jeweler.admin import customers, mails, outbox, sales, stores

__all__ = ["customers", "mails", "outbox", "sales", "stores"]
