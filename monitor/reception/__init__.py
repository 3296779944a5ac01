"""What readers do with their subscription. Every act but signing up needs a token that only a letter to them carries.

Nobody is told whether an address is known here. Pages, letters to us and the command line all come through here; each
call works on a connection of its own, and what was decided is checked again where it is written.
"""
