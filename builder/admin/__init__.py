"""The back office's pages for rings, stones and those who supply them."""

from builder.admin import feeds, mountings, prices, rings, suppliers

__all__ = ["feeds", "mountings", "prices", "rings", "suppliers"]
