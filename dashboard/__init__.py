"""Home pages, search, help, health. Reads every app below, owns no business rows."""
