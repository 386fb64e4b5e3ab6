-- upload.lua LIBRARY DECLARATIONS - uploads by the FFI of LuaJIT, which reads ossmpu-ffi.h as it is.
local ffi = require("ffi")
local library, declarations = ...
local bucket, name, size = "ossmpu-test", "luajit", 300000

local file = assert(io.open(declarations))
ffi.cdef(file:read("*a"))
file:close()
local oss = ffi.load(library)
assert(oss.OSSMPU_OK == 0 and oss.OSSMPU_EINVAL == -1 and oss.OSSMPU_OPTION_PART_SIZE == 2100)

local err = ffi.new("ossmpu_error *[1]")
local function check(status)
    if status < 0 then
        error(ffi.string(oss.ossmpu_error_message(err[0])))
    end
end

local sending = false
local progress = ffi.cast("ossmpu_progress_fn", function(_, now)
    sending = sending or now.phase == oss.OSSMPU_PHASE_SEND
    return 0
end)
-- A function that calls back into Lua must not be compiled.
jit.off(true, true)

local config, options = oss.ossmpu_config_new(), oss.ossmpu_options_new()
local client, result = ffi.new("ossmpu_client *[1]"), ffi.new("ossmpu_result *[1]")
oss.ossmpu_config_set_env(config)
oss.ossmpu_options_set_int(options, oss.OSSMPU_OPTION_PART_SIZE, 102400)
oss.ossmpu_options_set_int(options, oss.OSSMPU_OPTION_SINGLE_BELOW, 0)
oss.ossmpu_options_set_progress(options, progress, nil)
check(oss.ossmpu_client_new(config, client, err))
local data = string.rep("x", size)
check(oss.ossmpu_put_data(client[0], bucket, name, data, size, options, nil, result, err))
assert(oss.ossmpu_result_int(result[0], oss.OSSMPU_RESULT_PARTS) == 3 and sending)
local version = ffi.string(oss.ossmpu_version_string())
oss.ossmpu_result_free(result[0])
oss.ossmpu_client_free(client[0])
oss.ossmpu_options_free(options)
oss.ossmpu_config_free(config)
progress:free()
print(string.format("%-28s uploads with %s", name, version))
