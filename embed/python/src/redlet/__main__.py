"""``python -m redlet``: a server on a port, until it is interrupted."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from types import FrameType

from . import RedletError, Server


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser("python -m redlet", description=__doc__)
    parser.add_argument("--port", type=int, default=6379)
    parser.add_argument("--host", default="127.0.0.1")
    known, others = parser.parse_known_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config: dict[str, str | int | bool] = {}
    name = ""
    for word in others:  # any other parameter of redis.conf: --name value ...
        if word.startswith("--"):
            name = word[2:]
            config[name] = ""
        elif not name:
            parser.error(f"{word} is no parameter")
        else:
            config[name] = f"{config[name]} {word}".strip()
    try:
        server = Server(host=known.host, port=known.port, config=config).start()
    except (RedletError, OSError, OverflowError) as error:  # the last is of port 99999
        print(f"redlet: {error}", file=sys.stderr)
        return 1

    def stop(number: int, frame: FrameType | None) -> None:
        server.stop("sigint" if number == signal.SIGINT else "sigterm")

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    print(f"redlet serves {server.url}", flush=True)
    while not server.wait(1.0):
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
