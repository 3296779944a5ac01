"""Which articles tell one story, who told it first, and whom it is credited to. Knows no SQL, no readers, no clock."""
