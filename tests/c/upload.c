/* Step by step: parts from memory and from a file, lists, complete, abort. */
#include "check.h"

#include <limits.h>

#define SIZE 102400

static void check_parts(const ossmpu_upload *upload, ossmpu_part_iter *parts,
                        int listed) {
    const ossmpu_part_info *part = NULL;
    ossmpu_error *err = NULL;
    int32_t number = 0;
    int status;
    (void)upload;
    while ((status = ossmpu_part_iter_next(parts, &part, &err)) == OSSMPU_OK) {
        number++;
        CHECK(part->struct_size >= sizeof *part);
        CHECK(part->number == number);
        CHECK(part->size == (number == 3 ? 7 : SIZE));
        CHECK(part->etag[0] == '"');
        CHECK(part->has_crc64 == 1);
        CHECK((part->last_modified[0] != '\0') == listed);
    }
    CHECK(status == OSSMPU_DONE && err == NULL && part == NULL);
    CHECK(number == 3);
    CHECK(ossmpu_part_iter_next(parts, &part, NULL) == OSSMPU_DONE);
    ossmpu_part_iter_free(parts);
}

/* The error of a setter says what is left of the upload. */
static void check_options_of_complete(ossmpu_upload *upload) {
    ossmpu_options *wrong = ossmpu_options_new();
    ossmpu_error *err = NULL;
    (void)ossmpu_options_add_tag(wrong, NULL, "");
    CHECK(ossmpu_upload_complete(upload, wrong, NULL, NULL, &err) ==
          OSSMPU_EINVAL);
    CHECK(!strcmp(ossmpu_error_str(err, OSSMPU_ERRINFO_UPLOAD_ID),
                  ossmpu_upload_id(upload)));
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT) == 1);
    ossmpu_error_free(err);
    ossmpu_options_free(wrong);
}

static void check_complete(const ossmpu_client *client, const char *path) {
    ossmpu_upload *upload = NULL;
    ossmpu_part_iter *parts = NULL;
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    unsigned char *data = some_bytes(SIZE);
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_INTEGRITY,
                                  OSSMPU_INTEGRITY_CRC64 |
                                      OSSMPU_INTEGRITY_MD5));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "steps", options, NULL,
                                        &upload, &err),
                 err);
    CHECK(ossmpu_upload_id(upload)[0] != '\0');
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_file(upload, 2, path, 10, SIZE, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part(upload, 3, "1234567", 7, NULL, &err), err);
    /* A part with the same number replaces the previous one. */
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_part(upload, 1, "x", 1, NULL, &err),
                 err);
    CHECK(ossmpu_upload_complete(upload, NULL, NULL, NULL, &err) ==
          OSSMPU_EINVAL);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PART_NUMBER) == 1);
    ossmpu_error_free(err);
    check_options_of_complete(upload);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part(upload, 1, data, SIZE, NULL, &err), err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_sent_parts(upload, &parts, &err), err);
    check_parts(upload, parts, 0);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_list_parts(client, BUCKET, "steps",
                                   ossmpu_upload_id(upload), NULL, NULL, &parts,
                                   &err),
                 err);
    check_parts(upload, parts, 1);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, options, NULL, &result, &err),
                 err);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_PARTS) == 3);
    check_object(client, "steps", 2 * SIZE + 7, result);
    ossmpu_result_free(result);
    /* The upload is completed. */
    CHECK_STATUS(OSSMPU_ESTATE,
                 ossmpu_upload_part(upload, 4, "x", 1, NULL, &err), err);
    CHECK_STATUS(OSSMPU_ESTATE,
                 ossmpu_upload_complete(upload, NULL, NULL, &result, &err),
                 err);
    CHECK(result == NULL);
    CHECK_STATUS(OSSMPU_ESTATE, ossmpu_upload_abort(upload, &err), err);
    ossmpu_upload_free(upload);
    ossmpu_options_free(options);
    free(data);
}

static void check_abort(const ossmpu_client *client) {
    ossmpu_upload *upload = NULL;
    ossmpu_part_iter *parts = NULL;
    const ossmpu_part_info *part = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "aborted", NULL, NULL,
                                        &upload, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_part(upload, 1, "x", 1, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_abort(upload, &err), err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_abort(upload, &err), err);
    CHECK_STATUS(OSSMPU_ESTATE,
                 ossmpu_upload_part(upload, 1, "x", 1, NULL, &err), err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_list_parts(client, BUCKET, "aborted",
                                   ossmpu_upload_id(upload), NULL, NULL, &parts,
                                   &err),
                 err);
    CHECK(ossmpu_part_iter_next(parts, &part, &err) == OSSMPU_ESERVICE);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_OSS_CODE), "NoSuchUpload");
    ossmpu_error_free(err);
    CHECK(ossmpu_part_iter_next(parts, &part, &err) == OSSMPU_DONE);
    ossmpu_part_iter_free(parts);
    ossmpu_upload_free(upload);
}

static void check_junk(const ossmpu_client *client, const char *path) {
    static const int32_t numbers[] = {INT32_MIN, -1, 0, 10001, INT32_MAX};
    static const int64_t bad[] = {INT64_MIN, -2, INT64_MAX};
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    size_t i;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "junk", NULL, NULL,
                                        &upload, &err),
                 err);
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        CHECK_STATUS(OSSMPU_EINVAL,
                     ossmpu_upload_part(upload, numbers[i], "x", 1, NULL, &err),
                     err);
        CHECK_STATUS(OSSMPU_EINVAL,
                     ossmpu_upload_part_file(upload, numbers[i], path, 0, 1,
                                             NULL, &err),
                     err);
    }
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(
            OSSMPU_EINVAL,
            ossmpu_upload_part_file(upload, 1, path, bad[i], 1, NULL, &err),
            err);
        CHECK_STATUS(
            OSSMPU_EINVAL,
            ossmpu_upload_part_file(upload, 1, path, 0, bad[i], NULL, &err),
            err);
    }
    CHECK_STATUS(OSSMPU_EINVAL,
                 ossmpu_upload_part(upload, 1, "x", SIZE_MAX, NULL, &err), err);
    /* -1 is to the end. */
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_file(upload, 1, path, 5, -1, NULL, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_abort(upload, &err), err);
    ossmpu_upload_free(upload);
}

int main(int argc, char **argv) {
    ossmpu_client *client = new_client();
    CHECK(argc == 3);
    check_complete(client, argv[1]);
    check_abort(client);
    check_junk(client, argv[1]);
    ossmpu_client_free(client);
    return 0;
}
