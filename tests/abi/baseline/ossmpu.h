#ifndef OSSMPU_H
#define OSSMPU_H

#include <stddef.h>
#include <stdint.h>
#ifdef _MSC_VER
#include <sal.h>
#endif

#if defined(_WIN32) && !defined(OSSMPU_STATIC)
#define OSSMPU_API __declspec(dllimport)
#else
#define OSSMPU_API
#endif

#if defined(__cplusplus) && __cplusplus >= 201703L
#define OSSMPU_MUST_USE [[nodiscard]]
#elif defined(__GNUC__)
#define OSSMPU_MUST_USE __attribute__((warn_unused_result))
#elif defined(_MSC_VER)
#define OSSMPU_MUST_USE _Check_return_
#else
#define OSSMPU_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define OSSMPU_VERSION_MAJOR 0
#define OSSMPU_VERSION_MINOR 1
#define OSSMPU_VERSION_PATCH 0
#define OSSMPU_VERSION_NUMBER 1000

OSSMPU_API int ossmpu_version_number(void);

OSSMPU_API
const char *ossmpu_version_string(void);

enum {
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
};

OSSMPU_API
const char *ossmpu_strerror(int status);

#define OSSMPU_ERRINFO_OPERATION 5001

#define OSSMPU_ERRINFO_PHASE 5002

#define OSSMPU_ERRINFO_HOST 5003

#define OSSMPU_ERRINFO_OSS_CODE 5004

#define OSSMPU_ERRINFO_OSS_MESSAGE 5005

#define OSSMPU_ERRINFO_EC 5006

#define OSSMPU_ERRINFO_REQUEST_ID 5007

#define OSSMPU_ERRINFO_UPLOAD_ID 5008

#define OSSMPU_ERRINFO_ARGUMENT 5009

#define OSSMPU_ERRINFO_CAUSE 5010

#define OSSMPU_ERRINFO_HTTP_STATUS 5100

#define OSSMPU_ERRINFO_PART_NUMBER 5101

#define OSSMPU_ERRINFO_OS_ERRNO 5102

#define OSSMPU_ERRINFO_ATTEMPTS 5103

#define OSSMPU_ERRINFO_BYTES_SENT 5104

#define OSSMPU_ERRINFO_RETRYABLE 5105

#define OSSMPU_ERRINFO_CALLBACK_VALUE 5106

#define OSSMPU_ERRINFO_PARTS_LEFT 5107

#define OSSMPU_ERRINFO_OBJECT_EXISTS 5108

#define OSSMPU_ERRINFO_UPLOAD_MAY_EXIST 5109

#define OSSMPU_ERRINFO_THROTTLED_MS 5110

typedef struct ossmpu_error ossmpu_error;

OSSMPU_API int ossmpu_error_code(const ossmpu_error *err);

OSSMPU_API
const char *ossmpu_error_message(const ossmpu_error *err);

OSSMPU_API
const char *ossmpu_error_str(const ossmpu_error *err,
                             int field);

OSSMPU_API
int64_t ossmpu_error_int(const ossmpu_error *err,
                         int field);

OSSMPU_API void ossmpu_error_free(ossmpu_error *err);

typedef struct ossmpu_cancel ossmpu_cancel;

OSSMPU_API ossmpu_cancel *ossmpu_cancel_new(void);

OSSMPU_API
void ossmpu_cancel_trigger(const ossmpu_cancel *cancel);

OSSMPU_API
int ossmpu_cancel_after_ms(const ossmpu_cancel *cancel,
                           int64_t ms);

OSSMPU_API
void ossmpu_cancel_free(ossmpu_cancel *cancel);

typedef void (*ossmpu_drop_fn)(void *user);

#define OSSMPU_LOG_ERROR 1

#define OSSMPU_LOG_WARN 2

#define OSSMPU_LOG_INFO 3

#define OSSMPU_LOG_DEBUG 4

typedef void (*ossmpu_log_fn)(void *user, int level, const char *line);

typedef struct ossmpu_credentials ossmpu_credentials;

typedef int (*ossmpu_credentials_fn)(void *user,
                                     ossmpu_credentials *out);

OSSMPU_API
int ossmpu_credentials_set(ossmpu_credentials *out,
                           const char *access_key_id,
                           const char *access_key_secret,
                           const char *security_token,
                           int64_t expires_unix);

#define OSSMPU_PHASE_PREPARE 1

#define OSSMPU_PHASE_INITIATE 2

#define OSSMPU_PHASE_SEND 3

#define OSSMPU_PHASE_COMPLETE 4

#define OSSMPU_PHASE_ABORT 5

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

OSSMPU_API
ossmpu_config *ossmpu_config_new(void);

OSSMPU_API
int ossmpu_config_set_str(ossmpu_config *config,
                          int key,
                          const char *value);

OSSMPU_API
int ossmpu_config_set_int(ossmpu_config *config,
                          int key,
                          int64_t value);

OSSMPU_API
int ossmpu_config_set_env(ossmpu_config *config);

OSSMPU_API
int ossmpu_config_set_keys(ossmpu_config *config,
                           const char *access_key_id,
                           const char *access_key_secret,
                           const char *security_token);

OSSMPU_API
int ossmpu_config_set_credentials_fn(ossmpu_config *config,
                                     ossmpu_credentials_fn callback,
                                     void *user,
                                     ossmpu_drop_fn drop);

OSSMPU_API
int ossmpu_config_set_log_fn(ossmpu_config *config,
                             int level,
                             ossmpu_log_fn callback,
                             void *user,
                             ossmpu_drop_fn drop);

OSSMPU_API void ossmpu_config_free(ossmpu_config *config);

#define OSSMPU_CONFIG_REGION 1001

#define OSSMPU_CONFIG_ENDPOINT 1002

#define OSSMPU_CONFIG_CREDENTIALS 1003

#define OSSMPU_CONFIG_PROXY 1004

#define OSSMPU_CONFIG_CA_FILE 1005

#define OSSMPU_CONFIG_CLIENT_CERTIFICATE 1006

#define OSSMPU_CONFIG_CLIENT_KEY 1007

#define OSSMPU_CONFIG_USER_AGENT 1008

#define OSSMPU_CONFIG_ADDITIONAL_HEADERS 1009

#define OSSMPU_CONFIG_BIND_ADDRESS 1010

#define OSSMPU_CONFIG_ENDPOINT_KIND 1100

#define OSSMPU_CONFIG_ADDRESSING 1101

#define OSSMPU_CONFIG_SIGNATURE 1102

#define OSSMPU_CONFIG_TLS_VERIFY 1103

#define OSSMPU_CONFIG_RESOLVE_TIMEOUT_MS 1104

#define OSSMPU_CONFIG_CONNECT_TIMEOUT_MS 1105

#define OSSMPU_CONFIG_STALL_TIMEOUT_MS 1106

#define OSSMPU_CONFIG_RESPONSE_TIMEOUT_MS 1107

#define OSSMPU_CONFIG_COMPLETE_TIMEOUT_MS 1108

#define OSSMPU_CONFIG_ABORT_TIMEOUT_MS 1109

#define OSSMPU_CONFIG_MAX_ATTEMPTS 1110

#define OSSMPU_CONFIG_THREADS 1111

#define OSSMPU_CONFIG_MEMORY_LIMIT 1112

#define OSSMPU_CONFIG_BYTES_PER_SEC 1113

#define OSSMPU_CONFIG_MAX_CLOCK_OFFSET_MS 1114

#define OSSMPU_CONFIG_CALLBACKS_ON_CALLER 1115

typedef struct ossmpu_client ossmpu_client;

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_client_new(const ossmpu_config *config,
                      ossmpu_client **out,
                      ossmpu_error **err);

OSSMPU_API
void ossmpu_client_free(ossmpu_client *client);

typedef struct ossmpu_options ossmpu_options;

OSSMPU_API ossmpu_options *ossmpu_options_new(void);

OSSMPU_API
int ossmpu_options_set_str(ossmpu_options *options,
                           int key,
                           const char *value);

OSSMPU_API
int ossmpu_options_set_int(ossmpu_options *options,
                           int key,
                           int64_t value);

OSSMPU_API
int ossmpu_options_add_header(ossmpu_options *options,
                              const char *name,
                              const char *value);

OSSMPU_API
int ossmpu_options_add_metadata(ossmpu_options *options,
                                const char *name,
                                const char *value);

OSSMPU_API
int ossmpu_options_add_tag(ossmpu_options *options,
                           const char *name,
                           const char *value);

OSSMPU_API
int ossmpu_options_set_progress(ossmpu_options *options,
                                ossmpu_progress_fn callback,
                                void *user);

OSSMPU_API void ossmpu_options_free(ossmpu_options *options);

#define OSSMPU_OPTION_CONTENT_TYPE 2001

#define OSSMPU_OPTION_CALLBACK 2002

#define OSSMPU_OPTION_CALLBACK_VAR 2003

#define OSSMPU_OPTION_CHECKPOINT_DIR 2004

#define OSSMPU_OPTION_UPLOAD_ID 2005

#define OSSMPU_OPTION_EXPECTED_CRC64 2006

#define OSSMPU_OPTION_EXPECTED_MD5 2007

#define OSSMPU_OPTION_COPY_IF_MATCH 2008

#define OSSMPU_OPTION_COPY_IF_NONE_MATCH 2009

#define OSSMPU_OPTION_KEY_MARKER 2010

#define OSSMPU_OPTION_UPLOAD_ID_MARKER 2011

#define OSSMPU_OPTION_DELTA_BASE 2012

#define OSSMPU_OPTION_PART_SIZE 2100

#define OSSMPU_OPTION_PARALLELISM 2101

#define OSSMPU_OPTION_SINGLE_BELOW 2102

#define OSSMPU_OPTION_INTEGRITY 2103

#define OSSMPU_OPTION_KEEP_PARTS 2104

#define OSSMPU_OPTION_FORBID_OVERWRITE 2105

#define OSSMPU_OPTION_COMPLETE_ALL 2106

#define OSSMPU_OPTION_SEQUENTIAL 2107

#define OSSMPU_OPTION_HEDGING 2108

#define OSSMPU_OPTION_TIMEOUT_MS 2109

#define OSSMPU_OPTION_BYTES_PER_SEC 2110

#define OSSMPU_OPTION_TRAFFIC_LIMIT 2111

#define OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE 2112

#define OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE 2113

#define OSSMPU_OPTION_PAGE_SIZE 2114

#define OSSMPU_OPTION_PART_NUMBER_MARKER 2115

#define OSSMPU_OPTION_REQUIRE_VERIFIED 2116

#define OSSMPU_OPTION_COPY_TAGS 2117

#define OSSMPU_OPTION_KEEP_CACHE 2118

#define OSSMPU_OPTION_DELTA 2119

#define OSSMPU_INTEGRITY_CRC64 1

#define OSSMPU_INTEGRITY_MD5 2

#define OSSMPU_RESULT_ETAG 3001

#define OSSMPU_RESULT_REQUEST_ID 3002

#define OSSMPU_RESULT_VERSION_ID 3003

#define OSSMPU_RESULT_LOCATION 3004

#define OSSMPU_RESULT_CALLBACK_BODY 3005

#define OSSMPU_RESULT_URL 3006

#define OSSMPU_RESULT_HEADERS 3007

#define OSSMPU_RESULT_DELTA_STOPPED 3008

#define OSSMPU_RESULT_SIZE 3100

#define OSSMPU_RESULT_PARTS 3101

#define OSSMPU_RESULT_BYTES_RESUMED 3102

#define OSSMPU_RESULT_UPLOAD_MAY_EXIST 3103

#define OSSMPU_RESULT_THROTTLED_MS 3104

#define OSSMPU_RESULT_VERIFIED 3105

#define OSSMPU_RESULT_BYTES_SENT 3106

#define OSSMPU_RESULT_BYTES_REUSED 3107

#define OSSMPU_RESULT_PARTS_REUSED 3108

#define OSSMPU_RESULT_COPIES_IN_VAIN 3109

#define OSSMPU_RESULT_CRC64 3200

typedef struct ossmpu_result ossmpu_result;

OSSMPU_API
const char *ossmpu_result_str(const ossmpu_result *result,
                              int field);

OSSMPU_API
int64_t ossmpu_result_int(const ossmpu_result *result,
                          int field);

OSSMPU_API
int ossmpu_result_u64(const ossmpu_result *result,
                      int field,
                      uint64_t *out);

OSSMPU_API void ossmpu_result_free(ossmpu_result *result);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_put_file(const ossmpu_client *client,
                    const char *bucket,
                    const char *key,
                    const char *path,
                    const ossmpu_options *options,
                    const ossmpu_cancel *cancel,
                    ossmpu_result **out,
                    ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
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

OSSMPU_MUST_USE OSSMPU_API
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

#if defined(_WIN32)
OSSMPU_MUST_USE OSSMPU_API
int ossmpu_put_handle(const ossmpu_client *client,
                      const char *bucket,
                      const char *key,
                      void *handle,
                      int64_t offset,
                      int64_t length,
                      const ossmpu_options *options,
                      const ossmpu_cancel *cancel,
                      ossmpu_result **out,
                      ossmpu_error **err);
#endif

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_put_data(const ossmpu_client *client,
                    const char *bucket,
                    const char *key,
                    const void *data,
                    size_t len,
                    const ossmpu_options *options,
                    const ossmpu_cancel *cancel,
                    ossmpu_result **out,
                    ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
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

OSSMPU_MUST_USE OSSMPU_API
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

#define OSSMPU_OBJECT_ETAG 4001

#define OSSMPU_OBJECT_CONTENT_TYPE 4002

#define OSSMPU_OBJECT_TYPE 4003

#define OSSMPU_OBJECT_VERSION_ID 4004

#define OSSMPU_OBJECT_STORAGE_CLASS 4005

#define OSSMPU_OBJECT_LAST_MODIFIED 4006

#define OSSMPU_OBJECT_SIZE 4100

#define OSSMPU_OBJECT_CRC64 4200

typedef struct ossmpu_object ossmpu_object;

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_head_object(const ossmpu_client *client,
                       const char *bucket,
                       const char *key,
                       const char *version,
                       const ossmpu_options *options,
                       const ossmpu_cancel *cancel,
                       ossmpu_object **out,
                       ossmpu_error **err);

OSSMPU_API
const char *ossmpu_object_str(const ossmpu_object *object,
                              int field);

OSSMPU_API
int64_t ossmpu_object_int(const ossmpu_object *object,
                          int field);

OSSMPU_API
int ossmpu_object_u64(const ossmpu_object *object,
                      int field,
                      uint64_t *out);

OSSMPU_API
const char *ossmpu_object_metadata(const ossmpu_object *object,
                                   const char *name);

OSSMPU_API void ossmpu_object_free(ossmpu_object *object);

typedef struct ossmpu_writer ossmpu_writer;

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_writer_open(const ossmpu_client *client,
                       const char *bucket,
                       const char *key,
                       const ossmpu_options *options,
                       const ossmpu_cancel *cancel,
                       ossmpu_writer **out,
                       ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_writer_write(ossmpu_writer *writer,
                        const void *data,
                        size_t len,
                        ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_writer_finish(ossmpu_writer *writer,
                         ossmpu_result **out,
                         ossmpu_error **err);

OSSMPU_API
int ossmpu_writer_abort(ossmpu_writer *writer,
                        ossmpu_error **err);

OSSMPU_API void ossmpu_writer_free(ossmpu_writer *writer);

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

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_list_parts(const ossmpu_client *client,
                      const char *bucket,
                      const char *key,
                      const char *upload_id,
                      const ossmpu_options *options,
                      const ossmpu_cancel *cancel,
                      ossmpu_part_iter **out,
                      ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_part_iter_next(ossmpu_part_iter *iter,
                          const ossmpu_part_info **out,
                          ossmpu_error **err);

OSSMPU_API void ossmpu_part_iter_free(ossmpu_part_iter *iter);

#define OSSMPU_ATTACH_LIST_PARTS 1

typedef struct ossmpu_upload ossmpu_upload;

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_upload_initiate(const ossmpu_client *client,
                           const char *bucket,
                           const char *key,
                           const ossmpu_options *options,
                           const ossmpu_cancel *cancel,
                           ossmpu_upload **out,
                           ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_upload_attach(const ossmpu_client *client,
                         const char *bucket,
                         const char *key,
                         const char *upload_id,
                         int flags,
                         const ossmpu_options *options,
                         const ossmpu_cancel *cancel,
                         ossmpu_upload **out,
                         ossmpu_error **err);

OSSMPU_API const char *ossmpu_upload_id(const ossmpu_upload *upload);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_upload_part(const ossmpu_upload *upload,
                       int32_t part_number,
                       const void *data,
                       size_t len,
                       const ossmpu_cancel *cancel,
                       ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_upload_part_file(const ossmpu_upload *upload,
                            int32_t part_number,
                            const char *path,
                            int64_t offset,
                            int64_t length,
                            const ossmpu_cancel *cancel,
                            ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_upload_part_delta(const ossmpu_upload *upload,
                             int32_t part_number,
                             int64_t base_offset,
                             const void *data,
                             size_t len,
                             const ossmpu_cancel *cancel,
                             ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_upload_sent_parts(const ossmpu_upload *upload,
                             ossmpu_part_iter **out,
                             ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_upload_complete(const ossmpu_upload *upload,
                           const ossmpu_options *options,
                           const ossmpu_cancel *cancel,
                           ossmpu_result **out,
                           ossmpu_error **err);

OSSMPU_API
int ossmpu_upload_abort(const ossmpu_upload *upload,
                        ossmpu_error **err);

OSSMPU_API
void ossmpu_upload_free(ossmpu_upload *upload);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_upload_part_from(const ossmpu_upload *upload,
                            int32_t part_number,
                            ossmpu_read_fn callback,
                            void *user,
                            int64_t length,
                            const ossmpu_cancel *cancel,
                            ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
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

OSSMPU_MUST_USE OSSMPU_API
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

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_list_uploads(const ossmpu_client *client,
                        const char *bucket,
                        const char *prefix,
                        const char *delimiter,
                        const ossmpu_options *options,
                        const ossmpu_cancel *cancel,
                        ossmpu_upload_iter **out,
                        ossmpu_error **err);

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_upload_iter_next(ossmpu_upload_iter *iter,
                            const ossmpu_upload_info **out,
                            ossmpu_error **err);

OSSMPU_API void ossmpu_upload_iter_free(ossmpu_upload_iter *iter);

#define OSSMPU_PRESIGN_INITIATE 1

#define OSSMPU_PRESIGN_UPLOAD_PART 2

#define OSSMPU_PRESIGN_COMPLETE 3

#define OSSMPU_PRESIGN_ABORT 4

#define OSSMPU_PRESIGN_PUT_OBJECT 5

OSSMPU_MUST_USE OSSMPU_API
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

OSSMPU_MUST_USE OSSMPU_API
int ossmpu_put_part_url(const ossmpu_client *client,
                        const char *url,
                        const void *data,
                        size_t len,
                        const ossmpu_options *options,
                        const ossmpu_cancel *cancel,
                        ossmpu_result **out,
                        ossmpu_error **err);

OSSMPU_API
int ossmpu_crc64(uint64_t before,
                 const void *data,
                 size_t len,
                 uint64_t *out);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OSSMPU_H */
