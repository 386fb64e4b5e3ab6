"""upload_cffi.py LIBRARY DECLARATIONS - uploads by cffi, which reads ossmpu-ffi.h as it is."""

import sys

import cffi

BUCKET, NAME, SIZE = b"ossmpu-test", b"cffi", 300_000


def main(library, declarations):
    ffi = cffi.FFI()
    with open(declarations, encoding="ascii") as file:
        ffi.cdef(file.read())
    oss = ffi.dlopen(library)
    assert (oss.OSSMPU_OK, oss.OSSMPU_EINVAL, oss.OSSMPU_OPTION_PART_SIZE) == (0, -1, 2100)
    phases = set()

    @ffi.callback("ossmpu_progress_fn")
    def progress(_user, now):
        phases.add(now.phase)
        return 0

    def check(status, err):
        if status < 0:
            raise RuntimeError(ffi.string(oss.ossmpu_error_message(err[0])).decode())

    config, options = oss.ossmpu_config_new(), oss.ossmpu_options_new()
    client, result = ffi.new("ossmpu_client **"), ffi.new("ossmpu_result **")
    err = ffi.new("ossmpu_error **")
    oss.ossmpu_config_set_env(config)
    oss.ossmpu_options_set_int(options, oss.OSSMPU_OPTION_PART_SIZE, 102_400)
    oss.ossmpu_options_set_int(options, oss.OSSMPU_OPTION_SINGLE_BELOW, 0)
    oss.ossmpu_options_set_progress(options, progress, ffi.NULL)
    check(oss.ossmpu_client_new(config, client, err), err)
    data = bytes(SIZE)
    status = oss.ossmpu_put_data(
        client[0], BUCKET, NAME, data, SIZE, options, ffi.NULL, result, err
    )
    check(status, err)
    assert oss.ossmpu_result_int(result[0], oss.OSSMPU_RESULT_PARTS) == 3
    assert oss.OSSMPU_PHASE_SEND in phases
    version = ffi.string(oss.ossmpu_version_string()).decode()
    oss.ossmpu_result_free(result[0])
    oss.ossmpu_client_free(client[0])
    oss.ossmpu_options_free(options)
    oss.ossmpu_config_free(config)
    print(f"{NAME.decode():28} uploads with {version}")


main(*sys.argv[1:])
