/* Resuming: by checkpoint, by upload ID, by a handle. Expected checksums. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <unistd.h>

#define PART 102400

static int stop_after_a_part(void *user, const ossmpu_progress *progress) {
    (void)user;
    return progress->parts_done > 0 ? 9 : 0;
}

static void check_checkpoint(const ossmpu_client *client, const char *path,
                             int64_t size) {
    char folder[] = "/tmp/ossmpu-resume-XXXXXX";
    ossmpu_options *options = in_parts();
    ossmpu_options *again = in_parts();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK(mkdtemp(folder) != NULL);
    CHECK(!ossmpu_options_set_str(options, OSSMPU_OPTION_CHECKPOINT_DIR,
                                  folder));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_PARALLELISM, 1));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_HEDGING, 0));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_KEEP_CACHE, 1));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_BYTES_PER_SEC,
                                  200000));
    CHECK(!ossmpu_options_set_progress(options, stop_after_a_part, NULL));
    CHECK(ossmpu_put_file(client, BUCKET, "resumed", path, options, NULL,
                          &result, &err) == OSSMPU_ECANCELED);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_CALLBACK_VALUE) == 9);
    CHECK(ossmpu_error_int(err, OSSMPU_ERRINFO_PARTS_LEFT) == 1);
    ossmpu_error_free(err);
    CHECK(!ossmpu_options_set_str(again, OSSMPU_OPTION_CHECKPOINT_DIR, folder));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "resumed", path, again, NULL,
                                 &result, &err),
                 err);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_BYTES_RESUMED) >= PART);
    CHECK(rmdir(folder) == 0); /* the checkpoint is gone */
    check_object(client, "resumed", size, result);
    ossmpu_result_free(result);
    ossmpu_options_free(options);
    ossmpu_options_free(again);
}

/* An upload with its first part on OSS; the handle is gone. */
static void begin(const ossmpu_client *client, const char *path, char *id,
                  size_t room) {
    ossmpu_upload *upload = NULL;
    ossmpu_error *err = NULL;
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_initiate(client, BUCKET, "by-id", NULL, NULL,
                                        &upload, &err),
                 err);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part_file(upload, 1, path, 0, PART, NULL, &err),
                 err);
    snprintf(id, room, "%s", ossmpu_upload_id(upload));
    ossmpu_upload_free(upload);
}

static void check_upload_id(const ossmpu_client *client, const char *path,
                            int64_t size) {
    char id[200];
    ossmpu_options *options = in_parts();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    begin(client, path, id, sizeof id);
    CHECK(!ossmpu_options_set_str(options, OSSMPU_OPTION_UPLOAD_ID, id));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "by-id", path, options, NULL,
                                 &result, &err),
                 err);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_BYTES_RESUMED) == PART);
    check_object(client, "by-id", size, result);
    ossmpu_result_free(result);
    ossmpu_options_free(options);
}

static int count_parts(const ossmpu_upload *upload) {
    ossmpu_part_iter *iter = NULL;
    const ossmpu_part_info *part = NULL;
    ossmpu_error *err = NULL;
    int count = 0;
    CHECK_STATUS(OSSMPU_OK, ossmpu_upload_sent_parts(upload, &iter, &err), err);
    while (ossmpu_part_iter_next(iter, &part, NULL) == OSSMPU_OK)
        count++;
    ossmpu_part_iter_free(iter);
    return count;
}

static void check_attach(const ossmpu_client *client, const char *path,
                         int flags) {
    char id[200];
    ossmpu_options *options = ossmpu_options_new();
    ossmpu_upload *upload = NULL;
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    begin(client, path, id, sizeof id);
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_attach(client, BUCKET, "by-id", id, flags,
                                      options, NULL, &upload, &err),
                 err);
    CHECK_TEXT(ossmpu_upload_id(upload), id);
    CHECK(count_parts(upload) == (flags == 0 ? 0 : 1));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_part(upload, 2, "tail", 4, NULL, &err), err);
    /* Without a list of parts, OSS must use all parts that it has. */
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_COMPLETE_ALL,
                                  flags == 0));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_upload_complete(upload, options, NULL, &result, &err),
                 err);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_PARTS) == 2);
    CHECK(ossmpu_result_int(result, OSSMPU_RESULT_SIZE) == PART + 4);
    check_object(client, "by-id", PART + 4, result);
    ossmpu_result_free(result);
    ossmpu_upload_free(upload);
    CHECK(ossmpu_upload_attach(client, BUCKET, "by-id", id,
                               OSSMPU_ATTACH_LIST_PARTS, NULL, NULL, &upload,
                               &err) == OSSMPU_ESERVICE);
    CHECK_TEXT(ossmpu_error_str(err, OSSMPU_ERRINFO_OSS_CODE), "NoSuchUpload");
    CHECK(upload == NULL);
    ossmpu_error_free(err);
    ossmpu_options_free(options);
}

static void check_expected(const ossmpu_client *client, int key,
                           const char *value, int status) {
    ossmpu_options *options = in_parts();
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_options_set_str(options, key, value));
    CHECK_STATUS(status,
                 ossmpu_put_data(client, BUCKET, "expected", "123456789", 9,
                                 options, NULL, NULL, &err),
                 err);
    ossmpu_options_free(options);
}

static void check_sequential(const ossmpu_client *client, const char *path,
                             int64_t size) {
    ossmpu_options *options = in_parts();
    ossmpu_result *result = NULL;
    ossmpu_error *err = NULL;
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_SEQUENTIAL, 1));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_COMPLETE_ALL, 1));
    CHECK(!ossmpu_options_set_int(options, OSSMPU_OPTION_INTEGRITY,
                                  OSSMPU_INTEGRITY_CRC64 |
                                      OSSMPU_INTEGRITY_MD5));
    CHECK_STATUS(OSSMPU_OK,
                 ossmpu_put_file(client, BUCKET, "in order", path, options,
                                 NULL, &result, &err),
                 err);
    check_object(client, "in order", size, result);
    ossmpu_result_free(result);
    ossmpu_options_free(options);
}

int main(int argc, char **argv) {
    ossmpu_client *client = new_client();
    CHECK(argc == 3);
    check_checkpoint(client, argv[1], atoll(argv[2]));
    check_upload_id(client, argv[1], atoll(argv[2]));
    check_attach(client, argv[1], 0);
    check_attach(client, argv[1], OSSMPU_ATTACH_LIST_PARTS);
    check_expected(client, OSSMPU_OPTION_EXPECTED_CRC64, "11051210869376104954",
                   OSSMPU_OK);
    check_expected(client, OSSMPU_OPTION_EXPECTED_CRC64, "1",
                   OSSMPU_EINTEGRITY);
    check_expected(client, OSSMPU_OPTION_EXPECTED_MD5,
                   "25f9e794323b453885f5181f1b624d0b", OSSMPU_OK);
    check_expected(client, OSSMPU_OPTION_EXPECTED_MD5,
                   "00f9e794323b453885f5181f1b624d0b", OSSMPU_EINTEGRITY);
    check_sequential(client, argv[1], atoll(argv[2]));
    ossmpu_client_free(client);
    return 0;
}
