"""The work that is measured, one file per subject; `python -m bench.work NAME ARGUMENTS-AS-JSON` does one piece.

Nothing of Django is imported before a piece begins: each sets up the process it runs in.
"""

from bench.work.grievances import count_ahead, grievance_pages, seed_grievances, sweep_due
from bench.work.lists import our_export, our_pages, raw_page, seed, stock_export, stock_pages
from bench.work.membership import count_calendar, membership_pages, seed_membership
from bench.work.outbox import drain_inbox, publish_events
from bench.work.rosters import clear, find_errors, import_file, keep_rows, parse_and_copy, stock_import, undo_last

PIECES = {
    piece.__name__: piece
    for piece in (
        import_file, clear, undo_last, keep_rows, parse_and_copy, stock_import, find_errors, seed, our_pages,
        stock_pages, raw_page, our_export, stock_export, publish_events, drain_inbox,
        seed_grievances, count_ahead, grievance_pages, sweep_due, seed_membership, membership_pages, count_calendar,
    )
}  # fmt: skip
