#ifndef OSSMPU_H
#define OSSMPU_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && !defined(OSSMPU_STATIC)
#define OSSMPU_API __declspec(dllimport)
#else
#define OSSMPU_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define OSSMPU_VERSION_MAJOR 0
#define OSSMPU_VERSION_MINOR 1
#define OSSMPU_VERSION_PATCH 0
#define OSSMPU_VERSION_NUMBER 1000

#define OSSMPU_OK 0

#define OSSMPU_DONE 1

#define OSSMPU_STORED_CALLBACK_FAILED 2

#define OSSMPU_ABSENT 3

#define OSSMPU_EINVAL -1

#define OSSMPU_ENOMEM -2

#define OSSMPU_ECREDENTIALS -3

#define OSSMPU_EFILE -4

#define OSSMPU_ECHANGED -5

#define OSSMPU_EBUSY -6

#define OSSMPU_ESTOPPED -7

#define OSSMPU_ECANCELED -8

#define OSSMPU_ERESOLVE -9

#define OSSMPU_ECONNECT -10

#define OSSMPU_ETLS -11

#define OSSMPU_ETIMEOUT -12

#define OSSMPU_ENETWORK -13

#define OSSMPU_EPROTOCOL -14

#define OSSMPU_EINTEGRITY -15

#define OSSMPU_ESERVICE -16

#define OSSMPU_EUNKNOWN -17

#define OSSMPU_ESTATE -18

#define OSSMPU_EFORKED -19

#define OSSMPU_EUNSUPPORTED -20

#define OSSMPU_EINTERNAL -21

#define OSSMPU_ERROR_OPERATION 1

#define OSSMPU_ERROR_PHASE 2

#define OSSMPU_ERROR_HOST 3

#define OSSMPU_ERROR_OSS_CODE 4

#define OSSMPU_ERROR_OSS_MESSAGE 5

#define OSSMPU_ERROR_EC 6

#define OSSMPU_ERROR_REQUEST_ID 7

#define OSSMPU_ERROR_UPLOAD_ID 8

#define OSSMPU_ERROR_ARGUMENT 9

#define OSSMPU_ERROR_CAUSE 10

#define OSSMPU_ERROR_HTTP_STATUS 100

#define OSSMPU_ERROR_PART_NUMBER 101

#define OSSMPU_ERROR_OS_ERRNO 102

#define OSSMPU_ERROR_ATTEMPTS 103

#define OSSMPU_ERROR_BYTES_SENT 104

#define OSSMPU_ERROR_RETRYABLE 105

#define OSSMPU_ERROR_CALLBACK_VALUE 106

#define OSSMPU_ERROR_PARTS_LEFT 107

#define OSSMPU_ERROR_OBJECT_EXISTS 108

#define OSSMPU_ERROR_UPLOAD_MAY_EXIST 109

#define OSSMPU_LOG_ERROR 1

#define OSSMPU_LOG_WARN 2

#define OSSMPU_LOG_INFO 3

#define OSSMPU_LOG_DEBUG 4

#define OSSMPU_CONFIG_REGION 1

#define OSSMPU_CONFIG_ENDPOINT 2

#define OSSMPU_CONFIG_CREDENTIALS 3

#define OSSMPU_CONFIG_PROXY 4

#define OSSMPU_CONFIG_CA_FILE 5

#define OSSMPU_CONFIG_CLIENT_CERTIFICATE 6

#define OSSMPU_CONFIG_CLIENT_KEY 7

#define OSSMPU_CONFIG_USER_AGENT 8

#define OSSMPU_CONFIG_ADDITIONAL_HEADERS 9

#define OSSMPU_CONFIG_ENDPOINT_KIND 100

#define OSSMPU_CONFIG_ADDRESSING 101

#define OSSMPU_CONFIG_SIGNATURE 102

#define OSSMPU_CONFIG_TLS_VERIFY 104

#define OSSMPU_CONFIG_RESOLVE_MS 105

#define OSSMPU_CONFIG_CONNECT_MS 106

#define OSSMPU_CONFIG_STALL_MS 107

#define OSSMPU_CONFIG_RESPONSE_MS 108

#define OSSMPU_CONFIG_COMPLETE_MS 109

#define OSSMPU_CONFIG_ABORT_MS 110

#define OSSMPU_CONFIG_MAX_ATTEMPTS 111

#define OSSMPU_CONFIG_THREADS 112

#define OSSMPU_CONFIG_MEMORY_LIMIT 113

#define OSSMPU_CONFIG_BYTES_PER_SEC 114

#define OSSMPU_OPTION_CONTENT_TYPE 1

#define OSSMPU_OPTION_CALLBACK 2

#define OSSMPU_OPTION_CALLBACK_VAR 3

#define OSSMPU_OPTION_CHECKPOINT_DIR 4

#define OSSMPU_OPTION_UPLOAD_ID 5

#define OSSMPU_OPTION_EXPECTED_CRC64 6

#define OSSMPU_OPTION_EXPECTED_MD5 7

#define OSSMPU_OPTION_COPY_IF_MATCH 8

#define OSSMPU_OPTION_COPY_IF_NONE_MATCH 9

#define OSSMPU_OPTION_KEY_MARKER 10

#define OSSMPU_OPTION_UPLOAD_ID_MARKER 11

#define OSSMPU_OPTION_PART_SIZE 100

#define OSSMPU_OPTION_PARALLELISM 101

#define OSSMPU_OPTION_SINGLE_BELOW 102

#define OSSMPU_OPTION_INTEGRITY 103

#define OSSMPU_OPTION_KEEP_PARTS 104

#define OSSMPU_OPTION_FORBID_OVERWRITE 105

#define OSSMPU_OPTION_COMPLETE_ALL 106

#define OSSMPU_OPTION_SEQUENTIAL 107

#define OSSMPU_OPTION_HEDGING 108

#define OSSMPU_OPTION_DEADLINE_MS 109

#define OSSMPU_OPTION_BYTES_PER_SEC 110

#define OSSMPU_OPTION_TRAFFIC_LIMIT 111

#define OSSMPU_OPTION_COPY_IF_MODIFIED_SINCE 112

#define OSSMPU_OPTION_COPY_IF_UNMODIFIED_SINCE 113

#define OSSMPU_OPTION_PAGE_SIZE 114

#define OSSMPU_OPTION_PART_NUMBER_MARKER 115

#define OSSMPU_OPTION_MD5_KERNEL 116

#define OSSMPU_INTEGRITY_CRC64 1

#define OSSMPU_INTEGRITY_MD5 2

#define OSSMPU_RESULT_ETAG 1

#define OSSMPU_RESULT_REQUEST_ID 2

#define OSSMPU_RESULT_VERSION_ID 3

#define OSSMPU_RESULT_LOCATION 4

#define OSSMPU_RESULT_CALLBACK_BODY 5

#define OSSMPU_RESULT_URL 6

#define OSSMPU_RESULT_HEADERS 7

#define OSSMPU_RESULT_SIZE 100

#define OSSMPU_RESULT_PARTS 101

#define OSSMPU_RESULT_BYTES_RESUMED 102

#define OSSMPU_RESULT_CRC64 200

#define OSSMPU_OBJECT_ETAG 1

#define OSSMPU_OBJECT_CONTENT_TYPE 2

#define OSSMPU_OBJECT_TYPE 3

#define OSSMPU_OBJECT_VERSION_ID 4

#define OSSMPU_OBJECT_STORAGE_CLASS 5

#define OSSMPU_OBJECT_LAST_MODIFIED 6

#define OSSMPU_OBJECT_SIZE 100

#define OSSMPU_OBJECT_CRC64 200

#define OSSMPU_ATTACH_LIST_PARTS 1

#define OSSMPU_PRESIGN_INITIATE 1

#define OSSMPU_PRESIGN_UPLOAD_PART 2

#define OSSMPU_PRESIGN_COMPLETE 3

#define OSSMPU_PRESIGN_ABORT 4

#define OSSMPU_PRESIGN_PUT_OBJECT 5

typedef struct ossmpu_cancel ossmpu_cancel;

typedef struct ossmpu_client ossmpu_client;

typedef struct ossmpu_config ossmpu_config;

typedef struct ossmpu_credentials ossmpu_credentials;

typedef struct ossmpu_error ossmpu_error;

typedef struct ossmpu_object ossmpu_object;

typedef struct ossmpu_options ossmpu_options;

typedef struct ossmpu_part_iter ossmpu_part_iter;

typedef struct ossmpu_result ossmpu_result;

typedef struct ossmpu_upload ossmpu_upload;

typedef struct ossmpu_upload_iter ossmpu_upload_iter;

typedef struct ossmpu_writer ossmpu_writer;

typedef int (*ossmpu_credentials_fn)(void *user,
                                     struct ossmpu_credentials *out);

typedef void (*ossmpu_drop_fn)(void *user);

typedef void (*ossmpu_log_fn)(void *user, int level, const char *line);

typedef struct ossmpu_progress {
    uint32_t struct_size;
    int32_t parts_total;
    int32_t parts_done;
    int32_t retries;
    int64_t bytes_total;
    int64_t bytes_done;
    int64_t bytes_resumed;
    int64_t bytes_sent;
} ossmpu_progress;

typedef int (*ossmpu_progress_fn)(void *user,
                                  const struct ossmpu_progress *progress);

typedef int64_t (*ossmpu_read_fn)(void *user, void *buf, size_t len);

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

typedef struct ossmpu_upload_info {
    uint32_t struct_size;
    int32_t is_prefix;
    const char *key;
    const char *upload_id;
    const char *initiated;
    const char *storage_class;
} ossmpu_upload_info;

OSSMPU_API
int ossmpu_version_number(void);

OSSMPU_API
const char *ossmpu_version_string(void);

OSSMPU_API const char *ossmpu_strerror(int status);

OSSMPU_API int ossmpu_error_code(const struct ossmpu_error *err);

OSSMPU_API const char *ossmpu_error_message(const struct ossmpu_error *err);

OSSMPU_API
const char *ossmpu_error_str(const struct ossmpu_error *err,
                             int field);

OSSMPU_API
int64_t ossmpu_error_int(const struct ossmpu_error *err,
                         int field);

OSSMPU_API void ossmpu_error_free(struct ossmpu_error *err);

OSSMPU_API
int ossmpu_credentials_set(struct ossmpu_credentials *out,
                           const char *id,
                           const char *secret,
                           const char *token,
                           int64_t expires_unix);

OSSMPU_API
struct ossmpu_config *ossmpu_config_new(void);

OSSMPU_API
int ossmpu_config_set_str(struct ossmpu_config *config,
                          int key,
                          const char *value);

OSSMPU_API
int ossmpu_config_set_int(struct ossmpu_config *config,
                          int key,
                          int64_t value);

OSSMPU_API
int ossmpu_config_set_env(struct ossmpu_config *config);

OSSMPU_API
int ossmpu_config_set_keys(struct ossmpu_config *config,
                           const char *id,
                           const char *secret,
                           const char *token);

OSSMPU_API
int ossmpu_config_set_credentials_fn(struct ossmpu_config *config,
                                     ossmpu_credentials_fn callback,
                                     void *user,
                                     ossmpu_drop_fn drop);

OSSMPU_API
int ossmpu_config_set_log_fn(struct ossmpu_config *config,
                             int level,
                             ossmpu_log_fn callback,
                             void *user,
                             ossmpu_drop_fn drop);

OSSMPU_API void ossmpu_config_free(struct ossmpu_config *config);

OSSMPU_API
int ossmpu_client_new(const struct ossmpu_config *config,
                      struct ossmpu_client **out,
                      struct ossmpu_error **err);

OSSMPU_API
void ossmpu_client_free(struct ossmpu_client *client);

OSSMPU_API struct ossmpu_cancel *ossmpu_cancel_new(void);

OSSMPU_API void ossmpu_cancel_trigger(const struct ossmpu_cancel *cancel);

OSSMPU_API
int ossmpu_cancel_after_ms(const struct ossmpu_cancel *cancel,
                           int64_t ms);

OSSMPU_API void ossmpu_cancel_free(struct ossmpu_cancel *cancel);

OSSMPU_API struct ossmpu_options *ossmpu_options_new(void);

OSSMPU_API
int ossmpu_options_set_str(struct ossmpu_options *options,
                           int key,
                           const char *value);

OSSMPU_API
int ossmpu_options_set_int(struct ossmpu_options *options,
                           int key,
                           int64_t value);

OSSMPU_API
int ossmpu_options_add_header(struct ossmpu_options *options,
                              const char *name,
                              const char *value);

OSSMPU_API
int ossmpu_options_add_metadata(struct ossmpu_options *options,
                                const char *name,
                                const char *value);

OSSMPU_API
int ossmpu_options_add_tag(struct ossmpu_options *options,
                           const char *name,
                           const char *value);

OSSMPU_API
int ossmpu_options_set_progress(struct ossmpu_options *options,
                                ossmpu_progress_fn callback,
                                void *user);

OSSMPU_API void ossmpu_options_free(struct ossmpu_options *options);

OSSMPU_API
int ossmpu_put_file(const struct ossmpu_client *client,
                    const char *bucket,
                    const char *key,
                    const char *path,
                    const struct ossmpu_options *options,
                    const struct ossmpu_cancel *cancel,
                    struct ossmpu_result **out,
                    struct ossmpu_error **err);

OSSMPU_API
int ossmpu_put_range(const struct ossmpu_client *client,
                     const char *bucket,
                     const char *key,
                     const char *path,
                     int64_t offset,
                     int64_t length,
                     const struct ossmpu_options *options,
                     const struct ossmpu_cancel *cancel,
                     struct ossmpu_result **out,
                     struct ossmpu_error **err);

OSSMPU_API
int ossmpu_put_fd(const struct ossmpu_client *client,
                  const char *bucket,
                  const char *key,
                  int fd,
                  int64_t offset,
                  int64_t length,
                  const struct ossmpu_options *options,
                  const struct ossmpu_cancel *cancel,
                  struct ossmpu_result **out,
                  struct ossmpu_error **err);

OSSMPU_API
int ossmpu_put_data(const struct ossmpu_client *client,
                    const char *bucket,
                    const char *key,
                    const void *data,
                    size_t len,
                    const struct ossmpu_options *options,
                    const struct ossmpu_cancel *cancel,
                    struct ossmpu_result **out,
                    struct ossmpu_error **err);

OSSMPU_API
int ossmpu_put_stream(const struct ossmpu_client *client,
                      const char *bucket,
                      const char *key,
                      ossmpu_read_fn callback,
                      void *user,
                      int64_t length,
                      const struct ossmpu_options *options,
                      const struct ossmpu_cancel *cancel,
                      struct ossmpu_result **out,
                      struct ossmpu_error **err);

OSSMPU_API
int ossmpu_copy_object(const struct ossmpu_client *client,
                       const char *bucket,
                       const char *key,
                       const char *source_bucket,
                       const char *source_key,
                       const char *source_version,
                       const struct ossmpu_options *options,
                       const struct ossmpu_cancel *cancel,
                       struct ossmpu_result **out,
                       struct ossmpu_error **err);

OSSMPU_API
int ossmpu_writer_open(const struct ossmpu_client *client,
                       const char *bucket,
                       const char *key,
                       const struct ossmpu_options *options,
                       const struct ossmpu_cancel *cancel,
                       struct ossmpu_writer **out,
                       struct ossmpu_error **err);

OSSMPU_API
int ossmpu_writer_write(struct ossmpu_writer *writer,
                        const void *data,
                        size_t len,
                        struct ossmpu_error **err);

OSSMPU_API
int ossmpu_writer_finish(struct ossmpu_writer *writer,
                         struct ossmpu_result **out,
                         struct ossmpu_error **err);

OSSMPU_API
int ossmpu_writer_abort(struct ossmpu_writer *writer,
                        struct ossmpu_error **err);

OSSMPU_API void ossmpu_writer_free(struct ossmpu_writer *writer);

OSSMPU_API
const char *ossmpu_result_str(const struct ossmpu_result *result,
                              int field);

OSSMPU_API
int64_t ossmpu_result_int(const struct ossmpu_result *result,
                          int field);

OSSMPU_API
int ossmpu_result_u64(const struct ossmpu_result *result,
                      int field,
                      uint64_t *out);

OSSMPU_API void ossmpu_result_free(struct ossmpu_result *result);

OSSMPU_API
int ossmpu_head_object(const struct ossmpu_client *client,
                       const char *bucket,
                       const char *key,
                       const char *version,
                       const struct ossmpu_options *options,
                       const struct ossmpu_cancel *cancel,
                       struct ossmpu_object **out,
                       struct ossmpu_error **err);

OSSMPU_API
const char *ossmpu_object_str(const struct ossmpu_object *object,
                              int field);

OSSMPU_API
int64_t ossmpu_object_int(const struct ossmpu_object *object,
                          int field);

OSSMPU_API
int ossmpu_object_u64(const struct ossmpu_object *object,
                      int field,
                      uint64_t *out);

OSSMPU_API
const char *ossmpu_object_metadata(const struct ossmpu_object *object,
                                   const char *name);

OSSMPU_API void ossmpu_object_free(struct ossmpu_object *object);

OSSMPU_API
int ossmpu_upload_initiate(const struct ossmpu_client *client,
                           const char *bucket,
                           const char *key,
                           const struct ossmpu_options *options,
                           const struct ossmpu_cancel *cancel,
                           struct ossmpu_upload **out,
                           struct ossmpu_error **err);

OSSMPU_API
int ossmpu_upload_attach(const struct ossmpu_client *client,
                         const char *bucket,
                         const char *key,
                         const char *upload_id,
                         int flags,
                         const struct ossmpu_options *options,
                         const struct ossmpu_cancel *cancel,
                         struct ossmpu_upload **out,
                         struct ossmpu_error **err);

OSSMPU_API const char *ossmpu_upload_id(const struct ossmpu_upload *upload);

OSSMPU_API
int ossmpu_upload_part(const struct ossmpu_upload *upload,
                       int32_t number,
                       const void *data,
                       size_t len,
                       const struct ossmpu_cancel *cancel,
                       struct ossmpu_error **err);

OSSMPU_API
int ossmpu_upload_part_file(const struct ossmpu_upload *upload,
                            int32_t number,
                            const char *path,
                            int64_t offset,
                            int64_t length,
                            const struct ossmpu_cancel *cancel,
                            struct ossmpu_error **err);

OSSMPU_API
int ossmpu_upload_parts(const struct ossmpu_upload *upload,
                        struct ossmpu_part_iter **out,
                        struct ossmpu_error **err);

OSSMPU_API
int ossmpu_upload_complete(const struct ossmpu_upload *upload,
                           const struct ossmpu_options *options,
                           const struct ossmpu_cancel *cancel,
                           struct ossmpu_result **out,
                           struct ossmpu_error **err);

OSSMPU_API
int ossmpu_upload_abort(const struct ossmpu_upload *upload,
                        struct ossmpu_error **err);

OSSMPU_API
void ossmpu_upload_free(struct ossmpu_upload *upload);

OSSMPU_API
int ossmpu_upload_part_from(const struct ossmpu_upload *upload,
                            int32_t number,
                            ossmpu_read_fn callback,
                            void *user,
                            int64_t length,
                            const struct ossmpu_cancel *cancel,
                            struct ossmpu_error **err);

OSSMPU_API
int ossmpu_upload_part_copy(const struct ossmpu_upload *upload,
                            int32_t number,
                            const char *source_bucket,
                            const char *source_key,
                            const char *source_version,
                            int64_t offset,
                            int64_t length,
                            const struct ossmpu_options *options,
                            const struct ossmpu_cancel *cancel,
                            struct ossmpu_error **err);

OSSMPU_API
int ossmpu_upload_add_part(const struct ossmpu_upload *upload,
                           int32_t number,
                           int64_t size,
                           const char *etag,
                           const uint64_t *crc64,
                           struct ossmpu_error **err);

OSSMPU_API
int ossmpu_list_parts(const struct ossmpu_client *client,
                      const char *bucket,
                      const char *key,
                      const char *upload_id,
                      const struct ossmpu_options *options,
                      const struct ossmpu_cancel *cancel,
                      struct ossmpu_part_iter **out,
                      struct ossmpu_error **err);

OSSMPU_API
int ossmpu_part_iter_next(struct ossmpu_part_iter *iter,
                          const struct ossmpu_part_info **out,
                          struct ossmpu_error **err);

OSSMPU_API void ossmpu_part_iter_free(struct ossmpu_part_iter *iter);

OSSMPU_API
int ossmpu_presign(const struct ossmpu_client *client,
                   int operation,
                   const char *bucket,
                   const char *key,
                   const char *upload_id,
                   int32_t part_number,
                   int64_t expires_seconds,
                   const struct ossmpu_options *options,
                   const struct ossmpu_cancel *cancel,
                   struct ossmpu_result **out,
                   struct ossmpu_error **err);

OSSMPU_API
int ossmpu_put_part_url(const struct ossmpu_client *client,
                        const char *url,
                        const void *data,
                        size_t len,
                        const struct ossmpu_options *options,
                        const struct ossmpu_cancel *cancel,
                        struct ossmpu_result **out,
                        struct ossmpu_error **err);

OSSMPU_API
int ossmpu_list_uploads(const struct ossmpu_client *client,
                        const char *bucket,
                        const char *prefix,
                        const char *delimiter,
                        const struct ossmpu_options *options,
                        const struct ossmpu_cancel *cancel,
                        struct ossmpu_upload_iter **out,
                        struct ossmpu_error **err);

OSSMPU_API
int ossmpu_upload_iter_next(struct ossmpu_upload_iter *iter,
                            const struct ossmpu_upload_info **out,
                            struct ossmpu_error **err);

OSSMPU_API void ossmpu_upload_iter_free(struct ossmpu_upload_iter *iter);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OSSMPU_H */
