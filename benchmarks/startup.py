"""How long `auditor --help` takes beside a bare typer application, each in a fresh interpreter, alternating.

    python -m benchmarks.startup [REPETITIONS]

The bar is a ratio of 1.5.
"""

import statistics
import subprocess
import sys
import time

BARE = """
import sys
import typer
app = typer.Typer()

@app.command()
def first(name: str = "a") -> None:
    '''Do one thing.'''

@app.command()
def second(name: str = "b") -> None:
    '''Do another.'''

sys.argv = ["bare", "--help"]
app()
"""
OURS = 'import sys; sys.argv = ["auditor", "--help"]; from auditor.cli.app import main; main()'
BAR = 1.5


def seconds_of(code: str) -> float:
    """Run code in a fresh interpreter and return how long it took."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Print both medians and their ratio."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    for code in (BARE, OURS):
        seconds_of(code)
    pairs = [(seconds_of(BARE), seconds_of(OURS)) for _ in range(repetitions)]
    bare, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"bare typer --help  {bare:.3f} s")
    print(f"auditor --help     {ours:.3f} s")
    print(f"ratio              {ours / bare:.2f}  (bar {BAR})")


if __name__ == "__main__":
    main()
