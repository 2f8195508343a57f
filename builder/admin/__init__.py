"""The back office's pages for rings, stones and those who supply them."""

from builder.admin import feeds, mountings, rings, suppliers

__all__ = ["feeds", "mountings", "rings", "suppliers"]
