"""What breaks on purpose: real server processes are killed and stopped while tills report, and the books are counted afterwards.

Everything runs on servers of its own (`JEWELER_HOME`), and nothing is ended that was not started here.
"""
