"""The named cast and what all tests share."""
