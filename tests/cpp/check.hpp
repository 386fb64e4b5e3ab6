// Shared by the C++ tests: checks that report their line, and a client.
#ifndef CHECK_HPP
#define CHECK_HPP

#include "ossmpu.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#define CHECK(...)                                                             \
    do {                                                                       \
        if (!(__VA_ARGS__)) {                                                  \
            std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__,  \
                         #__VA_ARGS__);                                        \
            std::exit(1);                                                      \
        }                                                                      \
    } while (0)

// Checks that an expression throws a type, and returns the exception.
#define CHECK_THROWS(type, ...)                                                \
    caught<type>([&] { static_cast<void>((__VA_ARGS__)); }, #__VA_ARGS__,      \
                 __FILE__, __LINE__)

constexpr const char *BUCKET = "ossmpu-test";

// The emulator responds to requests for this key after a minute.
constexpr const char *SLOW_KEY = "slow";

#if OSSMPU_HPP_EXCEPTIONS
template <class Exception, class Code>
Exception caught(Code code, const char *text, const char *file, int line) {
    try {
        code();
    } catch (const Exception &exception) {
        return exception;
    }
    std::fprintf(stderr, "%s:%d: does not throw: %s\n", file, line, text);
    std::exit(1);
}

// Endpoint, region and keys come from the environment.
inline ossmpu::client new_client() {
    ossmpu::config config;
    return ossmpu::client(config.env());
}
#endif

// Options that split small data into parts.
inline ossmpu::options in_parts() {
    ossmpu::options options;
    options.part_size(102400).single_below(0);
    return options;
}

// Bytes without a pattern.
inline std::vector<char> some_bytes(std::size_t length) {
    std::vector<char> bytes(length);
    for (std::size_t i = 0; i < length; i++)
        bytes[i] = static_cast<char>(i * 31 + i / 251);
    return bytes;
}

#if OSSMPU_HPP_EXCEPTIONS
// The object exists, has that size, and the CRC-64 of the result.
inline void check_object(const ossmpu::client &client, const char *key,
                         std::int64_t size, const ossmpu::result &result) {
    const ossmpu::object object = client.head_object(BUCKET, key);
    CHECK(object.size() == size);
    CHECK(result.size() == size);
    CHECK(object.crc64().has_value() && object.crc64() == result.crc64());
    CHECK(object.etag() == result.etag() && !result.etag().empty());
}
#endif

#endif // CHECK_HPP
