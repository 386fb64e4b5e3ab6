// Compiled with -fno-exceptions and -fno-rtti: errors are return values.
#include "../check.hpp"

#include <filesystem>

// In with_exceptions.cpp.
bool another_object_file_throws();

static ossmpu::client new_client() {
    ossmpu::config config;
    auto client = ossmpu::client::create(config.env());
    CHECK(client && client.code() == OSSMPU_OK);
    return std::move(client).value();
}

static void objects(const ossmpu::client &client, const char *file) {
    const std::filesystem::path path(file);
    const auto stored = client.put_file(BUCKET, "file", path);
    CHECK(stored && stored.failure() == nullptr);
    const auto object = client.head_object(BUCKET, "file");
    CHECK(object && object.value().etag() == stored.value().etag());

    const auto nothing = client.head_object(BUCKET, "nothing");
    CHECK(!nothing && nothing.code() == OSSMPU_ESERVICE);
    CHECK(nothing.failure()->http_status() == 404);
    CHECK(!ossmpu::attempt([&] { return client.put_file("X", "k", path); }));
}

static void steps(const ossmpu::client &client) {
    auto initiated = client.initiate(BUCKET, "steps");
    CHECK(initiated);
    const ossmpu::upload upload = std::move(initiated).value();
    CHECK(upload.part(1, "ab\0cd"));
    CHECK(upload.part(0, "x").code() == OSSMPU_EINVAL);
    const auto parts = upload.sent_parts();
    CHECK(parts);
    CHECK(upload.complete().value().size() == 5);

    auto writer = client.open_writer(BUCKET, "writer");
    CHECK(writer && writer.value().write("abc"));
    CHECK(writer.value().finish().value().size() == 3);
    CHECK(!writer.value().finish());
}

static void lists_end_at_an_error(const ossmpu::client &client) {
    auto complete = client.list_uploads(BUCKET).value();
    int count = 0;
    for (const auto &entry : complete)
        count += entry.is_prefix ? 0 : 1;
    CHECK(count == 0 && complete.failure() == nullptr);
    auto refused = client.list_uploads("no-such-bucket").value();
    CHECK(refused.begin() == refused.end());
    CHECK(refused.failure()->oss_code() == "NoSuchBucket");
}

static void texts_with_nul_are_refused(const ossmpu::client &client) {
    const std::string_view two("a\0b", 3);
    const auto refused = client.put_data(BUCKET, two, "x");
    CHECK(refused.code() == OSSMPU_EINVAL);
    CHECK(refused.failure()->argument() == "key");
    // Also where an empty text is possible.
    CHECK(client.head_object(BUCKET, "file", two).code() == OSSMPU_EINVAL);
    CHECK(client.list_uploads(BUCKET, two).code() == OSSMPU_EINVAL);
    CHECK(client.put_file(BUCKET, "k", two).code() == OSSMPU_EINVAL);
    ossmpu::options options;
    options.checkpoint_dir(two);
    CHECK(client.put_data(BUCKET, "k", "x", &options).code() == OSSMPU_EINVAL);
    ossmpu::config config;
    config.env().keys("id", "secret", two);
    CHECK(ossmpu::client::create(config).code() == OSSMPU_EINVAL);
}

static void callbacks_end_a_call(const ossmpu::client &client) {
    const auto fails = [](char *, std::size_t) { return ossmpu::read_failed; };
    const auto read = client.put_stream(BUCKET, "never", fails);
    CHECK(read.code() == OSSMPU_ECALLBACK);
    ossmpu::options options;
    options.on_progress(
        [](const auto &) { return ossmpu::progress_action::cancel; });
    const auto progress = client.put_data(BUCKET, "never", "x", &options);
    CHECK(progress.code() == OSSMPU_ECANCELED);
    ossmpu::config config;
    config.env().on_credentials([] { return ossmpu::credentials(); });
    const auto anonymous = ossmpu::client::create(config).value();
    const auto denied = anonymous.put_data(BUCKET, "never", "x");
    CHECK(denied.code() == OSSMPU_ECREDENTIALS);
    const ossmpu::cancel token;
    token.trigger();
    CHECK(token.after(std::chrono::milliseconds(-1)).code() == OSSMPU_EINVAL);
    const auto canceled =
        client.put_data(BUCKET, "never", "x", nullptr, &token);
    CHECK(canceled.code() == OSSMPU_ECANCELED);
}

int main(int argc, char **argv) {
    CHECK(argc == 3);
    const ossmpu::client client = new_client();
    objects(client, argv[1]);
    steps(client);
    lists_end_at_an_error(client);
    texts_with_nul_are_refused(client);
    callbacks_end_a_call(client);
    CHECK(another_object_file_throws());
}
