#!/usr/bin/env python3
"""Copy the browser files named in package.json into the tree, with licences and checksums.

Run after `npm install --ignore-scripts`; the running product and the tests need no Node.
Add an icon: put its bootstrap-icons name into ICONS and run this again.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
AXE = ROOT / "tests" / "journeys"

ICONS = """
arrow-clockwise arrow-counterclockwise arrow-down arrow-left arrow-repeat arrow-right arrow-up bar-chart bell book
bookmark bookmark-plus box-arrow-in-right box-arrow-right building calendar3 card-list cash-coin chat-left-text
check-circle check-lg check2-circle chevron-down chevron-left chevron-right circle clipboard-check clipboard-data clock
clock-history cloud cone-striped credit-card cup-hot dash dash-circle device-ssd diagram-2 diagram-3 door-open download
envelope-paper exclamation-circle exclamation-circle-fill exclamation-triangle eye eye-slash file-earmark
file-earmark-arrow-down file-earmark-arrow-up file-earmark-spreadsheet file-earmark-text file-earmark-x file-earmark-zip
files filter flag funnel gear geo-alt globe hourglass-split house inbox info-circle journal-check journal-text key laptop
layout-three-columns life-preserver link-45deg list list-check list-ul lock map megaphone node-plus p-square pencil
people person person-badge person-check person-circle person-dash person-gear person-lines-fill person-plus person-vcard
person-x phone plus plus-lg printer question-circle save search send share shield-check shield-exclamation shield-lock
signpost signpost-2 sliders slash-circle sort-down speedometer2 stop-circle table tag telephone telephone-fill three-dots
tools trash truck truck-front type unlock upload wifi-off x x-circle x-lg
""".split()


def stored(name: str) -> Path:
    """Return the installed package folder of `name`, refusing a version other than the one package.json names."""
    package = json.loads((ROOT / "package.json").read_text())
    wanted = (package["dependencies"] | package["devDependencies"])[name]
    folder = ROOT / "node_modules" / name
    found = json.loads((folder / "package.json").read_text())["version"]
    if found != wanted:
        sys.exit(f"{name}: package.json names {wanted}, installed is {found}")
    return folder


def without_source_map(text: str) -> str:
    """Drop the pointer to a map file we do not carry; the manifest storage would look for it."""
    return re.sub(r"\n?(/\*|//)# sourceMappingURL=.*", "", text).rstrip() + "\n"


def sprite(folder: Path) -> str:
    """Return one SVG file with a symbol for each icon of ICONS."""
    symbols = []
    for name in sorted(set(ICONS)):
        svg = (folder / "icons" / f"{name}.svg").read_text()
        inner = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)[1]
        inner = re.sub(r"\s*\n\s*", "", inner).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 16 16">{inner}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def main():
    """Write every carried file, then the list of checksums that tests/house/test_vendor.py compares."""
    bootstrap, icons, axe = stored("bootstrap"), stored("bootstrap-icons"), stored("axe-core")
    targets = {
        VENDOR / "bootstrap" / "bootstrap.min.css": without_source_map(
            (bootstrap / "dist" / "css" / "bootstrap.min.css").read_text()
        ),
        VENDOR / "bootstrap" / "LICENSE": (bootstrap / "LICENSE").read_text(),
        VENDOR / "bootstrap-icons" / "icons.svg": sprite(icons),
        VENDOR / "bootstrap-icons" / "LICENSE": (icons / "LICENSE").read_text(),
        AXE / "axe.min.js": without_source_map((axe / "axe.min.js").read_text()),
        AXE / "axe.LICENSE": (axe / "LICENSE").read_text(),
    }
    lines = []
    for path, text in targets.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        lines.append(f"{hashlib.sha256(text.encode()).hexdigest()}  {path.relative_to(ROOT).as_posix()}")
    (VENDOR / "SHA256SUMS").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
