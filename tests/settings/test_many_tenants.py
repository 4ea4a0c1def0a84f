"""A file with very many tenants is read about as fast as it can be parsed."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

from sparing.settings import load_settings

TENANT = '[tenants.t{0}]\ntokens_per_minute = 1000\nprojects.web.keys.all.sha256 = "{0:064x}"\n'


def test_reading_takes_a_few_times_as_long_as_parsing(tmp_path: Path) -> None:
    """CPU of this process, the best of three: 100,000 tenants are some ten seconds, not an hour."""
    file = tmp_path / "sparing.toml"
    file.write_text('[upstream]\nopenai_url = "http://127.0.0.1:9"\n' + "".join(map(TENANT.format, range(1000))))
    parsing, reading = [], []
    for _ in range(3):
        begun_s = time.process_time()
        tomllib.loads(file.read_text())
        parsed_s = time.process_time()
        settings = load_settings(file, {})
        reading.append(time.process_time() - parsed_s)
        parsing.append(parsed_s - begun_s)
    assert len(settings.tenants) == 1000
    assert min(reading) < 6 * min(parsing)
