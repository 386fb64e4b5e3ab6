// Callbacks that end their thread with pthread_exit, through the frames of
// ossmpu.hpp, and an exception that leaves a callback of the C interface.
#include "check.hpp"

#include <thread>

#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

namespace {

sem_t ended;

struct unwound {
    ~unwound() { CHECK(sem_post(&ended) == 0); }
};

[[noreturn]] void exit_thread() {
    const unwound guard;
    pthread_exit(nullptr);
}

// The thread never returns from its call; others use the client.
template <class Call> void check(const ossmpu::client &client, Call call) {
    std::thread([call] {
        call();
        CHECK(false);
    }).detach();
    CHECK(sem_wait(&ended) == 0);
    client.put_data(BUCKET, "other", some_bytes(10));
}

void callbacks_end_their_thread(const ossmpu::client &client) {
    check(client, [&client] {
        ossmpu::options options;
        options.on_progress([](const ossmpu::progress &) { exit_thread(); });
        client.put_data(BUCKET, "never", some_bytes(10), &options);
    });
    check(client, [&client] {
        client.put_stream(
            BUCKET, "never",
            [](char *, std::size_t) -> std::size_t { exit_thread(); });
    });
}

void log_callbacks_end_their_thread() {
    bool first = true;
    ossmpu::config config;
    config.env().on_log(ossmpu::log_level::info,
                        [&first](ossmpu::log_level, std::string_view) {
                            if (first) {
                                first = false;
                                exit_thread();
                            }
                        });
    const ossmpu::client client(config);
    check(client, [&client] {
        client.put_stream(BUCKET, "never",
                          [](char *, std::size_t) { return std::size_t{0}; });
    });
}

int throws(void *, const ossmpu_progress *) {
    const unwound guard;
    throw 7;
}

// ossmpu.hpp would carry it past the frames of the library.
void an_exception_ends_a_callback_of_the_c_interface(
    const ossmpu::client &client) {
    check(client, [&client] {
        ossmpu_options *options = ossmpu_options_new();
        CHECK(ossmpu_options_set_progress(options, throws, nullptr) ==
              OSSMPU_OK);
        CHECK(ossmpu_put_data(client.get(), BUCKET, "never", "x", 1, options,
                              nullptr, nullptr, nullptr) == OSSMPU_OK);
    });
}

} // namespace

int main() {
    CHECK(sem_init(&ended, 0, 0) == 0);
    const ossmpu::client client = new_client();
    callbacks_end_their_thread(client);
    log_callbacks_end_their_thread();
    an_exception_ends_a_callback_of_the_c_interface(client);
    // The threads that wait use the client.
    _exit(0);
}
