"""What a reader gets, in what order, with which reasons. Knows no SQL, no mail transport, no clock."""
