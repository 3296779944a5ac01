"""The pages for readers: sign-up, preferences, leaving, corrections, past digests, privacy. GET shows, POST acts."""
