"""The back office's pages of the showrooms: hours and rooms, services, and those who receive visitors."""

from appointments.admin import hours, people, visits

__all__ = ["hours", "people", "visits"]
