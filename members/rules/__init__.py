"""Rules of the registry, one file per subject. Pure: no writes, no clock."""
