"""How much a roster file may cost before it is refused."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Measured on 430,000 rows of 15 columns: 50 MB on disk, 450 MB unpacked, 650 MB and 6 s to parse."""

    max_bytes: int = 100 * MEGABYTE
    max_unpacked: int = 1500 * MEGABYTE
    # A real sheet packs 5 to 60 times; bombs start where deflate ends, near 1,000.
    max_ratio: int = 150
    ratio_from: int = 20 * MEGABYTE
    max_parts: int = 2000
    max_rows: int = 600_000
    max_columns: int = 300
    memory: int = 1536 * MEGABYTE  # address space of the child
    # The time a parser may take grows with the file, so that a small hostile one is refused within seconds.
    seconds: int = 8
    seconds_per_megabyte: float = 1.2

    def seconds_for(self, size: int) -> int:
        """Return the seconds of processor time a file of this many bytes may take."""
        return int(self.seconds + self.seconds_per_megabyte * size / MEGABYTE)
