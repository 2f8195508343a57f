"""The back office's pages of the showrooms: hours and rooms, services, and those who receive visitors."""

from appointments.admin import hours, memos, people, visits

__all__ = ["hours", "memos", "people", "visits"]
