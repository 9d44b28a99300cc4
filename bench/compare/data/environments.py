"""Virtual environments below the build folder: packages by name, installed once, nothing of them in the repository."""
import os
import subprocess
import sys

REPOSITORY = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", ".."))
BUILD = os.path.join(REPOSITORY, "build", "compare")


class Unavailable(Exception):
    """Something that has to be fetched can't be had; the message tells what and why."""


def python_of(name, packages, folder=None):
    """The interpreter of the environment `name`, made with `packages` when it isn't there or they have changed.

    Raises Unavailable with pip's last words. Not for two processes at once.
    """
    folder = os.path.join(folder or os.path.join(BUILD, "environments"), name)
    python = os.path.join(folder, "bin", "python")
    wanted = "\n".join(packages) + "\n"
    complete = os.path.join(folder, "packages.txt")  # written last: half an environment is none
    if os.path.exists(complete):
        with open(complete, encoding="utf-8") as file:
            if file.read() == wanted:
                return python
    print(f"== installing {', '.join(packages)} into {os.path.relpath(folder)}", file=sys.stderr, flush=True)
    _run([sys.executable, "-m", "venv", folder])
    _run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages])
    with open(complete, "w", encoding="utf-8") as file:
        file.write(wanted)
    return python


def run_within(name, packages):
    """Starts this program anew in the environment `name`, with the same arguments, unless it runs there already."""
    python = python_of(name, packages)
    if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(python))):
        os.execv(python, [python, *sys.argv])


def _run(command):
    try:
        subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except subprocess.CalledProcessError as error:
        last = " / ".join(error.stdout.strip().splitlines()[-3:])
        raise Unavailable(f"`{' '.join(command)}` failed: {last}") from error
    except OSError as error:
        raise Unavailable(f"`{' '.join(command)}` failed: {error}") from error
