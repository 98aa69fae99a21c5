"""``python -m redlet``: a server on a port, until it is interrupted."""

from __future__ import annotations

import argparse
import logging
import signal
import sys

from . import RedletError, Server


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser("python -m redlet", description=__doc__)
    parser.add_argument("--port", type=int, default=6379)
    parser.add_argument("--host", default="127.0.0.1")
    known, others = parser.parse_known_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config: dict[str, str] = {}
    for word in others:  # any other parameter of redis.conf: --name value ...
        if word.startswith("--"):
            config[word[2:]] = ""
        elif config:
            name, value = config.popitem()
            config[name] = f"{value} {word}".strip()
        else:
            parser.error(f"{word} is no parameter")
    try:
        server = Server(host=known.host, port=known.port, config=config).start()
    except (RedletError, OSError, OverflowError) as error:  # the last is of port 99999
        print(f"redlet: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: server.stop(signal.Signals(number).name.lower()))
    print(f"redlet serves {server.url}", flush=True)
    while not server.wait(1.0):
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
