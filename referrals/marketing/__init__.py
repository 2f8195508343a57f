"""The marketer's pages: setting the program, its figures, and the days of their own that guests are reminded of."""
