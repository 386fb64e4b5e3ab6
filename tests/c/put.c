/* Whole objects, from a file and from memory, and their results. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <limits.h>
#include <unistd.h>

/* base64 of {"callbackUrl":"http://127.0.0.1:1/","callbackBody":"x"} */
#define CALLBACK                                                               \
    "eyJjYWxsYmFja1VybCI6Imh0dHA6Ly8xMjcuMC4wLjE6MS8iLCJjYWxsYmFja0JvZHkiOi"   \
    "J4In0="

static void check_file(const ossmpu_client *client, const char *path,
                       int64_t size) {
    ossmpu_options *options = in_parts();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "file", path, options, NULL,
                                 &result, &err),
                 err);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_SIZE) == size);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_VERIFIED) == 1);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_PARTS) ==
          (size + 102399) / 102400);
    CHECK(ossmpu_result_str(result, OSSMPU_RESULT_ETAG)[0] == '"');
    CHECK(ossmpu_result_str(result, OSSMPU_RESULT_REQUEST_ID)[0] != '\0');
    check_object(client, "file", size, result);
    ossmpu_result_free(result);
    /* In one request, without a result. */
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "file", path, NULL, NULL, NULL,
                                 &err),
                 err);
    ossmpu_options_free(options);
}

static void check_data(const ossmpu_client *client, size_t size,
                       const ossmpu_options *options) {
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(size);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "data/\xe4\xb8\xad", data,
                                 size, options, NULL, &result, &err),
                 err);
    check_object(client, "data/\xe4\xb8\xad", (int64_t)size, result);
    CHECK((ossmpu_result_int(result, OSSMPU_RESULT_PARTS) == 0) ==
          (options == NULL || size == 0));
    ossmpu_result_free(result);
    free(data);
}

static void check_fields(const ossmpu_client *client) {
    ossmpu_object *object = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    uint64_t number = 77;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_data(client, BUCKET, "fields.txt", NULL, 0, NULL,
                                 NULL, &result, &err),
                 err);
    CHECK_TEXT(ossmpu_result_str(result, OSSMPU_RESULT_CALLBACK_BODY), "");
    CHECK_TEXT(ossmpu_result_str(result, OSSMPU_RESULT_SIZE), "");
    CHECK_TEXT(ossmpu_result_str(result, INT_MAX), "");
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_SIZE) == 0);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_ETAG) == -1);
    CHECK(ossmpu_result_int(result, INT_MIN) == -1);
    CHECK(ossmpu_result_u64(result, -1, &number) == OSSMPU_EUNSUPPORTED);
    CHECK(number == 77);
    CHECK(!ossmpu_result_u64(result, OSSMPU_RESULT_CRC64, &number));
    CHECK(number == 0); /* of nothing */
    ossmpu_result_free(result);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_head_object(client, BUCKET, "fields.txt", NULL, NULL,
                                    NULL, &object, &err),
                 err);
    CHECK_TEXT(ossmpu_object_str(object, OSSMPU_OBJECT_TYPE), "Normal");
    CHECK_TEXT(ossmpu_object_str(object, OSSMPU_OBJECT_STORAGE_CLASS),
               "Standard");
    CHECK_TEXT(ossmpu_object_str(object, OSSMPU_OBJECT_CONTENT_TYPE),
               "text/plain");
    CHECK(strlen(ossmpu_object_str(object, OSSMPU_OBJECT_LAST_MODIFIED)) == 20);
    CHECK_TEXT(ossmpu_object_str(object, -1), "");
    CHECK(ossmpu_object_int(object, -1) == -1);
    CHECK(ossmpu_object_u64(object, 4201, &number) == OSSMPU_EUNSUPPORTED);
    ossmpu_object_free(object);
}

/* The object is stored, but the server of the callback is unreachable. */
static void check_failed_callback(const ossmpu_client *client) {
    ossmpu_options *options = in_parts();
    ossmpu_object *object = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(150000);
    CHECK(!ossmpu_options_add_header(options, "x-oss-callback", CALLBACK));
    CHECK(ossmpu_put_data(client, BUCKET, "callback", data, 150000, options,
                          NULL, &result,
                          &err) == OSSMPU_STORED_CALLBACK_FAILED);
    CHECK(ossmpu_error_code(err) == OSSMPU_STORED_CALLBACK_FAILED);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_OBJECT_EXISTS) == 1);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_HTTP_STATUS) == 203);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_OSS_CODE),
               "CallbackFailed");
    ossmpu_error_free(err);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_SIZE) == 150000);
    ossmpu_result_free(result);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_head_object(client, BUCKET, "callback", NULL, NULL,
                                    NULL, &object, &err),
                 err);
    CHECK(ossmpu_object_int(object, OSSMPU_OBJECT_SIZE) == 150000);
    ossmpu_object_free(object);
    ossmpu_options_free(options);
    free(data);
}

/* A path is bytes, here GBK, in every place that takes one. */
static void check_path_in_bytes(const ossmpu_client *client, const char *path,
                                int64_t size) {
    char folder[64] = "/tmp/ossmpu-put-\xb5\xb1-XXXXXX";
    char copy[128];
    ossmpu_options *options = in_parts();
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    CHECK(mkdtemp(folder) != NULL);
    snprintf(copy, sizeof copy, "%s/\xd6\xd0\xce\xc4.dat", folder);
    CHECK(symlink(path, copy) == 0);
    CHECK(!ossmpu_options_set_str(options, OSSMPU_OPTION_CHECKPOINT_DIR,
                                  folder));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "gbk", copy, options, NULL,
                                 NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_range(client, BUCKET, "gbk", copy, 1, size - 1,
                                  options, NULL, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "gbk", NULL, NULL,
                                        &upload, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_file(upload, 1, copy, 0, -1, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_abort(upload, &err), err);
    ossmpu_upload_free(upload);
    CHECK(unlink(copy) == 0);
    CHECK(ossmpu_put_file(client, BUCKET, "gbk", copy, options, NULL, NULL,
                          &err) == OSSMPU_EFILE);
    /* The message is UTF-8. */
    CHECK(strstr(ossmpu_error_message(err), "\xef\xbf\xbd") != NULL);
    ossmpu_error_free(err);
    CHECK(rmdir(folder) == 0);
    ossmpu_options_free(options);
}

int main(int argc, char **argv) {
    ossmpu_client *client = new_client();
    ossmpu_options *options = in_parts();
    CHECK(argc == 3);
    check_file(client, argv[1], atoll(argv[2]));
    check_path_in_bytes(client, argv[1], atoll(argv[2]));
    check_data(client, 0, NULL);
    check_data(client, 12345, NULL);
    check_data(client, 0, options);
    check_data(client, 102400, options);
    check_data(client, 512345, options);
    check_fields(client);
    check_failed_callback(client);
    ossmpu_options_free(options);
    ossmpu_client_free(client);
    return 0;
}
