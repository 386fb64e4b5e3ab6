// Objects that move, errors that are values, tokens, and every setter.
#include "check.hpp"

#include <filesystem>
#include <thread>

using std::chrono::milliseconds;

template <class T> constexpr bool moves_only() {
    return std::is_nothrow_move_constructible_v<T> &&
           std::is_nothrow_move_assignable_v<T> &&
           !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
}
static_assert(moves_only<ossmpu::config>() && moves_only<ossmpu::options>());
static_assert(moves_only<ossmpu::client>() && moves_only<ossmpu::cancel>());
static_assert(moves_only<ossmpu::upload>() && moves_only<ossmpu::writer>());
static_assert(moves_only<ossmpu::object>() && moves_only<ossmpu::result>());
static_assert(moves_only<ossmpu::part_list>());
static_assert(std::is_nothrow_copy_constructible_v<ossmpu::error>);

static void versions() {
    CHECK(ossmpu::version_number() == OSSMPU_VERSION_NUMBER);
    /* The check value of CRC-64/XZ, in one call and in two. */
    CHECK(ossmpu::crc64("123456789") == 0x995dc9bbdf1939faULL);
    CHECK(ossmpu::crc64("6789", ossmpu::crc64("12345")) ==
          0x995dc9bbdf1939faULL);
    CHECK(!ossmpu::version().empty());
    CHECK(!ossmpu::strerror(OSSMPU_EBUSY).empty());
}

static void what_was_moved_from_is_refused() {
    ossmpu::client client = new_client();
    ossmpu::options options;
    ossmpu::cancel token;
    const ossmpu::options options_now = std::move(options);
    const ossmpu::cancel token_now = std::move(token);
    CHECK(options.get() == nullptr && options_now.get() != nullptr);
    CHECK_THROWS(std::logic_error, options.part_size(1));
    // A moved-from object is not the same as none.
    CHECK_THROWS(std::logic_error, client.put_data(BUCKET, "k", "x", &options));
    CHECK_THROWS(std::logic_error,
                 client.put_data(BUCKET, "k", "x", nullptr, &token));
    token.trigger();
    const ossmpu::client now = std::move(client);
    CHECK_THROWS(std::logic_error, client.put_data(BUCKET, "k", "x"));
    now.put_data(BUCKET, "k", "x", &options_now, &token_now);
}

static void texts_and_setters() {
    const std::string_view two("a\0b", 3);
    ossmpu::options options;
    ossmpu::config config;
    CHECK_THROWS(std::invalid_argument, options.content_type(two));
    CHECK_THROWS(std::invalid_argument, config.region(two));
    const ossmpu::client client = new_client();
    CHECK_THROWS(std::invalid_argument, client.put_data(BUCKET, two, "x"));
    // Bytes are not text.
    CHECK(client.put_data(BUCKET, "two", two).size() == 3);
    // The first error is returned.
    options.part_size(1).metadata("not a name", "x");
    const ossmpu::error error = CHECK_THROWS(
        ossmpu::error, client.put_data(BUCKET, "never", "x", &options));
    CHECK(error.code() == OSSMPU_EINVAL && error.argument() == "part_size");
    config.threads(0);
    CHECK(CHECK_THROWS(ossmpu::error, ossmpu::client(config)).argument() ==
          "threads");
    ossmpu::options unknown;
    unknown.set(99, "x");
    CHECK(CHECK_THROWS(ossmpu::error,
                       client.put_data(BUCKET, "never", "x", &unknown))
              .code() == OSSMPU_EUNSUPPORTED);
}

static std::string sent(ossmpu::bytes data) {
    return std::string(static_cast<const char *>(data.data()), data.size());
}

static void bytes_of_every_kind() {
    using std::string_literals::operator""s;
    CHECK(sent("ab\0cd") == "ab\0cd"s && sent("").empty());
    const char constant[] = {'a', '\0', 'b'};
    CHECK(sent(constant) == "a\0b"s);
    const char *const pointer = "ab\0cd";
    CHECK(sent(pointer) == "ab");
    // What follows the text in a buffer is not sent, nor what follows the
    // buffer.
    char buffer[8] = "ab\0cd";
    CHECK(sent(buffer) == "ab" && sent(&buffer[1]) == "b");
    char full[2] = {'a', 'b'};
    CHECK(sent(full) == "ab");
    CHECK(sent("ab\0cd"s).size() == 5 &&
          sent(std::vector<char>(3)).size() == 3);
}

static void paths_of_every_kind(const char *file) {
    const ossmpu::client client = new_client();
    const std::filesystem::path path(file);
    const std::string text(file);
    const std::string_view view(text);
    const auto size =
        static_cast<std::int64_t>(std::filesystem::file_size(path));
    CHECK(client.put_file(BUCKET, "path", path).size() == size);
    CHECK(client.put_file(BUCKET, "path", path.parent_path() / path.filename())
              .size() == size);
    CHECK(client.put_file(BUCKET, "path", file).size() == size);
    CHECK(client.put_file(BUCKET, "path", text).size() == size);
    CHECK(client.put_file(BUCKET, "path", view).size() == size);
    CHECK(client.put_range(BUCKET, "path", path, {1, 10}).size() == 10);
    const std::filesystem::path two(std::string("a\0b", 3));
    CHECK_THROWS(std::invalid_argument, client.put_file(BUCKET, "path", two));
    ossmpu::options options;
    options.checkpoint_dir(path.parent_path());
    const ossmpu::upload upload = client.initiate(BUCKET, "path");
    upload.part_file(1, path);
    upload.abort();
    const std::filesystem::path missing = "/nowhere/at all";
    ossmpu::config config;
    config.env().ca_file(missing).client_certificate(missing).client_key(
        missing);
    CHECK(CHECK_THROWS(ossmpu::error, ossmpu::client(config)).argument() ==
          "ca_file");
}

static void reading_can_fail_without_an_exception() {
    const ossmpu::client client = new_client();
    const auto fails = [](char *, std::size_t) { return ossmpu::read_failed; };
    const ossmpu::error error =
        CHECK_THROWS(ossmpu::error, client.put_stream(BUCKET, "never", fails));
    CHECK(error.code() == OSSMPU_ECALLBACK && error.callback_value() == -1);
}

static void errors_are_values() {
    const ossmpu::client client = new_client();
    auto put = ossmpu::attempt(
        [&] { return client.put_data(BUCKET, "value", "abc"); });
    CHECK(put && put.code() == OSSMPU_OK && put.failure() == nullptr);
    const ossmpu::result taken = std::move(put).value();
    CHECK(taken.size() == 3);
    const auto head =
        ossmpu::attempt([&] { return client.head_object(BUCKET, "nothing"); });
    CHECK(!head && head.code() == OSSMPU_ESERVICE);
    CHECK(head.failure()->http_status() == 404);
    CHECK_THROWS(ossmpu::error, head.value());
    const auto nothing = ossmpu::attempt([] {});
    CHECK(nothing);
    // A copy outlives its original.
    const ossmpu::error copy = [&] { return ossmpu::error(*head.failure()); }();
    CHECK(copy.what() == std::string(head.failure()->what()));
    CHECK(copy.host() == head.failure()->host() && !copy.host().empty());
    CHECK(copy.phase() == head.failure()->phase() && copy.ec() == copy.ec());
    CHECK(copy.part_number() == 0 && copy.bytes_sent() == 0);
    CHECK(copy.cause() == head.failure()->cause());
    CHECK(std::string(ossmpu::error(OSSMPU_EBUSY, nullptr).what()) ==
          ossmpu::strerror(OSSMPU_EBUSY));
    CHECK_THROWS(std::out_of_range,
                 ossmpu::attempt([] { throw std::out_of_range("not ours"); }));
}

static void tokens() {
    const ossmpu::client client = new_client();
    const ossmpu::cancel token;
    CHECK(CHECK_THROWS(ossmpu::error, token.after(milliseconds(-1))).code() ==
          OSSMPU_EINVAL);
    token.after(milliseconds(100));
    const ossmpu::options options = in_parts();
    const ossmpu::error error = CHECK_THROWS(
        ossmpu::error, client.put_data(BUCKET, SLOW_KEY, some_bytes(300000),
                                       &options, &token));
    CHECK(error.code() == OSSMPU_ECANCELED && !error.parts_left());
    const ossmpu::cancel other;
    std::thread trigger([&] { other.trigger(); });
    CHECK(CHECK_THROWS(ossmpu::error,
                       client.put_data(BUCKET, SLOW_KEY, some_bytes(300000),
                                       &options, &other))
              .code() == OSSMPU_ECANCELED);
    trigger.join();
}

// Each setter with a valid value; a wrong key would be an error.
static void every_setter() {
    const milliseconds second(1000);
    ossmpu::config config;
    config.region("cn-hangzhou")
        .endpoint(std::getenv("OSS_ENDPOINT"))
        .credentials("env")
        .proxy("none")
        .user_agent("test")
        .additional_headers("host")
        .endpoint_kind(ossmpu::endpoint_kind::public_endpoint)
        .addressing(ossmpu::addressing::path)
        .signature(ossmpu::signature::v4)
        .tls_verify(true)
        .resolve_timeout(second)
        .connect_timeout(second)
        .stall_timeout(20 * second)
        .response_timeout(30 * second)
        .complete_timeout(30 * second)
        .abort_timeout(5 * second)
        .max_attempts(2)
        .threads(2)
        .memory_limit(1 << 20)
        .bytes_per_sec(0)
        .max_clock_offset(second)
        .callbacks_on_caller()
        .keys(std::getenv("OSS_ACCESS_KEY_ID"),
              std::getenv("OSS_ACCESS_KEY_SECRET"));
    const ossmpu::client client(config);
    CHECK(CHECK_THROWS(ossmpu::error,
                       ossmpu::client(config.ca_file("/nowhere")
                                          .client_certificate("/nowhere")
                                          .client_key("/nowhere")))
              .argument() == "ca_file");

    ossmpu::options options;
    const auto now = std::chrono::system_clock::now();
    options.content_type("text/plain")
        .callback("")
        .callback_var("")
        .expected_crc64(11051210869376104954U)
        .expected_md5("25f9e794323b453885f5181f1b624d0b")
        .copy_if_match("\"x\"")
        .copy_if_none_match("\"x\"")
        .copy_if_modified_since(now)
        .copy_if_unmodified_since(now)
        .part_size(102400)
        .parallelism(2)
        .single_below(0)
        .integrity(ossmpu::integrity::crc64)
        .keep_parts(false)
        .forbid_overwrite(false)
        .complete_all(false)
        .sequential(false)
        .hedging(false)
        .require_verified()
        .copy_tags(false)
        .keep_cache()
        .timeout(60 * second)
        .bytes_per_sec(1 << 30)
        .traffic_limit(838860800)
        .page_size(1000)
        .part_number_marker(1);
    const ossmpu::result stored =
        client.put_data(BUCKET, "set", "123456789", &options);
    CHECK(stored.parts() == 1 && stored.verified());
    options.expected_crc64(1);
    CHECK(CHECK_THROWS(ossmpu::error,
                       client.put_data(BUCKET, "set", "123456789", &options))
              .code() == OSSMPU_EINTEGRITY);
}

static void resumes(const char *path) {
    char folder[] = "/tmp/ossmpu-hpp-XXXXXX";
    CHECK(mkdtemp(folder) != nullptr);
    const ossmpu::client client = new_client();
    const ossmpu::upload upload = client.initiate(BUCKET, "resumed");
    upload.part_file(1, path, {0, 102400});
    ossmpu::options options = in_parts();
    options.checkpoint_dir(folder);
    CHECK(client.put_file(BUCKET, "fresh", path, &options).bytes_resumed() ==
          0);
    CHECK(std::remove(folder) == 0);
    ossmpu::options by_id = in_parts();
    by_id.upload_id(upload.id());
    CHECK(client.put_file(BUCKET, "resumed", path, &by_id).bytes_resumed() ==
          102400);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    versions();
    what_was_moved_from_is_refused();
    texts_and_setters();
    bytes_of_every_kind();
    paths_of_every_kind(argv[1]);
    reading_can_fail_without_an_exception();
    errors_are_values();
    tokens();
    every_setter();
    resumes(argv[1]);
}
