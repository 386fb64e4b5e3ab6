/*
 * ossmpu-ffi.h - the declarations of ossmpu.h for tools that have no C
 * preprocessor, such as cffi, LuaJIT and PHP FFI. ossmpu.h documents them, and
 * docs/bindings.md has the rules for each language.
 * Generated from src/ffi; do not edit.
 */
enum {
    OSSMPU_VERSION_MAJOR = 0,
    OSSMPU_VERSION_MINOR = 1,
    OSSMPU_VERSION_PATCH = 0,
    OSSMPU_VERSION_NUMBER = 1000,
    OSSMPU_OK = 0,
    OSSMPU_DONE = 1,
    OSSMPU_STORED_CALLBACK_FAILED = 2,
    OSSMPU_ABSENT = 3,
    OSSMPU_EINVAL = -1,
    OSSMPU_ENOMEM = -2,
    OSSMPU_ECREDENTIALS = -3,
    OSSMPU_EFILE = -4,
    OSSMPU_ECHANGED = -5,
    OSSMPU_EBUSY = -6,
    OSSMPU_ECALLBACK = -7,
    OSSMPU_ECANCELED = -8,
    OSSMPU_ERESOLVE = -9,
    OSSMPU_ECONNECT = -10,
    OSSMPU_ETLS = -11,
    OSSMPU_ETIMEOUT = -12,
    OSSMPU_ENETWORK = -13,
    OSSMPU_EPROTOCOL = -14,
    OSSMPU_EINTEGRITY = -15,
    OSSMPU_ESERVICE = -16,
    OSSMPU_EUNKNOWN = -17,
    OSSMPU_ESTATE = -18,
    OSSMPU_EFORKED = -19,
    OSSMPU_EUNSUPPORTED = -20,
    OSSMPU_EINTERNAL = -21,
    OSSMPU_ERRINFO_OPERATION = 5001,
    OSSMPU_ERRINFO_PHASE = 5002,
    OSSMPU_ERRINFO_HOST = 5003,
    OSSMPU_ERRINFO_OSS_CODE = 5004,
    OSSMPU_ERRINFO_OSS_MESSAGE = 5005,
    OSSMPU_ERRINFO_EC = 5006,
    OSSMPU_ERRINFO_REQUEST_ID = 5007,
    OSSMPU_ERRINFO_UPLOAD_ID = 5008,
    OSSMPU_ERRINFO_ARGUMENT = 5009,
    OSSMPU_ERRINFO_CAUSE = 5010,
    OSSMPU_ERRINFO_HTTP_STATUS = 5100,
    OSSMPU_ERRINFO_PART_NUMBER = 5101,
    OSSMPU_ERRINFO_OS_ERRNO = 5102,
    OSSMPU_ERRINFO_ATTEMPTS = 5103,
    OSSMPU_ERRINFO_BYTES_SENT = 5104,
    OSSMPU_ERRINFO_RETRYABLE = 5105,
    OSSMPU_ERRINFO_CALLBACK_VALUE = 5106,
    OSSMPU_ERRINFO_PARTS_LEFT = 5107,
    OSSMPU_ERRINFO_OBJECT_EXISTS = 5108,
    OSSMPU_ERRINFO_UPLOAD_MAY_EXIST = 5109,
    OSSMPU_ERRINFO_THROTTLED_MS = 5110,
    OSSMPU_LOG_ERROR = 1,
    OSSMPU_LOG_WARN = 2,
    OSSMPU_LOG_INFO = 3,
    OSSMPU_LOG_DEBUG = 4,
    OSSMPU_PHASE_PREPARE = 1,
    OSSMPU_PHASE_INITIATE = 2,
    OSSMPU_PHASE_SEND = 3,
    OSSMPU_PHASE_COMPLETE = 4,
    OSSMPU_PHASE_ABORT = 5,
    OSSMPU_CONFIG_REGION = 1001,
    OSSMPU_CONFIG_ENDPOINT = 1002,
    OSSMPU_CONFIG_CREDENTIALS = 1003,
    OSSMPU_CONFIG_PROXY = 1004,
    OSSMPU_CONFIG_CA_FILE = 1005,
    OSSMPU_CONFIG_CLIENT_CERTIFICATE = 1006,
    OSSMPU_CONFIG_CLIENT_KEY = 1007,
    OSSMPU_CONFIG_USER_AGENT = 1008,
    OSSMPU_CONFIG_ADDITIONAL_HEADERS = 1009,
    OSSMPU_CONFIG_BIND_ADDRESS = 1010,
    OSSMPU_CONFIG_ENDPOINT_KIND = 1100,
    OSSMPU_CONFIG_ADDRESSING = 1101,
    OSSMPU_CONFIG_SIGNATURE = 1102,
    OSSMPU_CONFIG_TLS_VERIFY = 1103,
    OSSMPU_CONFIG_RESOLVE_TIMEOUT_MS = 1104,
    OSSMPU_CONFIG_CONNECT_TIMEOUT_MS = 1105,
    OSSMPU_CONFIG_STALL_TIMEOUT_MS = 1106,
    OSSMPU_CONFIG_RESPONSE_TIMEOUT_MS = 1107,
    OSSMPU_CONFIG_COMPLETE_TIMEOUT_MS = 1108,
    OSSMPU_CONFIG_ABORT_TIMEOUT_MS = 1109,
    OSSMPU_CONFIG_MAX_ATTEMPTS = 1110,
    OSSMPU_CONFIG_THREADS = 1111,
    OSSMPU_CONFIG_MEMORY_LIMIT = 1112,
    OSSMPU_CONFIG_BYTES_PER_SEC = 1113,
    OSSMPU_CONFIG_MAX_CLOCK_OFFSET_MS = 1114,
    OSSMPU_CONFIG_CALLBACKS_ON_CALLER = 1115,
    OSSMPU_OPTION_CONTENT_TYPE = 2001,
    OSSMPU_OPTION_CALLBACK = 2002,
    OSSMPU_OPTION_CALLBACK_VAR = 2003,
    OSSMPU_OPTION_CHECKPOINT_DIR = 2004,
    OSSMPU_OPTION_UPLOAD_ID = 2005,
    OSSMPU_OPTION_EXPECTED_CRC64 = 2006,
    OSSMPU_OPTION_EXPECTED_MD5 = 2007,
    OSSMPU_OPTION_COPY_IF_MATCH = 2008,
    OSSMPU_OPTION_COPY_IF_NONE_MATCH = 2009,
    OSSMPU_OPTION_KEY_MARKER = 2010,
    OSSMPU_OPTION_UPLOAD_ID_MARKER = 2011,
    OSSMPU_OPTION_DELTA_BASE = 2012,
    OSSMPU_OPTION_PART_SIZE = 2100,
    OSSMPU_OPTION_PARALLELISM = 2101,
    OSSMPU_OPTION_SINGLE_BELOW = 2102,
    OSSMPU_OPTION_INTEGRITY = 2103,
    OSSMPU_OPTION_KEEP_PARTS = 2104,
    OSSMPU_OPTION_FORBID_OVERWRITE = 2105,
    OSSMPU_OPTION_COMPLETE_ALL = 2106,
    OSSMPU_OPTION_SEQUENTIAL = 2107,
    OSSMPU_OPTION_HEDGING = 2108,
    OSSMPU_OPTION_TIMEOUT_MS = 2109,
    OSSMPU_OPTION_BYTES_PER_SEC = 2110,
    OSSMPU_OPTION_TRAFFIC_LIMIT = 2111,
    OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE = 2112,
    OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE = 2113,
    OSSMPU_OPTION_PAGE_SIZE = 2114,
    OSSMPU_OPTION_PART_NUMBER_MARKER = 2115,
    OSSMPU_OPTION_REQUIRE_VERIFIED = 2116,
    OSSMPU_OPTION_COPY_TAGS = 2117,
    OSSMPU_OPTION_KEEP_CACHE = 2118,
    OSSMPU_OPTION_DELTA = 2119,
    OSSMPU_INTEGRITY_CRC64 = 1,
    OSSMPU_INTEGRITY_MD5 = 2,
    OSSMPU_RESULT_ETAG = 3001,
    OSSMPU_RESULT_REQUEST_ID = 3002,
    OSSMPU_RESULT_VERSION_ID = 3003,
    OSSMPU_RESULT_LOCATION = 3004,
    OSSMPU_RESULT_CALLBACK_BODY = 3005,
    OSSMPU_RESULT_URL = 3006,
    OSSMPU_RESULT_HEADERS = 3007,
    OSSMPU_RESULT_DELTA_STOPPED = 3008,
    OSSMPU_RESULT_SIZE = 3100,
    OSSMPU_RESULT_PARTS = 3101,
    OSSMPU_RESULT_BYTES_RESUMED = 3102,
    OSSMPU_RESULT_UPLOAD_MAY_EXIST = 3103,
    OSSMPU_RESULT_THROTTLED_MS = 3104,
    OSSMPU_RESULT_VERIFIED = 3105,
    OSSMPU_RESULT_BYTES_SENT = 3106,
    OSSMPU_RESULT_BYTES_REUSED = 3107,
    OSSMPU_RESULT_PARTS_REUSED = 3108,
    OSSMPU_RESULT_COPIES_IN_VAIN = 3109,
    OSSMPU_RESULT_CRC64 = 3200,
    OSSMPU_OBJECT_ETAG = 4001,
    OSSMPU_OBJECT_CONTENT_TYPE = 4002,
    OSSMPU_OBJECT_TYPE = 4003,
    OSSMPU_OBJECT_VERSION_ID = 4004,
    OSSMPU_OBJECT_STORAGE_CLASS = 4005,
    OSSMPU_OBJECT_LAST_MODIFIED = 4006,
    OSSMPU_OBJECT_SIZE = 4100,
    OSSMPU_OBJECT_CRC64 = 4200,
    OSSMPU_ATTACH_LIST_PARTS = 1,
    OSSMPU_PRESIGN_INITIATE = 1,
    OSSMPU_PRESIGN_UPLOAD_PART = 2,
    OSSMPU_PRESIGN_COMPLETE = 3,
    OSSMPU_PRESIGN_ABORT = 4,
    OSSMPU_PRESIGN_PUT_OBJECT = 5
};
int ossmpu_version_number(void);
const char *ossmpu_version_string(void);
const char *ossmpu_strerror(int status);
typedef struct ossmpu_error ossmpu_error;
int ossmpu_error_code(const ossmpu_error *err);
const char *ossmpu_error_message(const ossmpu_error *err);
const char *ossmpu_error_str(const ossmpu_error *err,
                             int field);
int64_t ossmpu_error_int(const ossmpu_error *err,
                         int field);
void ossmpu_error_free(ossmpu_error *err);
typedef struct ossmpu_cancel ossmpu_cancel;
ossmpu_cancel *ossmpu_cancel_new(void);
void ossmpu_cancel_trigger(const ossmpu_cancel *cancel);
int ossmpu_cancel_after_ms(const ossmpu_cancel *cancel,
                           int64_t ms);
void ossmpu_cancel_free(ossmpu_cancel *cancel);
typedef void (*ossmpu_drop_fn)(void *user);
typedef void (*ossmpu_log_fn)(void *user, int level, const char *line);
typedef struct ossmpu_credentials ossmpu_credentials;
typedef int (*ossmpu_credentials_fn)(void *user,
                                     ossmpu_credentials *out);
int ossmpu_credentials_set(ossmpu_credentials *out,
                           const char *access_key_id,
                           const char *access_key_secret,
                           const char *security_token,
                           int64_t expires_unix);
typedef struct ossmpu_progress {
    uint32_t struct_size;
    int32_t parts_total;
    int32_t parts_done;
    int32_t retries;
    int64_t bytes_total;
    int64_t bytes_done;
    int64_t bytes_resumed;
    int64_t bytes_sent;
    int32_t phase;
    int32_t reserved;
    int64_t throttled_ms;
    int64_t bytes_reused;
} ossmpu_progress;
typedef int (*ossmpu_progress_fn)(void *user,
                                  const ossmpu_progress *progress);
typedef int64_t (*ossmpu_read_fn)(void *user, void *buf, size_t len);
typedef struct ossmpu_config ossmpu_config;
ossmpu_config *ossmpu_config_new(void);
int ossmpu_config_set_str(ossmpu_config *config,
                          int key,
                          const char *value);
int ossmpu_config_set_int(ossmpu_config *config,
                          int key,
                          int64_t value);
int ossmpu_config_set_env(ossmpu_config *config);
int ossmpu_config_set_keys(ossmpu_config *config,
                           const char *access_key_id,
                           const char *access_key_secret,
                           const char *security_token);
int ossmpu_config_set_credentials_fn(ossmpu_config *config,
                                     ossmpu_credentials_fn callback,
                                     void *user,
                                     ossmpu_drop_fn drop);
int ossmpu_config_set_log_fn(ossmpu_config *config,
                             int level,
                             ossmpu_log_fn callback,
                             void *user,
                             ossmpu_drop_fn drop);
void ossmpu_config_free(ossmpu_config *config);
typedef struct ossmpu_client ossmpu_client;
int ossmpu_client_new(const ossmpu_config *config,
                      ossmpu_client **out,
                      ossmpu_error **err);
void ossmpu_client_free(ossmpu_client *client);
typedef struct ossmpu_options ossmpu_options;
ossmpu_options *ossmpu_options_new(void);
int ossmpu_options_set_str(ossmpu_options *options,
                           int key,
                           const char *value);
int ossmpu_options_set_int(ossmpu_options *options,
                           int key,
                           int64_t value);
int ossmpu_options_add_header(ossmpu_options *options,
                              const char *name,
                              const char *value);
int ossmpu_options_add_metadata(ossmpu_options *options,
                                const char *name,
                                const char *value);
int ossmpu_options_add_tag(ossmpu_options *options,
                           const char *name,
                           const char *value);
int ossmpu_options_set_progress(ossmpu_options *options,
                                ossmpu_progress_fn callback,
                                void *user);
void ossmpu_options_free(ossmpu_options *options);
typedef struct ossmpu_result ossmpu_result;
const char *ossmpu_result_str(const ossmpu_result *result,
                              int field);
int64_t ossmpu_result_int(const ossmpu_result *result,
                          int field);
int ossmpu_result_u64(const ossmpu_result *result,
                      int field,
                      uint64_t *out);
void ossmpu_result_free(ossmpu_result *result);
int ossmpu_put_file(const ossmpu_client *client,
                    const char *bucket,
                    const char *key,
                    const char *path,
                    const ossmpu_options *options,
                    const ossmpu_cancel *cancel,
                    ossmpu_result **out,
                    ossmpu_error **err);
int ossmpu_put_range(const ossmpu_client *client,
                     const char *bucket,
                     const char *key,
                     const char *path,
                     int64_t offset,
                     int64_t length,
                     const ossmpu_options *options,
                     const ossmpu_cancel *cancel,
                     ossmpu_result **out,
                     ossmpu_error **err);
int ossmpu_put_fd(const ossmpu_client *client,
                  const char *bucket,
                  const char *key,
                  int fd,
                  int64_t offset,
                  int64_t length,
                  const ossmpu_options *options,
                  const ossmpu_cancel *cancel,
                  ossmpu_result **out,
                  ossmpu_error **err);
int ossmpu_put_data(const ossmpu_client *client,
                    const char *bucket,
                    const char *key,
                    const void *data,
                    size_t len,
                    const ossmpu_options *options,
                    const ossmpu_cancel *cancel,
                    ossmpu_result **out,
                    ossmpu_error **err);
int ossmpu_put_stream(const ossmpu_client *client,
                      const char *bucket,
                      const char *key,
                      ossmpu_read_fn callback,
                      void *user,
                      int64_t length,
                      const ossmpu_options *options,
                      const ossmpu_cancel *cancel,
                      ossmpu_result **out,
                      ossmpu_error **err);
int ossmpu_copy_object(const ossmpu_client *client,
                       const char *bucket,
                       const char *key,
                       const char *source_bucket,
                       const char *source_key,
                       const char *source_version,
                       const ossmpu_options *options,
                       const ossmpu_cancel *cancel,
                       ossmpu_result **out,
                       ossmpu_error **err);
typedef struct ossmpu_object ossmpu_object;
int ossmpu_head_object(const ossmpu_client *client,
                       const char *bucket,
                       const char *key,
                       const char *version,
                       const ossmpu_options *options,
                       const ossmpu_cancel *cancel,
                       ossmpu_object **out,
                       ossmpu_error **err);
const char *ossmpu_object_str(const ossmpu_object *object,
                              int field);
int64_t ossmpu_object_int(const ossmpu_object *object,
                          int field);
int ossmpu_object_u64(const ossmpu_object *object,
                      int field,
                      uint64_t *out);
const char *ossmpu_object_metadata(const ossmpu_object *object,
                                   const char *name);
void ossmpu_object_free(ossmpu_object *object);
typedef struct ossmpu_writer ossmpu_writer;
int ossmpu_writer_open(const ossmpu_client *client,
                       const char *bucket,
                       const char *key,
                       const ossmpu_options *options,
                       const ossmpu_cancel *cancel,
                       ossmpu_writer **out,
                       ossmpu_error **err);
int ossmpu_writer_write(ossmpu_writer *writer,
                        const void *data,
                        size_t len,
                        ossmpu_error **err);
int ossmpu_writer_finish(ossmpu_writer *writer,
                         ossmpu_result **out,
                         ossmpu_error **err);
int ossmpu_writer_abort(ossmpu_writer *writer,
                        ossmpu_error **err);
void ossmpu_writer_free(ossmpu_writer *writer);
typedef struct ossmpu_part_iter ossmpu_part_iter;
typedef struct ossmpu_part_info {
    uint32_t struct_size;
    int32_t number;
    int64_t size;
    const char *etag;
    const char *last_modified;
    uint64_t crc64;
    int32_t has_crc64;
    int32_t reserved;
} ossmpu_part_info;
int ossmpu_list_parts(const ossmpu_client *client,
                      const char *bucket,
                      const char *key,
                      const char *upload_id,
                      const ossmpu_options *options,
                      const ossmpu_cancel *cancel,
                      ossmpu_part_iter **out,
                      ossmpu_error **err);
int ossmpu_part_iter_next(ossmpu_part_iter *iter,
                          const ossmpu_part_info **out,
                          ossmpu_error **err);
void ossmpu_part_iter_free(ossmpu_part_iter *iter);
typedef struct ossmpu_upload ossmpu_upload;
int ossmpu_upload_initiate(const ossmpu_client *client,
                           const char *bucket,
                           const char *key,
                           const ossmpu_options *options,
                           const ossmpu_cancel *cancel,
                           ossmpu_upload **out,
                           ossmpu_error **err);
int ossmpu_upload_attach(const ossmpu_client *client,
                         const char *bucket,
                         const char *key,
                         const char *upload_id,
                         int flags,
                         const ossmpu_options *options,
                         const ossmpu_cancel *cancel,
                         ossmpu_upload **out,
                         ossmpu_error **err);
const char *ossmpu_upload_id(const ossmpu_upload *upload);
int ossmpu_upload_part(const ossmpu_upload *upload,
                       int32_t part_number,
                       const void *data,
                       size_t len,
                       const ossmpu_cancel *cancel,
                       ossmpu_error **err);
int ossmpu_upload_part_file(const ossmpu_upload *upload,
                            int32_t part_number,
                            const char *path,
                            int64_t offset,
                            int64_t length,
                            const ossmpu_cancel *cancel,
                            ossmpu_error **err);
int ossmpu_upload_part_delta(const ossmpu_upload *upload,
                             int32_t part_number,
                             int64_t base_offset,
                             const void *data,
                             size_t len,
                             const ossmpu_cancel *cancel,
                             ossmpu_error **err);
int ossmpu_upload_sent_parts(const ossmpu_upload *upload,
                             ossmpu_part_iter **out,
                             ossmpu_error **err);
int ossmpu_upload_complete(const ossmpu_upload *upload,
                           const ossmpu_options *options,
                           const ossmpu_cancel *cancel,
                           ossmpu_result **out,
                           ossmpu_error **err);
int ossmpu_upload_abort(const ossmpu_upload *upload,
                        ossmpu_error **err);
void ossmpu_upload_free(ossmpu_upload *upload);
int ossmpu_upload_part_from(const ossmpu_upload *upload,
                            int32_t part_number,
                            ossmpu_read_fn callback,
                            void *user,
                            int64_t length,
                            const ossmpu_cancel *cancel,
                            ossmpu_error **err);
int ossmpu_upload_part_copy(const ossmpu_upload *upload,
                            int32_t part_number,
                            const char *source_bucket,
                            const char *source_key,
                            const char *source_version,
                            int64_t offset,
                            int64_t length,
                            const ossmpu_options *options,
                            const ossmpu_cancel *cancel,
                            ossmpu_error **err);
int ossmpu_upload_add_part(const ossmpu_upload *upload,
                           int32_t part_number,
                           int64_t size,
                           const char *etag,
                           const uint64_t *crc64,
                           ossmpu_error **err);
typedef struct ossmpu_upload_iter ossmpu_upload_iter;
typedef struct ossmpu_upload_info {
    uint32_t struct_size;
    int32_t is_prefix;
    const char *key;
    const char *upload_id;
    const char *initiated;
    const char *storage_class;
    int64_t age_ms;
} ossmpu_upload_info;
int ossmpu_list_uploads(const ossmpu_client *client,
                        const char *bucket,
                        const char *prefix,
                        const char *delimiter,
                        const ossmpu_options *options,
                        const ossmpu_cancel *cancel,
                        ossmpu_upload_iter **out,
                        ossmpu_error **err);
int ossmpu_upload_iter_next(ossmpu_upload_iter *iter,
                            const ossmpu_upload_info **out,
                            ossmpu_error **err);
void ossmpu_upload_iter_free(ossmpu_upload_iter *iter);
int ossmpu_presign(const ossmpu_client *client,
                   int operation,
                   const char *bucket,
                   const char *key,
                   const char *upload_id,
                   int32_t part_number,
                   int64_t expires_seconds,
                   const ossmpu_options *options,
                   const ossmpu_cancel *cancel,
                   ossmpu_result **out,
                   ossmpu_error **err);
int ossmpu_put_part_url(const ossmpu_client *client,
                        const char *url,
                        const void *data,
                        size_t len,
                        const ossmpu_options *options,
                        const ossmpu_cancel *cancel,
                        ossmpu_result **out,
                        ossmpu_error **err);
int ossmpu_crc64(uint64_t before,
                 const void *data,
                 size_t len,
                 uint64_t *out);
