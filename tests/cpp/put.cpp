// Whole objects from every source, copies, and their properties.
#include "check.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

static void from_files(const ossmpu::client &client, const char *path,
                       std::int64_t size) {
    const ossmpu::options options = in_parts();
    const ossmpu::result whole =
        client.put_file(BUCKET, "whole", path, &options);
    CHECK(whole.parts() == (size + 102399) / 102400);
    CHECK(whole.bytes_resumed() == 0 && whole.throttled_ms() == 0);
    CHECK(!whole.request_id().empty() && whole.version_id().empty());
    CHECK(whole.callback_error() == nullptr && whole.callback_body().empty());
    check_object(client, "whole", size, whole);
    check_object(client, "range", 5000,
                 client.put_range(BUCKET, "range", path, {17, 5000}));
    check_object(client, "tail", size - 17,
                 client.put_range(BUCKET, "tail", path, {17, ossmpu::to_end}));
    const int fd = open(path, O_RDONLY);
    CHECK(fd >= 0);
    check_object(client, "fd", size,
                 client.put_fd(BUCKET, "fd", fd, {}, &options));
    close(fd);
    const ossmpu::error error = CHECK_THROWS(
        ossmpu::error, client.put_file(BUCKET, "none", "/nowhere/at all"));
    CHECK(error.code() == OSSMPU_EFILE && error.os_errno() == ENOENT);
}

static void from_memory(const ossmpu::client &client) {
    const ossmpu::options options = in_parts();
    const std::vector<char> bytes = some_bytes(300001);
    check_object(client, "vector", 300001,
                 client.put_data(BUCKET, "vector", bytes, &options));
    check_object(client, "pointer", 7,
                 client.put_data(BUCKET, "pointer", {bytes.data(), 7}));
    check_object(client, "literal", 4,
                 client.put_data(BUCKET, "literal", "four"));
    check_object(client, "words", 8,
                 client.put_data(BUCKET, "words",
                                 std::array<std::uint32_t, 2>{1, 2}));
    check_object(client, "empty", 0,
                 client.put_data(BUCKET, "empty", std::string()));
    // A view need not be NUL-terminated.
    const std::string_view more = "viewed and more";
    const std::string_view key = more.substr(0, 6);
    check_object(client, "viewed", 1, client.put_data(BUCKET, key, "x"));
}

static void from_a_callback(const ossmpu::client &client) {
    const ossmpu::options options = in_parts();
    const std::vector<char> bytes = some_bytes(250000);
    std::size_t at = 0;
    const auto reader = [&](char *buf, std::size_t len) {
        const std::size_t count =
            std::min({len, bytes.size() - at, std::size_t{4321}});
        std::memcpy(buf, bytes.data() + at, count);
        at += count;
        return count;
    };
    const ossmpu::result unknown = client.put_stream(
        BUCKET, "stream", reader, ossmpu::to_end, &options);
    check_object(client, "stream", 250000, unknown);
    at = 0;
    const ossmpu::result known =
        client.put_stream(BUCKET, "stream", reader, 250000, &options);
    CHECK(known.crc64() == unknown.crc64());
    // The source ends too early.
    const ossmpu::error error = CHECK_THROWS(
        ossmpu::error, client.put_stream(BUCKET, "stream", reader, 1));
    CHECK(error.code() == OSSMPU_EFILE);
}

static void what_options_do(const ossmpu::client &client) {
    ossmpu::options options;
    options.content_type("text/x-test")
        .metadata("Colour", "blue")
        .tag("kind", "test")
        .header("Cache-Control", "no-cache")
        .forbid_overwrite()
        .integrity(ossmpu::integrity::both)
        .expected_md5("900150983cd24fb0d6963f7d28e17f72");
    client.put_data(BUCKET, "dressed", "abc", &options);
    const ossmpu::object object = client.head_object(BUCKET, "dressed");
    CHECK(object.content_type() == "text/x-test");
    CHECK(object.metadata("colour") == "blue");
    CHECK(object.metadata("size").empty());
    CHECK(object.type() == "Normal" && object.storage_class() == "Standard");
    CHECK(object.version_id().empty());
    CHECK(object.last_modified().size() == 20);
    options.expected_md5("e2fc714c4727ee9395f324cd2e7f331f");
    const ossmpu::error error = CHECK_THROWS(
        ossmpu::error, client.put_data(BUCKET, "dressed", "abcd", &options));
    CHECK(error.code() == OSSMPU_ESERVICE);
    CHECK(error.oss_code() == "FileAlreadyExists");
    CHECK(error.http_status() == 409 && !error.retryable());
    CHECK(!error.request_id().empty() && !error.oss_message().empty());
    CHECK(error.operation() == "PutObject" && error.attempts() == 1);
    CHECK(error.object_exists() == false && !error.parts_left());
    CHECK(!error.upload_may_exist() && error.upload_id().empty());
    CHECK(std::string_view(error.what()).find("FileAlreadyExists") !=
          std::string_view::npos);
}

// The callback server is unreachable: the object is stored, which is no error.
static void a_failed_upload_callback(const ossmpu::client &client) {
    ossmpu::options options;
    options.callback(
        R"({"callbackUrl":"http://127.0.0.1:1/","callbackBody":"x"})");
    const ossmpu::result result =
        client.put_data(BUCKET, "called", "abc", &options);
    CHECK(result.callback_error() != nullptr);
    CHECK(result.callback_error()->code() == OSSMPU_STORED_CALLBACK_FAILED);
    CHECK(result.callback_error()->object_exists() == true);
    CHECK(result.size() == 3);
    CHECK(client.head_object(BUCKET, "called").size() == 3);
}

static void copies(const ossmpu::client &client) {
    ossmpu::options options = in_parts();
    client.put_data(BUCKET, "from", some_bytes(250000));
    const ossmpu::object from = client.head_object(BUCKET, "from");
    options.copy_if_match(from.etag());
    check_object(client, "to", 250000,
                 client.copy_object(BUCKET, "to", {BUCKET, "from"}, &options));
    options.copy_if_match("\"another\"");
    const ossmpu::error error = CHECK_THROWS(
        ossmpu::error,
        client.copy_object(BUCKET, "to", {BUCKET, "from"}, &options));
    CHECK(error.code() == OSSMPU_ESERVICE && error.http_status() == 412);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    const ossmpu::client client = new_client();
    from_files(client, argv[1], std::atoll(argv[2]));
    from_memory(client);
    from_a_callback(client);
    what_options_do(client);
    a_failed_upload_callback(client);
    copies(client);
}
