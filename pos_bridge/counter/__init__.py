"""The associate's screen: one field finds a saved design, and the design shows exactly what she made.

Only a whole e-mail address, a whole phone number, a design code or a scanned QR finds anything; there
is no list to leaf through. Every look-up, every opening and every uncovering of an address is written
down with who did it and where, and there are limits per hour. A design of a store that is not the
associate's does not exist for her.
"""
