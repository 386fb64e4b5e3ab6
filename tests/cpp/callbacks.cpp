// Callbacks: the call rethrows their exceptions, past the C frames.
#include "check.hpp"

#include <atomic>
#include <cstring>
#include <thread>

namespace {

struct surprise {
    int number;
};

void progress_is_told(const ossmpu::client &client) {
    ossmpu::options options = in_parts();
    std::vector<std::int64_t> done;
    const std::thread::id caller = std::this_thread::get_id();
    options.on_progress([&](const ossmpu::progress &now) {
        CHECK(std::this_thread::get_id() == caller);
        CHECK(now.parts_total == 3 && now.bytes_total == 300000);
        CHECK(now.parts_done <= 3 && now.retries == 0);
        CHECK(now.bytes_resumed == 0 && now.bytes_sent >= now.bytes_done);
        done.push_back(now.bytes_done);
    });
    client.put_data(BUCKET, "progress", some_bytes(300000), &options);
    CHECK(!done.empty() && done.back() == 300000);
}

void progress_stops(const ossmpu::client &client) {
    ossmpu::options options = in_parts();
    options.on_progress(
        [](const ossmpu::progress &now) {
            return now.phase == ossmpu::call_phase::send
                       ? ossmpu::progress_action::cancel
                       : ossmpu::progress_action::proceed;
        });
    const ossmpu::error error = CHECK_THROWS(
        ossmpu::error,
        client.put_data(BUCKET, SLOW_KEY, some_bytes(300000), &options));
    CHECK(error.code() == OSSMPU_ECANCELED && error.callback_value() == 1);
    CHECK(!error.parts_left());
}

void progress_throws(const ossmpu::client &client) {
    ossmpu::options options = in_parts();
    options.on_progress([](const ossmpu::progress &) { throw surprise{7}; });
    CHECK(CHECK_THROWS(surprise, client.put_data(BUCKET, SLOW_KEY,
                                                 some_bytes(300000), &options))
              .number == 7);
    // It is not kept: the next call succeeds.
    options.on_progress([](const ossmpu::progress &) {});
    client.put_data(BUCKET, "after", some_bytes(300000), &options);
}

void readers_throw(const ossmpu::client &client) {
    const auto reader = [](char *, std::size_t) -> std::size_t {
        throw std::runtime_error("the disk is on fire");
    };
    const auto greedy = [](char *, std::size_t len) { return len + 1; };
    const std::runtime_error error = CHECK_THROWS(
        std::runtime_error, client.put_stream(BUCKET, "burnt", reader));
    CHECK(std::string(error.what()) == "the disk is on fire");
    CHECK_THROWS(std::length_error,
                 client.put_stream(BUCKET, "burnt", greedy));
    const ossmpu::upload upload = client.initiate(BUCKET, "burnt");
    CHECK_THROWS(std::runtime_error, upload.part_from(1, reader, 10));
    upload.abort();
    CHECK_THROWS(ossmpu::error, client.head_object(BUCKET, "burnt"));
}

void writers_throw(const ossmpu::client &client) {
    ossmpu::options options = in_parts();
    options.on_progress([](const ossmpu::progress &) { throw surprise{5}; });
    ossmpu::writer writer = client.open_writer(BUCKET, "torn", &options);
    const std::vector<char> bytes = some_bytes(300000);
    CHECK(CHECK_THROWS(surprise, [&] {
              writer.write(bytes);
              writer.finish();
          }()).number == 5);
    CHECK(CHECK_THROWS(ossmpu::error, writer.write("x")).code() ==
          OSSMPU_ESTATE);
}

// A reader that makes calls: each rethrows the exceptions of its callbacks.
void calls_are_nested(const ossmpu::client &client) {
    ossmpu::options inner = in_parts();
    inner.on_progress([](const ossmpu::progress &) { throw surprise{1}; });
    int seen = 0;
    bool given = false;
    const auto reader = [&](char *buf, std::size_t) -> std::size_t {
        if (std::exchange(given, true))
            throw surprise{2};
        try {
            client.put_data(BUCKET, SLOW_KEY, some_bytes(300000), &inner);
        } catch (const surprise &it) {
            seen = it.number;
        }
        *buf = 'x';
        return 1;
    };
    CHECK(CHECK_THROWS(surprise, client.put_stream(BUCKET, "outer", reader))
              .number == 2);
    CHECK(seen == 1);
}

// Threads share options, and each gets its own exception.
void each_thread_gets_its_own(const ossmpu::client &client) {
    ossmpu::options options = in_parts();
    options.on_progress([](const ossmpu::progress &) {
        throw std::this_thread::get_id();
    });
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            try {
                client.put_data(BUCKET, SLOW_KEY, some_bytes(300000),
                                &options);
            } catch (const std::thread::id &thrown) {
                right += thrown == std::this_thread::get_id();
            }
        });
    for (std::thread &thread : threads)
        thread.join();
    CHECK(right == 4);
}

// An upload keeps the callback that it was initiated with.
void an_upload_keeps_its_callback(const ossmpu::client &client) {
    int calls = 0;
    ossmpu::upload upload = [&] {
        ossmpu::options options;
        options.on_progress([&](const ossmpu::progress &) { calls++; });
        return client.initiate(BUCKET, "kept", &options);
    }();
    upload.part(1, "x");
    CHECK(calls > 0);
    upload.abort();
}

void keys_come_from_a_callback() {
    int asked = 0;
    std::atomic<int> lines{0};
    ossmpu::config config;
    config.env()
        .on_credentials([&asked]() -> ossmpu::credentials {
            if (asked++ == 0)
                throw surprise{3};
            const auto end =
                std::chrono::system_clock::now() + std::chrono::hours(1);
            return {std::getenv("OSS_ACCESS_KEY_ID"),
                    std::getenv("OSS_ACCESS_KEY_SECRET"), "", end};
        })
        .on_log(ossmpu::log_level::debug,
                [&lines](ossmpu::log_level, std::string_view line) {
                    CHECK(!line.empty());
                    lines++;
                    throw surprise{4};
                });
    const ossmpu::client client(config);
    CHECK(CHECK_THROWS(surprise, client.put_data(BUCKET, "keys", "x"))
              .number == 3);
    client.put_data(BUCKET, "keys", "x");
    CHECK(asked == 2 && lines > 0);
    // The library rejects a text that cannot be a key.
    config.on_credentials([]() -> ossmpu::credentials { return {"", "x"}; });
    CHECK(CHECK_THROWS(ossmpu::error, ossmpu::client(config).put_data(
                                          BUCKET, "keys", "x"))
              .code() == OSSMPU_ECREDENTIALS);
}

// The exception of a callback is not that of the credentials that replaced it.
void a_replaced_callback_is_forgotten() {
    ossmpu::config config;
    const auto fail_by_callback = [&config] {
        config.env().on_credentials(
            []() -> ossmpu::credentials { throw surprise{5}; });
        const ossmpu::client client(config);
        CHECK(CHECK_THROWS(surprise, client.put_data(BUCKET, "keys", "x"))
                  .number == 5);
    };
    fail_by_callback();
    config.set(OSSMPU_CONFIG_CREDENTIALS, "process:/bin/false");
    CHECK(CHECK_THROWS(ossmpu::error, ossmpu::client(config).put_data(
                                          BUCKET, "keys", "x"))
              .code() == OSSMPU_ECREDENTIALS);
    fail_by_callback();
    const std::string secret = std::getenv("OSS_ACCESS_KEY_SECRET");
    CHECK(unsetenv("OSS_ACCESS_KEY_SECRET") == 0);
    config.env();
    CHECK(setenv("OSS_ACCESS_KEY_SECRET", secret.c_str(), 1) == 0);
    CHECK(CHECK_THROWS(ossmpu::error, ossmpu::client{config}).code() ==
          OSSMPU_ECREDENTIALS);
}

// A time at the epoch or before it is not "never".
void credentials_of_the_epoch_have_expired() {
    for (const int hours : {0, -1}) {
        ossmpu::config config;
        config.env().on_credentials([hours]() -> ossmpu::credentials {
            const auto end = std::chrono::system_clock::time_point{} +
                             std::chrono::hours(hours);
            return {std::getenv("OSS_ACCESS_KEY_ID"),
                    std::getenv("OSS_ACCESS_KEY_SECRET"), "", end};
        });
        const ossmpu::client client(config);
        const auto error =
            CHECK_THROWS(ossmpu::error, client.put_data(BUCKET, "keys", "x"));
        CHECK(std::strstr(error.what(), "expired credentials") != nullptr);
    }
}

} // namespace

int main() {
    const ossmpu::client client = new_client();
    progress_is_told(client);
    progress_stops(client);
    progress_throws(client);
    readers_throw(client);
    writers_throw(client);
    calls_are_nested(client);
    each_thread_gets_its_own(client);
    an_upload_keeps_its_callback(client);
    keys_come_from_a_callback();
    credentials_of_the_epoch_have_expired();
    a_replaced_callback_is_forgotten();
}
