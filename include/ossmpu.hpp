/*
 * ossmpu.hpp - ossmpu.h for C++17: the same functions with types that free
 * themselves, exceptions, std::function and ranges. One header, nothing to
 * link but libossmpu.
 *
 * What a function does, and the rules that all of them follow, is said in
 * ossmpu.h, under the C name. What differs in C++:
 *
 *  Handles   Move-only objects. One that was moved from is good for nothing
 *            but destruction and assignment: other use is std::logic_error.
 *            get() gives the C handle, for what is not wrapped.
 *  Errors    A call that fails throws ossmpu::error, which has every field of
 *            the C error. ossmpu::attempt turns that into a value, for code
 *            that wants no exceptions. An object that is stored although the
 *            upload callback of OSS failed is a success: result has
 *            callback_failure().
 *  Setters   Give the object back, so they can be chained. As in C the first
 *            one that fails is remembered, and thrown by what the object is
 *            given to; only a text with a NUL inside is std::invalid_argument
 *            at once.
 *  Texts     std::string_view in; it need not end with NUL. Where C takes
 *            NULL, "" means the same. std::string_view out: of the object it
 *            came from, and valid as long as that is.
 *  Callbacks std::function. An exception that leaves one of them stops the
 *            call, is carried past the C frames and thrown again by the call
 *            itself, so it is your exception that arrives, not an
 *            ossmpu::error. Return stop from a progress callback, not an
 *            exception, to learn what is left on OSS. What a log callback
 *            throws is dropped.
 *  Threads   As in C: many threads may use const member functions of one
 *            object at once; all others need the object alone. Progress and
 *            data callbacks run on the thread of the call, credential and log
 *            callbacks on any. Lists are read by one thread at a time.
 *  Options   and cancel tokens are passed by pointer; nullptr is none. They
 *            need to live until the call returns; uploads, writers and lists
 *            keep what they need of them.
 */
#ifndef OSSMPU_HPP
#define OSSMPU_HPP

#include "ossmpu.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
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

namespace ossmpu {

/** The version of the library that was loaded, as OSSMPU_VERSION_NUMBER. */
inline int version_number() noexcept { return ossmpu_version_number(); }

/** The same with what the library is built on, for logs. */
inline std::string_view version() noexcept { return ossmpu_version_string(); }

/** One sentence for a status, OSSMPU_E*. */
inline std::string_view strerror(int status) noexcept {
    return ossmpu_strerror(status);
}

/**
 * The CRC-64 of data as OSS computes it; before is that of what comes before
 * data, so that it can be given piece by piece.
 */
inline std::uint64_t crc64(std::string_view data,
                           std::uint64_t before = 0) noexcept {
    std::uint64_t value = before;
    ossmpu_crc64(before, data.data(), data.size(), &value);
    return value;
}

namespace detail {

/** Owns a C handle. */
template <class T, void (*Free)(T *)> class owner {
  public:
    /** The handle of the C interface, which stays ours; NULL after a move. */
    T *get() const noexcept { return handle_.get(); }

  protected:
    explicit owner(T *handle) noexcept : handle_(handle) {}

    T *live() const {
        if (!handle_)
            throw std::logic_error("ossmpu: an object that was moved from");
        return handle_.get();
    }

  private:
    struct freeing {
        void operator()(T *handle) const noexcept { Free(handle); }
    };
    std::unique_ptr<T, freeing> handle_;
};

/** What a _new function made, which is NULL only after a bug or without
 * file descriptors. */
template <class T> T *made(T *handle) {
    if (handle == nullptr)
        throw std::bad_alloc();
    return handle;
}

/** A text as C wants it. */
class text {
  public:
    explicit text(std::string_view from) : text_(from) {
        if (from.find('\0') != std::string_view::npos)
            throw std::invalid_argument("ossmpu: a text with a NUL inside");
    }

    const char *c_str() const noexcept { return text_.c_str(); }
    const char *or_null() const noexcept {
        return text_.empty() ? nullptr : text_.c_str();
    }

  private:
    std::string text_;
};

inline std::int64_t
unix_seconds(std::chrono::system_clock::time_point at) noexcept {
    return std::chrono::duration_cast<std::chrono::seconds>(
               at.time_since_epoch())
        .count();
}

/** C says -1 for a number that is not known. */
inline std::optional<std::int64_t> known(std::int64_t number) noexcept {
    return number < 0 ? std::nullopt : std::optional<std::int64_t>(number);
}

/** While it lives, what callbacks on this thread throw is kept here. Calls
 * may be nested: a callback may make one. */
class carrier {
  public:
    carrier() noexcept : outer_(std::exchange(innermost(), this)) {}
    carrier(const carrier &) = delete;
    carrier &operator=(const carrier &) = delete;
    ~carrier() { innermost() = outer_; }

    /** Runs a callback that C has called. */
    template <class Callback> static void contain(Callback callback) noexcept {
        try {
            callback();
        } catch (...) {
            if (innermost() != nullptr)
                innermost()->thrown_ = std::current_exception();
        }
    }

    void rethrow() const {
        if (thrown_)
            std::rethrow_exception(thrown_);
    }

  private:
    static carrier *&innermost() noexcept {
        static thread_local carrier *present = nullptr;
        return present;
    }

    carrier *outer_;
    std::exception_ptr thrown_;
};

} // namespace detail

/** Why a call failed. Copies share one C error, which never changes. */
class error : public std::exception {
  public:
    /** Takes the error over; it may be NULL. */
    error(int status, ossmpu_error *taken)
        : status_(status), error_(taken, ossmpu_error_free) {}

    const char *what() const noexcept override {
        return error_ ? ossmpu_error_message(get()) : ossmpu_strerror(status_);
    }

    /** OSSMPU_E*, or OSSMPU_STORED_CALLBACK_FAILED. */
    int code() const noexcept {
        return error_ ? ossmpu_error_code(get()) : status_;
    }
    const ossmpu_error *get() const noexcept { return error_.get(); }

    std::string_view operation() const { return text(OSSMPU_ERRINFO_OPERATION); }
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
    std::string_view upload_id() const { return text(OSSMPU_ERRINFO_UPLOAD_ID); }
    std::string_view argument() const { return text(OSSMPU_ERRINFO_ARGUMENT); }
    std::string_view cause() const { return text(OSSMPU_ERRINFO_CAUSE); }

    /** 0 if no response came. */
    int http_status() const {
        return static_cast<int>(number(OSSMPU_ERRINFO_HTTP_STATUS));
    }
    /** 0 if it is not about a part. */
    std::int32_t part_number() const {
        return static_cast<std::int32_t>(number(OSSMPU_ERRINFO_PART_NUMBER));
    }
    int os_errno() const {
        return static_cast<int>(number(OSSMPU_ERRINFO_OS_ERRNO));
    }
    std::int64_t attempts() const { return number(OSSMPU_ERRINFO_ATTEMPTS); }
    std::int64_t bytes_sent() const { return number(OSSMPU_ERRINFO_BYTES_SENT); }
    bool retryable() const { return number(OSSMPU_ERRINFO_RETRYABLE) != 0; }
    std::int64_t callback_value() const {
        return number(OSSMPU_ERRINFO_CALLBACK_VALUE);
    }
    bool parts_left() const { return number(OSSMPU_ERRINFO_PARTS_LEFT) != 0; }
    /** Nothing if that could not be learned. */
    std::optional<bool> object_exists() const {
        const std::int64_t exists = number(OSSMPU_ERRINFO_OBJECT_EXISTS);
        return exists < 0 ? std::nullopt : std::optional<bool>(exists != 0);
    }
    bool upload_may_exist() const {
        return number(OSSMPU_ERRINFO_UPLOAD_MAY_EXIST) != 0;
    }

    /** A field by its number, OSSMPU_ERRINFO_*. */
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

/** What a call gave, or why it failed: see attempt. */
template <class T> class outcome {
  public:
    using value_type =
        std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    outcome(value_type value) : held_(std::move(value)) {}
    outcome(error failure) : held_(std::move(failure)) {}

    explicit operator bool() const noexcept { return held_.index() == 0; }

    /** The value; throws the error if there is none. */
    value_type &value() & {
        judge();
        return std::get<0>(held_);
    }
    const value_type &value() const & {
        judge();
        return std::get<0>(held_);
    }
    value_type &&value() && {
        judge();
        return std::get<0>(std::move(held_));
    }

    /** OSSMPU_OK if there is a value. */
    int code() const noexcept {
        const error *failed = failure();
        return failed != nullptr ? failed->code() : OSSMPU_OK;
    }
    /** nullptr if there is a value. */
    const error *failure() const noexcept { return std::get_if<1>(&held_); }

  private:
    void judge() const {
        if (const error *failed = failure())
            throw *failed;
    }
    std::variant<value_type, error> held_;
};

/** Runs calls so that an ossmpu::error becomes a value:
 *
 *     auto put = ossmpu::attempt([&] { return client.put_file(...); });
 *     if (!put)
 *         std::cerr << put.failure()->what();
 *
 * Other exceptions, those of callbacks included, go on. */
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

/** An access key, as a credentials callback gives it. */
struct keys {
    std::string id;
    std::string secret;
    /** Empty for a permanent key. */
    std::string token = {};
    /** When they end; nothing is never. */
    std::optional<std::chrono::system_clock::time_point> expires = {};
};

namespace detail {

/** A credentials callback. It may run on a thread of the library, so what it
 * throws waits here for the call that fails by it. */
class key_source {
  public:
    explicit key_source(std::function<keys()> ask) : ask_(std::move(ask)) {}

    int answer(ossmpu_credentials *out) noexcept {
        try {
            const keys found = ask_();
            const text id(found.id), secret(found.secret), token(found.token);
            keep(nullptr);
            return ossmpu_credentials_set(
                out, id.c_str(), secret.c_str(), token.or_null(),
                found.expires ? unix_seconds(*found.expires) : 0);
        } catch (...) {
            keep(std::current_exception());
            return -1;
        }
    }

    void rethrow() const {
        const std::lock_guard<std::mutex> locked(mutex_);
        if (thrown_)
            std::rethrow_exception(thrown_);
    }

  private:
    void keep(std::exception_ptr thrown) {
        const std::lock_guard<std::mutex> locked(mutex_);
        thrown_ = std::move(thrown);
    }

    std::function<keys()> ask_;
    mutable std::mutex mutex_;
    std::exception_ptr thrown_;
};

using shared_keys = std::shared_ptr<key_source>;

/** How a call ended, if it did not throw. */
struct ending {
    int status;
    /** Only with OSSMPU_STORED_CALLBACK_FAILED. */
    std::optional<error> failure;
};

/** Makes a call with a place for its error, and throws what has to be thrown:
 * first what a callback threw. */
template <class Call> ending run(const shared_keys &source, Call call) {
    const carrier carried;
    ossmpu_error *err = nullptr;
    const int status = call(&err);
    std::optional<error> failure;
    if (err != nullptr || status < 0)
        failure.emplace(status, err);
    carried.rethrow();
    if (status == OSSMPU_ECREDENTIALS && source)
        source->rethrow();
    if (status < 0)
        throw *failure;
    return ending{status, std::move(failure)};
}

/** A place for what a call makes, freed unless it is taken. */
template <class T, void (*Free)(T *)> class slot {
  public:
    slot() = default;
    slot(const slot &) = delete;
    slot &operator=(const slot &) = delete;
    ~slot() { Free(made_); }

    T **place() noexcept { return &made_; }
    T *take() noexcept { return std::exchange(made_, nullptr); }

  private:
    T *made_ = nullptr;
};

} // namespace detail

/** What a finished call has made. */
class result : public detail::owner<ossmpu_result, ossmpu_result_free> {
  public:
    /** For those who call C themselves: takes both over. */
    explicit result(ossmpu_result *taken, std::optional<error> failure = {})
        : owner(taken), failure_(std::move(failure)) {}

    /** Why the upload callback of OSS failed; nullptr if it did not. The
     * object is stored in either case. */
    const error *callback_failure() const noexcept {
        return failure_ ? &*failure_ : nullptr;
    }

    std::string_view etag() const { return text(OSSMPU_RESULT_ETAG); }
    std::string_view request_id() const {
        return text(OSSMPU_RESULT_REQUEST_ID);
    }
    std::string_view version_id() const {
        return text(OSSMPU_RESULT_VERSION_ID);
    }
    std::string_view location() const { return text(OSSMPU_RESULT_LOCATION); }
    /** What the server of the upload callback answered. */
    std::string_view callback() const { return text(OSSMPU_RESULT_CALLBACK); }
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
    std::optional<std::uint64_t> crc64() const {
        return unsigned_number(OSSMPU_RESULT_CRC64);
    }

    /** A field by its number, OSSMPU_RESULT_*. */
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
    std::optional<error> failure_;
};

/** What OSS says of an object. */
class object : public detail::owner<ossmpu_object, ossmpu_object_free> {
  public:
    explicit object(ossmpu_object *taken) : owner(taken) {}

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
    /** By its name, without x-oss-meta-. */
    std::string_view metadata(std::string_view name) const {
        return ossmpu_object_metadata(live(), detail::text(name).c_str());
    }

    /** A field by its number, OSSMPU_OBJECT_*. */
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

/** Ends the calls that were given it. */
class cancel : public detail::owner<ossmpu_cancel, ossmpu_cancel_free> {
  public:
    cancel() : owner(detail::made(ossmpu_cancel_new())) {}

    /** Async-signal-safe. */
    void trigger() const noexcept { ossmpu_cancel_trigger(get()); }

    /** Triggers by itself; another call moves the time. */
    void after(std::chrono::milliseconds time) const {
        const int status = ossmpu_cancel_after_ms(live(), time.count());
        if (status != OSSMPU_OK)
            throw error(status, nullptr);
    }

    /** For C: NULL for none. */
    static const ossmpu_cancel *raw(const cancel *token) {
        return token != nullptr ? token->live() : nullptr;
    }
};

/** How far an upload is. */
struct progress {
    /** Nothing while unknown; 0 if it goes in one PutObject. */
    std::optional<std::int32_t> parts_total;
    std::int32_t parts_done;
    std::int32_t retries;
    /** Nothing while unknown. */
    std::optional<std::int64_t> bytes_total;
    std::int64_t bytes_done;
    std::int64_t bytes_resumed;
    std::int64_t bytes_sent;

    explicit progress(const ossmpu_progress &from)
        : parts_done(from.parts_done), retries(from.retries),
          bytes_total(detail::known(from.bytes_total)),
          bytes_done(from.bytes_done), bytes_resumed(from.bytes_resumed),
          bytes_sent(from.bytes_sent) {
        if (from.parts_total >= 0)
            parts_total = from.parts_total;
    }
};

/** What a progress callback answers. */
enum class next { go_on, stop };

using progress_fn = std::function<next(const progress &)>;

/** Gives data: fills buf with at most len bytes, and returns their count, 0
 * at the end. To stop, throw. */
using read_fn = std::function<std::size_t(char *buf, std::size_t len)>;

/** Which check sums guard an upload. */
enum class integrity {
    none = 0,
    crc64 = OSSMPU_INTEGRITY_CRC64,
    md5 = OSSMPU_INTEGRITY_MD5,
    both = OSSMPU_INTEGRITY_CRC64 | OSSMPU_INTEGRITY_MD5
};

/** How MD5s are computed; for tests and measurements. */
enum class md5_kernel { fastest, one_by_one, portable, avx2, avx512 };

/** How one call is to be done. */
class options : public detail::owner<ossmpu_options, ossmpu_options_free> {
  public:
    options() : owner(detail::made(ossmpu_options_new())) {}

    options &content_type(std::string_view type) {
        return set(OSSMPU_OPTION_CONTENT_TYPE, type);
    }
    options &callback(std::string_view json) {
        return set(OSSMPU_OPTION_CALLBACK, json);
    }
    options &callback_var(std::string_view json) {
        return set(OSSMPU_OPTION_CALLBACK_VAR, json);
    }
    options &checkpoint_dir(std::string_view path) {
        return set(OSSMPU_OPTION_CHECKPOINT_DIR, path);
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
    options &check(integrity sums) {
        return set(OSSMPU_OPTION_INTEGRITY, static_cast<std::int64_t>(sums));
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
    options &hedge(bool on = true) { return set(OSSMPU_OPTION_HEDGING, on); }
    /** Zero is none. */
    options &deadline(std::chrono::milliseconds time) {
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
    options &use_md5_kernel(md5_kernel kernel) {
        return set(OSSMPU_OPTION_MD5_KERNEL,
                   static_cast<std::int64_t>(kernel));
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

    /** Is told how far the upload is. A callable that returns nothing always
     * goes on. */
    template <class Told> options &on_progress(Told told) {
        using Answer = std::invoke_result_t<Told &, const progress &>;
        if constexpr (std::is_void_v<Answer>)
            return report(
                [told = std::move(told)](const progress &now) mutable {
                    told(now);
                    return next::go_on;
                });
        else
            return report(std::move(told));
    }

    /** By its number, OSSMPU_OPTION_*. */
    options &set(int key, std::string_view value) {
        ossmpu_options_set_str(live(), key, detail::text(value).c_str());
        return *this;
    }
    options &set(int key, std::int64_t value) {
        ossmpu_options_set_int(live(), key, value);
        return *this;
    }

    /** For C: NULL for all defaults. */
    static const ossmpu_options *raw(const options *how) {
        return how != nullptr ? how->live() : nullptr;
    }
    /** What an upload has to keep alive. */
    static std::shared_ptr<const void> kept(const options *how) {
        return how != nullptr ? how->progress_ : nullptr;
    }

  private:
    options &report(progress_fn callback) {
        auto kept = std::make_shared<progress_fn>(std::move(callback));
        ossmpu_options_set_progress(live(), tell, kept.get());
        progress_ = std::move(kept);
        return *this;
    }

    static int tell(void *user, const ossmpu_progress *now) noexcept {
        next answer = next::stop;
        detail::carrier::contain([&] {
            answer = (*static_cast<progress_fn *>(user))(progress(*now));
        });
        return answer == next::stop ? 1 : 0;
    }

    std::shared_ptr<const void> progress_;
};

/** Which name of OSS a client uses. */
enum class endpoint_kind { public_net, internal, accelerate, dual_stack };
/** Where requests name the bucket. */
enum class addressing { host, path, bound_domain };
/** The version of the signature. */
enum class signature { v1 = 1, v4 = 4 };
/** How much a log callback gets. */
enum class log_level {
    error = OSSMPU_LOG_ERROR,
    warn = OSSMPU_LOG_WARN,
    info = OSSMPU_LOG_INFO,
    debug = OSSMPU_LOG_DEBUG
};

using keys_fn = std::function<keys()>;
/** Gets one line. What it throws is dropped. */
using log_fn = std::function<void(log_level, std::string_view line)>;

/** A builder for a client. */
class config : public detail::owner<ossmpu_config, ossmpu_config_free> {
  public:
    config() : owner(detail::made(ossmpu_config_new())) {}

    config &region(std::string_view name) {
        return set(OSSMPU_CONFIG_REGION, name);
    }
    config &endpoint(std::string_view url) {
        return set(OSSMPU_CONFIG_ENDPOINT, url);
    }
    /** A source, as OSSMPU_CONFIG_CREDENTIALS lists them. */
    config &credentials(std::string_view source) {
        keys_.reset();
        return set(OSSMPU_CONFIG_CREDENTIALS, source);
    }
    config &proxy(std::string_view url) {
        return set(OSSMPU_CONFIG_PROXY, url);
    }
    config &ca_file(std::string_view path) {
        return set(OSSMPU_CONFIG_CA_FILE, path);
    }
    config &client_certificate(std::string_view path) {
        return set(OSSMPU_CONFIG_CLIENT_CERTIFICATE, path);
    }
    config &client_key(std::string_view path) {
        return set(OSSMPU_CONFIG_CLIENT_KEY, path);
    }
    config &user_agent(std::string_view appended) {
        return set(OSSMPU_CONFIG_USER_AGENT, appended);
    }
    config &additional_headers(std::string_view names) {
        return set(OSSMPU_CONFIG_ADDITIONAL_HEADERS, names);
    }

    config &use(endpoint_kind kind) {
        return set(OSSMPU_CONFIG_ENDPOINT_KIND, static_cast<int>(kind));
    }
    config &use(addressing style) {
        return set(OSSMPU_CONFIG_ADDRESSING, static_cast<int>(style));
    }
    config &use(signature version) {
        return set(OSSMPU_CONFIG_SIGNATURE, static_cast<int>(version));
    }
    config &tls_verify(bool on) { return set(OSSMPU_CONFIG_TLS_VERIFY, on); }
    config &resolve_limit(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_RESOLVE_TIMEOUT_MS, time.count());
    }
    config &connect_limit(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_CONNECT_TIMEOUT_MS, time.count());
    }
    config &stall_limit(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_STALL_TIMEOUT_MS, time.count());
    }
    config &response_limit(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_RESPONSE_TIMEOUT_MS, time.count());
    }
    config &complete_limit(std::chrono::milliseconds time) {
        return set(OSSMPU_CONFIG_COMPLETE_TIMEOUT_MS, time.count());
    }
    config &abort_limit(std::chrono::milliseconds time) {
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

    /** Region, endpoint and keys from OSS_*, now and only here. */
    config &from_environment() {
        ossmpu_config_set_env(live());
        return *this;
    }
    config &key(std::string_view id, std::string_view secret,
                std::string_view token = {}) {
        keys_.reset();
        ossmpu_config_set_keys(live(), detail::text(id).c_str(),
                               detail::text(secret).c_str(),
                               detail::text(token).or_null());
        return *this;
    }
    /** Asks a callback for keys. What it throws is thrown by the call that
     * needed them. */
    config &on_credentials(keys_fn callback) {
        ossmpu_config *const handle = live();
        keys_ = std::make_shared<detail::key_source>(std::move(callback));
        auto user = std::make_unique<detail::shared_keys>(keys_);
        ossmpu_config_set_credentials_fn(handle, ask, user.release(),
                                         drop<detail::shared_keys>);
        return *this;
    }
    config &on_log(log_level level, log_fn callback) {
        ossmpu_config *const handle = live();
        auto user = std::make_unique<log_fn>(std::move(callback));
        ossmpu_config_set_log_fn(handle, static_cast<int>(level), tell,
                                 user.release(), drop<log_fn>);
        return *this;
    }

    /** By its number, OSSMPU_CONFIG_*. */
    config &set(int number, std::string_view value) {
        ossmpu_config_set_str(live(), number, detail::text(value).c_str());
        return *this;
    }
    config &set(int number, std::int64_t value) {
        ossmpu_config_set_int(live(), number, value);
        return *this;
    }

  private:
    friend class client;

    static int ask(void *user, ossmpu_credentials *out) noexcept {
        return (*static_cast<detail::shared_keys *>(user))->answer(out);
    }
    static void tell(void *user, int level, const char *line) noexcept {
        try {
            (*static_cast<log_fn *>(user))(static_cast<log_level>(level),
                                           line);
        } catch (...) {
            // Nobody waits for a log line.
        }
    }
    template <class T> static void drop(void *user) noexcept {
        delete static_cast<T *>(user);
    }

    detail::shared_keys keys_;
};

/** A part of an upload. */
struct part {
    std::int32_t number;
    std::int64_t size;
    std::string etag;
    /** RFC 3339; empty if it is not from OSS. */
    std::string last_modified;
    std::optional<std::uint64_t> crc64;

    explicit part(const ossmpu_part_info &from)
        : number(from.number), size(from.size), etag(from.etag),
          last_modified(from.last_modified) {
        if (from.has_crc64 != 0)
            crc64 = from.crc64;
    }
};

/** An unfinished upload, or a prefix that some have in common. */
struct upload_entry {
    bool is_prefix;
    std::string key;
    std::string upload_id;
    /** RFC 3339. */
    std::string initiated;
    std::string storage_class;

    explicit upload_entry(const ossmpu_upload_info &from)
        : is_prefix(from.is_prefix != 0), key(from.key),
          upload_id(from.upload_id), initiated(from.initiated),
          storage_class(from.storage_class) {}
};

/** Entries that are fetched as they are needed: a range to go through once,
 * with iterators that are valid while the range lives. begin() and ++ may
 * block and throw. */
template <class Entry, class Info, class Iter, void (*Free)(Iter *),
          int (*Next)(Iter *, const Info **, ossmpu_error **)>
class listing {
  private:
    struct state : detail::owner<Iter, Free> {
        detail::shared_keys keys;
        std::optional<Entry> now;
        bool begun = false;

        state(Iter *taken, detail::shared_keys source)
            : detail::owner<Iter, Free>(taken), keys(std::move(source)) {}

        /** False after the last. */
        bool advance() {
            const Info *info = nullptr;
            begun = true;
            now.reset();
            detail::run(keys, [&](ossmpu_error **err) {
                return Next(this->get(), &info, err);
            });
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

        /** The end. */
        iterator() = default;

        reference operator*() const { return *state_->now; }
        pointer operator->() const { return &*state_->now; }
        iterator &operator++() {
            if (!state_->advance())
                state_ = nullptr;
            return *this;
        }
        /** What `*it++` reads: the entry before the step. */
        struct before {
            Entry entry;
            const Entry &operator*() const { return entry; }
        };
        before operator++(int) {
            before kept{**this};
            ++*this;
            return kept;
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

    listing(Iter *taken, detail::shared_keys source)
        : state_(std::make_unique<state>(taken, std::move(source))) {}

    /** The present entry; at first the first. */
    iterator begin() {
        if (!state_)
            throw std::logic_error("ossmpu: a list that was moved from");
        const bool there =
            state_->begun ? state_->now.has_value() : state_->advance();
        return there ? iterator(state_.get()) : iterator();
    }
    iterator end() const noexcept { return iterator(); }

  private:
    std::unique_ptr<state> state_;
};

using part_list =
    listing<part, ossmpu_part_info, ossmpu_part_iter, ossmpu_part_iter_free,
            ossmpu_part_iter_next>;
using upload_list =
    listing<upload_entry, ossmpu_upload_info, ossmpu_upload_iter,
            ossmpu_upload_iter_free, ossmpu_upload_iter_next>;

/** Bytes in memory, borrowed for a call: a pointer and a length, a text, or
 * anything contiguous with data() and size(). */
class bytes {
  public:
    bytes(const void *data, std::size_t size) : data_(data), size_(size) {}
    bytes(const char *text) : bytes(std::string_view(text)) {}
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
    const void *data_;
    std::size_t size_;
};

/** As a length: all from the offset to the end. */
inline constexpr std::int64_t to_end = -1;

/** A piece of a file or an object; the whole unless said otherwise. */
struct extent {
    std::int64_t offset = 0;
    std::int64_t length = to_end;
};

/** An object to copy from. */
struct source {
    std::string_view bucket;
    std::string_view key;
    /** Empty for the present one. */
    std::string_view version = {};
};

namespace detail {

/** A data callback for C. */
inline std::int64_t read(void *user, void *buf, std::size_t len) noexcept {
    std::int64_t count = -1;
    carrier::contain([&] {
        const std::size_t filled =
            (*static_cast<const read_fn *>(user))(static_cast<char *>(buf),
                                                  len);
        if (filled > len)
            throw std::length_error("ossmpu: more bytes than were asked for");
        count = static_cast<std::int64_t>(filled);
    });
    return count;
}

/** A call that makes a result. */
template <class Call>
result make_result(const shared_keys &source, Call call) {
    slot<ossmpu_result, ossmpu_result_free> out;
    ending end = run(source, [&](ossmpu_error **err) {
        return call(out.place(), err);
    });
    return result(out.take(), std::move(end.failure));
}

} // namespace detail

/** One multipart upload, step by step. Destroying it neither completes nor
 * aborts it. */
class upload : public detail::owner<ossmpu_upload, ossmpu_upload_free> {
  public:
    std::string_view id() const { return ossmpu_upload_id(live()); }

    void part(std::int32_t number, bytes data,
              const cancel *token = nullptr) const {
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_upload_part(live(), number, data.data(), data.size(),
                                      cancel::raw(token), err);
        });
    }
    void part_file(std::int32_t number, std::string_view path,
                   extent piece = {}, const cancel *token = nullptr) const {
        const detail::text name(path);
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_upload_part_file(live(), number, name.c_str(),
                                           piece.offset, piece.length,
                                           cancel::raw(token), err);
        });
    }
    void part_from(std::int32_t number, read_fn reader, std::int64_t length,
                   const cancel *token = nullptr) const {
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_upload_part_from(live(), number, detail::read,
                                           &reader, length, cancel::raw(token),
                                           err);
        });
    }
    void part_copy(std::int32_t number, const source &from, extent piece = {},
                   const options *how = nullptr,
                   const cancel *token = nullptr) const {
        const detail::text bucket(from.bucket), key(from.key),
            version(from.version);
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_upload_part_copy(
                live(), number, bucket.c_str(), key.c_str(), version.or_null(),
                piece.offset, piece.length, options::raw(how),
                cancel::raw(token), err);
        });
    }
    void add_part(std::int32_t number, std::int64_t size,
                  std::string_view etag,
                  std::optional<std::uint64_t> crc64 = {}) const {
        const detail::text name(etag);
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_upload_add_part(live(), number, size, name.c_str(),
                                          crc64 ? &*crc64 : nullptr, err);
        });
    }

    /** The parts that this object knows of; asks nobody. */
    part_list parts() const {
        detail::slot<ossmpu_part_iter, ossmpu_part_iter_free> out;
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_upload_parts(live(), out.place(), err);
        });
        return part_list(out.take(), keys_);
    }

    /** how is what the upload was begun with, unless given. */
    result complete(const options *how = nullptr,
                    const cancel *token = nullptr) const {
        return detail::make_result(
            keys_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_upload_complete(live(), options::raw(how),
                                              cancel::raw(token), out, err);
            });
    }
    void abort() const {
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_upload_abort(live(), err);
        });
    }

  private:
    friend class client;
    upload(ossmpu_upload *taken, detail::shared_keys source,
           std::shared_ptr<const void> kept)
        : owner(taken), keys_(std::move(source)), kept_(std::move(kept)) {}

    detail::shared_keys keys_;
    std::shared_ptr<const void> kept_;
};

/** An object that is written piece by piece. Unless it is finished, the
 * object never appears; abort also removes what OSS has of it. */
class writer : public detail::owner<ossmpu_writer, ossmpu_writer_free> {
  public:
    void write(bytes data) {
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_writer_write(live(), data.data(), data.size(), err);
        });
    }
    result finish() {
        return detail::make_result(
            keys_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_writer_finish(live(), out, err);
            });
    }
    void abort() {
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_writer_abort(live(), err);
        });
    }

  private:
    friend class client;
    writer(ossmpu_writer *taken, detail::shared_keys source,
           std::shared_ptr<const void> kept)
        : owner(taken), keys_(std::move(source)), kept_(std::move(kept)) {}

    detail::shared_keys keys_;
    std::shared_ptr<const void> kept_;
};

/** Which parts an upload that is taken up knows of: none, and nothing is
 * sent, or those that OSS lists. */
enum class known_parts { none = 0, listed = OSSMPU_ATTACH_LIST_PARTS };

/** A connection to one OSS endpoint. */
class client : public detail::owner<ossmpu_client, ossmpu_client_free> {
  public:
    /** Throws the first failure of the setters. */
    explicit client(const config &how)
        : owner(made(how)), keys_(how.keys_) {}

    result put_file(std::string_view bucket, std::string_view key,
                    std::string_view path, const options *how = nullptr,
                    const cancel *token = nullptr) const {
        const place at(bucket, key);
        const detail::text name(path);
        return detail::make_result(
            keys_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_put_file(live(), at.bucket(), at.key(),
                                       name.c_str(), options::raw(how),
                                       cancel::raw(token), out, err);
            });
    }
    result put_range(std::string_view bucket, std::string_view key,
                     std::string_view path, extent piece,
                     const options *how = nullptr,
                     const cancel *token = nullptr) const {
        const place at(bucket, key);
        const detail::text name(path);
        return detail::make_result(
            keys_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_put_range(live(), at.bucket(), at.key(),
                                        name.c_str(), piece.offset,
                                        piece.length, options::raw(how),
                                        cancel::raw(token), out, err);
            });
    }
    result put_fd(std::string_view bucket, std::string_view key, int fd,
                  extent piece = {}, const options *how = nullptr,
                  const cancel *token = nullptr) const {
        const place at(bucket, key);
        return detail::make_result(
            keys_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_put_fd(live(), at.bucket(), at.key(), fd,
                                     piece.offset, piece.length,
                                     options::raw(how), cancel::raw(token),
                                     out, err);
            });
    }
    result put_data(std::string_view bucket, std::string_view key, bytes data,
                    const options *how = nullptr,
                    const cancel *token = nullptr) const {
        const place at(bucket, key);
        return detail::make_result(
            keys_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_put_data(live(), at.bucket(), at.key(),
                                       data.data(), data.size(),
                                       options::raw(how), cancel::raw(token),
                                       out, err);
            });
    }
    result put_stream(std::string_view bucket, std::string_view key,
                      read_fn reader, std::int64_t length = to_end,
                      const options *how = nullptr,
                      const cancel *token = nullptr) const {
        const place at(bucket, key);
        return detail::make_result(
            keys_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_put_stream(live(), at.bucket(), at.key(),
                                         detail::read, &reader, length,
                                         options::raw(how), cancel::raw(token),
                                         out, err);
            });
    }
    result copy_object(std::string_view bucket, std::string_view key,
                       const source &from, const options *how = nullptr,
                       const cancel *token = nullptr) const {
        const place at(bucket, key), there(from.bucket, from.key);
        const detail::text version(from.version);
        return detail::make_result(
            keys_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_copy_object(
                    live(), at.bucket(), at.key(), there.bucket(), there.key(),
                    version.or_null(), options::raw(how), cancel::raw(token),
                    out, err);
            });
    }

    writer open_writer(std::string_view bucket, std::string_view key,
                       const options *how = nullptr,
                       const cancel *token = nullptr) const {
        const place at(bucket, key);
        detail::slot<ossmpu_writer, ossmpu_writer_free> out;
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_writer_open(live(), at.bucket(), at.key(),
                                      options::raw(how), cancel::raw(token),
                                      out.place(), err);
        });
        return writer(out.take(), keys_, options::kept(how));
    }

    object head_object(std::string_view bucket, std::string_view key,
                       std::string_view version = {},
                       const options *how = nullptr,
                       const cancel *token = nullptr) const {
        const place at(bucket, key);
        const detail::text name(version);
        detail::slot<ossmpu_object, ossmpu_object_free> out;
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_head_object(live(), at.bucket(), at.key(),
                                      name.or_null(), options::raw(how),
                                      cancel::raw(token), out.place(), err);
        });
        return object(out.take());
    }

    upload initiate(std::string_view bucket, std::string_view key,
                    const options *how = nullptr,
                    const cancel *token = nullptr) const {
        const place at(bucket, key);
        detail::slot<ossmpu_upload, ossmpu_upload_free> out;
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_upload_initiate(live(), at.bucket(), at.key(),
                                          options::raw(how),
                                          cancel::raw(token), out.place(),
                                          err);
        });
        return upload(out.take(), keys_, options::kept(how));
    }
    /** Takes up an upload that was begun elsewhere. */
    upload attach(std::string_view bucket, std::string_view key,
                  std::string_view upload_id, known_parts parts,
                  const options *how = nullptr,
                  const cancel *token = nullptr) const {
        const place at(bucket, key);
        const detail::text id(upload_id);
        detail::slot<ossmpu_upload, ossmpu_upload_free> out;
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_upload_attach(live(), at.bucket(), at.key(),
                                        id.c_str(), static_cast<int>(parts),
                                        options::raw(how), cancel::raw(token),
                                        out.place(), err);
        });
        return upload(out.take(), keys_, options::kept(how));
    }

    /** The parts that OSS has of an upload. */
    part_list list_parts(std::string_view bucket, std::string_view key,
                         std::string_view upload_id,
                         const options *how = nullptr,
                         const cancel *token = nullptr) const {
        const place at(bucket, key);
        const detail::text id(upload_id);
        detail::slot<ossmpu_part_iter, ossmpu_part_iter_free> out;
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_list_parts(live(), at.bucket(), at.key(), id.c_str(),
                                     options::raw(how), cancel::raw(token),
                                     out.place(), err);
        });
        return part_list(out.take(), keys_);
    }
    /** The unfinished uploads of a bucket. */
    upload_list list_uploads(std::string_view bucket,
                             std::string_view prefix = {},
                             std::string_view delimiter = {},
                             const options *how = nullptr,
                             const cancel *token = nullptr) const {
        const detail::text name(bucket), begin(prefix), mark(delimiter);
        detail::slot<ossmpu_upload_iter, ossmpu_upload_iter_free> out;
        detail::run(keys_, [&](ossmpu_error **err) {
            return ossmpu_list_uploads(live(), name.c_str(), begin.or_null(),
                                       mark.or_null(), options::raw(how),
                                       cancel::raw(token), out.place(), err);
        });
        return upload_list(out.take(), keys_);
    }

    /** Signs URLs; the result has url() and headers(). */
    result presign_initiate(std::string_view bucket, std::string_view key,
                            std::chrono::seconds valid,
                            const options *how = nullptr,
                            const cancel *token = nullptr) const {
        return presign(OSSMPU_PRESIGN_INITIATE, bucket, key, {}, 0, valid, how,
                       token);
    }
    result presign_upload_part(std::string_view bucket, std::string_view key,
                               std::string_view upload_id, std::int32_t number,
                               std::chrono::seconds valid,
                               const options *how = nullptr,
                               const cancel *token = nullptr) const {
        return presign(OSSMPU_PRESIGN_UPLOAD_PART, bucket, key, upload_id,
                       number, valid, how, token);
    }
    result presign_complete(std::string_view bucket, std::string_view key,
                            std::string_view upload_id,
                            std::chrono::seconds valid,
                            const options *how = nullptr,
                            const cancel *token = nullptr) const {
        return presign(OSSMPU_PRESIGN_COMPLETE, bucket, key, upload_id, 0,
                       valid, how, token);
    }
    result presign_abort(std::string_view bucket, std::string_view key,
                         std::string_view upload_id,
                         std::chrono::seconds valid,
                         const options *how = nullptr,
                         const cancel *token = nullptr) const {
        return presign(OSSMPU_PRESIGN_ABORT, bucket, key, upload_id, 0, valid,
                       how, token);
    }
    result presign_put_object(std::string_view bucket, std::string_view key,
                              std::chrono::seconds valid,
                              const options *how = nullptr,
                              const cancel *token = nullptr) const {
        return presign(OSSMPU_PRESIGN_PUT_OBJECT, bucket, key, {}, 0, valid,
                       how, token);
    }

    /** Sends a part to its presigned URL. */
    result put_part_url(std::string_view url, bytes data,
                        const options *how = nullptr,
                        const cancel *token = nullptr) const {
        const detail::text to(url);
        return detail::make_result(
            keys_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_put_part_url(live(), to.c_str(), data.data(),
                                           data.size(), options::raw(how),
                                           cancel::raw(token), out, err);
            });
    }

  private:
    /** Where an object is. */
    class place {
      public:
        place(std::string_view bucket, std::string_view key)
            : bucket_(bucket), key_(key) {}
        const char *bucket() const noexcept { return bucket_.c_str(); }
        const char *key() const noexcept { return key_.c_str(); }

      private:
        detail::text bucket_;
        detail::text key_;
    };

    static ossmpu_client *made(const config &how) {
        detail::slot<ossmpu_client, ossmpu_client_free> out;
        detail::run(how.keys_, [&](ossmpu_error **err) {
            return ossmpu_client_new(how.live(), out.place(), err);
        });
        return out.take();
    }

    result presign(int operation, std::string_view bucket,
                   std::string_view key, std::string_view upload_id,
                   std::int32_t number, std::chrono::seconds valid,
                   const options *how, const cancel *token) const {
        const place at(bucket, key);
        const detail::text id(upload_id);
        return detail::make_result(
            keys_, [&](ossmpu_result **out, ossmpu_error **err) {
                return ossmpu_presign(live(), operation, at.bucket(), at.key(),
                                      id.or_null(), number, valid.count(),
                                      options::raw(how), cancel::raw(token),
                                      out, err);
            });
    }

    detail::shared_keys keys_;
};

} // namespace ossmpu

#endif /* OSSMPU_HPP */
