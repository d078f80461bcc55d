"""Lists of grievances: the work list and the ledger, with their conditions, columns, pages and files."""
