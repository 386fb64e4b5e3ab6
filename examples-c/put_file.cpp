// put_file FILE BUCKET KEY - uploads a file as one object, in parts if it is
// large, and shows the progress. Ctrl-C cancels the upload and aborts it.
//
// put_file.c in C++; reads the same environment.
#include "ossmpu.hpp"

#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <unistd.h>

namespace {

enum exit_code { STORED, FAILED, USAGE, CANCELED = 130 };

// Global, because a signal handler has no argument.
const ossmpu::cancel token;

void on_interrupt(int) { token.trigger(); }

void show_progress(const ossmpu::progress &now) {
    const auto total = static_cast<double>(now.bytes_total.value_or(0));
    const double share =
        total > 0 ? static_cast<double>(now.bytes_done) / total : 1;
    std::string bar(static_cast<std::size_t>(share * 30), '#');
    bar.resize(30, '.');
    std::fprintf(stderr, "\r[%s] %3d%%  %d/%d parts ", bar.c_str(),
                 static_cast<int>(100 * share), now.parts_done,
                 now.parts_total.value_or(0));
}

// Ends the line of the progress, whether or not the call fails.
struct end_of_line {
    ~end_of_line() {
        if (isatty(STDERR_FILENO) != 0)
            std::fputc('\n', stderr);
    }
};

void print_result(const ossmpu::result &result) {
    std::cout << "ETag  " << result.etag() << '\n';
    if (const auto crc64 = result.crc64())
        std::cout << "CRC64 " << *crc64 << '\n';
    std::cout << "size  " << result.size().value_or(0) << '\n'
              << "parts " << result.parts().value_or(0) << '\n';
    if (const ossmpu::error *failure = result.callback_error())
        std::cerr << "put_file: stored, but " << failure->what() << '\n';
}

// Prints the error and what is left on OSS.
void print_error(const ossmpu::error &error) {
    std::cerr << "put_file: " << error.what() << '\n';
    if (error.parts_left())
        std::cerr << "put_file: parts may be left under upload "
                  << error.upload_id() << '\n';
    if (error.upload_may_exist())
        std::cerr << "put_file: an upload without parts may be left\n";
    if (error.object_exists().value_or(true))
        std::cerr << "put_file: the object "
                  << (error.object_exists() ? "exists nevertheless\n"
                                            : "may exist\n");
}

void put(const char *path, const char *bucket, const char *key) {
    ossmpu::config config;
    const ossmpu::client client(config.env());
    ossmpu::options options;
    if (isatty(STDERR_FILENO) != 0)
        options.on_progress(show_progress);
    const auto stored = [&] {
        const end_of_line after_the_call;
        return client.put_file(bucket, key, path, &options, &token);
    }();
    print_result(stored);
}

int run(char **argv) {
    try {
        put(argv[1], argv[2], argv[3]);
        return STORED;
    } catch (const ossmpu::error &error) {
        print_error(error);
        return error.code() == OSSMPU_ECANCELED ? CANCELED : FAILED;
    } catch (const std::exception &error) {
        std::cerr << "put_file: " << error.what() << '\n';
        return FAILED;
    }
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 4) {
        std::cerr << "usage: put_file FILE BUCKET KEY\n";
        return USAGE;
    }
    std::signal(SIGINT, on_interrupt);
    std::signal(SIGTERM, on_interrupt);
    const int code = run(argv);
    std::signal(SIGINT, SIG_DFL); // the token is freed below
    std::signal(SIGTERM, SIG_DFL);
    return code;
}
