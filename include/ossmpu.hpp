/*
 * ossmpu.hpp - ossmpu.h for C++17: the same functions with RAII types,
 * exceptions, std::function and ranges. Header-only; link libossmpu.
 *
 * ossmpu.h documents each function under its C name, and THE RULES that all
 * functions follow. The differences in C++:
 *
 *  Handles   Move-only objects. A moved-from object may only be destroyed or
 *            assigned to; any other use throws std::logic_error. get() returns
 *            the C handle, which the object keeps.
 *  Errors    A call that fails throws ossmpu::error, which has all fields of
 *            the C error. ossmpu::attempt returns the error as a value instead.
 *            An object that is stored although its upload callback failed is a
 *            success; see result::callback_error().
 *  Setters   Return the object, so they can be chained. The first error is
 *            remembered, as in C, and thrown by the call that the object is
 *            passed to. Only a text that contains NUL throws immediately:
 *            std::invalid_argument.
 *  Texts     In: std::string_view, which need not be NUL-terminated. "" stands
 *            for NULL where C accepts NULL. Out: std::string_view, valid as
 *            long as the object it came from.
 *  Callbacks std::function. An exception in a callback cancels the call, is
 *            carried past the C frames, and is rethrown by the call in place of
 *            an ossmpu::error, or of the result: a put, writer::finish or
 *            upload::complete may have stored the object. To learn what is left
 *            on OSS, return progress_action::cancel instead of throwing.
 *            Exceptions of log callbacks are discarded.
 *  Paths     In: any text, or a std::filesystem::path.
 *  Without   With -fno-exceptions, a call that can fail returns an
 *  exceptions ossmpu::outcome: a value or an ossmpu::error. client::create
 *            creates a client. A list also ends at an error; see
 *            listing::failure(). A text that contains NUL is an OSSMPU_EINVAL
 *            of the call. cancel::get() is NULL if no file descriptor was left.
 *            The use of such an object or of one that was moved from, and
 *            outcome::value() of an error, call std::abort(). -fno-rtti has no
 *            effect. Object files with and without exceptions can be linked.
 *  Threads   As in C: many threads may call const member functions of one
 *            object at the same time; other member functions need exclusive
 *            access. Progress and data callbacks run on the thread of the call,
 *            log callbacks on a thread that is in a call, credentials callbacks
 *            on any thread. A list is read by one thread at a time.
 *  Options   and cancel tokens are passed by pointer; nullptr means none. They
 *            must stay valid until the call returns. Uploads, writers and lists
 *            keep what they need of them.
 */
#ifndef OSSMPU_HPP
#define OSSMPU_HPP

#include "ossmpu.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define OSSMPU_HPP_EXCEPTIONS 1
#else
#define OSSMPU_HPP_EXCEPTIONS 0
#endif

/* pthread_exit in a callback unwinds it with an exception that must not be
 * caught for good. */
#ifdef __GLIBCXX__
#include <cxxabi.h>
#define OSSMPU_HPP_PASS_THREAD_EXIT                                            \
    catch (abi::__forced_unwind &) {                                           \
        throw;                                                                 \
    }
/* That exception is a null reference, which sanitizers must not report. */
#define OSSMPU_HPP_CATCHES_THREAD_EXIT __attribute__((no_sanitize("null")))
#else
#define OSSMPU_HPP_PASS_THREAD_EXIT
#define OSSMPU_HPP_CATCHES_THREAD_EXIT
#endif

namespace ossmpu {
#if !OSSMPU_HPP_EXCEPTIONS
/* Functions have other return types, and need other names for the linker. */
inline namespace without_exceptions {
#endif

/** The version of the loaded library; compare OSSMPU_VERSION_NUMBER. */
inline int version_number() noexcept { return ossmpu_version_number(); }

/** The versions of the loaded library and of its dependencies, for logs. */
inline std::string_view version() noexcept { return ossmpu_version_string(); }

/** A short description of a status, OSSMPU_E*. */
inline std::string_view strerror(int status) noexcept {
    return ossmpu_strerror(status);
}

/**
 * The CRC-64 of data as OSS computes it. before is the CRC-64 of the preceding
 * bytes, so that data can be passed in several calls.
 */
inline std::uint64_t crc64(std::string_view data,
                           std::uint64_t before = 0) noexcept {
    std::uint64_t value = before;
    ossmpu_crc64(before, data.data(), data.size(), &value);
    return value;
}

namespace detail {

/** Reports a bug of the caller. */
[[noreturn]] inline void misuse(const char *what) {
#if OSSMPU_HPP_EXCEPTIONS
    throw std::logic_error(what);
#else
    static_cast<void>(what);
    std::abort();
#endif
}

/** Owns a C handle. */
template <class T, void (*Free)(T *)> class owner {
  public:
    /** The C handle, which the object keeps; NULL after a move. */
    T *get() const noexcept { return handle_.get(); }

  protected:
    explicit owner(T *handle) noexcept : handle_(handle) {}

    T *live() const {
        if (!handle_)
            misuse("ossmpu: use of a moved-from object");
        return handle_.get();
    }

  private:
    struct freeing {
        void operator()(T *handle) const noexcept { Free(handle); }
    };
    std::unique_ptr<T, freeing> handle_;
};

/** Checks the result of a _new function. It is NULL only after a bug or if no
 * file descriptor is left. */
template <class T> T *check_created(T *handle) {
#if OSSMPU_HPP_EXCEPTIONS
    if (handle == nullptr)
        throw std::bad_alloc();
#endif
    return handle;
}

/** A NUL-terminated copy of a text. One that contains NUL throws; without
 * exceptions it becomes a text that the C function refuses. */
class text {
  public:
    explicit text(std::string_view from)
        : text_(from), valid_(from.find('\0') == std::string_view::npos) {
#if OSSMPU_HPP_EXCEPTIONS
        if (!valid_)
            throw std::invalid_argument("ossmpu: a text contains NUL");
#endif
    }

    const char *c_str() const noexcept {
        return valid_ ? text_.c_str() : nullptr;
    }
    const char *or_null() const noexcept {
        if (!valid_)
            return "\xff"; // not UTF-8; NULL would be accepted
        return text_.empty() ? nullptr : text_.c_str();
    }

  private:
    std::string text_;
    bool valid_;
};

inline std::int64_t
unix_seconds(std::chrono::system_clock::time_point at) noexcept {
    return std::chrono::duration_cast<std::chrono::seconds>(
               at.time_since_epoch())
        .count();
}

/** In C, an unknown number is -1. */
inline std::optional<std::int64_t> known(std::int64_t number) noexcept {
    return number < 0 ? std::nullopt : std::optional<std::int64_t>(number);
}

#if OSSMPU_HPP_EXCEPTIONS
/** Carries an exception of a callback past the C frames of a call on this
 * thread. Calls can be nested: a callback can make a call. */
class exception_carrier {
  public:
    exception_carrier() noexcept : outer_(std::exchange(innermost(), this)) {}
    exception_carrier(const exception_carrier &) = delete;
    exception_carrier &operator=(const exception_carrier &) = delete;
    ~exception_carrier() { innermost() = outer_; }

    /** Runs a callback and keeps its exception. */
    template <class Callback>
    OSSMPU_HPP_CATCHES_THREAD_EXIT static void run(Callback callback) {
        try {
            callback();
        }
        OSSMPU_HPP_PASS_THREAD_EXIT
        catch (...) {
            if (innermost() != nullptr)
                innermost()->thrown_ = std::current_exception();
        }
    }

    void rethrow() const {
        if (thrown_)
            std::rethrow_exception(thrown_);
    }

  private:
    static exception_carrier *&innermost() noexcept {
        static thread_local exception_carrier *current = nullptr;
        return current;
    }

    exception_carrier *outer_;
    std::exception_ptr thrown_;
};
#else
struct exception_carrier {
    template <class Callback> static void run(Callback callback) {
        callback();
    }
};
#endif

} // namespace detail

/** A path, borrowed for a call: a text or a std::filesystem::path. */
class file_path {
  public:
    template <class Text, class = std::enable_if_t<std::is_convertible_v<
                              const Text &, std::string_view>>>
    file_path(const Text &path) : path_(path) {}
    /** A path type with native(); <filesystem> need not be included. */
    template <class Path, class = void,
              class = decltype(std::string_view(
                  std::declval<const Path &>().native()))>
    file_path(const Path &path) : path_(path.native()) {}

    std::string_view text() const noexcept { return path_; }

  private:
    std::string_view path_;
};

/** The error of a failed call. Copies share one C error, which never
 * changes. */
class error : public std::exception {
  public:
    /** Takes ownership of the C error, which may be NULL. */
    error(int status, ossmpu_error *owned)
        : status_(status), error_(owned, ossmpu_error_free) {}

    const char *what() const noexcept override {
        return error_ ? ossmpu_error_message(get()) : ossmpu_strerror(status_);
    }

    /** OSSMPU_E*, or OSSMPU_STORED_CALLBACK_FAILED. */
    int code() const noexcept {
        return error_ ? ossmpu_error_code(get()) : status_;
    }
    const ossmpu_error *get() const noexcept { return error_.get(); }

    std::string_view operation() const {
        return text(OSSMPU_ERRINFO_OPERATION);
    }
    std::string_view phase() const { return text(OSSMPU_ERRINFO_PHASE); }
    std::string_view host() const { return text(OSSMPU_ERRINFO_HOST); }
    std::string_view oss_code() const { return text(OSSMPU_ERRINFO_OSS_CODE); }
    std::string_view oss_message() const {
        return text(OSSMPU_ERRINFO_OSS_MESSAGE);
    }
    std::string_view ec() const { return text(OSSMPU_ERRINFO_EC); }
    std::string_view request_id() const {
        return text(OSSMPU_ERRINFO_REQUEST_ID);
    }
    std::string_view upload_id() const {
        return text(OSSMPU_ERRINFO_UPLOAD_ID);
    }
    std::string_view argument() const { return text(OSSMPU_ERRINFO_ARGUMENT); }
    std::string_view cause() const { return text(OSSMPU_ERRINFO_CAUSE); }

    /** 0 if there was no response. */
    int http_status() const {
        return static_cast<int>(number(OSSMPU_ERRINFO_HTTP_STATUS));
    }
    /** 0 if the error is not about a part. */
    std::int32_t part_number() const {
        return static_cast<std::int32_t>(number(OSSMPU_ERRINFO_PART_NUMBER));
    }
    int os_errno() const {
        return static_cast<int>(number(OSSMPU_ERRINFO_OS_ERRNO));
    }
    std::int64_t attempts() const { return number(OSSMPU_ERRINFO_ATTEMPTS); }
    std::int64_t bytes_sent() const {
        return number(OSSMPU_ERRINFO_BYTES_SENT);
    }
    bool retryable() const { return number(OSSMPU_ERRINFO_RETRYABLE) != 0; }
    std::int64_t callback_value() const {
        return number(OSSMPU_ERRINFO_CALLBACK_VALUE);
    }
    bool parts_left() const { return number(OSSMPU_ERRINFO_PARTS_LEFT) != 0; }
    /** Empty if that is unknown. */
    std::optional<bool> object_exists() const {
        const std::int64_t exists = number(OSSMPU_ERRINFO_OBJECT_EXISTS);
        return exists < 0 ? std::nullopt : std::optional<bool>(exists != 0);
    }
    bool upload_may_exist() const {
        return number(OSSMPU_ERRINFO_UPLOAD_MAY_EXIST) != 0;
    }
    std::int64_t throttled_ms() const {
        return number(OSSMPU_ERRINFO_THROTTLED_MS);
    }

    /** A field, OSSMPU_ERRINFO_*. */
    std::string_view text(int field) const {
        return ossmpu_error_str(get(), field);
    }
    std::int64_t number(int field) const {
        return ossmpu_error_int(get(), field);
    }

  private:
    int status_;
    std::shared_ptr<const ossmpu_error> error_;
};

/** The value of a call or its error; see attempt. */
template <class T> class [[nodiscard]] outcome {
  public:
    using value_type = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    outcome(value_type value) : held_(std::move(value)) {}
    outcome(error failed) : held_(std::move(failed)) {}

    explicit operator bool() const noexcept { return held_.index() == 0; }

    /** The value. If the call failed, throws the error, or without exceptions
     * calls abort(). */
    value_type &value() & {
        check();
        return std::get<0>(held_);
    }
    const value_type &value() const & {
        check();
        return std::get<0>(held_);
    }
    value_type &&value() && {
        check();
        return std::get<0>(std::move(held_));
    }

    /** OSSMPU_OK if the call succeeded. */
    int code() const noexcept {
        const error *failed = failure();
        return failed != nullptr ? failed->code() : OSSMPU_OK;
    }
    /** nullptr if the call succeeded. */
    const error *failure() const noexcept { return std::get_if<1>(&held_); }

  private:
    void check() const {
        if (const error *failed = failure()) {
#if OSSMPU_HPP_EXCEPTIONS
            throw *failed;
#else
            static_cast<void>(failed);
            std::abort();
#endif
        }
    }
    std::variant<value_type, error> held_;
};

/** What a call that can fail returns: its value, or without exceptions an
 * outcome. */
#if OSSMPU_HPP_EXCEPTIONS
template <class T> using returned = T;
#else
template <class T> using returned = outcome<T>;
#endif

#if OSSMPU_HPP_EXCEPTIONS
/** Runs calls and returns an ossmpu::error as a value:
 *
 *     auto put = ossmpu::attempt([&] { return client.put_file(...); });
 *     if (!put)
 *         std::cerr << put.failure()->what();
 *
 * Other exceptions, including those of callbacks, propagate. */
template <class Calls>
auto attempt(Calls calls) -> outcome<std::invoke_result_t<Calls &>> {
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Calls &>>) {
            calls();
            return std::monostate();
        } else {
            return calls();
        }
    } catch (const error &failed) {
        return failed;
    }
}
#else
/** Runs one call, which returns its error as a value. */
template <class Calls> auto attempt(Calls calls) { return calls(); }
#endif

/** The result of a credentials callback. An empty id fails the call that needs
 * the credentials. */
struct credentials {
    std::string id;
    std::string secret;
    /** Empty for a permanent key. */
    std::string token = {};
    /** The time of expiry; empty for never. */
    std::optional<std::chrono::system_clock::time_point> expires = {};
};

namespace detail {

/** A credentials callback. It may run on a thread of the library, so its
 * exception is kept here for the call that fails because of it. */
class credentials_callback {
  public:
    explicit credentials_callback(std::function<credentials()> fetch)
        : fetch_(std::move(fetch)) {}

#if OSSMPU_HPP_EXCEPTIONS
    OSSMPU_HPP_CATCHES_THREAD_EXIT int fetch(ossmpu_credentials *out) {
        try {
            const int status = set(out);
            keep(nullptr);
            return status;
        }
        OSSMPU_HPP_PASS_THREAD_EXIT
        catch (...) {
            keep(std::current_exception());
            return -1;
        }
    }

    void rethrow() const {
        const std::lock_guard<std::mutex> locked(mutex_);
        if (thrown_)
            std::rethrow_exception(thrown_);
    }
#else
    int fetch(ossmpu_credentials *out) { return set(out); }
#endif

  private:
    int set(ossmpu_credentials *out) {
        const credentials found = fetch_();
        const text id(found.id), secret(found.secret), token(found.token);
        return ossmpu_credentials_set(
            out, id.c_str(), secret.c_str(), token.or_null(), expiry(found));
    }

    /** In C, 0 is never, and no time is before 1970. */
    static std::int64_t expiry(const credentials &found) noexcept {
        if (!found.expires)
            return 0;
        const std::int64_t at = unix_seconds(*found.expires);
        return at < 1 ? 1 : at;
    }

    std::function<credentials()> fetch_;
#if OSSMPU_HPP_EXCEPTIONS
    void keep(std::exception_ptr thrown) {
        const std::lock_guard<std::mutex> locked(mutex_);
        thrown_ = std::move(thrown);
    }

    mutable std::mutex mutex_;
    std::exception_ptr thrown_;
#endif
};

using credentials_ptr = std::shared_ptr<credentials_callback>;

/** The return value of a call that returns nothing. */
#if OSSMPU_HPP_EXCEPTIONS
inline void nothing() noexcept {}
#else
inline std::monostate nothing() noexcept { return {}; }
#endif

/** Makes a call. On success, make creates the value; its argument is empty
 * except with OSSMPU_STORED_CALLBACK_FAILED. Otherwise the error of the call is
 * thrown, or without exceptions returned. The exception of a callback is thrown
 * in either case, also if the call has stored an object. */
template <class Call, class Make>
auto run(const credentials_ptr &source, Call call, Make make)
    -> returned<std::invoke_result_t<Make &, std::optional<error>>> {
    using Value = std::invoke_result_t<Make &, std::optional<error>>;
    const exception_carrier carrier{};
    ossmpu_error *err = nullptr;
    const int status = call(&err);
    std::optional<error> failure;
    if (err != nullptr || status < 0)
        failure.emplace(status, err);
#if OSSMPU_HPP_EXCEPTIONS
    carrier.rethrow();
    if (status == OSSMPU_ECREDENTIALS && source)
        source->rethrow();
    if (status < 0)
        throw *failure;
#else
    static_cast<void>(carrier);
    static_cast<void>(source);
    if (status < 0)
        return std::move(*failure);
#endif
    if constexpr (std::is_void_v<Value>)
        return nothing();
    else
        return make(std::move(failure));
}

/** Makes a call that returns nothing. */
template <class Call>
returned<void> run(const credentials_ptr &source, Call call) {
    return run(source, std::move(call), [](std::optional<error>) {});
}

/** An out parameter; frees the handle unless it is released. */
template <class T, void (*Free)(T *)> class out_param {
  public:
    out_param() = default;
    out_param(const out_param &) = delete;
    out_param &operator=(const out_param &) = delete;
    ~out_param() { Free(handle_); }

    T **place() noexcept { return &handle_; }
    T *release() noexcept { return std::exchange(handle_, nullptr); }

  private:
    T *handle_ = nullptr;
};

} // namespace detail

/** The result of a finished call. */
class result : public detail::owner<ossmpu_result, ossmpu_result_free> {
  public:
    /** Takes ownership of a result of the C interface. */
    explicit result(ossmpu_result *owned, std::optional<error> callback = {})
        : owner(owned), callback_error_(std::move(callback)) {}

    /** The error of the upload callback; nullptr if it did not fail. The
     * object is stored in either case. */
    const error *callback_error() const noexcept {
        return callback_error_ ? &*callback_error_ : nullptr;
    }

    std::string_view etag() const { return text(OSSMPU_RESULT_ETAG); }
    std::string_view request_id() const {
        return text(OSSMPU_RESULT_REQUEST_ID);
    }
    std::string_view version_id() const {
        return text(OSSMPU_RESULT_VERSION_ID);
    }
    std::string_view location() const { return text(OSSMPU_RESULT_LOCATION); }
    /** The response body of the upload callback. */
    std::string_view callback_body() const {
        return text(OSSMPU_RESULT_CALLBACK_BODY);
    }
    std::string_view url() const { return text(OSSMPU_RESULT_URL); }
    std::string_view headers() const { return text(OSSMPU_RESULT_HEADERS); }

    std::optional<std::int64_t> size() const {
        return detail::known(number(OSSMPU_RESULT_SIZE));
    }
    std::optional<std::int64_t> parts() const {
        return detail::known(number(OSSMPU_RESULT_PARTS));
    }
    std::optional<std::int64_t> bytes_resumed() const {
        return detail::known(number(OSSMPU_RESULT_BYTES_RESUMED));
    }
    std::optional<std::int64_t> throttled_ms() const {
        return detail::known(number(OSSMPU_RESULT_THROTTLED_MS));
    }
    std::optional<std::int64_t> bytes_sent() const {
        return detail::known(number(OSSMPU_RESULT_BYTES_SENT));
    }
    /** Of a delta upload, as the three below. */
    std::optional<std::int64_t> bytes_reused() const {
        return detail::known(number(OSSMPU_RESULT_BYTES_REUSED));
    }
    std::optional<std::int64_t> parts_reused() const {
        return detail::known(number(OSSMPU_RESULT_PARTS_REUSED));
    }
    std::optional<std::int64_t> copies_in_vain() const {
        return detail::known(number(OSSMPU_RESULT_COPIES_IN_VAIN));
    }
    /** Why no more parts were copied; empty if the base was used to the end. */
    std::string_view delta_stopped() const {
        return text(OSSMPU_RESULT_DELTA_STOPPED);
    }
    /** True if a response to Initiate was lost, so that another upload may
     * exist. */
    bool upload_may_exist() const {
        return number(OSSMPU_RESULT_UPLOAD_MAY_EXIST) == 1;
    }
    /** The CRC-64 was compared with that of the bytes sent or the source. */
    bool verified() const { return number(OSSMPU_RESULT_VERIFIED) == 1; }
    std::optional<std::uint64_t> crc64() const {
        return unsigned_number(OSSMPU_RESULT_CRC64);
    }

    /** A field, OSSMPU_RESULT_*. */
    std::string_view text(int field) const {
        return ossmpu_result_str(live(), field);
    }
    std::int64_t number(int field) const {
        return ossmpu_result_int(live(), field);
    }
    std::optional<std::uint64_t> unsigned_number(int field) const {
        std::uint64_t value = 0;
        return ossmpu_result_u64(live(), field, &value) == OSSMPU_OK
                   ? std::optional<std::uint64_t>(value)
                   : std::nullopt;
    }

  private:
    std::optional<error> callback_error_;
};

/** The properties of an object. */
class object : public detail::owner<ossmpu_object, ossmpu_object_free> {
  public:
    explicit object(ossmpu_object *owned) : owner(owned) {}

    std::string_view etag() const { return text(OSSMPU_OBJECT_ETAG); }
    std::string_view content_type() const {
        return text(OSSMPU_OBJECT_CONTENT_TYPE);
    }
    std::string_view type() const { return text(OSSMPU_OBJECT_TYPE); }
    std::string_view version_id() const {
        return text(OSSMPU_OBJECT_VERSION_ID);
    }
    std::string_view storage_class() const {
        return text(OSSMPU_OBJECT_STORAGE_CLASS);
    }
    std::string_view last_modified() const {
        return text(OSSMPU_OBJECT_LAST_MODIFIED);
    }
    std::int64_t size() const { return number(OSSMPU_OBJECT_SIZE); }
    std::optional<std::uint64_t> crc64() const {
        return unsigned_number(OSSMPU_OBJECT_CRC64);
    }
    /** User metadata; name is without x-oss-meta-. */
    std::string_view metadata(std::string_view name) const {
        return ossmpu_object_metadata(live(), detail::text(name).c_str());
    }

    /** A field, OSSMPU_OBJECT_*. */
    std::string_view text(int field) const {
        return ossmpu_object_str(live(), field);
    }
    std::int64_t number(int field) const {
        return ossmpu_object_int(live(), field);
    }
    std::optional<std::uint64_t> unsigned_number(int field) const {
        std::uint64_t value = 0;
        return ossmpu_object_u64(live(), field, &value) == OSSMPU_OK
                   ? std::optional<std::uint64_t>(value)
                   : std::nullopt;
    }
};

/** Cancels the calls that it is passed to. */
class cancel : public detail::owner<ossmpu_cancel, ossmpu_cancel_free> {
  public:
    cancel() : owner(detail::check_created(ossmpu_cancel_new())) {}

    /** Async-signal-safe. */
    void trigger() const noexcept { ossmpu_cancel_trigger(get()); }

    /** Triggers the token after a time; a later call replaces the time. */
    returned<void> after(std::chrono::milliseconds time) const {
        return detail::run(nullptr, [&](ossmpu_error **) {
            return ossmpu_cancel_after_ms(live(), time.count());
        });
    }

    /** The C handle; NULL for none. */
    static const ossmpu_cancel *raw(const cancel *token) {
        return token != nullptr ? token->live() : nullptr;
    }
};

/** What a call is doing. A later version may add phases. */
enum class call_phase {
    prepare = OSSMPU_PHASE_PREPARE,
    initiate = OSSMPU_PHASE_INITIATE,
    send = OSSMPU_PHASE_SEND,
    complete = OSSMPU_PHASE_COMPLETE,
    abort = OSSMPU_PHASE_ABORT
};

/** The progress of a call. */
struct progress {
    call_phase phase;
    /** Empty while unknown; 0 if the object goes in one PutObject. */
    std::optional<std::int32_t> parts_total;
    std::int32_t parts_done;
    std::int32_t retries;
    /** Empty while unknown. */
    std::optional<std::int64_t> bytes_total;
    std::int64_t bytes_done;
    std::int64_t bytes_resumed;
    std::int64_t bytes_sent;
    std::int64_t throttled_ms;
    std::int64_t bytes_reused;

    explicit progress(const ossmpu_progress &from)
        : phase(static_cast<call_phase>(from.phase)),
          parts_done(from.parts_done), retries(from.retries),
          bytes_total(detail::known(from.bytes_total)),
          bytes_done(from.bytes_done), bytes_resumed(from.bytes_resumed),
          bytes_sent(from.bytes_sent), throttled_ms(from.throttled_ms),
          bytes_reused(from.bytes_reused) {
        if (from.parts_total >= 0)
            parts_total = from.parts_total;
    }
};

/** The return value of a progress callback. */
enum class progress_action { proceed, cancel };

using progress_fn = std::function<progress_action(const progress &)>;

/** Reads data: fills buf with at most len bytes and returns their number, 0 at
 * the end. To cancel the call, throw or return read_failed. */
using read_fn = std::function<std::size_t(char *buf, std::size_t len)>;

/** The return value of a read function that cancels the call. */
inline constexpr std::size_t read_failed = static_cast<std::size_t>(-1);

/** The checksums that protect an upload. */
enum class integrity {
    none = 0,
    crc64 = OSSMPU_INTEGRITY_CRC64,
    md5 = OSSMPU_INTEGRITY_MD5,
    both = OSSMPU_INTEGRITY_CRC64 | OSSMPU_INTEGRITY_MD5
};

/** The options of a call. */
class options : public detail::owner<ossmpu_options, ossmpu_options_free> {
  public:
    options() : owner(detail::check_created(ossmpu_options_new())) {}

    options &content_type(std::string_view type) {
        return set(OSSMPU_OPTION_CONTENT_TYPE, type);
    }
    options &callback(std::string_view json) {
        return set(OSSMPU_OPTION_CALLBACK, json);
    }
    options &callback_var(std::string_view json) {
        return set(OSSMPU_OPTION_CALLBACK_VAR, json);
    }
    options &checkpoint_dir(const file_path &path) {
        return set(OSSMPU_OPTION_CHECKPOINT_DIR, path.text());
    }
    options &upload_id(std::string_view id) {
        return set(OSSMPU_OPTION_UPLOAD_ID, id);
    }
    options &expected_crc64(std::uint64_t crc64) {
        return set(OSSMPU_OPTION_EXPECTED_CRC64, std::to_string(crc64));
    }
    /** 32 hex digits. */
    options &expected_md5(std::string_view hex) {
        return set(OSSMPU_OPTION_EXPECTED_MD5, hex);
    }
    options &copy_if_match(std::string_view etag) {
        return set(OSSMPU_OPTION_COPY_IF_MATCH, etag);
    }
    options &copy_if_none_match(std::string_view etag) {
        return set(OSSMPU_OPTION_COPY_IF_NONE_MATCH, etag);
    }
    options &key_marker(std::string_view key) {
        return set(OSSMPU_OPTION_KEY_MARKER, key);
    }
    options &upload_id_marker(std::string_view id) {
        return set(OSSMPU_OPTION_UPLOAD_ID_MARKER, id);
    }

    options &part_size(std::int64_t bytes) {
        return set(OSSMPU_OPTION_PART_SIZE, bytes);
    }
    options &parallelism(std::int64_t parts) {
        return set(OSSMPU_OPTION_PARALLELISM, parts);
    }
    options &single_below(std::int64_t bytes) {
        return set(OSSMPU_OPTION_SINGLE_BELOW, bytes);
    }
    options &integrity(ossmpu::integrity checksums) {
        return set(OSSMPU_OPTION_INTEGRITY,
                   static_cast<std::int64_t>(checksums));
    }
    options &keep_parts(bool on = true) {
        return set(OSSMPU_OPTION_KEEP_PARTS, on);
    }
    options &forbid_overwrite(bool on = true) {
        return set(OSSMPU_OPTION_FORBID_OVERWRITE, on);
    }
    options &complete_all(bool on = true) {
        return set(OSSMPU_OPTION_COMPLETE_ALL, on);
    }
    options &sequential(bool on = true) {
        return set(OSSMPU_OPTION_SEQUENTIAL, on);
    }
    options &hedging(bool on = true) { return set(OSSMPU_OPTION_HEDGING, on); }
    /** Fails unless result::verified is true. */
    options &require_verified(bool on = true) {
        return set(OSSMPU_OPTION_REQUIRE_VERIFIED, on);
    }
    options &copy_tags(bool on = true) {
        return set(OSSMPU_OPTION_COPY_TAGS, on);
    }
    /** Whether what is read of a file stays in the page cache. */
    options &keep_cache(bool on = true) {
        return set(OSSMPU_OPTION_KEEP_CACHE, on);
    }
    /** Sends only parts that differ from the object that has the key. */
    options &delta(bool on = true) { return set(OSSMPU_OPTION_DELTA, on); }
    /** The same against another object: "BUCKET/KEY[?versionId=ID]". */
    options &delta_base(std::string_view base) {
        return set(OSSMPU_OPTION_DELTA_BASE, base);
    }
    /** For the whole call; zero is no timeout. */
    options &timeout(std::chrono::milliseconds time) {
        return set(OSSMPU_OPTION_TIMEOUT_MS, time.count());
    }
    options &bytes_per_sec(std::int64_t bytes) {
        return set(OSSMPU_OPTION_BYTES_PER_SEC, bytes);
    }
    options &traffic_limit(std::int64_t bits_per_sec) {
        return set(OSSMPU_OPTION_TRAFFIC_LIMIT, bits_per_sec);
    }
    options &copy_if_modified_since(std::chrono::system_clock::time_point at) {
        return set(OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE,
                   detail::unix_seconds(at));
    }
    options &
    copy_if_unmodified_since(std::chrono::system_clock::time_point at) {
        return set(OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE,
                   detail::unix_seconds(at));
    }
    options &page_size(std::int64_t entries) {
        return set(OSSMPU_OPTION_PAGE_SIZE, entries);
    }
    options &part_number_marker(std::int64_t number) {
        return set(OSSMPU_OPTION_PART_NUMBER_MARKER, number);
    }

    options &header(std::string_view name, std::string_view value) {
        ossmpu_options_add_header(live(), detail::text(name).c_str(),
                                  detail::text(value).c_str());
        return *this;
    }
    options &metadata(std::string_view name, std::string_view value) {
        ossmpu_options_add_metadata(live(), detail::text(name).c_str(),
                                    detail::text(value).c_str());
        return *this;
    }
    options &tag(std::string_view name, std::string_view value) {
        ossmpu_options_add_tag(live(), detail::text(name).c_str(),
                               detail::text(value).c_str());
        return *this;
    }

    /** Sets a callback that receives the progress. One that returns void never
     * cancels the call. */
    template <class Function> options &on_progress(Function function) {
        using Action = std::invoke_result_t<Function &, const progress &>;
        if constexpr (std::is_void_v<Action>)
            return set_progress(
                [function = std::move(function)](const progress &now) mutable {
                    function(now);
                    return progress_action::proceed;
                });
        else
            return set_progress(std::move(function));
    }

    /** Sets any key, OSSMPU_OPTION_*. */
    options &set(int key, std::string_view value) {
        ossmpu_options_set_str(live(), key, detail::text(value).c_str());
        return *this;
    }
    options &set(int key, std::int64_t value) {
        ossmpu_options_set_int(live(), key, value);
        return *this;
    }

    /** The C handle; NULL for all defaults. */
    static const ossmpu_options *raw(const options *opts) {
        return opts != nullptr ? opts->live() : nullptr;
    }
    /** What an upload or writer must keep alive. */
    static std::shared_ptr<const void> kept(const options *opts) {
        return opts != nullptr ? opts->progress_ : nullptr;
    }

  private:
    options &set_progress(progress_fn callback) {
        auto kept = std::make_shared<progress_fn>(std::move(callback));
        ossmpu_options_set_progress(live(), report, kept.get());
        progress_ = std::move(kept);
        return *this;
    }

    static int report(void *user, const ossmpu_progress *now) {
        progress_action action = progress_action::cancel;
        detail::exception_carrier::run([&] {
            action = (*static_cast<progress_fn *>(user))(progress(*now));
        });
        return action == progress_action::cancel ? 1 : 0;
    }

    std::shared_ptr<const void> progress_;
};

/** The kind of endpoint that a region stands for. */
enum class endpoint_kind { public_endpoint, internal, accelerate, dual_stack };
/** Where requests name the bucket. */
enum class addressing { virtual_host, path, cname };
/** The signature version. */
enum class signature { v1 = 1, v4 = 4 };
/** The least severe level that a log callback receives. */
enum class log_level {
    error = OSSMPU_LOG_ERROR,
    warn = OSSMPU_LOG_WARN,
    info = OSSMPU_LOG_INFO,
    debug = OSSMPU_LOG_DEBUG
};

using credentials_fn = std::function<credentials()>;
/** Receives one line. Its exceptions are discarded. */
using log_fn = std::function<void(log_level, std::string_view line)>;

/** A builder for a client. */
class config : public detail::owner<ossmpu_config, ossmpu_config_free> {
  public:
    config() : owner(detail::check_created(ossmpu_config_new())) {}

    config &region(std::string_view name) {
        return set(OSSMPU_CONFIG_REGION, name);
    }
    config &endpoint(std::string_view url) {
        return set(OSSMPU_CONFIG_ENDPOINT, url);
    }
    /** A source of credentials; see OSSMPU_CONFIG_CREDENTIALS. */
    config &credentials(std::string_view source) {
        return set(OSSMPU_CONFIG_CREDENTIALS, source);
    }
    config &proxy(std::string_view url) {
        return set(OSSMPU_CONFIG_PROXY, url);
    }
    /** The local address from which connections are made. */
    config &bind_address(std::string_view address) {
        return set(OSSMPU_CONFIG_BIND_ADDRESS, address);
    }
    config &ca_file(const file_path &path) {
        return set(OSSMPU_CONFIG_CA_FILE, path.text());
    }
    config &client_certificate(const file_path &path) {
        return set(OSSMPU_CONFIG_CLIENT_CERTIFICATE, path.text());
    }
    config &client_key(const file_path &path) {
        return set(OSSMPU_CONFIG_CLIENT_KEY, path.text());
    }
    config &user_agent(std::string_view appended) {
        return set(OSSMPU_CONFIG_USER_AGENT, appended);
    }
    config &additional_headers(std::string_view names) {
        return set(OSSMPU_CONFIG_ADDITIONAL_HEADERS, names);
    }

    config &endpoint_kind(ossmpu::endpoint_kind kind) {
        return set(OSSMPU_CONFIG_ENDPOINT_KIND, static_cast<int>(kind));
    }
    config &addressing(ossmpu::addressing style) {
        return set(OSSMPU_CONFIG_ADDRESSING, static_cast<int>(style));
    }
    config &signature(ossmpu::signature version) {
        return set(OSSMPU_CONFIG_SIGNATURE, static_cast<int>(version));
    }
    config &tls_verify(bool on) { return set(OSSMPU_CONFIG_TLS_VERIFY, on); }
    config &resolve_timeout(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_RESOLVE_TIMEOUT_MS, time.count());
    }
    config &connect_timeout(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_CONNECT_TIMEOUT_MS, time.count());
    }
    config &stall_timeout(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_STALL_TIMEOUT_MS, time.count());
    }
    config &response_timeout(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_RESPONSE_TIMEOUT_MS, time.count());
    }
    config &complete_timeout(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_COMPLETE_TIMEOUT_MS, time.count());
    }
    config &abort_timeout(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_ABORT_TIMEOUT_MS, time.count());
    }
    config &max_attempts(std::int64_t requests) {
        return set(OSSMPU_CONFIG_MAX_ATTEMPTS, requests);
    }
    config &threads(std::int64_t workers) {
        return set(OSSMPU_CONFIG_THREADS, workers);
    }
    config &memory_limit(std::int64_t bytes) {
        return set(OSSMPU_CONFIG_MEMORY_LIMIT, bytes);
    }
    config &bytes_per_sec(std::int64_t bytes) {
        return set(OSSMPU_CONFIG_BYTES_PER_SEC, bytes);
    }
    config &max_clock_offset(std::chrono::milliseconds offset) {
        return set(OSSMPU_CONFIG_MAX_CLOCK_OFFSET_MS, offset.count());
    }
    config &callbacks_on_caller(bool on = true) {
        return set(OSSMPU_CONFIG_CALLBACKS_ON_CALLER, on);
    }

    /** Reads region, endpoint and keys from OSS_*, during this call only. */
    config &env() {
        if (has_value("OSS_ACCESS_KEY_ID") ||
            has_value("OSS_ACCESS_KEY_SECRET"))
            credentials_.reset();
        ossmpu_config_set_env(live());
        return *this;
    }
    config &keys(std::string_view id, std::string_view secret,
                 std::string_view token = {}) {
        credentials_.reset();
        ossmpu_config_set_keys(live(), detail::text(id).c_str(),
                               detail::text(secret).c_str(),
                               detail::text(token).or_null());
        return *this;
    }
    /** Sets a callback that returns credentials. Its exceptions are thrown by
     * the call that needs the credentials. */
    config &on_credentials(credentials_fn callback) {
        ossmpu_config *const handle = live();
        credentials_ =
            std::make_shared<detail::credentials_callback>(std::move(callback));
        auto user = std::make_unique<detail::credentials_ptr>(credentials_);
        ossmpu_config_set_credentials_fn(handle, fetch, user.release(),
                                         drop<detail::credentials_ptr>);
        return *this;
    }
    config &on_log(log_level level, log_fn callback) {
        ossmpu_config *const handle = live();
        auto user = std::make_unique<log_fn>(std::move(callback));
        ossmpu_config_set_log_fn(handle, static_cast<int>(level), log,
                                 user.release(), drop<log_fn>);
        return *this;
    }

    /** Sets any key, OSSMPU_CONFIG_*. */
    config &set(int number, std::string_view value) {
        if (number == OSSMPU_CONFIG_CREDENTIALS)
            credentials_.reset();
        ossmpu_config_set_str(live(), number, detail::text(value).c_str());
        return *this;
    }
    config &set(int number, std::int64_t value) {
        ossmpu_config_set_int(live(), number, value);
        return *this;
    }

  private:
    friend class client;

    static bool has_value(const char *variable) noexcept {
        const char *const value = std::getenv(variable);
        return value != nullptr && *value != '\0';
    }

    static int fetch(void *user, ossmpu_credentials *out) {
        return (*static_cast<detail::credentials_ptr *>(user))->fetch(out);
    }
    OSSMPU_HPP_CATCHES_THREAD_EXIT static void log(void *user, int level,
                                                   const char *line) {
#if OSSMPU_HPP_EXCEPTIONS
        try {
            (*static_cast<log_fn *>(user))(static_cast<log_level>(level), line);
        }
        OSSMPU_HPP_PASS_THREAD_EXIT
        catch (...) {
            // No call could rethrow it.
        }
#else
        (*static_cast<log_fn *>(user))(static_cast<log_level>(level), line);
#endif
    }
    template <class T> static void drop(void *user) noexcept {
        delete static_cast<T *>(user);
    }

    detail::credentials_ptr credentials_;
};

/** A part of an upload. */
struct part {
    std::int32_t number;
    std::int64_t size;
    std::string etag;
    /** RFC 3339; empty for parts of upload::sent_parts(). */
    std::string last_modified;
    std::optional<std::uint64_t> crc64;

    explicit part(const ossmpu_part_info &from)
        : number(from.number), size(from.size), etag(from.etag),
          last_modified(from.last_modified) {
        if (from.has_crc64 != 0)
            crc64 = from.crc64;
    }
};

/** An unfinished upload or a common prefix. */
struct upload_entry {
    bool is_prefix;
    std::string key;
    std::string upload_id;
    /** RFC 3339. */
    std::string initiated;
    std::string storage_class;
    /** Since its initiation, by the clock of OSS. */
    std::optional<std::chrono::milliseconds> age;

    explicit upload_entry(const ossmpu_upload_info &from)
        : is_prefix(from.is_prefix != 0), key(from.key),
          upload_id(from.upload_id), initiated(from.initiated),
          storage_class(from.storage_class) {
        if (from.age_ms >= 0)
            age = std::chrono::milliseconds(from.age_ms);
    }
};

/** An input range whose entries are fetched as they are needed. Its iterators
 * are valid while the range lives. begin() and ++ can block and throw; without
 * exceptions, check failure() after the last entry. */
template <class Entry, class Info, class Iter, void (*Free)(Iter *),
          int (*Next)(Iter *, const Info **, ossmpu_error **)>
class listing {
  private:
    struct state : detail::owner<Iter, Free> {
        detail::credentials_ptr keys;
        std::optional<Entry> now;
        std::optional<error> failure;
        bool started = false;

        state(Iter *owned, detail::credentials_ptr source)
            : detail::owner<Iter, Free>(owned), keys(std::move(source)) {}

        /** Returns false after the last entry, and at an error. */
        bool advance() {
            const Info *info = nullptr;
            started = true;
            now.reset();
            const auto next = [&](ossmpu_error **err) {
                return Next(this->get(), &info, err);
            };
#if OSSMPU_HPP_EXCEPTIONS
            detail::run(keys, next);
#else
            const outcome<void> found = detail::run(keys, next);
            if (!found)
                failure.emplace(*found.failure());
#endif
            if (info != nullptr)
                now.emplace(*info);
            return now.has_value();
        }
    };

  public:
    class iterator {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Entry;
        using difference_type = std::ptrdiff_t;
        using pointer = const Entry *;
        using reference = const Entry &;

        /** The end of the range. */
        iterator() = default;

        reference operator*() const { return *state_->now; }
        pointer operator->() const { return &*state_->now; }
        iterator &operator++() {
            if (!state_->advance())
                state_ = nullptr;
            return *this;
        }
        /** The entry that `*it++` reads. */
        struct previous {
            Entry entry;
            const Entry &operator*() const { return entry; }
        };
        previous operator++(int) {
            previous entry{**this};
            ++*this;
            return entry;
        }
        friend bool operator==(const iterator &a, const iterator &b) {
            return a.state_ == b.state_;
        }
        friend bool operator!=(const iterator &a, const iterator &b) {
            return a.state_ != b.state_;
        }

      private:
        friend class listing;
        explicit iterator(state *at) : state_(at) {}
        state *state_ = nullptr;
    };

    listing(Iter *owned, detail::credentials_ptr source)
        : state_(std::make_unique<state>(owned, std::move(source))) {}

    /** The current entry; the first one before any step. */
    iterator begin() {
        if (!state_)
            detail::misuse("ossmpu: use of a moved-from list");
        const bool found =
            state_->started ? state_->now.has_value() : state_->advance();
        return found ? iterator(state_.get()) : iterator();
    }
    iterator end() const noexcept { return iterator(); }

    /** Without exceptions, the error that ended the list; nullptr if it is
     * complete. */
    const error *failure() const noexcept {
        return state_ && state_->failure ? &*state_->failure : nullptr;
    }

  private:
    std::unique_ptr<state> state_;
};

using part_list = listing<part, ossmpu_part_info, ossmpu_part_iter,
                          ossmpu_part_iter_free, ossmpu_part_iter_next>;
using upload_list =
    listing<upload_entry, ossmpu_upload_info, ossmpu_upload_iter,
            ossmpu_upload_iter_free, ossmpu_upload_iter_next>;

/** Bytes in memory, borrowed for a call: a pointer and a length, a string
 * literal without its final NUL, a text, or a contiguous container with data()
 * and size(). */
class bytes {
  public:
    bytes(const void *data, std::size_t size) : data_(data), size_(size) {}
    /** A literal, which may contain NUL. */
    template <std::size_t Size>
    bytes(const char (&literal)[Size])
        : bytes(literal, literal[Size - 1] == '\0' ? Size - 1 : Size) {}
    /** The text in a buffer: the bytes before the first NUL. */
    template <std::size_t Size>
    bytes(char (&buffer)[Size])
        : bytes(static_cast<const void *>(buffer), length(buffer, Size)) {}
    /** A text that ends with NUL. */
    template <class Text, std::enable_if_t<std::is_same_v<Text, const char *> ||
                                               std::is_same_v<Text, char *>,
                                           int> = 0>
    bytes(const Text &text) : bytes(std::string_view(text)) {}
    template <class From,
              class Item = std::remove_pointer_t<
                  decltype(std::declval<const From &>().data())>,
              class = decltype(std::declval<const From &>().size())>
    bytes(const From &from)
        : data_(from.data()), size_(from.size() * sizeof(Item)) {
        static_assert(std::is_trivially_copyable_v<Item>);
    }

    const void *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

  private:
    static std::size_t length(const char *buffer, std::size_t size) noexcept {
        const void *end = std::memchr(buffer, '\0', size);
        return end == nullptr ? size
                              : static_cast<std::size_t>(
                                    static_cast<const char *>(end) - buffer);
    }

    const void *data_;
    std::size_t size_;
};

/** The length of a range that ends at the end of its source. */
inline constexpr std::int64_t to_end = -1;

/** A range of a file or an object; the whole by default. */
struct byte_range {
    std::int64_t offset = 0;
    std::int64_t length = to_end;
};

/** An object to copy from. */
struct source {
    std::string_view bucket;
    std::string_view key;
    /** Empty for the current version. */
    std::string_view version = {};
};

namespace detail {

/** A data callback for C. */
inline std::int64_t read(void *user, void *buf, std::size_t len) {
    std::int64_t count = -1;
    exception_carrier::run([&] {
        const std::size_t filled = (*static_cast<const read_fn *>(user))(
            static_cast<char *>(buf), len);
        if (filled <= len)
            count = static_cast<std::int64_t>(filled);
#if OSSMPU_HPP_EXCEPTIONS
        else if (filled != read_failed)
            throw std::length_error(
                "ossmpu: a read callback returned more than len");
#endif
    });
    return count;
}

/** Makes a call that returns a result. */
template <class Call>
returned<result> make_result(const credentials_ptr &source, Call call) {
    out_param<ossmpu_result, ossmpu_result_free> out;
    return run(
        source, [&](ossmpu_error **err) { return call(out.place(), err); },
        [&](std::optional<error> failure) {
            return result(out.release(), std::move(failure));
        });
}

} // namespace detail

/** A multipart upload. Destroying the object neither completes nor aborts the
 * upload. */
class upload : public detail::owner<ossmpu_upload, ossmpu_upload_free> {
  public:
    std::string_view id() const { return ossmpu_upload_id(live()); }

    returned<void> part(std::int32_t number, bytes data,
                        const cancel *token = nullptr) const {
        return detail::run(credentials_, [&](ossmpu_error **err) {
            return ossmpu_upload_part(live(), number, data.data(), data.size(),
                                      cancel::raw(token), err);
        });
    }
    /** Sends nothing if the base of a delta upload has these bytes there. */
    returned<void> part_delta(std::int32_t number, std::int64_t base_offset,
                              bytes data, const cancel *token = nullptr) const {
        return detail::run(credentials_, [&](ossmpu_error **err) {
            return ossmpu_upload_part_delta(live(), number, base_offset,
                                            data.data(), data.size(),
                                            cancel::raw(token), err);
        });
    }
    returned<void> part_file(std::int32_t number, const file_path &path,
                             byte_range range = {},
                             const cancel *token = nullptr) const {
        const detail::text name(path.text());
        return detail::run(credentials_, [&](ossmpu_error **err) {
            return ossmpu_upload_part_file(live(), number, name.c_str(),
                                           range.offset, range.length,
                                           cancel::raw(token), err);
        });
    }
    returned<void> part_from(std::int32_t number, read_fn reader,
                             std::int64_t length,
                             const cancel *token = nullptr) const {
        return detail::run(credentials_, [&](ossmpu_error **err) {
            return ossmpu_upload_part_from(live(), number, detail::read,
                                           &reader, length, cancel::raw(token),
                                           err);
        });
    }
    returned<void> part_copy(std::int32_t number, const source &from,
                             byte_range range = {},
                             const options *opts = nullptr,
                             const cancel *token = nullptr) const {
        const detail::text bucket(from.bucket), key(from.key),
            version(from.version);
        return detail::run(credentials_, [&](ossmpu_error **err) {
            return ossmpu_upload_part_copy(
                live(), number, bucket.c_str(), key.c_str(), version.or_null(),
                range.offset, range.length, options::raw(opts),
                cancel::raw(token), err);
        });
    }
    returned<void> add_part(std::int32_t number, std::int64_t size,
                            std::string_view etag,
                            std::optional<std::uint64_t> crc64 = {}) const {
        const detail::text name(etag);
        return detail::run(credentials_, [&](ossmpu_error **err) {
            return ossmpu_upload_add_part(live(), number, size, name.c_str(),
                                          crc64 ? &*crc64 : nullptr, err);
        });
    }

    /** The parts that this object knows of; sends nothing. */
    returned<part_list> sent_parts() const {
        detail::out_param<ossmpu_part_iter, ossmpu_part_iter_free> out;
        return detail::run(
            credentials_,
            [&](ossmpu_error **err) {
                return ossmpu_upload_sent_parts(live(), out.place(), err);
            },
            [&](std::optional<error>) {
                return part_list(out.release(), credentials_);
            });
    }

    /** Without opts, the options of the upload apply. */
    returned<result> complete(const options *opts = nullptr,
                              const cancel *token = nullptr) const {
        return detail::make_result(
            credentials_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_upload_complete(live(), options::raw(opts),
                                              cancel::raw(token), out, err);
            });
    }
    returned<void> abort() const {
        return detail::run(credentials_, [&](ossmpu_error **err) {
            return ossmpu_upload_abort(live(), err);
        });
    }

  private:
    friend class client;
    upload(ossmpu_upload *owned, detail::credentials_ptr source,
           std::shared_ptr<const void> kept)
        : owner(owned), credentials_(std::move(source)),
          kept_(std::move(kept)) {}

    detail::credentials_ptr credentials_;
    std::shared_ptr<const void> kept_;
};

/** A writer that creates an object. Unless it is finished, no object is
 * created; abort also removes the parts from OSS. */
class writer : public detail::owner<ossmpu_writer, ossmpu_writer_free> {
  public:
    returned<void> write(bytes data) {
        return detail::run(credentials_, [&](ossmpu_error **err) {
            return ossmpu_writer_write(live(), data.data(), data.size(), err);
        });
    }
    returned<result> finish() {
        return detail::make_result(
            credentials_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_writer_finish(live(), out, err);
            });
    }
    returned<void> abort() {
        return detail::run(credentials_, [&](ossmpu_error **err) {
            return ossmpu_writer_abort(live(), err);
        });
    }

  private:
    friend class client;
    writer(ossmpu_writer *owned, detail::credentials_ptr source,
           std::shared_ptr<const void> kept)
        : owner(owned), credentials_(std::move(source)),
          kept_(std::move(kept)) {}

    detail::credentials_ptr credentials_;
    std::shared_ptr<const void> kept_;
};

/** The parts that an attached upload knows of: none, and nothing is sent, or
 * those that OSS lists. */
enum class known_parts { none = 0, listed = OSSMPU_ATTACH_LIST_PARTS };

/** A client of one OSS endpoint. */
class client : public detail::owner<ossmpu_client, ossmpu_client_free> {
  public:
#if OSSMPU_HPP_EXCEPTIONS
    /** Throws the first error of the setters. */
    explicit client(const config &settings) : client(create(settings)) {}
#endif
    /** Creates a client, also without exceptions. The error is the first one of
     * the setters. */
    static returned<client> create(const config &settings) {
        detail::out_param<ossmpu_client, ossmpu_client_free> out;
        return detail::run(
            settings.credentials_,
            [&](ossmpu_error **err) {
                return ossmpu_client_new(settings.live(), out.place(), err);
            },
            [&](std::optional<error>) {
                return client(out.release(), settings.credentials_);
            });
    }

    returned<result> put_file(std::string_view bucket, std::string_view key,
                              const file_path &path,
                              const options *opts = nullptr,
                              const cancel *token = nullptr) const {
        const object_name target(bucket, key);
        const detail::text name(path.text());
        return detail::make_result(
            credentials_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_put_file(live(), target.bucket(), target.key(),
                                       name.c_str(), options::raw(opts),
                                       cancel::raw(token), out, err);
            });
    }
    returned<result> put_range(std::string_view bucket, std::string_view key,
                               const file_path &path, byte_range range,
                               const options *opts = nullptr,
                               const cancel *token = nullptr) const {
        const object_name target(bucket, key);
        const detail::text name(path.text());
        return detail::make_result(
            credentials_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_put_range(live(), target.bucket(), target.key(),
                                        name.c_str(), range.offset,
                                        range.length, options::raw(opts),
                                        cancel::raw(token), out, err);
            });
    }
    returned<result> put_fd(std::string_view bucket, std::string_view key,
                            int fd, byte_range range = {},
                            const options *opts = nullptr,
                            const cancel *token = nullptr) const {
        const object_name target(bucket, key);
        return detail::make_result(credentials_, [&](ossmpu_result **out,
                                                     ossmpu_error **err) {
            return ossmpu_put_fd(live(), target.bucket(), target.key(), fd,
                                 range.offset, range.length, options::raw(opts),
                                 cancel::raw(token), out, err);
        });
    }
    returned<result> put_data(std::string_view bucket, std::string_view key,
                              bytes data, const options *opts = nullptr,
                              const cancel *token = nullptr) const {
        const object_name target(bucket, key);
        return detail::make_result(credentials_, [&](ossmpu_result **out,
                                                     ossmpu_error **err) {
            return ossmpu_put_data(live(), target.bucket(), target.key(),
                                   data.data(), data.size(), options::raw(opts),
                                   cancel::raw(token), out, err);
        });
    }
    returned<result> put_stream(std::string_view bucket, std::string_view key,
                                read_fn reader, std::int64_t length = to_end,
                                const options *opts = nullptr,
                                const cancel *token = nullptr) const {
        const object_name target(bucket, key);
        return detail::make_result(credentials_, [&](ossmpu_result **out,
                                                     ossmpu_error **err) {
            return ossmpu_put_stream(
                live(), target.bucket(), target.key(), detail::read, &reader,
                length, options::raw(opts), cancel::raw(token), out, err);
        });
    }
    returned<result> copy_object(std::string_view bucket, std::string_view key,
                                 const source &from,
                                 const options *opts = nullptr,
                                 const cancel *token = nullptr) const {
        const object_name target(bucket, key), source(from.bucket, from.key);
        const detail::text version(from.version);
        return detail::make_result(
            credentials_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_copy_object(live(), target.bucket(), target.key(),
                                          source.bucket(), source.key(),
                                          version.or_null(), options::raw(opts),
                                          cancel::raw(token), out, err);
            });
    }

    returned<writer> open_writer(std::string_view bucket, std::string_view key,
                                 const options *opts = nullptr,
                                 const cancel *token = nullptr) const {
        const object_name target(bucket, key);
        detail::out_param<ossmpu_writer, ossmpu_writer_free> out;
        return detail::run(
            credentials_,
            [&](ossmpu_error **err) {
                return ossmpu_writer_open(live(), target.bucket(), target.key(),
                                          options::raw(opts),
                                          cancel::raw(token), out.place(), err);
            },
            [&](std::optional<error>) {
                return writer(out.release(), credentials_, options::kept(opts));
            });
    }

    returned<object> head_object(std::string_view bucket, std::string_view key,
                                 std::string_view version = {},
                                 const options *opts = nullptr,
                                 const cancel *token = nullptr) const {
        const object_name target(bucket, key);
        const detail::text name(version);
        detail::out_param<ossmpu_object, ossmpu_object_free> out;
        return detail::run(
            credentials_,
            [&](ossmpu_error **err) {
                return ossmpu_head_object(live(), target.bucket(), target.key(),
                                          name.or_null(), options::raw(opts),
                                          cancel::raw(token), out.place(), err);
            },
            [&](std::optional<error>) { return object(out.release()); });
    }

    returned<upload> initiate(std::string_view bucket, std::string_view key,
                              const options *opts = nullptr,
                              const cancel *token = nullptr) const {
        const object_name target(bucket, key);
        detail::out_param<ossmpu_upload, ossmpu_upload_free> out;
        return detail::run(
            credentials_,
            [&](ossmpu_error **err) {
                return ossmpu_upload_initiate(
                    live(), target.bucket(), target.key(), options::raw(opts),
                    cancel::raw(token), out.place(), err);
            },
            [&](std::optional<error>) {
                return upload(out.release(), credentials_, options::kept(opts));
            });
    }
    /** Creates an object for an upload that was initiated elsewhere. */
    returned<upload> attach(std::string_view bucket, std::string_view key,
                            std::string_view upload_id, known_parts parts,
                            const options *opts = nullptr,
                            const cancel *token = nullptr) const {
        const object_name target(bucket, key);
        const detail::text id(upload_id);
        detail::out_param<ossmpu_upload, ossmpu_upload_free> out;
        return detail::run(
            credentials_,
            [&](ossmpu_error **err) {
                return ossmpu_upload_attach(
                    live(), target.bucket(), target.key(), id.c_str(),
                    static_cast<int>(parts), options::raw(opts),
                    cancel::raw(token), out.place(), err);
            },
            [&](std::optional<error>) {
                return upload(out.release(), credentials_, options::kept(opts));
            });
    }

    /** The parts that OSS has of an upload. */
    returned<part_list> list_parts(std::string_view bucket,
                                   std::string_view key,
                                   std::string_view upload_id,
                                   const options *opts = nullptr,
                                   const cancel *token = nullptr) const {
        const object_name target(bucket, key);
        const detail::text id(upload_id);
        detail::out_param<ossmpu_part_iter, ossmpu_part_iter_free> out;
        return detail::run(
            credentials_,
            [&](ossmpu_error **err) {
                return ossmpu_list_parts(live(), target.bucket(), target.key(),
                                         id.c_str(), options::raw(opts),
                                         cancel::raw(token), out.place(), err);
            },
            [&](std::optional<error>) {
                return part_list(out.release(), credentials_);
            });
    }
    /** The unfinished uploads of a bucket. */
    returned<upload_list> list_uploads(std::string_view bucket,
                                       std::string_view prefix = {},
                                       std::string_view delimiter = {},
                                       const options *opts = nullptr,
                                       const cancel *token = nullptr) const {
        const detail::text name(bucket), begin(prefix), mark(delimiter);
        detail::out_param<ossmpu_upload_iter, ossmpu_upload_iter_free> out;
        return detail::run(
            credentials_,
            [&](ossmpu_error **err) {
                return ossmpu_list_uploads(
                    live(), name.c_str(), begin.or_null(), mark.or_null(),
                    options::raw(opts), cancel::raw(token), out.place(), err);
            },
            [&](std::optional<error>) {
                return upload_list(out.release(), credentials_);
            });
    }

    /** Presigns a URL; the result has url() and headers(). */
    returned<result> presign_initiate(std::string_view bucket,
                                      std::string_view key,
                                      std::chrono::seconds valid,
                                      const options *opts = nullptr,
                                      const cancel *token = nullptr) const {
        return presign(OSSMPU_PRESIGN_INITIATE, bucket, key, {}, 0, valid, opts,
                       token);
    }
    returned<result> presign_upload_part(std::string_view bucket,
                                         std::string_view key,
                                         std::string_view upload_id,
                                         std::int32_t number,
                                         std::chrono::seconds valid,
                                         const options *opts = nullptr,
                                         const cancel *token = nullptr) const {
        return presign(OSSMPU_PRESIGN_UPLOAD_PART, bucket, key, upload_id,
                       number, valid, opts, token);
    }
    returned<result> presign_complete(std::string_view bucket,
                                      std::string_view key,
                                      std::string_view upload_id,
                                      std::chrono::seconds valid,
                                      const options *opts = nullptr,
                                      const cancel *token = nullptr) const {
        return presign(OSSMPU_PRESIGN_COMPLETE, bucket, key, upload_id, 0,
                       valid, opts, token);
    }
    returned<result> presign_abort(std::string_view bucket,
                                   std::string_view key,
                                   std::string_view upload_id,
                                   std::chrono::seconds valid,
                                   const options *opts = nullptr,
                                   const cancel *token = nullptr) const {
        return presign(OSSMPU_PRESIGN_ABORT, bucket, key, upload_id, 0, valid,
                       opts, token);
    }
    returned<result> presign_put_object(std::string_view bucket,
                                        std::string_view key,
                                        std::chrono::seconds valid,
                                        const options *opts = nullptr,
                                        const cancel *token = nullptr) const {
        return presign(OSSMPU_PRESIGN_PUT_OBJECT, bucket, key, {}, 0, valid,
                       opts, token);
    }

    /** Sends a part to its presigned URL. */
    returned<result> put_part_url(std::string_view url, bytes data,
                                  const options *opts = nullptr,
                                  const cancel *token = nullptr) const {
        const detail::text to(url);
        return detail::make_result(
            credentials_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_put_part_url(live(), to.c_str(), data.data(),
                                           data.size(), options::raw(opts),
                                           cancel::raw(token), out, err);
            });
    }

  private:
    /** The name of an object. */
    class object_name {
      public:
        object_name(std::string_view bucket, std::string_view key)
            : bucket_(bucket), key_(key) {}
        const char *bucket() const noexcept { return bucket_.c_str(); }
        const char *key() const noexcept { return key_.c_str(); }

      private:
        detail::text bucket_;
        detail::text key_;
    };

    client(ossmpu_client *owned, detail::credentials_ptr source)
        : owner(owned), credentials_(std::move(source)) {}

    returned<result> presign(int operation, std::string_view bucket,
                             std::string_view key, std::string_view upload_id,
                             std::int32_t number, std::chrono::seconds valid,
                             const options *opts, const cancel *token) const {
        const object_name target(bucket, key);
        const detail::text id(upload_id);
        return detail::make_result(
            credentials_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_presign(live(), operation, target.bucket(),
                                      target.key(), id.or_null(), number,
                                      valid.count(), options::raw(opts),
                                      cancel::raw(token), out, err);
            });
    }

    detail::credentials_ptr credentials_;
};

#if !OSSMPU_HPP_EXCEPTIONS
} // namespace without_exceptions
#endif
} // namespace ossmpu

#endif /* OSSMPU_HPP */
