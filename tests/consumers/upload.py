"""upload.py LIBRARY - uploads by ctypes, with a progress callback in Python."""

import ctypes
import pathlib
import re
import sys

BUCKET, SIZE = b"ossmpu-test", 300_000
PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def constants():
    """Reads the constants from the header in this tree."""
    header = pathlib.Path(__file__).resolve().parents[2] / "include" / "ossmpu.h"
    lines = header.read_text(encoding="utf-8").splitlines()
    found = (re.fullmatch(r"#define OSSMPU_(\w+) (\d+)", line) for line in lines)
    return {match[1]: int(match[2]) for match in found if match}


def declare(library):
    """Declares the types of the functions."""
    handle, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in [
        ("version_string", text, []),
        ("config_new", handle, []),
        ("config_set_env", ctypes.c_int, [handle]),
        ("config_free", None, [handle]),
        ("client_new", ctypes.c_int, [handle, ctypes.POINTER(handle), ctypes.POINTER(handle)]),
        ("client_free", None, [handle]),
        ("options_new", handle, []),
        ("options_set_int", ctypes.c_int, [handle, ctypes.c_int, ctypes.c_int64]),
        ("options_set_progress", ctypes.c_int, [handle, PROGRESS, handle]),
        ("options_free", None, [handle]),
        (
            "put_data",
            ctypes.c_int,
            [handle, text, text, text, ctypes.c_size_t, handle, handle]
            + 2 * [ctypes.POINTER(handle)],
        ),
        ("result_str", text, [handle, ctypes.c_int]),
        ("result_free", None, [handle]),
        ("error_message", text, [handle]),
        ("error_free", None, [handle]),
    ]:
        function = getattr(library, "ossmpu_" + name)
        function.restype, function.argtypes = result, arguments


def main():
    library = ctypes.CDLL(sys.argv[1])
    declare(library)
    keys = constants()
    calls = []
    progress = PROGRESS(lambda user, now: calls.append(now) or 0)
    config, client, options = library.ossmpu_config_new(), ctypes.c_void_p(), None
    result, error = ctypes.c_void_p(), ctypes.c_void_p()
    library.ossmpu_config_set_env(config)
    status = library.ossmpu_client_new(config, client, error)
    library.ossmpu_config_free(config)
    if status == 0:
        options = library.ossmpu_options_new()
        library.ossmpu_options_set_int(options, keys["OPTION_PART_SIZE"], 102400)
        library.ossmpu_options_set_int(options, keys["OPTION_SINGLE_BELOW"], 0)
        library.ossmpu_options_set_progress(options, progress, None)
        status = library.ossmpu_put_data(
            client, BUCKET, b"ctypes", b"x" * SIZE, SIZE, options, None, result, error
        )
    well = status == 0 and calls and library.ossmpu_result_str(result, keys["RESULT_ETAG"])
    if well:
        print(f"{'ctypes':28} uploads with {library.ossmpu_version_string().decode()}")
    else:
        print(status, library.ossmpu_error_message(error).decode(), file=sys.stderr)
    library.ossmpu_error_free(error)
    library.ossmpu_result_free(result)
    library.ossmpu_options_free(options)
    library.ossmpu_client_free(client)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
