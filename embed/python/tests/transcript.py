"""Plays the transcripts of core/testdata, whose notation core/coretest describes.

Bytes are held in strings of as many characters.
"""

import re
from collections.abc import Iterator

from redlet import _abi
from redlet._engine import Connection, Engine
from redlet._files import Files

EPOCH = 1_700_000_000.0
LETTERS, CONTROLS = "nrtab", "\n\r\t\a\b"
MARKS = {
    "*": (")", "(empty array)"),
    "~": ("~", "(empty set)"),
    ">": (">", "(empty push)"),
    "%": ("#", "(empty hash)"),
}
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def words(line: str) -> list[str]:
    """Cuts a line as redis-cli does."""
    found, at = [], 0
    while True:
        while at < len(line) and line[at] in " \t\n\v\f\r":
            at += 1
        if at >= len(line):
            return found
        word, end = "", re.compile(r"[ \t\n\r]")
        while at < len(line) and not end.match(line, at):
            if line[at] not in "\"'":
                word += line[at]
                at += 1
                continue
            inside, at = quoted(line, at + 1, line[at])
            word += inside
            break
        found.append(word)


def quoted(line: str, at: int, quote: str) -> tuple[str, int]:
    inside = ""
    while line[at] != quote:
        char, after = line[at], line[at + 1 : at + 2]
        if char != "\\" or after == "" or (quote == "'" and after != "'"):
            inside += char
            at += 1
        elif quote == '"' and (hexed := re.compile(r"x([0-9a-fA-F]{2})").match(line, at + 1)):
            inside += chr(int(hexed[1], 16))
            at += 4
        else:
            known = quote == '"' and after in LETTERS
            inside += CONTROLS[LETTERS.index(after)] if known else after
            at += 2
    return inside, at + 1


def repr_of(text: str) -> str:
    def one(char: str) -> str:
        if char in '\\"':
            return "\\" + char
        if char in CONTROLS:
            return "\\" + LETTERS[CONTROLS.index(char)]
        return char if " " <= char <= "~" else f"\\x{ord(char):02x}"

    return '"' + "".join(map(one, text)) + '"'


Reply = tuple[str, str | None, list["Reply"]]  # type: ignore[misc]


def parse(source: str, at: int = 0) -> tuple[Reply, int] | None:
    """The reply at the start of some bytes, and where it ends; None while it is not whole."""
    end = source.find("\r\n", at)
    if end < 0:
        return None
    kind, line = source[at], source[at + 1 : end]
    end += 2
    if kind == "_":
        return (kind, None, []), end
    if kind in "+-:,(#":
        return (kind, line, []), end
    count = int(line)
    if count < 0:
        return (kind, None, []), end
    if kind in "$=!":
        if len(source) < end + count + 2:
            return None
        text = source[end + (4 if kind == "=" else 0) : end + count]
        return (kind, text, []), end + count + 2
    items = []
    for _ in range(2 * count if kind == "%" else count):
        item = parse(source, end)
        if item is None:
            return None
        items.append(item[0])
        end = item[1]
    return (kind, "", items), end


def shown(reply: Reply, indent: str = "") -> str:
    """The reply as redis-cli prints it to a terminal."""
    kind, text, items = reply
    if text is None:
        return "(nil)"
    if kind in "-!":
        return f"(error) {text}"
    if kind in MARKS:
        return shown_items(kind, items, indent)
    before = {":": "(integer) ", ",": "(double) "}.get(kind, "")
    if kind == "#":
        return "(true)" if text == "t" else "(false)"
    return repr_of(text) if kind == "$" else before + text


def shown_items(kind: str, items: list[Reply], indent: str) -> str:
    mark, empty = MARKS[kind]
    if not items:
        return empty
    step = 2 if kind == "%" else 1
    width = len(str(len(items) // step))
    deeper = indent + " " * (width + 2)
    lines = []
    for i in range(0, len(items), step):
        parts = [shown(item, deeper) for item in items[i : i + step]]
        if step == 2 and items[i + 1][2]:
            parts[1] = "\n" + deeper + parts[1]
        number = str(i // step + 1).rjust(width)
        lines.append(f"{indent if i else ''}{number}{mark} {' => '.join(parts)}")
    return "\n".join(lines)


def agrees(want: str, have: str) -> bool:
    if want == have or not want.startswith("~ "):
        return want == have
    spans = re.findall(r"\{(-?\d+)\.\.(-?\d+)\}", want)
    parts = re.split(r"(\*|\{-?\d+\.\.-?\d+\})", want[2:])
    for i, part in enumerate(parts):
        if i % 2 == 0:
            parts[i] = re.escape(part)
        else:
            parts[i] = ".*" if part == "*" else r"(-?\d+)"
    found = re.fullmatch("".join(parts), have, re.DOTALL)
    return found is not None and all(
        int(low) <= int(number) <= int(high)
        for (low, high), number in zip(spans, found.groups(), strict=True)
    )


def bare(lines: list[str]) -> list[str]:
    """A flat reply's elements without their numbers, sorted."""
    return sorted(re.sub(r"^ *\d+[)~#] ", "", line).lstrip(" ") for line in lines)


def difference(want: list[str], got: list[str]) -> str:
    have = got
    if want[:1] == ["(any order)"]:
        want, have = bare(want[1:]), bare(got)
    same = len(want) == len(have) and all(map(agrees, want, have))
    return "" if same else "got:\n\t" + "\n\t".join(got) + "\nwant:\n\t" + "\n\t".join(want)


def blocks(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Lines that say what to do, with the lines of what must come of it."""
    block: tuple[int, str, list[str]] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"[B-Z]?> |[A-Z]<$|@ \+|! |= ", line):
            if block:
                yield block
            block = number, line, []
        elif block and line and line != "#" and not line.startswith("# "):
            block[2].append(line)
    if block:
        yield block


def settings(text: str) -> dict[str, str]:
    """What the server is to be started with."""
    return dict(re.findall(r"^! config (\S+) (.*)$", text, re.MULTILINE))


class Player:
    """An engine with a clock that is turned by hand."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.time = EPOCH
        self.clients: dict[str, Connection] = {}
        self.ids: dict[str, str] = {}
        # The default of redis-server, which this package changes, is back.
        config = {"enable-debug-command": "yes", "save": "3600 1 300 100 60 10000", **settings}
        configuration = bytes(32) + _abi.parameters(config)
        self.engine = Engine(lambda: self.time, configuration, Files())
        self.engine._begin()

    def play(self, name: str, text: str) -> str:
        """Tells what went wrong first; nothing if all is well."""
        for number, line, want in blocks(text):
            if line.startswith("! since ") and line[8:].split(".") > ["8", "0", "2"]:
                break
            if line.startswith("= wrong "):  # another try at a lesson
                break
            if line.startswith(("! ", "= ")):
                continue
            wrong = difference(want, self.take(line))
            if wrong:
                return f"{name}:{number}: {line}\n{wrong}"
        left = {name: bytes(one.outbox) for name, one in self.clients.items() if one.outbox}
        return f"{name}: left over: {left}" if left else ""

    def take(self, line: str) -> list[str]:
        if line.startswith("@ +"):
            for count, unit in re.findall(r"(\d+(?:\.\d+)?)(h|ms|m|us|s|ns)", line[3:]):
                self.time = round(self.time + float(count) * UNITS[unit], 6)
            self.step()
            return []
        client = "A" if line.startswith(">") else line[0]
        args = [self.ids.get(word, word) for word in words(line.partition("> ")[2])]
        if args:
            self.send(client, args)
        self.step()
        lines = self.replies(client)
        if [arg.upper() for arg in args] == ["CLIENT", "ID"]:
            self.ids["$" + client] = lines[0].replace("(integer) ", "")
        return lines

    def send(self, client: str, args: list[str]) -> None:
        if client not in self.clients:
            peer = "127.0.0.1:50000 127.0.0.1:6379 8"
            self.clients[client] = Connection(self.engine)
            self.clients[client].open(peer)
        parts = "".join(f"${len(arg)}\r\n{arg}\r\n" for arg in args)
        self.clients[client].put(f"*{len(args)}\r\n{parts}".encode("latin-1"))

    def step(self) -> None:
        self.engine._run()
        while self.engine._due() == 0:
            self.engine._run()

    def replies(self, client: str) -> list[str]:
        lines: list[str] = []
        outbox = self.clients[client].outbox
        source, at = outbox.decode("latin-1"), 0
        while found := parse(source, at):
            lines += shown(found[0]).split("\n")
            at = found[1]
        del outbox[:at]
        return lines
