#!/usr/bin/env python3
"""Copy the browser files named in package.json into the tree, with licences and checksums.

Run after `npm install --ignore-scripts`; the running product and the tests need no Node.
Add an icon: put its bootstrap-icons name into .ci/icons.txt and run this again.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
AXE = ROOT / "tests" / "journeys"

ICONS = (ROOT / ".ci" / "icons.txt").read_text().split()


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
