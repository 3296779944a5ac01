"""Pages over HTTP, on the address of VIETNHAT_LISTEN."""
