"""What the queues of test_users run."""


def add(a: int, b: int) -> int:
    return a + b


def fail() -> None:
    raise ValueError("it fails")
