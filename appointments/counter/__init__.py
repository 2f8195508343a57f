"""The store's side of visits: the day, the tray list, one visit, and what the staff write down of them.

A store that is not hers does not exist for a member of the staff. What changes anything is a POST that calls one function of the
domain; what that refuses is said in its words, on the page it was asked from.
"""
