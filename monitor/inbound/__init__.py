"""Letters that come in: octets of one message → what it is. Pure; knows no reader, no database and no file."""
