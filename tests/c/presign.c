/* Presigned URLs: signed with a key, used without one. */
#include "check.h"

#include <limits.h>

#define SIZE 102400

/* A client without key, region or endpoint. */
static ossmpu_client *anonymous(void) {
    ossmpu_config *config = ossmpu_config_new();
    ossmpu_client *client = NULL;
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_config_set_str(config, OSSMPU_CONFIG_CREDENTIALS,
                                 "anonymous"));
    CHECK_STATUS(OSSMPU_OK, ossmpu_client_new(config, &client, &err), err);
    ossmpu_config_free(config);
    return client;
}

static void send_part(const ossmpu_client *owner, const ossmpu_upload *upload,
                      int32_t number, const void *data, size_t size) {
    ossmpu_client *worker = anonymous();
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_result *url = NULL;
    ossmpu_result *part = NULL;
    ossmpu_error *err = NULL;
    uint64_t crc64 = 0;
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_INTEGRITY,
                                  OSSMPU_INTEGRITY_CRC64 |
                                      OSSMPU_INTEGRITY_MD5));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_presign(owner, OSSMPU_PRESIGN_UPLOAD_PART, BUCKET,
                                "signed", ossmpu_upload_id(upload), number, 60,
                                NULL, NULL, &url, &err),
                 err);
    CHECK_TEXT(ossmpu_result_str(url, OSSMPU_RESULT_HEADERS), "");
    CHECK(ossmpu_result_int(url, OSSMPU_RESULT_SIZE) == -1);
    CHECK(ossmpu_result_u64(url, OSSMPU_RESULT_CRC64, &crc64) ==
          OSSMPU_ABSENT);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_part_url(worker,
                                     ossmpu_result_str(url, OSSMPU_RESULT_URL),
                                     data, size, options, NULL, &part, &err),
                 err);
    CHECK(ossmpu_result_int(part, OSSMPU_RESULT_SIZE) == (int64_t)size);
    CHECK(ossmpu_result_int(part, OSSMPU_RESULT_PARTS) == -1);
    CHECK(!ossmpu_result_u64(part, OSSMPU_RESULT_CRC64, &crc64));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_add_part(
                     upload, number,
                     ossmpu_result_int(part, OSSMPU_RESULT_SIZE),
                     ossmpu_result_str(part, OSSMPU_RESULT_ETAG), &crc64, &err),
                 err);
    ossmpu_result_free(url);
    ossmpu_result_free(part);
    ossmpu_options_free(options);
    ossmpu_client_free(worker);
}

static void check_parts(const ossmpu_client *owner) {
    unsigned char *data = some_bytes(SIZE);
    ossmpu_upload *upload = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(owner, BUCKET, "signed", NULL, NULL,
                                        &upload, &err),
                 err);
    send_part(owner, upload, 1, data, SIZE);
    send_part(owner, upload, 2, "tail", 4);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, NULL, NULL, &result, &err),
                 err);
    check_object(owner, "signed", SIZE + 4, result);
    ossmpu_result_free(result);
    ossmpu_upload_free(upload);
    free(data);
}

static void check_operations(const ossmpu_client *owner) {
    static const struct {
        int operation;
        const char *upload_id;
        int32_t part_number;
        int64_t expires;
        int status;
    } cases[] = {
        {OSSMPU_PRESIGN_INITIATE, NULL, 0, 1, OSSMPU_OK},
        {OSSMPU_PRESIGN_INITIATE, "id", 0, 1, OSSMPU_EINVAL},
        {OSSMPU_PRESIGN_UPLOAD_PART, "id", 10000, 604800, OSSMPU_OK},
        {OSSMPU_PRESIGN_UPLOAD_PART, "id", 0, 1, OSSMPU_EINVAL},
        {OSSMPU_PRESIGN_UPLOAD_PART, "id", 10001, 1, OSSMPU_EINVAL},
        {OSSMPU_PRESIGN_UPLOAD_PART, NULL, 1, 1, OSSMPU_EINVAL},
        {OSSMPU_PRESIGN_COMPLETE, "id", 0, 1, OSSMPU_OK},
        {OSSMPU_PRESIGN_COMPLETE, NULL, 0, 1, OSSMPU_EINVAL},
        {OSSMPU_PRESIGN_ABORT, "id", 0, 1, OSSMPU_OK},
        {OSSMPU_PRESIGN_ABORT, "id", 1, 1, OSSMPU_EINVAL},
        {OSSMPU_PRESIGN_PUT_OBJECT, NULL, 0, 1, OSSMPU_OK},
        {OSSMPU_PRESIGN_PUT_OBJECT, NULL, 0, 0, OSSMPU_EINVAL},
        {OSSMPU_PRESIGN_PUT_OBJECT, NULL, 0, -1, OSSMPU_EINVAL},
        {OSSMPU_PRESIGN_PUT_OBJECT, NULL, 0, 604801, OSSMPU_EINVAL},
        {OSSMPU_PRESIGN_PUT_OBJECT, NULL, 0, INT64_MAX, OSSMPU_EINVAL},
        {-1, NULL, 0, 1, OSSMPU_EINVAL},
        {6, NULL, 0, 1, OSSMPU_EINVAL},
        {INT_MAX, NULL, 0, 1, OSSMPU_EINVAL},
    };
    ossmpu_result *out = NULL;
    ossmpu_error *err = NULL;
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_STATUS(cases[i].status,
                     ossmpu_presign(owner, cases[i].operation, BUCKET, "k",
                                    cases[i].upload_id, cases[i].part_number,
                                    cases[i].expires, NULL, NULL, &out, &err),
                     err);
        CHECK((out != NULL) == (cases[i].status == OSSMPU_OK));
        CHECK((ossmpu_result_str(out, OSSMPU_RESULT_URL)[0] != '\0') ==
              (out != NULL));
        ossmpu_result_free(out);
    }
}

/* Headers in the options are signed and returned. */
static void check_headers(const ossmpu_client *owner) {
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_result *out = NULL;
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_options_add_header(options, "x-oss-object-acl", "private"));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_presign(owner, OSSMPU_PRESIGN_PUT_OBJECT, BUCKET, "k",
                                NULL, 0, 60, options, NULL, &out, &err),
                 err);
    CHECK_TEXT(ossmpu_result_str(out, OSSMPU_RESULT_HEADERS),
               "x-oss-object-acl: private\n");
    ossmpu_result_free(out);
    ossmpu_options_free(options);
}

static void check_refusals(const ossmpu_client *owner) {
    static const char *const bad[] = {"", "nothing", "https://h/k?uploadId=id",
                                      "https://h/k?partNumber=0&uploadId=id"};
    ossmpu_client *worker = anonymous();
    ossmpu_cancel *cancel = ossmpu_cancel_new();
    ossmpu_result *out = NULL;
    ossmpu_error *err = NULL;
    size_t i;
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(ossmpu_put_part_url(worker, bad[i], "x", 1, NULL, NULL, &out,
                                  &err) == OSSMPU_EINVAL);
        CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_ARGUMENT), "url");
        ossmpu_error_free(err);
    }
    CHECK(ossmpu_presign(worker, OSSMPU_PRESIGN_PUT_OBJECT, BUCKET, "k", NULL,
                         0, 60, NULL, NULL, &out, NULL) < 0);
    ossmpu_cancel_trigger(cancel);
    CHECK_STATUS(OSSMPU_ECANCELED,
                 ossmpu_presign(owner, OSSMPU_PRESIGN_PUT_OBJECT, BUCKET, "k",
                                NULL, 0, 60, NULL, cancel, &out, &err),
                 err);
    CHECK(out == NULL);
    ossmpu_cancel_free(cancel);
    ossmpu_client_free(worker);
}

int main(void) {
    ossmpu_client *owner = new_client();
    check_parts(owner);
    check_operations(owner);
    check_headers(owner);
    check_refusals(owner);
    ossmpu_client_free(owner);
    return 0;
}
