"""Text in, verdict out: relevance, sectors, commitments and the evidence for them.

Knows no feeds, no SQL and no mail, and never imports `monitor`.
"""
